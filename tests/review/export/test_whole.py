"""An export of any format is of one moment, whole or not at all, and says what is wrong with a case."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import sys
import threading
import time
import zlib
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from bcweb.review.export import FORMATS, ExportError, export, export_zip, pictures
from bcweb.review.records import NotThere
from bcweb.review.store import Store
from bcweb.scans import read_scan
from tests.cases.trees import picture, save
from tests.review import decided
from tests.review.decided import OWNER, WITH_MASK, accepted, blob
from tests.review.export.written import leftovers, pixels, table, verdicts
from tests.review.read_twice import ANNA, BEN, fill_twice
from tests.review.scored import square

# ---- one moment, whole or not at all


@pytest.mark.parametrize("kind", ["png", "dataset"])
def test_an_export_in_mid_review_is_one_moment(store, tmp_path, kind):
    """A reader decides and corrects all the while; the export is what stood when it began."""
    mine = accepted(tmp_path, store)
    before = dict(mine.masks)
    told, saved, stop = threading.Event(), threading.Event(), threading.Event()

    def review() -> None:
        told.wait(30)
        number = 0
        while not stop.is_set():
            for name in ("one", "two", "three"):
                mine.decide(name, "corrected", blob(50 + number), beginning="prediction")
                number += 1
            saved.set()

    reader = threading.Thread(target=review)
    reader.start()

    def progress(done: int, _: int) -> None:
        told.set()
        assert saved.wait(30), "verdicts are saved while the export runs"

    try:
        export(mine.store, OWNER, mine.project.id, tmp_path / "out", kind, progress=progress)
    finally:
        stop.set()
        told.set()
        reader.join()
    rows = verdicts(tmp_path / "out")
    assert {row["decision"] for row in rows.values()} == {"accept"}, "none of the later ones"
    if kind == "png":
        for name, mask in before.items():
            assert np.array_equal(pixels(tmp_path / "out" / rows[name]["mask"]) == 255, mask), name
    after = export(mine.store, OWNER, mine.project.id, tmp_path / "later", kind)
    assert {row.verdict.decision for row in after.rows} == {"corrected"}


@pytest.mark.parametrize("kind", FORMATS)
def test_the_same_verdicts_give_the_same_bytes(made, tmp_path, kind):
    for name in ("a", "b"):
        export(made.store, OWNER, made.project.id, tmp_path / name, kind)
    first, second = (
        {
            f.relative_to(tmp_path / n): f.read_bytes()
            for f in (tmp_path / n).rglob("*")
            if f.is_file()
        }
        for n in ("a", "b")
    )
    assert first.keys() == second.keys()
    assert [str(f) for f in first if first[f] != second[f]] == []


def test_a_folder_that_holds_something_is_left_alone(mine, tmp_path):
    there = tmp_path / "out"
    there.mkdir()
    assert export(mine.store, OWNER, mine.project.id, there).masks == 3, "an empty one is taken"
    (there / "mine.txt").write_text("x")
    before = sorted(there.rglob("*"))
    with pytest.raises(
        ExportError, match="holds something already; name a folder that is not there"
    ):
        export(mine.store, OWNER, mine.project.id, there)
    with pytest.raises(ExportError, match=r"mine\.txt is no folder; name a folder"):
        export(mine.store, OWNER, mine.project.id, there / "mine.txt")
    assert sorted(there.rglob("*")) == before and leftovers(tmp_path) == []


@pytest.mark.parametrize("where", ["in it", "by a link"])
def test_an_empty_folder_stays_the_same_folder_and_is_filled(mine, tmp_path, monkeypatch, where):
    there = tmp_path / "out"
    there.mkdir()
    if where == "in it":
        monkeypatch.chdir(there)
        named = Path(".")
    else:
        named = tmp_path / "link"
        named.symlink_to(there)
    before = there.stat().st_ino
    assert export(mine.store, OWNER, mine.project.id, named).masks == 3
    assert there.stat().st_ino == before, "whoever is in it would be in a folder that is gone"
    assert verdicts(named).keys() == {"one", "two", "three"}
    assert len(list((named / "masks").iterdir())) == 3
    assert leftovers(there) == leftovers(tmp_path) == []


def test_a_link_that_leads_nowhere_is_told_before_anything_is_written(mine, tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    done = []
    with pytest.raises(ExportError, match="link is no folder; name a folder"):
        export(
            mine.store,
            OWNER,
            mine.project.id,
            tmp_path / "link",
            progress=lambda *n: done.append(n),
        )
    assert done == []


def test_an_empty_folder_that_somebody_fills_meanwhile_is_left_alone(mine, tmp_path):
    there = tmp_path / "out"
    there.mkdir()

    def somebody_else(done: int, _: int) -> None:
        (there / "theirs").write_text("x")

    with pytest.raises(ExportError, match="holds something already"):
        export(mine.store, OWNER, mine.project.id, there, progress=somebody_else)
    assert [p.name for p in there.iterdir()] == ["theirs"]


def part_of_a_killed_one(there: Path) -> Path:
    """What an export into an empty folder leaves where the power is cut."""
    part = there / ".export.k1ll_d00.part"
    save(part / "whole" / "masks" / "one.png", picture(1))
    return part


def an_hour_ago(*places: Path) -> None:
    for place in places:
        os.utime(place, (time.time() - 3700,) * 2)


def test_a_folder_in_which_an_export_was_killed_is_an_empty_one(mine, tmp_path):
    there = tmp_path / "out"
    part = part_of_a_killed_one(there)
    assert export(mine.store, OWNER, mine.project.id, there).masks == 3
    assert leftovers(there) == [part.name], "somebody may be writing it"
    an_hour_ago(part, *part.rglob("*"))
    with pytest.raises(ExportError, match="holds something already"):
        export(mine.store, OWNER, mine.project.id, there)
    assert leftovers(there) == [], "nobody is"


def test_what_an_export_of_this_machine_left_that_was_killed_is_removed_at_once(mine, tmp_path):
    """And not before it is: until then it writes."""
    there = tmp_path / "out"
    there.mkdir()
    writes = "import sys; from pathlib import Path; from bcweb.review.export import export\n"
    writes += "from bcweb.review.store import Store\ndef told(done, _):\n"
    writes += "  if done == 2: print('at it', flush=True); input()\n"
    writes += "home, owner, project, to = sys.argv[1:]\n"
    writes += "export(Store(Path(home)), owner, int(project), Path(to), progress=told)\n"
    asked = [str(mine.store.home), OWNER, str(mine.project.id), str(there)]

    def unwanted(*_: int) -> None:
        raise InterruptedError

    with subprocess.Popen(
        [sys.executable, "-c", writes, *asked],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    ) as other:  # fmt: skip
        assert other.stdout.readline() == "at it\n"
        [part] = leftovers(there)
        with pytest.raises(ExportError):
            export(mine.store, OWNER, mine.project.id, there, progress=unwanted)
        assert leftovers(there) == [part]
        assert (there / part / "whole").is_dir()
        other.kill()
    assert export(mine.store, OWNER, mine.project.id, there).masks == 3
    assert leftovers(there) == []


def test_what_another_export_still_writes_after_an_hour_stays(mine, tmp_path):
    there = tmp_path / "out"
    part = part_of_a_killed_one(there)
    an_hour_ago(part, *part.rglob("*"))
    save(part / "whole" / "masks" / "two.png", picture(2))
    an_hour_ago(part / "whole" / "masks")
    export(mine.store, OWNER, mine.project.id, there)
    assert leftovers(there) == [part.name]


def test_what_a_killed_export_left_beside_its_place_is_removed(mine, tmp_path):
    part = tmp_path / ".out.k1ll_d00.part"
    part.mkdir()
    an_hour_ago(part)
    export(mine.store, OWNER, mine.project.id, tmp_path / "out")
    assert leftovers(tmp_path) == []


def test_what_another_users_killed_export_left_stops_no_other(mine, tmp_path, monkeypatch):
    """Nobody else may look into it; who runs the tests may."""
    theirs = tmp_path / ".out.k1ll_d00.part"
    theirs.mkdir()
    look = Path.iterdir

    def refused(self: Path):
        if self == theirs:
            raise PermissionError(13, "Permission denied", str(self))
        return look(self)

    monkeypatch.setattr(Path, "iterdir", refused)
    assert export(mine.store, OWNER, mine.project.id, tmp_path / "out").masks == 3
    assert leftovers(tmp_path) == [theirs.name]


def test_what_a_disk_has_of_its_own_leaves_it_empty(mine, tmp_path):
    disk = tmp_path / "disk"
    (disk / "lost+found").mkdir(parents=True)
    (disk / ".DS_Store").write_bytes(b"x")
    assert export(mine.store, OWNER, mine.project.id, disk).masks == 3
    assert (disk / "lost+found").is_dir() and (disk / ".DS_Store").read_bytes() == b"x"


def test_of_two_exports_into_an_empty_folder_the_first_that_is_whole_stays(mine, tmp_path):
    there = tmp_path / "out"
    there.mkdir()

    def another(done: int, _: int) -> None:
        if done == 2:
            export(mine.store, OWNER, mine.project.id, there, "coco")

    with pytest.raises(ExportError, match="holds something already"):
        export(mine.store, OWNER, mine.project.id, there, progress=another)
    assert sorted(p.name for p in there.iterdir()) == ["annotations.json", "images", "verdicts.csv"]


def test_an_empty_folder_is_empty_again_where_not_all_of_it_came(mine, tmp_path, monkeypatch):
    there = tmp_path / "out"
    there.mkdir()
    real = Path.rename

    def full(self: Path, to: Path) -> Path:
        if to == there / "verdicts.csv":
            raise OSError(28, "No space left on device")
        return real(self, to)

    monkeypatch.setattr(Path, "rename", full)
    with pytest.raises(ExportError, match="The disk is full"):
        export(mine.store, OWNER, mine.project.id, there)
    assert list(there.iterdir()) == []


def test_another_export_that_was_first_is_not_replaced(mine, tmp_path):
    def somebody_else(done: int, _: int) -> None:
        (tmp_path / "out").mkdir(exist_ok=True)
        (tmp_path / "out" / "theirs").write_text("x")

    with pytest.raises(ExportError, match="holds something already"):
        export(mine.store, OWNER, mine.project.id, tmp_path / "out", progress=somebody_else)
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["theirs"]
    assert leftovers(tmp_path) == []


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 64 KB, where the system lets us have one."""
    place = tmp_path / "disk"
    place.mkdir()
    options = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(place)]
    if os.name != "posix" or subprocess.run(options, capture_output=True).returncode:
        pytest.skip("no right to mount a small disk")
    yield place
    subprocess.run(["umount", str(place)], check=True)


