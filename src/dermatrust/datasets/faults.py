"""All that is wrong with one table, told at once: whoever mends it should not have to come back for every cell."""

from pathlib import Path

from dermatrust.errors import DataError

MOST_SHOWN = 10


class Faults:
    """Faults of one file, in the order in which they were found.

    Args:
        path: The file.
        unit: What its parts are called that faults are told of by number.

    Example:
        >>> faults = Faults(Path("t.csv"))
        >>> faults.add(2, "safety is '6'", "a number from 0 to 5")
        >>> faults.add(4, "safety is 'x'", "a number from 0 to 5")
        >>> try:
        ...     faults.raise_if_any()
        ... except DataError as error:
        ...     print(error)
        t.csv: 2 faults, and nothing was written:
        line 2: safety is '6'; expected a number from 0 to 5.
        line 4: safety is 'x'; expected a number from 0 to 5.
    """

    def __init__(self, path: Path, *, unit: str = "line") -> None:
        self._path = path
        self._unit = unit
        self._shown: list[DataError] = []
        self._n = 0

    @property
    def is_full(self) -> bool:
        """Whether a further fault would only be counted, so that no time need be spent on its words."""
        return len(self._shown) == MOST_SHOWN

    def add(self, line: int, what: str, expected: str = "", do: str = "") -> None:
        """Note what is wrong at a line, or whatever the parts are called."""
        self._n += 1
        if not self.is_full:
            self._shown.append(DataError(f"{self._unit} {line}", what, expected, do))

    def raise_if_any(self) -> None:
        """Raise one error that shows the first ten and says how many more there are.

        Raises:
            DataError: There are any.
        """
        if self._n == 1:
            (only,) = self._shown
            raise DataError(f"{self._path} {only.where}", only.what, only.expected, only.do)
        if self._n:
            lines = [f"{self._n} faults, and nothing was written:", *map(str, self._shown)]
            more = self._n - len(self._shown)
            raise DataError(str(self._path), "\n".join(lines + ([f"{more} more."] if more else [])))
