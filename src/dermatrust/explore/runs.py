"""The runs there are, and each as far as it has been looked at: computed once, and anew when its files change."""

import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from copy import copy
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from dermatrust.bench.kept import kept_table
from dermatrust.bench.results import BenchTable
from dermatrust.bench.table import bench_table
from dermatrust.errors import DataError
from dermatrust.explore.cases import CaseTable, case_table
from dermatrust.explore.said import Said
from dermatrust.protocols.result import ProtocolResult
from dermatrust.protocols.several import identity
from dermatrust.records import Manifest
from dermatrust.report.chapters import KINDS, class_of, dataset_of
from dermatrust.report.write import run_context
from dermatrust.store.result import RESULT, read_kind, read_result
from dermatrust.store.run import RunFolder
from dermatrust.store.scores import read_scores

if TYPE_CHECKING:
    from dermatrust.report.chapters import Found

RUN = "run"
"""The kind of a folder of a run of models."""
BENCHMARK = "ProtocolResult"
"""The kind of a folder of a published benchmark on one model."""
MOST_OPEN = 4
"""Runs whose numbers are kept; one of 10,000 narratives takes about 20 MB."""
Stamp = tuple[tuple[int, int, int] | None, ...]
"""Of each file: when it was changed, its size, and its number in the file system."""


@dataclass(frozen=True, slots=True)
class Listed:
    """A folder of a run, a study or an audit.

    Attributes:
        name: What it is called here; it is part of addresses.
        path: The folder.
        kind: "run", "ProtocolResult", or a key of `KINDS`; empty where it cannot be told.
        manifest: Of a run, and of a study or an audit that asked models.
        problem: Why it cannot be shown; empty where it can.
    """

    name: str
    path: Path
    kind: str = ""
    manifest: Manifest | None = None
    problem: str = ""


@dataclass(frozen=True)
class OpenRun:
    """A run with all its numbers."""

    name: str
    folder: RunFolder
    manifest: Manifest
    table: BenchTable

    @cached_property
    def cases(self) -> CaseTable:
        """Its cases, and what they scored."""
        return case_table(read_scores(self.folder.scores_path))

    @cached_property
    def context(self) -> dict[str, Any]:
        """What the report's sections place."""
        return run_context(self.manifest, self.table)

    @cached_property
    def said(self) -> Said:
        """What models and raters said."""
        return Said(self.folder.narratives_path, self.folder.ratings_path)