@pytest.mark.parametrize("kind", [*FORMATS, "zip"])
def test_a_full_disk_is_one_sentence_and_leaves_nothing(tmp_path, small_disk, kind):
    made = decided.empty_project(tmp_path)
    for seed in range(4):
        file = decided.dicom_file(made.folder / f"{seed}.dcm", picture(seed, 400, 500))
        made.add(str(seed), file)
        noise = np.random.default_rng(seed).random((400, 500)) < 0.5
        made.decide(str(seed), "corrected", noise, beginning="empty")
    with pytest.raises(ExportError) as caught:
        if kind == "zip":
            export_zip(made.store, OWNER, made.project.id, small_disk / "out.zip")
        else:
            export(made.store, OWNER, made.project.id, small_disk / "out", kind)
    assert str(caught.value) == (
        "The disk is full: nothing of the export is kept; make room, then export again."
    )
    assert list(small_disk.iterdir()) == []


def test_where_nobody_may_write_it_says_so(mine, tmp_path):
    (tmp_path / "file").write_text("x")
    with pytest.raises(ExportError, match=r"file/out cannot be written: Not a directory\.$"):
        export(mine.store, OWNER, mine.project.id, tmp_path / "file" / "out")


def test_whoever_stops_it_leaves_nothing(mine, tmp_path):
    def stop(done: int, whole: int) -> None:
        if done == 2:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        export(mine.store, OWNER, mine.project.id, tmp_path / "out", progress=stop)
    assert not (tmp_path / "out").exists() and leftovers(tmp_path) == []


