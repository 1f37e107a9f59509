"""Fingerprints and near-duplicates, on made-up copies and on all of BUSI."""

from __future__ import annotations

import csv
from collections import Counter
from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from bcweb.cases import duplicates, read_cases
from bcweb.cases.__main__ import main
from bcweb.cases.duplicates import (
    Pair,
    fingerprint,
    fingerprints_match,
    groups,
    mirrored,
    near_duplicates,
    prints,
    prints_of,
)
from bcweb.phantoms import phantom
from bcweb.scans import read_scan
from bcweb.weights import load_weights
from tests import weights_folder
from tests.cases import trees
from tests.scans.made import dicom, on_screen, written


def large(seed: int) -> np.ndarray:
    return trees.picture(seed, 240, 320)


def resized(pixels: np.ndarray, width: int, height: int) -> np.ndarray:
    return np.asarray(Image.fromarray(pixels).resize((width, height)))


def as_jpeg(pixels: np.ndarray, quality: int) -> np.ndarray:
    file = BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality)
    return np.asarray(Image.open(file))


@pytest.mark.parametrize(
    "copy",
    [
        lambda p: as_jpeg(p, 50),
        lambda p: resized(p, 160, 120),
        lambda p: resized(p, 500, 375),
        lambda p: (p * 0.7 + 30).astype(np.uint8),
        lambda p: p.astype(np.uint16) * 257,
    ],
    ids=["JPEG 50", "half", "larger", "duller", "16 bit"],
)
def test_a_fingerprint_knows_a_picture_in_another_encoding(copy):
    for seed in range(5):
        mine = fingerprint(large(seed))
        assert len(mine) == 64 and int(mine, 16) >= 0
        assert fingerprints_match(mine, fingerprint(copy(large(seed))))
        assert not fingerprints_match(mine, fingerprint(copy(large(seed + 100))))


def test_the_fingerprint_of_a_mirror_image_follows_from_the_pictures():
    for seed in range(5):
        pixels = large(seed)
        turned = fingerprint(np.ascontiguousarray(pixels[:, ::-1]))
        assert mirrored(fingerprint(pixels)) == turned
        assert fingerprints_match(mirrored(fingerprint(as_jpeg(pixels, 50))), turned)
        assert not fingerprints_match(fingerprint(pixels), turned)


@pytest.mark.parametrize("turn", [lambda p: p, np.transpose], ids=["tall", "wide"])
def test_what_was_padded_to_a_square_is_known_as_it_was_before(turn):
    """A film is black to one edge itself: there the bands end where the breast begins on the other side."""
    for seed in range(5):
        film = phantom("mammogram", seed, size=(512, 300)).scan.pixels
        padded = as_jpeg(turn(np.pad(film, ((0, 0), (106, 106)))), 80)
        whole, within = prints(padded)
        published = fingerprint(resized(turn(film), *turn(np.ones((1024, 600))).shape[::-1]))
        assert whole == fingerprint(padded) and not fingerprints_match(whole, published)
        assert fingerprints_match(within, published)
        twelve_bits = padded.astype(np.uint16) * 16
        assert fingerprints_match(prints(twelve_bits)[1], within), (
            "its white is a sixteenth of what the file could say"
        )


def test_a_picture_that_was_not_padded_has_one_fingerprint():
    for pixels in (large(0), trees.picture(0, 256, 256), np.zeros((64, 64), np.uint8)):
        assert prints(pixels) == [fingerprint(pixels)]


@pytest.mark.data
def test_original_files_match_their_copies_and_no_others(data):
    originals = [
        file
        for pattern in ("Dataset_BUSI_with_GT/*/*).png", "BUSBRA/Images/*", "all-mias/*.pgm")
        for file in sorted((data / "original-files").glob(pattern))
    ]
    copies = [
        next(path for place in ("busi/*", "bus-bra/Images", "mini-mias") for path in data.glob(f"{place}/{file.stem}.webp"))
        for file in originals
    ]  # fmt: skip
    assert len(originals) == 10
    mine = [fingerprint(read_scan(file).pixels) for file in originals]
    theirs = [fingerprint(read_scan(file).pixels) for file in copies]
    match = np.array([[fingerprints_match(a, b) for b in theirs] for a in mine])
    np.testing.assert_array_equal(match, np.eye(10, dtype=bool))
    assert not any(fingerprints_match(mirrored(a), b) for a in mine for b in theirs)


