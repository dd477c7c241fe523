"""Reading and writing `card.yaml`, what a dataset says about itself."""

from datetime import date
from pathlib import Path
from typing import Any

import yaml

from dermatrust.errors import DataError
from dermatrust.records import DatasetCard
from dermatrust.store.atomic import write_text
from dermatrust.store.yaml_file import first_complaint

_DEEPEST = 4


def read_card(path: Path) -> DatasetCard:
    """Return the card.

    Raises:
        DataError: There is no such file, it is not YAML, or a field is missing, unknown or not valid.
    """
    where = str(path)
    try:
        content = path.read_bytes()
        _check_plain(content, where)
        fields = yaml.safe_load(content)
    except FileNotFoundError:
        do = "A dataset folder needs a card; docs/formats.md says what is in it."
        raise DataError(where, "there is no such file", do=do) from None
    except OSError as error:
        raise DataError(where, f"cannot be read ({error.strerror})") from None
    except (yaml.YAMLError, UnicodeError, ValueError) as error:
        raise DataError(where, f"is not valid YAML ({first_complaint(error)})") from None
    if not isinstance(fields, dict):
        raise DataError(where, "is not a list of fields", "lines such as `name: my-dataset`")
    return DatasetCard.from_fields({str(name): _as_text(value) for name, value in fields.items()}, where=where)


def write_card(path: Path, card: DatasetCard) -> None:
    """Replace the card, whole or not at all. Every field is written, so that the file shows what could be said."""
    fields = card.model_dump(mode="json")
    text = yaml.safe_dump(fields, sort_keys=False, allow_unicode=True, width=100)
    if yaml.safe_load(text) != fields:  # YAML folds some rare line ends unless they are escaped
        text = yaml.safe_dump(fields, sort_keys=False, allow_unicode=False, width=100)
    write_text(path, text)


def _check_plain(content: bytes, where: str) -> None:
    """Refuse what no card needs and what a few lines can stop a machine with: aliases, and lists in lists in lists."""
    depth = 0
    for event in yaml.parse(content, yaml.SafeLoader):
        depth += isinstance(event, yaml.CollectionStartEvent) - isinstance(event, yaml.CollectionEndEvent)
        if depth > _DEEPEST or isinstance(event, yaml.AliasEvent):
            raise DataError(where, "refers to itself, or nests lists in lists", "lines such as `name: my-dataset`")


def _as_text(value: Any) -> Any:
    """Undo YAML's guesses: `version: 1.0` and `version: 2024-05-01` are meant as text."""
    if isinstance(value, bool) or not isinstance(value, (int, float, date)):
        return value
    return str(value)