@pytest.mark.parametrize("way", ["a folder", "an empty folder", "a ZIP file"])
def test_whoever_stops_it_when_all_masks_are_told_leaves_nothing_either(mine, tmp_path, way):
    """They are written and on their way to the disk by then, which may take a while."""
    to = tmp_path / "out"
    if way == "an empty folder":
        to.mkdir()
    before = sorted(tmp_path.rglob("*"))
    write = export_zip if way == "a ZIP file" else export
    told = []
    write(mine.store, OWNER, mine.project.id, to, progress=lambda *n: told.append(n))
    assert told.count((3, 3)) > 5, "it is asked all the time"
    if to.is_file():
        to.unlink()
    else:
        shutil.rmtree(to)
        if way == "an empty folder":
            to.mkdir()
    left = iter(told)

    def stop_last(done: int, whole: int) -> None:
        next(left)
        if left.__length_hint__() == 0:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        write(mine.store, OWNER, mine.project.id, to, progress=stop_last)
    assert sorted(tmp_path.rglob("*")) == before


def test_a_project_that_is_deleted_meanwhile_leaves_no_export_of_a_part(mine, tmp_path):
    def delete(done: int, _: int) -> None:
        if done == 1:
            mine.store.delete(OWNER, mine.project.id)

    with pytest.raises(NotThere, match="There is no such project"):
        export(mine.store, OWNER, mine.project.id, tmp_path / "out", progress=delete)
    assert not (tmp_path / "out").exists() and leftovers(tmp_path) == []