def test_crops_stretches_and_scrawls_are_found_and_strangers_are_not():
    pictures = {f"p{seed}": large(seed) for seed in range(8)}
    pictures["p0 cropped"] = pictures["p0"][20:, 30:290]
    pictures["p1 stretched"] = resized(pictures["p1"], 320, 180)
    pictures["p2 cropped and enlarged"] = resized(pictures["p2"][10:200, 60:], 400, 300)
    scrawled = pictures["p3"].copy()
    scrawled[100:110, 50:200] = 255
    pictures["p3 with text"] = as_jpeg(scrawled, 70)
    pairs = near_duplicates(pictures.items())
    assert {(pair.a, pair.b) for pair in pairs} == {
        ("p0", "p0 cropped"),
        ("p1", "p1 stretched"),
        ("p2", "p2 cropped and enlarged"),
        ("p3", "p3 with text"),
    }
    assert all(pair.same_picture for pair in pairs)
    assert pairs == sorted(pairs, key=lambda pair: -pair.score)


def test_in_parts_the_same_pairs_are_found(monkeypatch):
    """The parts by which the review compares a project, with so small blocks that there are six of them."""
    monkeypatch.setattr(duplicates, "_BLOCK", 4)
    shown = [large(seed) for seed in range(6)]
    shown += [resized(shown[0], 200, 150), shown[3][:, 40:], shown[5][30:], large(20)]
    sketches = [duplicates.sketch(picture) for picture in shown]
    thumbs = np.stack([sketch[0] for sketch in sketches])
    parts = duplicates.blocks(len(shown))
    assert len(parts) == 6
    found = []
    for i, j in duplicates.nearest([duplicates.likely(thumbs, *part) for part in parts]).tolist():
        coarsely = duplicates.align(sketches[i], sketches[j])
        if coarsely.promising and duplicates.refine(shown[i], shown[j], coarsely).score > 0.6:
            found.append((i, j))
    assert found == [(0, 6), (3, 7), (5, 8)]
    pairs = near_duplicates([(str(i), picture) for i, picture in enumerate(shown)])
    assert sorted((int(pair.a), int(pair.b)) for pair in pairs) == found


def test_masks_are_laid_onto_each_other_where_both_pictures_show():
    whole = large(1)
    part = whole[24:, 64:]
    mask = np.zeros(whole.shape, bool)
    mask[100:160, 120:220] = True
    for first, second in ((whole, part), (part, whole)):
        finely = duplicates.refine(
            first, second, duplicates.align(duplicates.sketch(first), duplicates.sketch(second))
        )
        masks = [mask if shown is whole else mask[24:, 64:] for shown in (first, second)]
        one, other = finely.overlay(*masks)
        assert one.shape == other.shape
        assert one.sum() == pytest.approx(other.sum(), rel=0.05)
        assert (one & other).sum() > 0.95 * one.sum()


def test_many_fingerprints_are_matched_as_one_is():
    mine = fingerprint(large(1))
    number = int(mine, 16)
    near, far = (f"{number ^ ((1 << bits) - 1):064x}" for bits in (24, 25))
    assert fingerprints_match(mine, near) and not fingerprints_match(mine, far)
    strangers = [fingerprint(large(seed)) for seed in range(2, 9)]
    assert duplicates.matches_any(mine, duplicates.pack([*strangers, near]))
    assert not duplicates.matches_any(mine, duplicates.pack([*strangers, far]))
    assert not duplicates.matches_any(mine, duplicates.pack([]))


def test_flat_and_few_pictures_have_no_duplicates():
    flat = np.full((50, 50), 7, np.uint8)
    assert near_duplicates([]) == near_duplicates([("a", flat)]) == []
    assert near_duplicates([("a", flat), ("b", flat), ("c", large(0))]) == []


def test_pairs_join_their_groups_under_the_first_members_name():
    pairs = [Pair("c", "d", 1.0), Pair("b", "d", 0.95), Pair("e", "f", 0.7)]
    assert groups("abcdefg", pairs) == dict(a="a", b="b", c="b", d="b", e="e", f="e", g="g")


