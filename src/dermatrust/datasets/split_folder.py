"""Writing splits into a dataset folder: `metadata.jsonl` is replaced as a whole, images are not touched."""

from collections.abc import Mapping
from pathlib import Path

from dermatrust.datasets.check_images import check_images
from dermatrust.datasets.split import Split, split_cases
from dermatrust.errors import DataError
from dermatrust.store.folder import DatasetFolder
from dermatrust.store.jsonl import write_records
from dermatrust.store.layout import CASES


def split_folder(
    path: Path, fractions: Mapping[str, float], *, seed: int = 0, replace: bool = False, by_picture: bool = True
) -> Split:
    """Split the cases of a dataset folder and write the split of each into its record.

    Args:
        path: The dataset folder.
        fractions: Split name to its share of the cases.
        seed: Which of the equally good splits to take.
        replace: Whether splits that are already there may be lost.
        by_picture: Also keep cases together that show nearly the same picture; this reads every image.

    Raises:
        DataError: The folder is not sound, has splits already, or cannot be split as asked.
    """
    cases = list(DatasetFolder.open(path).iter_cases())
    there = sorted({case.split for case in cases if case.split is not None})
    if there and not replace:
        what = f"its cases are in the splits {', '.join(there)} already"
        raise DataError(str(path), what, do="Say --replace to lose these splits.")
    linked = check_images(path, cases).linked_cases if by_picture else ()
    split = split_cases(cases, fractions, seed=seed, linked=linked)
    write_records(path / CASES, (case.model_copy(update={"split": split.assignment[case.id]}) for case in cases))
    return split
