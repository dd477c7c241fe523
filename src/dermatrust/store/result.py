"""`result.json`: what a command found, whole, so that it can be shown on a page again."""

from pathlib import Path
from typing import Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from dermatrust.errors import DataError
from dermatrust.store.atomic import write_text

RESULT = "result.json"
T = TypeVar("T")


class _Kept(BaseModel, Generic[T]):
    model_config = ConfigDict(ser_json_inf_nan="strings")  # JSON has no NaN
    kind: str
    result: T


def write_result(path: Path, result: object) -> None:
    """Replace the file by a result; its kind is the name of its class, and numbers keep every digit.

    Args:
        path: The file.
        result: A dataclass of numbers, texts, records, and dataclasses of these.

    Raises:
        DataError: The file cannot be written.
    """
    kind = type(result)
    write_text(path, _Kept[kind](kind=kind.__name__, result=result).model_dump_json(indent=1) + "\n")  # type: ignore[valid-type]


def read_kind(path: Path) -> str:
    """Return the name of the class of a result.

    Raises:
        DataError: It cannot be read, or is no result.
    """
    return _read(path, Any).kind


def read_result(path: Path, kind: type[T]) -> T:
    """Return a result of a kind, as it was written.

    Raises:
        DataError: It cannot be read, or is no such result.
    """
    return _read(path, kind).result


def _read(path: Path, kind: type[T]) -> _Kept[T]:
    try:
        return _Kept[kind].model_validate_json(path.read_bytes())  # type: ignore[valid-type]
    except OSError as error:
        raise DataError(str(path), f"cannot be read ({error.strerror})") from None
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        what = f"is no result that this version of dermatrust reads ({where + ': ' if where else ''}{first['msg']})"
        raise DataError(str(path), what, do="Run the command that wrote it again.") from None
