"""Lists by which others have cleaned a dataset: what to leave out and why, or the only things to keep.

A list is a CSV file with a column of ids, and perhaps one of reasons. An id is a case, or an image of one with or
without its folders and ending. Both kinds are published: Fitzpatrick17k-C (Abhishek et al. 2025,
https://doi.org/10.1038/s41597-025-04382-5) and the file lists of SelfClean (Gröger et al. 2024,
https://arxiv.org/abs/2305.17048) name what to keep.
"""

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path, PurePosixPath

from dermatrust.datasets.counted import counted
from dermatrust.datasets.imported import Imported, LeftOut
from dermatrust.datasets.source_table import source_rows
from dermatrust.errors import DataError
from dermatrust.records import Case

ID_COLUMNS = ("id", "case_id", "image_id", "ImageID", "md5hash", "DDI_file", "file_name", "filename", "img_id", "image")
NOT_KEPT = "not on the list of what to keep"


def without_excluded(imported: Imported, *, leave_out: Path | None = None, keep_only: Path | None = None) -> Imported:
    """Return the dataset without what lists say should not be used, and with a record of each thing left out.

    A case whose images are all left out is left out too; of another, only these images.

    Args:
        imported: The dataset.
        leave_out: A list of what to leave out.
        keep_only: A list of all there is to keep.

    Raises:
        DataError: A list has no column of ids, or none of its ids is in the dataset.
    """
    for path, keeps in ((leave_out, False), (keep_only, True)):
        if path is not None:
            imported = _applied(imported, path, keeps=keeps)
    return imported


def _applied(imported: Imported, path: Path, *, keeps: bool) -> Imported:
    reasons = _read_list(path)
    things = _things(imported.cases, reasons)
    if not any(things.values()):
        what = f"none of its {counted(len(reasons), 'id')} is a case of this dataset or an image of one"
        raise DataError(str(path), what, "ids of this dataset", f"The first is {next(iter(reasons), '')!r}.")
    named = {thing: reasons[name] for name, found in things.items() for thing in found}
    removed = _not_named(imported.cases, named) if keeps else named
    cases = tuple(case for case in (_rest_of(case, removed) for case in imported.cases) if case is not None)
    remaining = {case.id for case in cases}
    images = {name for case in cases for name in case.file_names}
    narratives = tuple(n for n in imported.narratives if n.case_id in remaining)
    rated = {narrative.id for narrative in narratives}
    return replace(
        imported,
        cases=cases,
        references=tuple(r for r in imported.references if r.case_id in remaining),
        narratives=narratives,
        ratings=tuple(r for r in imported.ratings if r.narrative_id in rated),
        images=tuple((name, source) for name, source in imported.images if name in images),
        remarks=(*imported.remarks, f"{path.name}: {_told(removed, things)}; kept {counted(len(cases), 'case')}."),
        left_out=(
            *imported.left_out,
            *(LeftOut(id=thing, reason=reason, list=path.name) for thing, reason in removed.items()),
        ),
    )


def _told(removed: Mapping[str, str], things: Mapping[str, list[str]]) -> str:
    kinds = Counter(reason or "no reason given" for reason in removed.values())
    what = f"left out {len(removed)} ({', '.join(f'{n} {reason}' for reason, n in kinds.most_common(5))})"
    lost = [name for name, found in things.items() if not found]
    if not lost:
        return what
    return f"{what}; {len(lost)} of its {counted(len(things), 'id')} not in this dataset, the first is {lost[0]}"


def _read_list(path: Path) -> dict[str, str]:
    """Return id to reason."""
    rows = list(source_rows(path, (), dataset="a list of ids"))
    column = next((name for name in ID_COLUMNS if any(name in row for _, row in rows)), None)
    if column is None:
        raise DataError(str(path), "has no column of ids", f"one of {', '.join(ID_COLUMNS)}")
    return {row[column]: row.get("reason", "") for _, row in rows if column in row}


def _things(cases: Sequence[Case], names: Mapping[str, str]) -> dict[str, list[str]]:
    """Return each name with what it names: a case, one of its images, or nothing."""
    ids = {case.id for case in cases}
    by_stem: dict[str, list[str]] = defaultdict(list)
    for case in cases:
        for image in case.file_names:
            by_stem[PurePosixPath(image).stem.lower()].append(image)
    return {name: _case_of(name, ids) or _images(name, by_stem) for name in names}


def _case_of(name: str, ids: Collection[str]) -> list[str]:
    """Return the case of this name; in many datasets an image's name is its case's with an ending."""
    return [candidate for candidate in (name, PurePosixPath(name).stem) if candidate in ids][:1]


def _images(name: str, by_stem: Mapping[str, list[str]]) -> list[str]:
    """Return the images of this name; where several folders have one, those that share most of its folders."""
    path = PurePosixPath(name.replace("\\", "/").lower())
    found = by_stem.get(path.stem, []) or by_stem.get(path.name, [])
    if len(found) < 2:
        return found
    shared = {image: _shared_folders(path, PurePosixPath(image.lower())) for image in found}
    return [image for image in found if shared[image] == max(shared.values())]


def _shared_folders(a: PurePosixPath, b: PurePosixPath) -> int:
    pairs = zip(reversed(a.parent.parts), reversed(b.parent.parts), strict=False)
    n = 0
    for one, other in pairs:
        if one != other:
            break
        n += 1
    return n


def _not_named(cases: Sequence[Case], named: Mapping[str, str]) -> dict[str, str]:
    """Return what a list of things to keep leaves out: whole cases, and single images of the others."""
    removed = {}
    for case in cases:
        if case.id in named:
            continue
        absent = [image for image in case.file_names if image not in named]
        if len(absent) == len(case.file_names):
            removed[case.id] = NOT_KEPT
        else:
            removed |= dict.fromkeys(absent, NOT_KEPT)
    return removed


def _rest_of(case: Case, removed: Mapping[str, str]) -> Case | None:
    if case.id in removed:
        return None
    rest = tuple(image for image in case.file_names if image not in removed)
    if len(rest) == len(case.file_names):
        return case
    return case.model_copy(update={"file_names": rest}) if rest else None
