"""A project's rules from a file."""

from pathlib import Path
from typing import Any

from dermatrust.curate.rules import Rules
from dermatrust.store.yaml_file import read_settings


def read_rules(path: Path | None, **given: Any) -> Rules:
    """Return the rules that a YAML file names, with what is given besides; all others are as `Rules` has them.

    Args:
        path: Lines such as `differ_by: 1`; None where there is no file.
        given: Rules by name that go before those of the file; None where one is not given.

    Raises:
        DataError: The file is missing or is not YAML, or a rule is unknown or out of range.
    """
    fields: dict[str, Any] = {} if path is None else read_settings(path, expected="lines such as `differ_by: 1`")
    fields |= {name: value for name, value in given.items() if value is not None}
    return Rules.from_fields(fields, where=str(path or "the rules"))