def test_progress_counts_from_nothing_to_all(mine, tmp_path):
    seen = []
    export(mine.store, OWNER, mine.project.id, tmp_path / "out", progress=lambda *n: seen.append(n))
    assert list(dict.fromkeys(seen)) == sorted(set(seen)) == [(0, 3), (1, 3), (2, 3), (3, 3)]


def test_a_zip_holds_what_the_folder_holds(made, tmp_path):
    import zipfile

    export(made.store, OWNER, made.project.id, tmp_path / "复核 1")
    export_zip(made.store, OWNER, made.project.id, tmp_path / "x7.zip")
    with zipfile.ZipFile(tmp_path / "x7.zip") as archive:
        inside = {name: archive.read(name) for name in archive.namelist()}
    there = {
        f.relative_to(tmp_path).as_posix(): f.read_bytes()
        for f in (tmp_path / "复核 1").rglob("*")
        if f.is_file()
    }
    assert inside == there and leftovers(tmp_path) == []


def test_of_one_reader_it_is_what_they_said_last_whatever_others_said_since(tmp_path):
    with Store(tmp_path / "home") as store:
        project = fill_twice(store)
        anna, stands = tmp_path / "anna", tmp_path / "stands"
        done = export(store, OWNER, project.id, anna, reader=" ANNA ")
        export(store, OWNER, project.id, stands)
    rows = verdicts(anna)
    assert {name: row["decision"] for name, row in rows.items()} == {
        "a": "corrected", "b": "accept", "c": "corrected", "d": "reject", "e": "corrected",
        "f": "corrected", "seen": "truth",
    }  # fmt: skip
    assert {row["reader"] for row in rows.values()} == {ANNA}
    assert rows["a"]["label"] == "benign"
    assert np.array_equal(pixels(anna / rows["a"]["mask"]) == 255, square(10, 0))
    assert done.lines()[-1] == "Not read by ANNA, 5."
    assert {row["reader"] for row in verdicts(stands).values()} == {BEN}


# ---- what is wrong with a case


