"""A run folder: what one run asked, got, scored and reported."""

from dataclasses import dataclass
from pathlib import Path

from dermatrust.errors import DataError
from dermatrust.records import Manifest
from dermatrust.store.atomic import write_text
from dermatrust.store.layout import NARRATIVES, RATINGS
from dermatrust.store.result import RESULT


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The files of one run; the folder is made when the first of them is written."""

    path: Path

    @property
    def manifest_path(self) -> Path:
        """What was done: code version, dataset, models, judges, prompts, seeds, time."""
        return self.path / "manifest.json"

    @property
    def replies_path(self) -> Path:
        """The reply store."""
        return self.path / "replies.sqlite"

    @property
    def scores_path(self) -> Path:
        """One row per narrative x rater x dimension."""
        return self.path / "scores.parquet"

    @property
    def answers_path(self) -> Path:
        """One row per model x case x arm, in a clinical study."""
        return self.path / "answers.parquet"

    @property
    def result_path(self) -> Path:
        """What was found, whole, so that it can be shown on a page again."""
        return self.path / RESULT

    @property
    def unknown_path(self) -> Path:
        """Names of diagnoses that the lexicon does not know, in a clinical study."""
        return self.path / "unknown.csv"

    @property
    def narratives_path(self) -> Path:
        """What the models wrote, one narrative a line, in the order of cases and models."""
        return self.path / NARRATIVES

    @property
    def ratings_path(self) -> Path:
        """What every rater said of it, one rating a line, in the same order."""
        return self.path / RATINGS

    @property
    def table_path(self) -> Path:
        """The table of the run, for spreadsheets and programs."""
        return self.path / "table.csv"

    @property
    def kept_table_path(self) -> Path:
        """The same, whole, so that it need not be computed again."""
        return self.path / "table.json"

    @property
    def report_path(self) -> Path:
        """The report for people."""
        return self.path / "report.html"

    def write_manifest(self, manifest: Manifest) -> None:
        """Replace the manifest, whole or not at all. Every field is written, also where it has its default."""
        write_text(self.manifest_path, manifest.model_dump_json(indent=2) + "\n")

    def read_manifest(self) -> Manifest:
        """Return the manifest.

        Raises:
            DataError: This is not a run folder, or its manifest is damaged.
        """
        where = str(self.manifest_path)
        try:
            content = self.manifest_path.read_bytes()
        except FileNotFoundError:
            raise DataError(where, "there is no such file", do=f"Check that {self.path} is a run folder.") from None
        except OSError as error:
            raise DataError(where, f"cannot be read ({error.strerror})") from None
        return Manifest.from_line(content, where=where)


def check_no_run(folder: Path) -> None:
    """Refuse a folder that a run has made, for what would write its own result over that of the run.

    Raises:
        DataError: It holds a manifest.

    Example:
        >>> check_no_run(Path("no-such-folder"))
    """
    if RunFolder(folder).manifest_path.exists():
        raise DataError(
            str(folder), "holds a run, whose result would be lost", "another folder", "Choose another --out."
        )
