"""What would spoil a run, found before anything is asked or paid for."""

from collections.abc import Sequence

from dermatrust.errors import DataError, ModelError
from dermatrust.store.folder import DatasetFolder


def check_names(what: str, names: Sequence[str]) -> None:
    """Refuse two models or judges of one name: their answers could not be told apart.

    Raises:
        ModelError: A name is there twice.
    """
    for name in names:
        if names.count(name) > 1:
            raise ModelError(name, f"two {what}s go by this name", do="Name each one once.")


def check_images(dataset: DatasetFolder) -> None:
    """Refuse a dataset that names photographs it does not hold.

    Raises:
        DataError: One is not there; the message names the first.
    """
    missing = next(dataset.missing_images(), None)
    if missing is not None:
        where, name = missing
        raise DataError(where, f"its image {name} is not there", do="Run `dermatrust data check` for all of them.")
