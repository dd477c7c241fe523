"""The raters of a table of ratings against those that a dataset folder knows."""

from collections.abc import Mapping

from dermatrust.datasets.faults import Faults
from dermatrust.datasets.rating_rows import RatedRow
from dermatrust.records import Rater
from dermatrust.store.folder import DatasetFolder
from dermatrust.store.layout import RATERS


class Registry:
    """The raters of a dataset folder, and those that a table adds to them, all of them people.

    Args:
        dataset: The folder.
        faults: Takes rows that contradict the registry, or each other.

    Raises:
        DataError: A line of the registry cannot be read.
    """

    def __init__(self, dataset: DatasetFolder, faults: Faults) -> None:
        self._faults = faults
        self._known = {rater.id: rater for rater in dataset.iter_raters()}
        self._told: dict[str, dict[str, object]] = {}
        self._lines: dict[str, int] = {}
        self._refused: set[str] = set()

    @property
    def new(self) -> list[Rater]:
        """Raters whom the folder does not know, with what the table says of them."""
        new = ({"id": name, "kind": "human", **told} for name, told in self._told.items() if name not in self._known)
        return [Rater.from_fields(fields, where="the table") for fields in new]

    def add(self, name: str, row: RatedRow) -> None:
        """Take what a row says of its rater; what it leaves out contradicts nothing, and may come from another row."""
        if name in self._refused:
            return
        said = {"qualification": row.cells.get("qualification"), "years": row.years}
        said = {field: value for field, value in said.items() if value is not None}
        known, told = self._known.get(name), self._told.get(name, {})
        if known is not None:
            what, where = _contradiction(said, known.model_dump(), is_whole=True), RATERS
            what = f"is a rater of kind {known.kind!r}, not a person," if known.kind != "human" else what
        else:
            what, where = _contradiction(said, told, is_whole=False), f"line {self._lines.get(name, 0)}"
        if what:
            self._refused.add(name)
            self._faults.add(row.line, f"{name!r} {what} in {where}", do=f"Correct the row or {where}.")
        self._told[name] = told | said
        self._lines.setdefault(name, row.line)


def _contradiction(said: Mapping[str, object], other: Mapping[str, object], *, is_whole: bool) -> str:
    """Return in what two accounts of a rater differ, "" where they do not.

    Args:
        said: What a row says.
        other: What is said elsewhere.
        is_whole: Whether what the other account lacks is missing for good, and not in another row.
    """
    for name, value in said.items():
        there = other.get(name)
        if there != value and (is_whole or there is not None):
            return f"has {name} {value!r} here, but {'none' if there is None else repr(there)}"
    return ""
