"""Checking that the splits of a dataset share nothing that would let a model know a test case before it sees it."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from dermatrust.datasets.counted import counted
from dermatrust.datasets.finding import Finding, some
from dermatrust.records import Case

_DO = "Split again with `dermatrust data split`."


def check_leakage(folder: Path, cases: Sequence[Case], linked: Iterable[tuple[str, str]]) -> Iterator[Finding]:
    """Yield every patient, file family and picture that is in more than one split.

    Args:
        folder: The dataset folder, for the errors.
        cases: Its cases.
        linked: Pairs of case ids that show the same or nearly the same picture.
    """
    where = str(folder / "metadata.jsonl")
    split_of = {case.id: case.split for case in cases if case.split is not None}
    if not split_of:
        return
    if len(split_of) < len(cases):
        without = [case.id for case in cases if case.split is None]
        what = f"{len(without)} of {counted(len(cases), 'case')} in no split: {some(without)}"
        yield Finding("warning", "missing split", where, what, _DO)
    yield from _shared("patient", ((case.patient_id, case.split) for case in cases), where)
    yield from _shared("file family", ((case.file_family, case.split) for case in cases), where)
    for a, b in linked:
        if a in split_of and b in split_of and split_of[a] != split_of[b]:
            what = f"cases {a} ({split_of[a]}) and {b} ({split_of[b]}) show nearly the same picture"
            yield Finding("error", "split leakage", where, what, _DO)


def _shared(noun: str, placed: Iterable[tuple[str | None, str | None]], where: str) -> Iterator[Finding]:
    splits: dict[str, set[str]] = defaultdict(set)
    for key, split in placed:
        if key is not None and split is not None:
            splits[key].add(split)
    for key, names in splits.items():
        if len(names) > 1:
            what = f"{noun} {key!r} is in the splits {' and '.join(sorted(names))}"
            yield Finding("error", "split leakage", where, what, _DO)
