"""Checking the images of a dataset folder: there, readable, without camera notes, and not the same picture twice."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from dermatrust.datasets.counted import counted
from dermatrust.datasets.finding import Finding, some
from dermatrust.datasets.fingerprint import NEAR, Fingerprint, fingerprints, near_pairs
from dermatrust.datasets.groups import Groups
from dermatrust.errors import DataError
from dermatrust.records import Case


@dataclass(frozen=True, slots=True)
class CheckedImages:
    """What was found about the images."""

    n_images: int
    """How many could be read."""
    findings: tuple[Finding, ...]
    linked_cases: tuple[tuple[str, str], ...]
    """Pairs of cases that show the same or nearly the same picture."""


def check_images(folder: Path, cases: Sequence[Case]) -> CheckedImages:
    """Read every image that the cases name, and compare each with every other."""
    owners: dict[str, list[str]] = defaultdict(list)
    for case in cases:
        for name in case.file_names:
            owners[name].append(case.id)
    findings: list[Finding] = []
    prints: dict[str, Fingerprint] = {}
    for name, result in fingerprints((name, folder / name) for name in owners):
        if isinstance(result, DataError):
            kind = "unreadable image" if (folder / name).is_file() else "missing image"
            do = result.do or "Import the dataset again, or remove the image from its case."
            findings.append(Finding("error", kind, name, result.what, do))
        else:
            prints[name] = result
    findings += _check_exif(folder, prints)
    findings += _check_unnamed(folder, owners)
    same = _same_files(prints)
    near = _near_pictures(prints)
    findings += _doubled(same, near, prints, owners)
    linked = dict.fromkeys(_linked((*same, *near), owners))  # a copy is also nearly the same picture: say it once
    return CheckedImages(len(prints), tuple(findings), tuple(linked))


def _check_exif(folder: Path, prints: Mapping[str, Fingerprint]) -> Iterator[Finding]:
    marked = [name for name, fingerprint in prints.items() if fingerprint.has_exif]
    if marked:
        size = counted(len(marked), "image")
        what = f"{size} with a camera's notes (EXIF), which may tell place and time: {some(marked)}"
        yield Finding("warning", "camera notes", str(folder), what, "`dermatrust data import` removes them.")


def _check_unnamed(folder: Path, owners: Mapping[str, object]) -> Iterator[Finding]:
    files = (path for path in sorted((folder / "images").rglob("*")) if path.is_file())
    unnamed = [name for name in (path.relative_to(folder).as_posix() for path in files) if name not in owners]
    if unnamed:
        what = f"{counted(len(unnamed), 'file')} of no case: {some(unnamed)}"
        yield Finding("warning", "unused image", str(folder / "images"), what, "Name them in a case, or remove them.")


def _same_files(prints: Mapping[str, Fingerprint]) -> list[list[str]]:
    """Return the groups of two or more images with the same bytes."""
    by_hash: dict[str, list[str]] = defaultdict(list)
    for name, fingerprint in prints.items():
        by_hash[fingerprint.sha256].append(name)
    return [names for names in by_hash.values() if len(names) > 1]


def _near_pictures(prints: Mapping[str, Fingerprint]) -> list[list[str]]:
    """Return the groups of two or more images that look nearly the same, directly or through another."""
    hashes = {name: p.perceptual for name, p in prints.items() if p.perceptual is not None}
    names = list(hashes)
    groups = Groups()
    paired: dict[str, None] = {}
    for a, b in near_pairs(list(hashes.values())).tolist():
        groups.join(names[a], names[b])
        paired |= {names[a]: None, names[b]: None}
    members: dict[str, list[str]] = defaultdict(list)
    for name in paired:
        members[groups.root(name)].append(name)
    return list(members.values())


def _doubled(
    same: Iterable[list[str]],
    near: Iterable[list[str]],
    prints: Mapping[str, Fingerprint],
    owners: Mapping[str, list[str]],
) -> Iterator[Finding]:
    for name, cases in owners.items():
        if len(cases) > 1:
            yield Finding("warning", "duplicate image", name, f"{len(cases)} cases name it: {some(cases)}")
    for names in same:
        what = f"the same file as {some(names[1:])}"
        yield Finding("warning", "duplicate image", names[0], what, "Keep one of them.")
    for names in near:
        n_cases = len({case for name in names for case in owners[name]})
        if n_cases > 1 and len({prints[name].sha256 for name in names}) > 1:  # else one lesion, or one file
            what = f"nearly the same picture as {some(names[1:])} (at most {NEAR} of 64 bits of the hash differ)"
            yield Finding("warning", "near-duplicate image", names[0], what, "Look at them; keep them in one split.")


def _linked(groups: Iterable[list[str]], owners: Mapping[str, list[str]]) -> Iterator[tuple[str, str]]:
    together = [[case for name in names for case in owners[name]] for names in groups]
    together += [cases for cases in owners.values() if len(cases) > 1]
    for cases in together:
        first, *others = dict.fromkeys(cases)
        for other in others:
            yield first, other
