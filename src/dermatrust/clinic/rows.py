"""From answers to the rows of `answers.parquet`."""

import json
from functools import lru_cache

from dermatrust.clinic.answer import Answer
from dermatrust.clinic.differential import score_differential
from dermatrust.clinic.ladder import diagnosis_said
from dermatrust.clinic.study import Asked
from dermatrust.clinic.tasks import Task
from dermatrust.clinic.truth import label_of
from dermatrust.clinic.urgency_truth import true_urgency
from dermatrust.lexicon import load_lexicon
from dermatrust.lexicon.forms import normalised
from dermatrust.records import AnswerRow, Case

_as_json = json.JSONEncoder(ensure_ascii=False).encode
"""`json.dumps` would make an encoder for every row."""


def answer_row(asked: Asked, answer: Answer, task: Task) -> AnswerRow:
    """Return the row of one answer, scored."""
    case = asked.case
    row = AnswerRow(
        case_id=case.id, patient_id=case.patient_id, label=label_of(case), true_urgency=true_urgency(case).level,
        skin_group=case.skin_group, monk=case.monk, age=case.context.age, sex=case.context.sex, site=case.context.site,
        model=answer.model, arm=answer.arm, image_arm=answer.image_arm, text=answer.text,
        failure=answer.failure or None, said=_as_json(answer.diagnoses),
        n_said=len(answer.diagnoses), first=_first(answer), urgency=answer.urgency,
        urgent_probability=answer.urgent_probability, confidence=answer.confidence, cannot_tell=answer.cannot_tell,
        gives_truth_away=asked.gives_truth_away,
        exact=None, synonym=None, family=None, credit_1=None, credit_3=None, credit_5=None, overlap=None,
        weighted_1=None, weighted_3=None, weighted_5=None,
        planted=asked.planted, planted_rank=_planted_rank(asked.planted, answer),
    )  # fmt: skip
    return _with_differential(row, answer, case) if task.kind == "ddx" else row


def _with_differential(row: AnswerRow, answer: Answer, case: Case) -> AnswerRow:
    score = score_differential(answer, case)
    if score.is_missing:
        return row
    credit, weighted = score.credits, score.weighted
    return row._replace(
        exact=score.ranks["exact"], synonym=score.ranks["synonym"], family=score.ranks["family"],
        credit_1=credit[0], credit_3=credit[1], credit_5=credit[2],
        overlap=score.overlap, weighted_1=weighted[0], weighted_3=weighted[1], weighted_5=weighted[2],
    )  # fmt: skip


def _first(answer: Answer) -> str | None:
    return _called(answer.diagnoses[0]) if answer.diagnoses else None


@lru_cache(maxsize=1 << 16)
def _called(name: str) -> str:
    """Return a diagnosis under one name, however the model wrote it."""
    known = diagnosis_said(name, load_lexicon())
    return known.name if known else normalised(name) or name


def _planted_rank(planted: str | None, answer: Answer) -> int | None:
    if planted is None or answer.is_missing:
        return None
    return next((rank for rank, name in enumerate(answer.diagnoses, 1) if _called(name) == planted), 0)