class Runs:
    """What lies in some folders.

    Args:
        paths: Folders of runs, studies or audits, or folders that hold such folders.
    """

    def __init__(self, paths: Sequence[Path]) -> None:
        self._paths = tuple(paths)
        self._listed: dict[Path, tuple[Stamp, Listed]] = {}
        self._opened: OrderedDict[Path, tuple[Stamp, OpenRun]] = OrderedDict()
        self._found: dict[Path, tuple[Stamp, Found]] = {}
        self._benchmarks: dict[Path, tuple[Stamp, ProtocolResult]] = {}
        self._lock = threading.Lock()
        self._opening = threading.Lock()
        self._there: list[Listed] | None = None

    def now(self) -> "Runs":
        """Return the same as it lies at this moment: the folders are read once, whatever is asked of it.

        Raises:
            DataError: One of the folders is gone.
        """
        seen = copy(self)  # with the same numbers kept, and the same locks
        seen._there = self.listed()
        return seen

    def listed(self) -> list[Listed]:
        """Return all there is now, runs first, each latest first; what is damaged says so.

        Raises:
            DataError: One of the folders is gone.
        """
        if self._there is not None:
            return self._there
        with self._lock:
            found = [self._look(name, path) for name, path in _named(self._folders())]
        latest = sorted(found, key=lambda one: one.manifest.started if one.manifest else "", reverse=True)
        return sorted(latest, key=lambda one: one.kind != RUN)

    def open(self, name: str) -> OpenRun:
        """Return a run with its numbers, read anew where its files have changed since.

        Raises:
            KeyError: There is no such run.
            DataError: It is damaged, or has no scores yet.
        """
        one = {listed.name: listed for listed in self.listed()}[name]
        if one.problem or one.kind != RUN or one.manifest is None:
            raise DataError(str(one.path), one.problem or "is no run of models")
        folder = RunFolder(one.path)
        stamp = _stamp(folder.manifest_path, folder.scores_path, folder.narratives_path, folder.ratings_path)
        with self._opening:  # two readers of one page compute it once, and the list of runs need not wait for them
            known = self._opened.get(one.path)
            if known is None or known[0] != stamp:
                self._opened[one.path] = known = stamp, _opened(name, folder, one.manifest)
            self._opened.move_to_end(one.path)
            while len(self._opened) > MOST_OPEN:
                self._opened.popitem(last=False)
        return known[1]

    def study(self, name: str) -> "tuple[Found, Manifest | None]":
        """Return what a study or an audit found, and its manifest if it has one, read anew where its files changed.

        Raises:
            KeyError: There is no such study or audit.
            DataError: It is damaged.
        """
        one = {listed.name: listed for listed in self.listed() if listed.kind not in (RUN, BENCHMARK)}[name]
        if one.problem:
            raise DataError(str(one.path), one.problem)
        return self._result(one)[1], one.manifest

    def n_benchmarks(self) -> int:
        """Return how many folders hold a published benchmark on one model."""
        return sum(one.kind == BENCHMARK for one in self.listed())

    def benchmarks(self) -> tuple[list[ProtocolResult], list[str]]:
        """Return what published benchmarks found, each read anew where its file changed, and what is not shown.

        Of two runs of one model that asked the same of the same data the one begun last is shown.
        """
        found: dict[tuple[str, str, bool], tuple[str, ProtocolResult]] = {}
        problems: list[str] = []
        for one in self.listed():
            if one.kind != BENCHMARK:
                continue
            try:
                result = self._benchmark(one.path)
            except DataError as error:
                problems.append(str(error))
                continue
            shown, _ = found.setdefault(identity(result), (one.name, result))
            if shown != one.name:
                problems.append(f"{one.name} asked {result.model} the same as {shown}, which stands here instead.")
        return [result for _, result in found.values()], problems

    def _benchmark(self, folder: Path) -> ProtocolResult:
        stamp = _stamp(folder / RESULT)
        known = self._benchmarks.get(folder)
        if known is None or known[0] != stamp:
            self._benchmarks[folder] = known = stamp, read_result(folder / RESULT, ProtocolResult)
        return known[1]

    def found_of(self, manifest: Manifest) -> "tuple[list[Found], list[str]]":
        """Return studies and audits of raters on the dataset of a run, one of a kind, and what could not be read.

        Of two of a kind the one changed last is shown.
        """
        results: dict[str, tuple[int, Found]] = {}
        problems: list[str] = []
        for one in self.listed():
            if one.kind in KINDS and not KINDS[one.kind].is_clinical:
                try:
                    stamp, found = self._result(one)
                except DataError as error:
                    problems.append(str(error))
                    continue
                card = dataset_of(found)
                is_same = (card.name, card.synthetic) == (manifest.dataset.name, manifest.dataset.synthetic)
                changed = stamp[0][0] if stamp[0] else 0
                if is_same and changed >= results.get(one.kind, (-1, None))[0]:
                    results[one.kind] = changed, found
        return [found for _, found in results.values()], problems

    def _result(self, one: Listed) -> "tuple[Stamp, Found]":
        path = one.path / RESULT
        stamp = _stamp(path)
        known = self._found.get(path)
        if known is None or known[0] != stamp:
            self._found[path] = known = stamp, read_result(path, class_of(one.kind))
        return known

    def _folders(self) -> Iterator[Path]:
        for path in self._paths:
            if not path.is_dir():
                raise DataError(str(path), "there is no such folder", "a run folder, or a folder that holds some")
            if _is_one(path):
                yield path
            else:
                yield from filter(_is_one, sorted(path.iterdir()))

    def _look(self, name: str, path: Path) -> Listed:
        stamp = _stamp(path / RESULT, RunFolder(path).manifest_path, RunFolder(path).scores_path)
        known = self._listed.get(path)
        if known is None or known[0] != stamp or known[1].name != name:
            self._listed[path] = known = stamp, _looked(name, path)
        return known[1]


def _is_one(path: Path) -> bool:
    return (path / RESULT).is_file() or RunFolder(path).manifest_path.is_file()


def _named(paths: Iterator[Path]) -> list[tuple[str, Path]]:
    """Return each folder once with a name of its own: that of the folder, with a number where two share one."""
    named: dict[str, Path] = {}
    for path in dict.fromkeys(path.resolve() for path in paths):
        name, number = path.name, 1
        while name in named:
            number += 1
            name = f"{path.name}-{number}"
        named[name] = path
    return list(named.items())


def _looked(name: str, path: Path) -> Listed:
    folder = RunFolder(path)
    try:
        if (path / RESULT).is_file():
            kind = read_kind(path / RESULT)
            if kind != BENCHMARK and kind not in KINDS:
                return Listed(name, path, problem=f"holds {kind!r}, which this version does not know")
            own = folder.read_manifest() if folder.manifest_path.is_file() else None
            return Listed(name, path, kind, own)
        manifest = folder.read_manifest()
        has_scores = folder.scores_path.is_file()
        return Listed(name, path, RUN, manifest, "" if has_scores else "has no scores yet: it has not finished.")
    except DataError as error:
        return Listed(name, path, problem=str(error))


def _opened(name: str, folder: RunFolder, manifest: Manifest) -> OpenRun:
    kinds, seed = {card.judge: card.kind for card in manifest.judges}, manifest.seeds.get("bootstrap", 0)
    table = kept_table(folder, seed=seed, kinds=kinds)
    if table is None:
        table = bench_table(read_scores(folder.scores_path), seed=seed, kinds=kinds)
    return OpenRun(name, folder, manifest, table)


def _stamp(*paths: Path) -> Stamp:
    return tuple(map(_stamp_of, paths))


def _stamp_of(path: Path) -> tuple[int, int, int] | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
