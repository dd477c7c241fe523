"""Settings that people write by hand, as YAML files."""

from pathlib import Path
from typing import Any

import yaml

from dermatrust.errors import DataError


def read_settings(path: Path, *, expected: str) -> dict[str, Any]:
    """Return the settings of a YAML file by name.

    Args:
        path: The file.
        expected: What it should hold, for the message of an error.

    Raises:
        DataError: The file is missing, is not YAML, or is something else than names with values.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     path = Path(folder) / "rules.yaml"
        ...     _ = path.write_text("differ_by: 1")
        ...     read_settings(path, expected="rules")
        {'differ_by': 1}
    """
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(str(path), f"cannot be read ({error.strerror})") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise DataError(str(path), f"is not YAML ({first_complaint(error)})") from None
    if not isinstance(found, dict):
        raise DataError(str(path), "holds no names with values", expected)
    return {str(name): value for name, value in found.items()}


def first_complaint(error: Exception) -> str:
    """Return what YAML's reader says of the place where it stumbled, in few words."""
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        return f"line {error.problem_mark.line + 1}: {error.problem}"
    return " ".join(str(error).split())