def test_a_picture_that_is_gone_or_was_changed_is_said_and_its_mask_is_kept(mine, tmp_path):
    (mine.folder / "one.png").unlink()
    save(mine.folder / "two.png", picture(9))
    export(mine.store, OWNER, mine.project.id, tmp_path / "out")
    rows = verdicts(tmp_path / "out")
    assert rows["one"]["left_out"] == "Its file one.png is not there any more. Its mask is here."
    assert rows["two"]["left_out"] == (
        "Its file two.png holds another picture than was reviewed. Its mask is here."
    )
    for name in ("one", "two"):
        assert not rows[name]["file"]
        assert np.array_equal(
            pixels(tmp_path / "out" / rows[name]["mask"]) == 255, mine.masks[name]
        )
    assert [row["case"] for row in table(tmp_path / "out" / "cases.csv", "utf-8")] == ["three"]
    for kind in ("coco", "dataset"):
        done = export(mine.store, OWNER, mine.project.id, tmp_path / kind, kind)
        assert [row.case.case for row in done.rows if row.mask] == ["three"]


def test_what_is_left_out_for_one_reason_is_one_line_whatever_the_files_are_called(mine, tmp_path):
    """A data set that is gone has a sentence a case."""
    for name in ("one", "two"):
        (mine.folder / f"{name}.png").unlink()
    rejected = save(mine.folder / "bad.png", picture(7))
    mine.add("bad", rejected)
    mine.decide("bad", "reject", reason="unreadable")
    done = export(mine.store, OWNER, mine.project.id, tmp_path / "out")
    assert done.lines()[1:] == [
        "Left out, 2, for one: Its file one.png is not there any more. Its mask is here.",
        "Left out, 1: Rejected: unreadable.",
    ]
    for name in ("one", "two"):
        mask = mine.store.prediction(OWNER, mine.ids[name]).mask_file
        [file] = (tmp_path / "home").glob(f"projects/*/{mask}")
        file.unlink()
    done = export(mine.store, OWNER, mine.project.id, tmp_path / "later")
    assert [line.split(":")[0] for line in done.lines()[1:]] == [
        "Left out, 2, for one",
        "Left out, 1",
    ]
    said = {row["left_out"] for row in verdicts(tmp_path / "later").values()}
    assert len(said) == 4, "in the table each has its own sentence"


def test_an_ellipse_in_a_box_is_no_outline_to_give_and_what_a_reader_drew_is(mine, tmp_path):
    for name in ("boxed", "corrected"):
        file = save(mine.folder / f"{name}.png", picture(7))
        mine.add(name, file, truth=blob(1, *picture(7).shape[:2]), truth_files=())
    mine.decide("boxed", "truth")
    mine.decide("corrected", "corrected", mask=blob(2, *picture(7).shape[:2]))
    export(mine.store, OWNER, mine.project.id, tmp_path / "out")
    rows = verdicts(tmp_path / "out")
    assert rows["boxed"]["left_out"].startswith("Of its lesion only a box is known")
    assert not rows["boxed"]["mask"] and rows["corrected"]["mask"]


def test_a_mask_that_is_damaged_on_the_disk_stops_no_other(mine, tmp_path):
    file = mine.verdicts["two"].mask_file
    (damaged,) = (tmp_path / "home").rglob(Path(file).name)
    damaged.write_bytes(damaged.read_bytes()[:40])
    done = export(mine.store, OWNER, mine.project.id, tmp_path / "out")
    assert done.masks == 2
    assert "damaged" in verdicts(tmp_path / "out")["two"]["left_out"]


def test_nothing_to_export_is_a_sentence_and_no_empty_folder(tmp_path):
    made = decided.empty_project(tmp_path)
    made.add("one", save(made.folder / "one.png", picture(1)))
    with pytest.raises(
        ExportError, match=r"No case of 复核 1 has a mask to give, none was decided yet"
    ):
        export(made.store, OWNER, made.project.id, tmp_path / "out")
    made.decide("one", "reject", reason="unreadable")
    with pytest.raises(ExportError, match=r"to give, most often: Rejected: unreadable\."):
        export(made.store, OWNER, made.project.id, tmp_path / "out")
    made.decide("one", "accept")
    with pytest.raises(ExportError, match=r"to give, most often: It did not come as DICOM\."):
        export(made.store, OWNER, made.project.id, tmp_path / "out", "dicom")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["home", "scans"]


