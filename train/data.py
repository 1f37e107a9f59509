"""Cases -> arrays to train on: decoded and resized once into a cache, split by group.

As a command, the data in one small file, for a machine that has a GPU and not the data:

    python -m train.data --data busi:PATH --data bus-bra:PATH --out ultrasound.npz
    python -m train.source --data packed:ultrasound.npz --out runs/ultrasound     # there
    python -m train.score runs/ultrasound --data busi:PATH --data bus-bra:PATH    # back here

Images are at the network's size, as WebP of quality 90 (about 13 KB each); masks are lossless. Training
needs nothing else. Scores do: a scan is scored at its own size.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections import Counter, defaultdict
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image
from tqdm import tqdm

from bcweb.cases import KINDS, Case, CaseSet, read_cases, read_truth
from bcweb.cases.duplicates import prints_of
from bcweb.cases.sources import own_groups
from bcweb.names import text
from bcweb.paths import path_argument
from bcweb.preprocess import CROPS, frame, square
from bcweb.scans import ScanError, check_contrast, read_scan, told_cautions
from bcweb.terminal import command, counted, say, shown, whole, why_unmade, why_unwritable
from train.ending import exit_status
from train.options import check_size
from train.packed import DECODING, UNREADABLE, pack, packed_file, unpack
from train.training_set import TrainingCase, TrainingSet


def load(
    specs: list[str], size: int, cache: Path, labels: tuple[str, ...] | None = None
) -> TrainingSet:
    """Read data sets ("busi:PATH" ...) at one size; each is decoded once and then read from the cache.

    Cases without a known truth cannot teach and are left out; so are, with `labels`, all of others.
    """
    sets = [_load_one(spec, size, cache) for spec in specs]
    data = TrainingSet(
        tuple(case for s in sets for case in s.cases),
        np.concatenate([s.images for s in sets]),
        np.concatenate([s.masks for s in sets]),
    )
    refuse_twice(data.cases)
    for line in told_of_one_name(data.cases):
        tqdm.write(shown(line))
    if labels is None:
        return data
    found = {case.label for case in data.cases}
    if missing := [label for label in labels if label not in found]:
        known = ", ".join(sorted(found - {""})) or "none"
        raise ValueError(f"No case has the label {missing[0]!r}; there are: {known}.")
    return data.take(np.array([i for i, c in enumerate(data.cases) if c.label in labels], int))


def refuse_twice(cases: Sequence[TrainingCase] | Sequence[Case]) -> None:
    """ValueError where two cases are one by data set and id."""
    keys = Counter((case.dataset, case.id) for case in cases)
    if twice := [key for key, count in keys.items() if count > 1]:
        raise ValueError(
            f"{twice[0][1]} is there twice in {twice[0][0]}: the same data is named twice, or two folders have one "
            "name; rename one of them."
        )


def told_of_one_name(cases: Sequence[TrainingCase]) -> list[str]:
    """That groups of several data sets have one name, where there are such: a patient who is in two folders would be on
    both sides of a split."""
    sets_of: dict[str, set[str]] = defaultdict(set)
    for dataset, group in own_groups((case.dataset, case.group, case.id) for case in cases):
        sets_of[group].add(dataset)
    shared = {group: sets for group, sets in sets_of.items() if len(sets) > 1}
    if not shared:
        return []
    groups = "1 group has" if len(shared) == 1 else f"{len(shared)} groups have"
    return [
        f"{groups} one name in {' and '.join(sorted(set.union(*shared.values())))} ({min(shared)} for one): if they "
        "are the same patients, put their scans into one folder; the splits of each folder are its own."
    ]


def told_of(found: CaseSet, spec: str) -> list[str]:
    """What a person ought to know of a data set that was read before a split is made or anything chosen by it."""
    lines = [f"{found.name}: {note}" for note in found.notes]
    if found.skipped:
        first = found.skipped[0]
        lines.append(
            f"{found.name}: {counted(len(found.skipped), 'file')} left out, {first.file.name} for one "
            f"({first.reason}); python -m bcweb.cases {spec} tells all."
        )
    return lines


def some_cases(data: TrainingSet, count: int | None, seed: int) -> TrainingSet:
    """About `count` cases in whole groups, labels in turn; all of them without a count."""
    if count is None or count >= len(data.cases):
        return data
    waiting: dict[str, list[list[int]]] = defaultdict(list)
    members = defaultdict(list)
    for i, case in enumerate(data.cases):
        members[case.dataset, case.group].append(i)
    groups = list(members.values())
    for place in np.random.default_rng(seed).permutation(len(groups)):
        waiting[data.cases[groups[place][0]].label].append(groups[place])
    taken: list[int] = []
    while len(taken) < count:
        for label in sorted(waiting):
            if waiting[label] and len(taken) < count:
                taken += waiting[label].pop()
    return data.take(np.array(sorted(taken)))


def _load_one(spec: str, size: int, cache: Path) -> TrainingSet:
    if (packed := packed_file(spec)) is not None:
        return unpack(packed, size)
    found = read_cases(spec)
    cases = [case for case in found.cases if case.has_truth]
    if not cases:
        raise ValueError(f"{spec} holds no case with a known truth.")
    for line in told_of(found, spec):
        tqdm.write(shown(line))
    path = cache / f"{found.name.replace('/', '--')}-{size}-{_cache_key(cases, size)}.npz"
    if (cached := _cached(path)) is not None:
        result, warned, left = cached
        _warn(found.name, [*(f"without {sentence}" for sentence in left), *warned])
        return result
    kept, images, masks, odd, cautions = [], [], [], [], []
    for case in tqdm(cases, desc=f"Reading {text(found.name)}", unit="case"):
        try:
            scan = read_scan(case.file)
            check_contrast(scan.pixels)  # what cannot be segmented could not be scored
            truth = read_truth(case, scan)
            crop = CROPS[case.modality]
            within = frame(scan, crop).slices
            if truth.any() and not truth[within].any():  # and a lesion image would be a normal one
                raise ScanError(f"Its lesion lies beside the {crop or 'picture'}.")
        except ScanError as error:
            odd.append((case.file.name, str(error)))
            tqdm.write(f"{case.file.name} left out: {error}")
            continue
        cautions += [(case.file.name, caution) for caution in scan.cautions]
        images.append(np.round(square(scan, size, crop) * 255).astype(np.uint8))
        masks.append(on_grid(truth[within], size).astype(np.uint8))
        known_by, *unpadded = prints_of(scan)
        kept.append(
            TrainingCase(
                case.dataset, case.id, case.group, case.label or "", case.modality,
                scan.digest, known_by, case.accepted, *unpadded, boxed=bool(case.boxes),
            )
        )  # fmt: skip
    if not kept:
        raise ValueError(
            f"None of the {len(cases)} cases of {found.name} can be read, {odd[0][0]} for one: {odd[0][1]}"
        )
    result = TrainingSet(tuple(kept), np.stack(images), np.stack(masks))
    warned = told_cautions(cautions)
    _warn(found.name, warned)
    cache.mkdir(parents=True, exist_ok=True)
    rows = json.dumps([vars(case) for case in kept])
    with whole(path) as part, part.open("wb") as file:
        np.savez(
            file, cases=np.array(rows), images=result.images, masks=result.masks,
            warned=np.array(json.dumps(warned)), left=np.array(json.dumps(told_cautions(odd))),
        )  # fmt: skip
    return result


def _cached(path: Path) -> tuple[TrainingSet, list[str], list[str]] | None:
    """What was decoded before, what was warned of then, and what was left out; None where nothing was, or a copy or a
    disk has damaged it."""
    try:
        with np.load(path, allow_pickle=False) as file:
            kept = tuple(TrainingCase(**case) for case in json.loads(str(file["cases"])))
            # Caches of before keep none.
            warned, left = (
                json.loads(str(file[name])) if name in file else [] for name in ("warned", "left")
            )
            return TrainingSet(kept, file["images"], file["masks"]), warned, left
    except UNREADABLE:
        return None


def _warn(name: str, warned: list[str]) -> None:
    """Say which scans of a data set are left out, and which are trained on though their files warn of them."""
    for sentence in warned:
        tqdm.write(shown(f"{name}: {sentence}"))


def on_grid(truth: np.ndarray, size: int) -> np.ndarray:
    """A truth, (H, W) bool, as (size, size) bool: what covers at least half of a place is there; of lesions that
    cover none so far, what covers most: as in `bcweb.cases.fit_mask`, a lesion image becomes no normal one."""
    stretched = Image.fromarray(truth.astype(np.uint8) * 255).resize(
        (size, size), Image.Resampling.BILINEAR
    )
    soft = np.asarray(stretched)
    return soft >= min(128, max(int(soft.max()), 1))


def _cache_key(cases: list[Case], size: int) -> str:
    """Changes with the list of cases, what is said of them, any file's size or time, and how they are decoded."""
    state = [f"size {size} decoding {DECODING}"]
    for case in cases:
        stats = [
            (f.name, f.stat().st_size, f.stat().st_mtime_ns) for f in (case.file, *case.truth_files)
        ]
        boxes = f" boxed {case.boxes}" if case.boxes else ""
        accepted = " accepted" if case.accepted else ""
        state.append(
            f"{case.dataset} {case.id} {case.modality} {case.group} {case.label} {stats}{boxes}{accepted}"
        )
    return hashlib.sha256("\n".join(state).encode("utf-8", "surrogateescape")).hexdigest()[:12]


