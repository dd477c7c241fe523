"""Results that come in any order, kept on disk until they are read in theirs."""

import pickle
import tempfile
from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from dermatrust.errors import DataError

_NONE = 2**64 - 1


class Spool:
    """Keeps one result per number in a temporary file, so that memory grows by eight bytes a result.

    The file has no name, is read by this process alone, and is gone with it.

    Args:
        folder: Where the file lies until it is closed.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     spool = Spool(Path(folder))
        ...     spool.put(2, "last")
        ...     spool.put(0, "first")
        ...     list(spool)
        ['first', 'last']
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115  # lives as long as the spool
        self._places = array("Q")
        self._end = 0

    def put(self, number: int, result: Any) -> None:
        """Keep one result; a second one under the same number replaces the first."""
        missing = number + 1 - len(self._places)
        if missing > 0:
            self._places.extend([_NONE] * missing)
        content = pickle.dumps(result, pickle.HIGHEST_PROTOCOL)
        self._places[number] = self._end
        try:
            self._end += self._file.write(content)
        except OSError as error:
            raise DataError(str(self._folder), f"cannot be written to ({error.strerror})", do="Make room.") from None

    def __iter__(self) -> Iterator[Any]:
        """Yield the results in the order of their numbers, then let go of the file."""
        with self._file as file:
            for place in self._places:
                if place != _NONE:
                    file.seek(place)
                    yield pickle.load(file)  # noqa: S301  # what this very process wrote