def test_pictures_keep_their_pixels_whatever_the_file_is(made, tmp_path):
    for name in WITH_MASK:
        case = made.store.case(OWNER, made.ids[name])
        data, suffix = pictures.plain(case)
        assert (read_scan(data).digest, suffix) == (case.digest, ".png"), name
    lossy = tmp_path / "plain.jpg"
    Image.fromarray(picture(3)).save(lossy)
    case = replace(case, file=lossy, digest=read_scan(lossy).digest)
    assert pictures.plain(case) == (lossy.read_bytes(), ".jpg"), "not encoded once more"


def described() -> Image.Exif:
    exif = Image.Exif()
    exif[0x010E] = "Doe"  # ImageDescription
    return exif


def lying_on_its_side() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return exif.tobytes().removeprefix(b"Exif\0\0")


def commented() -> PngInfo:
    info = PngInfo()
    info.add_text("Comment", "Doe")
    return info


@pytest.mark.parametrize(
    ("kind", "more"),
    [
        ("jpg", {"exif": described()}), ("jpg", {"comment": b"Doe"}), ("jpg", {"xmp": b"Doe"}),
        ("webp", {"exif": described()}), ("webp", {"xmp": b"Doe"}),
        ("png", {"exif": described()}), ("png", {"pnginfo": commented()}),
    ],
    ids=lambda said: said if isinstance(said, str) else " ".join(said),
)  # fmt: skip
@pytest.mark.parametrize("colour", ["L", "RGB"])
def test_no_text_that_a_picture_carries_goes_along(made, tmp_path, kind, more, colour):
    file = tmp_path / f"scan.{kind}"
    Image.fromarray(picture(3)).convert(colour).save(file, **more)
    data, digest = _exported(made, file)
    assert b"Doe" not in data
    assert read_scan(data).digest == digest
    with Image.open(file) as before, Image.open(BytesIO(data)) as after:
        assert (after.format, after.mode) == ("PNG", before.mode)
        assert np.array_equal(np.asarray(before), np.asarray(after))


def chunk(name: bytes, content: bytes) -> bytes:
    return (
        struct.pack(">I", len(content))
        + name
        + content
        + struct.pack(">I", zlib.crc32(name + content))
    )


@pytest.mark.parametrize(
    ("kind", "at", "more"),
    [
        ("png", -12, chunk(b"tEXt", b"Comment\0Doe")),
        ("png", 33, chunk(b"tEXt", b"timestamp\0Doe")), ("png", 33, chunk(b"prVt", b"Doe")),
        ("png", None, b"Doe"), ("jpg", None, b"Doe"), ("webp", None, b"Doe"),
        ("jpg", 2, b"\xff\xe0\x00\x0aJFXX\0Doe"), ("jpg", 2, b"\xff\xee\x00\x05Doe"),
    ],
    ids=[
        "behind its pixels", "a word of pixels", "a chunk of somebody's own", "behind its end",
        "behind its end", "behind its end", "a second part of JFIF", "a part of Adobe's",
    ],
)  # fmt: skip
def test_nothing_that_stands_between_or_behind_its_parts_goes_along(made, tmp_path, kind, at, more):
    file = tmp_path / f"scan.{kind}"
    Image.fromarray(picture(3)).save(file)
    whole = file.read_bytes()
    place = len(whole) if at is None else at % len(whole)
    file.write_bytes(whole[:place] + more + whole[place:])
    data, digest = _exported(made, file)
    assert b"Doe" not in data
    assert read_scan(data).digest == digest