def assign_folds(
    data: TrainingSet, folds: int, seed: int, shares: Sequence[float] | None = None
) -> np.ndarray:
    """(N,) int, the fold of each case: no group is in two folds, and data sets and labels are spread evenly.
    shares: how large the folds are beside one another, where they are not alike.

    Groups are dealt the largest first, those of one size in an order drawn by the seed, each to the fold that has
    fewest cases of its kind for its size (data set and label; whether its truth is an accepted prediction), so that
    the few normals are not all in one fold. Without a label, or with one of fewer groups than folds, the kind is
    whether it holds a lesion: dealt by themselves, all labels of a few patients would lie in the first folds.

    Where several folds have fewest, it is the first of them: the largest group is always of fold 0.
    """
    cases = data.cases
    labelled = {(case.dataset, case.group, case.label) for case in cases if case.label}
    groups_of = Counter((dataset, label) for dataset, _, label in labelled)
    kind_of = [
        (
            case.dataset,
            case.label if groups_of[case.dataset, case.label] >= folds else str(lesion),
            case.accepted,
        )
        for case, lesion in zip(cases, data.has_lesion, strict=True)
    ]
    members = defaultdict(list)
    for i, case in enumerate(cases):
        members[case.dataset, case.group].append(i)

    def drawn(group: tuple[str, str]) -> str:
        name = f"{seed} {group[0]} {group[1]}"
        return hashlib.sha256(name.encode("utf-8", "surrogateescape")).hexdigest()

    order = sorted(members, key=lambda group: (-len(members[group]), drawn(group)))
    shares = shares or [1] * folds
    counts: dict[tuple[str, str, bool], Counter] = defaultdict(Counter)
    result = np.zeros(len(cases), int)
    for group in order:
        kinds = Counter(kind_of[i] for i in members[group])
        total = {f: (sum(counts[kind][f] for kind in kinds) / shares[f], f) for f in range(folds)}
        fold = min(total, key=total.__getitem__)
        for kind, n in kinds.items():
            counts[kind][fold] += n
        result[members[group]] = fold
    return result


@command
def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m train.data",
        description="The data in one small file, for a machine that has a GPU and not the data.",
        epilog=f"KIND is one of {', '.join(KINDS)}.",
    )
    add = parser.add_argument
    add("--data", action="append", required=True, metavar="KIND:PATH", help="may be repeated")
    add("--out", type=path_argument, required=True, metavar="FILE")
    add("--size", type=int, default=256, help="of the network (default 256)")
    add("--cache", type=path_argument, default=Path("cache"), help="where decoded images are kept")
    args = parser.parse_args(argv)
    check_size(parser, args.size)
    if problem := why_unwritable(args.out) or why_unmade(args.cache):
        say(problem)
        return 1
    return exit_status(lambda: _work(args))


def _work(args: argparse.Namespace) -> None:
    data = load(args.data, args.size, args.cache)
    pack(data, args.out)
    print(f"{len(data.cases)} cases, {args.out.stat().st_size / 1e6:.1f} MB: {args.out}")


if __name__ == "__main__":
    sys.exit(main())