@pytest.mark.data
def test_the_near_duplicates_of_busi_are_those_that_were_looked_at(data):
    """Recall and precision of at least 0.95 on the 213 pairs of the same picture; 7 s."""
    files = {file.stem: file for file in sorted((data / "busi").glob("*/*).webp"))}
    assert len(files) == 780
    pairs = near_duplicates((name, read_scan(file).pixels) for name, file in files.items())
    with (data / "busi" / "near_duplicates.csv").open() as table:
        listed = {
            frozenset((row["a"][:-4], row["b"][:-4])): row["kind"] for row in csv.DictReader(table)
        }
    same = {pair for pair, kind in listed.items() if kind == "same image"}
    found = {frozenset((pair.a, pair.b)) for pair in pairs if pair.same_picture}
    assert len(same) == 213
    assert len(found & same) / len(same) >= 0.95
    assert len(found & same) / len(found) >= 0.95
    assert {frozenset((pair.a, pair.b)) for pair in pairs} <= set(listed), "strangers"
    sizes = Counter(groups(files, pairs).values())
    assert max(sizes.values()) <= 10
    two_classes = {frozenset((p.a, p.b)) for p in pairs if p.a.split()[0] != p.b.split()[0]}
    assert frozenset(("benign (269)", "normal (1)")) in two_classes
    assert len(two_classes) >= 10


def test_the_command_tells_of_pairs_classes_and_groups(tmp_path, capsys):
    root = trees.busi(tmp_path)
    trees.save(root / "malignant" / "malignant (7).png", trees.picture(0)[3:, 4:])
    (root / "benign" / "benign (9).png").touch()
    table = tmp_path / "groups.csv"
    assert main([f"busi:{root}", "--duplicates", "--groups", str(table)]) == 0
    said = capsys.readouterr().out
    assert (
        "busi: 6 cases in 5 groups, 5 with a known truth; 2 benign, 2 malignant, 2 normal" in said
    )
    assert "benign (9).png: The file is empty." in said
    assert "benign (1) = malignant (7)  same picture, two classes" in said
    rows = dict(list(csv.reader(table.open()))[1:])
    assert rows["malignant (7)"] == rows["benign (1)"] == "benign (1)"
    table.rename(root / "groups.csv")  # and BUSI is grouped by it
    assert main([f"busi:{root}"]) == 0
    assert "busi: 6 cases in 5 groups" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("first", "second", "contradict"),
    [("benign", "malignant", True), ("benign", "", False), ("Normal", "NORMAL", False)],
)
def test_a_scan_without_a_label_stands_in_no_second_class(
    tmp_path, capsys, first, second, contradict
):
    for name in "ab":
        trees.save(tmp_path / f"{name}.png", trees.picture(0))
    (tmp_path / "cases.csv").write_text(f"file,label\na.png,{first}\nb.png,{second}\n")
    assert main([f"folder:{tmp_path}?modality=ultrasound", "--duplicates"]) == 0
    said = capsys.readouterr().out
    assert ("Note: 1 group stands in two classes: a = b.\n" in said) == contradict, said
    assert ("a = b  same picture, two classes\n" in said) == contradict, said
    assert "a = b  same picture" in said


def test_a_prediction_that_was_accepted_is_not_told_as_a_known_truth(tmp_path, capsys):
    for seed, name in enumerate("abc"):
        trees.save(tmp_path / "images" / f"{name}.png", trees.picture(seed))
        trees.save(tmp_path / "masks" / f"{name}.png", trees.box(10, 10, 20, 30))
    (tmp_path / "cases.csv").write_text(
        "file,group,decision\na.png,1,accept\nb.png,2,corrected\nc.png,3,truth\n"
    )
    assert main([f"folder:{tmp_path}?modality=ultrasound"]) == 0
    told = ": 3 cases in 3 groups, 2 with a known truth and 1 with a prediction that a reader accepted; 3 no label"
    assert told in capsys.readouterr().out


