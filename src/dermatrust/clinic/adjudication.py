"""All differentials of a study put before the adjudicator."""

import csv
import io
import json
from collections import Counter
from collections.abc import Iterator, Sequence

from dermatrust.bench.asking import Pace, ask_all
from dermatrust.clients import Ask
from dermatrust.clinic.adjudicator import Adjudication, Adjudicator
from dermatrust.engine import Play
from dermatrust.store.answers import AnswerColumns
from dermatrust.store.lock import only_writer
from dermatrust.store.run import RunFolder

COLUMNS = ("case_id", "model", "arm", "image_arm", "rank", "n_draws", "n_read", "n_same")


def adjudicate_answers(
    answers: AnswerColumns, adjudicator: Adjudicator, run: RunFolder, *, pace: Pace
) -> tuple[list[Adjudication | None], Counter[str]]:
    """Ask about every answer that has a reply and a truth; the run's reply store is asked first.

    Returns:
        One adjudication per answer, in order, or None where there was nothing to decide; and the failed asks.

    Raises:
        DataError: Another process is working in the run folder.
        ModelError: The adjudicator cannot be asked.
    """
    found: list[Adjudication | None] = [None] * len(answers)

    def keep(done: tuple[tuple[int, ...], Adjudication]) -> None:
        for row in done[0]:
            found[row] = done[1]

    lists = _distinct(answers)
    planned = {adjudicator.client.name: adjudicator.repeats * sum(said != "[]" for said, _ in lists)}
    with only_writer(run.path):
        failures = ask_all(_plays(lists, adjudicator), keep, run.replies_path, [adjudicator.client], planned, pace)
    return found, failures


def _distinct(answers: AnswerColumns) -> dict[tuple[str, str], list[int]]:
    """Return the rows of every distinct pair of list and truth."""
    lists: dict[tuple[str, str], list[int]] = {}
    columns = zip(answers.said, answers.label, answers.failure, strict=True)
    for row, (said, label, failure) in enumerate(columns):
        if failure is None and label is not None:
            lists.setdefault((said, label), []).append(row)
    return lists


def _plays(
    lists: dict[tuple[str, str], list[int]], adjudicator: Adjudicator
) -> Iterator[Play[tuple[tuple[int, ...], Adjudication]]]:
    for (said, truth), rows in lists.items():

        async def play(
            ask: Ask, said: str = said, truth: str = truth, rows: tuple[int, ...] = tuple(rows)
        ) -> tuple[tuple[int, ...], Adjudication]:
            return rows, await adjudicator.adjudicate(json.loads(said), truth, ask)

        yield play


def adjudicated_csv(answers: AnswerColumns, found: Sequence[Adjudication | None]) -> str:
    """Return one row per answer that was put before the adjudicator, as CSV (RFC 4180) with a header line.

    `rank` is empty where the adjudicator did not decide.
    """
    file = io.StringIO(newline="")
    writer = csv.writer(file)
    writer.writerow(COLUMNS)
    for row, one in enumerate(found):
        if one is not None:
            about = (getattr(answers, name)[row] for name in COLUMNS[:4])
            writer.writerow([*about, "" if one.rank is None else one.rank, one.n_draws, one.n_read, one.n_same])
    return file.getvalue()