@pytest.mark.parametrize(
    "exif", [b"no EXIF at all", lying_on_its_side()], ids=["garbled", "turned"]
)
def test_what_a_png_says_behind_its_pixels_of_how_it_lies_turns_nothing(made, tmp_path, exif):
    """As nowhere else here; and its colours stay."""
    file = tmp_path / "scan.png"
    Image.fromarray(picture(3)).convert("RGB").save(file)
    whole = file.read_bytes()
    file.write_bytes(whole[:-12] + chunk(b"eXIf", exif) + whole[-12:])
    data, digest = _exported(made, file)
    assert read_scan(data).digest == digest
    with Image.open(BytesIO(data)) as after:
        assert after.mode == "RGB" and np.array_equal(
            np.asarray(after), np.asarray(Image.open(BytesIO(whole)))
        )


def test_a_picture_for_print_keeps_its_colours(made, tmp_path):
    file = tmp_path / "scan.jpg"
    Image.merge("CMYK", [Image.fromarray(picture(seed)) for seed in range(4)]).save(
        file, comment=b"Doe"
    )
    data, digest = _exported(made, file)
    assert b"Doe" not in data and read_scan(data).digest == digest
    assert Image.open(BytesIO(data)).mode == "RGB"


def hiding(kind: str) -> tuple[Image.Image, dict]:
    """A picture that is transparent where a bright box lies in it, as PNG, lossless or lossy WebP can hold one."""
    grey = picture(3) // 2
    grey[10:20, 10:40] = 200
    opaque = np.where(grey == 200, np.uint8(0), np.uint8(255))
    image = Image.fromarray(grey)
    if kind == "one grey of PNG":
        return image, {"transparency": 200}
    if kind == "a palette":
        return image.convert("P"), {"transparency": 200}
    image = image.convert("LA" if kind == "grey" else "RGBA")
    image.putalpha(Image.fromarray(opaque))
    return image, {"exact": True, "lossless": kind != "lossy"}


@pytest.mark.parametrize("said", [False, True], ids=["plain", "with a comment"])
@pytest.mark.parametrize(
    ("kind", "suffix"),
    [
        ("grey", "png"), ("colour", "png"), ("one grey of PNG", "png"), ("a palette", "png"),
        ("colour", "webp"), ("lossy", "webp"),
    ],
)  # fmt: skip
def test_what_is_hidden_where_a_picture_is_transparent_does_not_go_along(
    made, tmp_path, kind, suffix, said
):
    """A name that somebody erased is there still, under what shows nothing of it."""
    image, options = hiding(kind)
    file = tmp_path / f"scan.{suffix}"
    more = {} if not said else {"pnginfo": commented()} if suffix == "png" else {"xmp": b"Doe"}
    image.save(file, **options, **more)
    data, digest = _exported(made, file)
    assert read_scan(data).digest == digest
    with Image.open(BytesIO(data)) as after:
        assert not after.has_transparency_data
        assert not np.asarray(after.convert("L"))[10:20, 10:40].any()
        assert after.mode == "RGB" or kind == "lossy", (
            "in colour, where nothing is half transparent"
        )


@pytest.mark.parametrize("kind", ["png", "jpg", "webp"])
@pytest.mark.parametrize("options", [{}, {"progressive": True}, {"lossless": True}], ids=str)
def test_a_picture_that_carries_nothing_else_is_not_encoded_once_more(
    made, tmp_path, kind, options
):
    file = tmp_path / f"scan.{kind}"
    Image.fromarray(picture(3)).convert("RGB").save(file, **options)
    data, _ = _exported(made, file)
    assert data == file.read_bytes()


def _exported(made, file: Path) -> tuple[bytes, str]:
    """What goes along of a picture, and its digest."""
    digest = read_scan(file).digest
    case = replace(made.store.case(OWNER, made.ids["deep"]), file=file, digest=digest)
    return pictures.plain(case)[0], digest


# ---- what is asked for


def test_what_is_no_format_and_no_decision_is_refused(mine, tmp_path):
    with pytest.raises(ExportError, match="'tiff' is no format of an export; there are png, coco"):
        export(mine.store, OWNER, mine.project.id, tmp_path / "out", "tiff")
    with pytest.raises(
        ExportError, match="'reject' is no decision that gives a mask; there are acc"
    ):
        export(mine.store, OWNER, mine.project.id, tmp_path / "out", include=("accept", "reject"))