def test_a_scan_that_cannot_be_compared_is_told(tmp_path, capsys):
    for seed, name in enumerate("ab"):
        file = trees.save(tmp_path / f"{name}.png", trees.picture(seed))
    file.write_bytes(file.read_bytes()[:900])
    (tmp_path / "cases.csv").write_text("file,group\na.png,1\nb.png,2\n")
    asked, why = f"folder:{tmp_path}?modality=ultrasound", "The PNG file is cut off or damaged."
    assert main([asked]) == 0 and why not in capsys.readouterr().out, "nobody has looked into it"
    assert main([asked, "--duplicates"]) == 0
    assert f"Skipped: {file}: {why}\n" in capsys.readouterr().out


def test_groups_are_written_where_a_name_is_no_text(tmp_path):
    trees.save(trees.no_text(tmp_path / "scans" / "Müller.png"), trees.picture(0))
    trees.save(tmp_path / "scans" / "a.png", trees.picture(1))
    table = tmp_path / "groups.csv"
    assert main([f"folder:{tmp_path / 'scans'}", "--groups", str(table)]) == 0
    assert r"M\udcfcller" in table.read_text(encoding="utf-8")


def test_groups_take_the_place_of_no_other_table(tmp_path, capsys):
    """Such as the data set's own, which could not be read any more."""
    trees.save(tmp_path / "images" / "a.png", trees.picture(0))
    own, groups_before = tmp_path / "cases.csv", tmp_path / "groups.csv"
    why = "is there and is no table of groups: name another file for --groups."
    for kept in ("file,group,modality\na.png,1,ultrasound\n", "\nfile\na.png\n"):
        own.write_text(kept)
        assert main([f"folder:{tmp_path}", "--groups", str(own)]) == 1
        assert capsys.readouterr() == ("", f"{own} {why}\n")
        assert own.read_text() == kept
    own.unlink()
    for before in ("", "image,group\nb,b\n", '\ufeff"image";"group"\r\nb;b\r\n'):
        groups_before.write_text(before, encoding="utf-8")
        assert main([f"folder:{tmp_path}", "--groups", str(groups_before)]) == 0
        assert groups_before.read_text() == "image,group\na,a\n"


def test_the_command_says_in_one_sentence_what_is_wrong(tmp_path, capsys):
    assert main([f"busi:{tmp_path}"]) == 1
    assert capsys.readouterr().err == f"{tmp_path} is not BUSI: it has no folder benign.\n"


def test_strangers_on_one_machines_screen_are_strangers_and_a_picture_is_known_on_its_screen(
    tmp_path,
):
    """The letters and bars around them are the same in all, and would make a folder of screens one group."""
    shown = [phantom("ultrasound", seed, size=(384, 512)).scan.pixels for seed in range(4)]
    for seed, picture in enumerate(shown):
        (tmp_path / f"{seed}.dcm").write_bytes(written(on_screen(picture)))
    trees.save(tmp_path / "cut out of 2.png", shown[2])
    found = read_cases(f"folder:{tmp_path}?modality=ultrasound")
    groups = {case.id: case.group for case in found.cases}
    assert groups.pop("cut out of 2") == groups["2"]
    assert len(set(groups.values())) == 4


def test_weights_that_have_seen_a_picture_know_it_on_its_screen_and_no_stranger_there(tmp_path):
    mine, other = (phantom("ultrasound", seed, size=(384, 512)).scan.pixels for seed in (1, 3))
    seen = "dataset,id,group,digest,fingerprint\nbusi,1,1,d,{}\n"
    folder = weights_folder.write(tmp_path)

    def knows(screen: np.ndarray) -> bool:
        scan, weights = read_scan(written(on_screen(screen))), load_weights(str(folder))
        return any(weights.seen(scan.digest, each) for each in prints_of(scan))

    (folder / "seen.csv").write_text(seen.format(fingerprint(mine)))
    assert knows(mine) and knows(as_jpeg(mine, 60)) and not knows(other)
    [known_by] = prints_of(read_scan(written(on_screen(mine))))
    (folder / "seen.csv").write_text(seen.format(known_by))
    assert knows(mine) and not knows(other)


def test_what_no_file_says_the_place_of_a_picture_in_is_known_by_all_of_it():
    """The seen.csv of the weights that ship holds such fingerprints."""
    square = np.zeros((200, 200), np.uint8)
    square[:, 40:160] = trees.picture(1, 200, 120)
    for pixels in (large(0), square):
        assert prints_of(read_scan(written(dicom(pixels, Modality="US")))) == prints(pixels)
