"""Recorded outputs that authors pickled: lists, texts and numbers alone. Nothing in such a file can be run."""

import pickle
from pathlib import Path
from typing import Any, NoReturn

from dermatrust.errors import DataError


class _Plain(pickle.Unpickler):
    """Reads what Python itself has built in, and refuses every name that a file would have looked up."""

    def find_class(self, module: str, name: str) -> NoReturn:
        raise pickle.UnpicklingError(f"it asks for {module}.{name}")


def read_pickled(path: Path, *lengths: int) -> list[Any]:
    """Return the list that a pickle holds.

    Args:
        path: The file.
        lengths: How many elements it may have.

    Raises:
        DataError: The file is missing, is no pickle of plain lists, texts and numbers, or has another length.
    """
    expected = f"a pickled list of {' or '.join(map(str, lengths))} plain elements"
    try:
        with path.open("rb") as file:
            content = _Plain(file).load()
    except FileNotFoundError:
        raise DataError(str(path), "there is no such file") from None
    except Exception as error:  # a damaged pickle raises whatever it happens to hit
        raise DataError(str(path), f"cannot be read ({type(error).__name__}: {error})", expected) from None
    if not isinstance(content, list | tuple) or len(content) not in lengths:
        raise DataError(str(path), "holds something else", expected)
    return list(content)
