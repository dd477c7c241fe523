"""Which resamples of its patients a study sees: the same wherever its figures are shown."""

import hashlib

from dermatrust.clinic.answer_grid import AnswerGrid


def seed_of_draws(grid: AnswerGrid, dataset: str, seed: int) -> int:
    """Return the seed of a study's resamples: of its own seed, its dataset, and its cases with patients and labels.

    A comparison of datasets needs draws for each that are independent of the others', and is to show the interval that
    the study of each shows. A seed that follows from the cases gives both.

    Args:
        grid: The answers.
        dataset: Name on the dataset's card.
        seed: Of the study, or of the comparison.
    """
    digest = hashlib.sha256(repr((seed, dataset)).encode())
    columns = grid.answers.case_id, grid.answers.patient_id, grid.answers.label
    for row in grid.first_rows:
        digest.update(repr([column[row] for column in columns]).encode("utf-8", "surrogatepass"))
    return int.from_bytes(digest.digest()[:8])
