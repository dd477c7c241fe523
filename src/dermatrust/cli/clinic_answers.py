"""The answers of a finished clinical study, for the commands that read one."""

from typing import TYPE_CHECKING

from dermatrust.errors import DataError

if TYPE_CHECKING:
    from dermatrust.store.answers import AnswerColumns
    from dermatrust.store.run import RunFolder


def finished_answers(run: "RunFolder") -> "AnswerColumns":
    """Return all answers of a study.

    Raises:
        DataError: It is a run of something else, was begun and not finished, or its file cannot be read.
    """
    from dermatrust.store.answers import read_answers

    if run.manifest_path.exists() and not run.answers_path.exists():
        if not run.read_manifest().config.get("task"):
            raise DataError(str(run.path), "is no clinical study", "a finished run of `clinic ddx` or `clinic triage`")
        do = "Run the command that began it again: what was answered is kept."
        raise DataError(str(run.path), "is not finished: it holds no answers yet", "a finished study", do)
    return read_answers(run.answers_path)
