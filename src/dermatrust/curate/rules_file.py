"""A project's rules from a file."""

from pathlib import Path
from typing import Any

import yaml

from dermatrust.curate.rules import Rules
from dermatrust.errors import DataError


def read_rules(path: Path | None, **given: Any) -> Rules:
    """Return the rules that a YAML file names, with what is given besides; all others are as `Rules` has them.

    Args:
        path: Lines such as `differ_by: 1`; None where there is no file.
        given: Rules by name that go before those of the file; None where one is not given.

    Raises:
        DataError: The file is missing or is not YAML, or a rule is unknown or out of range.
    """
    fields: dict[str, Any] = {} if path is None else _fields(path)
    fields |= {name: value for name, value in given.items() if value is not None}
    return Rules.from_fields(fields, where=str(path or "the rules"))


def _fields(path: Path) -> dict[str, Any]:
    try:
        found = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(str(path), f"cannot be read ({error.strerror})") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise DataError(str(path), f"is not YAML ({' '.join(str(error).split())})") from None
    if not isinstance(found, dict):
        raise DataError(str(path), "is not a list of rules", "lines such as `differ_by: 1`")
    return {str(name): value for name, value in found.items()}
