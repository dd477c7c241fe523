"""How an adjudicator decided on a study's answers, and how far it agrees with the ladder."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from dermatrust.agreement.proportion import Proportion, share
from dermatrust.agreement.weighted_kappa import weighted_kappa
from dermatrust.clinic.adjudicator import Adjudication, Adjudicator
from dermatrust.clinic.differential import CUTS
from dermatrust.clinic.further_rungs import Resampling, RungCell, rung_cells
from dermatrust.clinic.ladder import diagnosis_said
from dermatrust.lexicon import load_lexicon
from dermatrust.store.answers import AnswerColumns
from dermatrust.store.columns import Numbers

COMPARED = ("exact", "synonym")


@dataclass(frozen=True, slots=True)
class Agreement:
    """The adjudicator beside one rung, for the first k diagnoses.

    Attributes:
        rung: "exact" or "synonym".
        k: How many of the first diagnoses count.
        n: Answers that both decide.
        both: Both say that the truth is named.
        only_adjudicator: The adjudicator alone says so.
        only_rung: The rung alone says so.
        neither: Neither does.
        kappa: Cohen's kappa; NaN where both always say one and the same.
    """

    rung: str
    k: int
    n: int
    both: int
    only_adjudicator: int
    only_rung: int
    neither: int
    kappa: float


@dataclass(frozen=True, slots=True)
class AdjudicationResult:
    """What became of a study's answers before the adjudicator.

    Attributes:
        adjudicator: The model that compared.
        prompt: Name, version and hash of its prompt.
        repeats: Draws for each list.
        seed: Of the orders.
        n: Answers put before it: those with a reply and a truth.
        n_missing: Of those, answers it did not decide: no draw was readable.
        steady: Share of the lists with several readable draws in which every draw gives the same rank.
        cells: The shares of the answers that name the truth, by model and arm.
        agreement: By rung and cut.
        false_yes: Of the answers whose every diagnosis the lexicon knows, and knows as no family of the truth, how many
            are accepted.
        false_no: Of the answers that name the truth by the synonym rung, how many are not accepted.
        failures: Asks that brought no reply, by model and reason.
    """

    adjudicator: str
    prompt: str
    repeats: int
    seed: int
    n: int
    n_missing: int
    steady: Proportion
    cells: tuple[RungCell, ...]
    agreement: tuple[Agreement, ...]
    false_yes: Proportion
    false_no: Proportion
    failures: dict[str, int]


def adjudication_result(
    answers: AnswerColumns, found: Sequence[Adjudication | None], adjudicator: Adjudicator, failures: Counter[str],
    resampling: Resampling,
) -> AdjudicationResult:  # fmt: skip
    """Return how the adjudicator decided, and how far it agrees with the rungs."""
    asked = [one for one in found if one is not None]
    ranks = np.array([np.nan if one is None or one.rank is None else one.rank for one in found], float)
    decided = ~np.isnan(ranks)
    repeated = [one for one in asked if one.n_read > 1]
    strangers = decided & _strangers(answers)
    named = decided & (answers.synonym > 0)
    return AdjudicationResult(
        adjudicator=adjudicator.client.name,
        prompt=adjudicator.prompt.name_and_hash,
        repeats=adjudicator.repeats,
        seed=adjudicator.seed,
        n=len(asked),
        n_missing=sum(one.rank is None for one in asked),
        steady=share([one.n_same == one.n_read for one in repeated]),
        cells=rung_cells(answers, ranks, resampling),
        agreement=tuple(_agreement(ranks, getattr(answers, rung), rung, k) for rung in COMPARED for k in CUTS),
        false_yes=share(ranks[strangers] > 0),
        false_no=share(ranks[named] == 0),
        failures=dict(failures),
    )


def _agreement(ranks: Numbers, rung: Numbers, name: str, k: int) -> Agreement:
    here = ~np.isnan(ranks) & ~np.isnan(rung)
    a, b = ((r[here] > 0) & (r[here] <= k) for r in (ranks, rung))
    kappa = weighted_kappa((0, 1), "none")(np.array([a, b], float)) if here.any() else float("nan")
    counts = (int((a & b).sum()), int((a & ~b).sum()), int((~a & b).sum()), int((~a & ~b).sum()))
    return Agreement(name, k, int(here.sum()), *counts, kappa)


def _strangers(answers: AnswerColumns) -> NDArray[np.bool_]:
    """Return which answers name only diseases that the lexicon knows, none of them of the family of the truth."""
    lexicon = load_lexicon()
    known = [
        family == 0 and bool(names := json.loads(said)) and all(diagnosis_said(name, lexicon) for name in names)
        for said, family in zip(answers.said, answers.family, strict=True)
    ]
    return np.array(known, bool)
