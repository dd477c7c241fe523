"""`table.json`: the bench table of a run, whole, so that who looks at it again need not resample it again."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dermatrust import __version__
from dermatrust.bench.results import BenchTable
from dermatrust.errors import DataError
from dermatrust.store.result import read_result, write_result
from dermatrust.store.run import RunFolder


@dataclass(frozen=True, slots=True)
class KeptTable:
    """A table with what it is of.

    Attributes:
        code_version: Version of dermatrust that made it.
        scores_sha256: Of the scores file.
        table: The table.
    """

    code_version: str
    scores_sha256: str
    table: BenchTable


def keep_table(run: RunFolder, table: BenchTable) -> None:
    """Write the table of the run's scores.

    Raises:
        DataError: The scores cannot be read, or the file cannot be written.
    """
    write_result(run.kept_table_path, KeptTable(__version__, _sha256(run.scores_path), table))


def kept_table(run: RunFolder, *, seed: int, kinds: Mapping[str, str]) -> BenchTable | None:
    """Return the table kept in the run's folder; None where there is none, or it is not of these scores.

    Args:
        run: The run.
        seed: Of the resampling; a table of another seed is not returned.
        kinds: Rater to its kind; nor is a table made with other ones.

    Raises:
        DataError: The scores cannot be read.
    """
    try:
        kept = read_result(run.kept_table_path, KeptTable)
    except DataError:  # nothing is lost by it: the table follows from the scores
        return None
    of_these = kept.code_version == __version__ and kept.scores_sha256 == _sha256(run.scores_path)
    asked = (kept.table.seed, dict(kept.table.kinds)) == (seed, dict(kinds))
    return kept.table if of_these and asked else None


def _sha256(path: Path) -> str:
    try:
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(str(path), f"cannot be read ({error.strerror})") from None
