"""Which narrative a row of a table of ratings is about."""

import difflib
from collections import defaultdict

from dermatrust.datasets.faults import Faults
from dermatrust.datasets.rating_rows import RatedRow
from dermatrust.errors import DataError
from dermatrust.store.folder import DatasetFolder
from dermatrust.store.layout import NARRATIVES


class RatedNarratives:
    """The narratives of a dataset folder, by id and by case and author.

    Args:
        dataset: The folder.
        faults: Takes rows that are about none of them.

    Raises:
        DataError: There are none, or one cannot be read.
    """

    def __init__(self, dataset: DatasetFolder, faults: Faults) -> None:
        self._faults = faults
        self._of: dict[str, tuple[str, str]] = {}
        self._by_author: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        for narrative in dataset.iter_narratives():
            self._of[narrative.id] = narrative.case_id, narrative.author
            self._by_author[narrative.case_id, narrative.author].append(narrative.id)
        if not self._of:
            do = "Write some with `dermatrust narrate`, or put your own there."
            raise DataError(str(dataset.path / NARRATIVES), "holds no narrative that could be rated", do=do)

    def find(self, row: RatedRow) -> str | None:
        """Return the id of the narrative a row is about, or None and a fault."""
        name = row.cells.get("narrative_id")
        return self._by_case(row) if name is None else self._by_id(name, row)

    def _by_id(self, name: str, row: RatedRow) -> str | None:
        if name not in self._of:
            self._faults.add(row.line, f"narrative_id is {name!r}", f"one of {NARRATIVES}", self._near(name))
            return None
        for column, true in zip(("case_id", "author"), self._of[name], strict=True):
            if row.cells.get(column, true) != true:
                what = f"{column} is {row.cells[column]!r}, but narrative {name!r} has {true!r}"
                self._faults.add(row.line, what, do="Correct one of the two: the scores may be another narrative's.")
                return None
        return name

    def _by_case(self, row: RatedRow) -> str | None:
        case, author = row.cells.get("case_id"), row.cells.get("author")
        if case is None or author is None:
            self._faults.add(row.line, "does not say which narrative is rated", "narrative_id, or case_id and author")
            return None
        found = self._by_author.get((case, author), [])
        if len(found) == 1:
            return found[0]
        what = f"{len(found) or 'no'} narrative{'s' if found else ''} of case {case!r} by {author!r}"
        do = f"Say which in a column narrative_id: {', '.join(found[:3])}." if found else self._near_case(case)
        self._faults.add(row.line, f"there {'are' if found else 'is'} {what} in {NARRATIVES}", "one", do)
        return None

    def _near(self, name: str) -> str:
        """Return what may have been meant. Comparing with thousands takes time, so only where it is shown."""
        near = [] if self._faults.is_full else difflib.get_close_matches(name, self._of, n=1, cutoff=0.5)
        return f"Did you mean {near[0]!r}?" if near else ""

    def _near_case(self, case: str) -> str:
        authors = [author for known, author in self._by_author if known == case]
        if authors:
            return f"Its authors are {', '.join(map(repr, authors[:5]))}."
        cases = dict.fromkeys(known for known, _ in self._by_author)
        near = [] if self._faults.is_full else difflib.get_close_matches(case, cases, n=1, cutoff=0.5)
        return f"Did you mean case {near[0]!r}?" if near else ""
