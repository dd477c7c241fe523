"""Ability of models and quality of items from who got what right: MedIRT's study, for any protocol.

Reference: MedIRT (2025), https://arxiv.org/abs/2509.24186; how it estimated is not published, so that is ours.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from dermatrust.agreement.eigenvalue_ratio import eigenvalue_ratio
from dermatrust.agreement.held_out_responses import held_out_accuracy
from dermatrust.agreement.item_response import ItemResponse, item_response
from dermatrust.errors import DataError
from dermatrust.protocols.responses import Responses
from dermatrust.protocols.table import Floats

FEWEST_MODELS = 3
FEW_MODELS = 20
"""Below it difficulties and discriminations are little more than guesses."""
TIERS = ("easy", "middling", "hard")
"""Difficulty below -1, from -1 to 1, and above 1: in standard deviations of ability."""


@dataclass(frozen=True, slots=True)
class Ability:
    """One model in one topic.

    Attributes:
        topic: The topic; empty for all items.
        model: The model.
        ability: In standard deviations of the models' population, mean 0; NaN without answers.
        error: Its standard error.
        rank: Among the models, the ablest first; equal ones share the better rank. 0 without answers.
        accuracy: Share of its answers that are right.
        accuracy_rank: Likewise by accuracy.
        n: Its answers.
    """

    topic: str
    model: str
    ability: float
    error: float
    rank: int
    accuracy: float
    accuracy_rank: int
    n: int


@dataclass(frozen=True, slots=True)
class ItemQuality:
    """One item, among those of its topic.

    Attributes:
        topic: The topic; empty where all items were taken together.
        item: Its id.
        discrimination: How steeply chances rise with ability.
        difficulty: Ability with even odds.
        tier: "easy", "middling" or "hard"; empty where the difficulty is not known.
        flag: "negative" where the able do worse, "low" where ability hardly matters, "all right", "all wrong", or
            nothing. Without variation the numbers are what the priors make of them.
        share_right: Share of the models that got it right.
        n: Models that answered it.
    """

    topic: str
    item: str
    discrimination: float
    difficulty: float
    tier: str
    flag: str
    share_right: float
    n: int


@dataclass(frozen=True, slots=True)
class TopicFit:
    """How well one dimension describes a topic.

    Attributes:
        topic: The topic; empty for all items.
        n_items: Its items.
        eigenvalue_ratio: First eigenvalue of the items' correlations over the second; 3 and more speaks for one
            dimension.
        predicted: Share of hidden answers that the model predicted.
        majority: The same for guessing what most models did.
        n_hidden: Hidden answers.
    """

    topic: str
    n_items: int
    eigenvalue_ratio: float
    predicted: float
    majority: float
    n_hidden: int


@dataclass(frozen=True, slots=True)
class PsychometricResult:
    """What a study of many models found.

    Attributes:
        n_models: Models.
        n_items: Items.
        n_missing: Answers that are missing, of models x items.
        n_partial: Scores between 0 and 1 among them.
        abilities: Every model, over all items and in each topic.
        items: Every item, in its topic.
        fits: How well it fits.
    """

    n_models: int
    n_items: int
    n_missing: int
    n_partial: int
    abilities: tuple[Ability, ...]
    items: tuple[ItemQuality, ...]
    fits: tuple[TopicFit, ...]


def psychometric_result(responses: Responses, *, seed: int = 0) -> PsychometricResult:
    """Fit one two-parameter logistic model to all items, and one to each topic.

    Args:
        responses: Who got what right.
        seed: Chooses the answers that are hidden to be predicted.

    Raises:
        DataError: There are fewer than three models, or no answers.
    """
    n_models, n_items = responses.right.shape if responses.right.ndim == 2 else (len(responses.models), 0)
    if n_models < FEWEST_MODELS:
        do = "Run the protocol on more models: an item's difficulty is what it is to many of them."
        raise DataError("psychometrics", f"has the answers of {n_models} models", f"at least {FEWEST_MODELS}", do)
    if not n_items or np.isnan(responses.right).all():
        raise DataError("psychometrics", "has no answer that is right or wrong")
    abilities: list[Ability] = []
    items: list[ItemQuality] = []
    fits: list[TopicFit] = []
    topics = sorted({topic for topic in responses.topics if topic})
    for topic in ("", *topics):
        chosen = np.array([not topic or one == topic for one in responses.topics], dtype=bool)
        right = responses.right[:, chosen]
        if np.isnan(right).all():
            continue
        fit = item_response(right)
        abilities += _abilities(topic, responses.models, fit, right)
        fits.append(_fit_of(topic, right, seed))
        if topic or not topics:
            ids = [item for item, is_chosen in zip(responses.items, chosen, strict=True) if is_chosen]
            items += _items(topic, ids, fit, right)
    n_missing = int(np.isnan(responses.right).sum())
    return PsychometricResult(
        n_models, n_items, n_missing, responses.n_partial, tuple(abilities), tuple(items), tuple(fits)
    )


def _abilities(topic: str, models: tuple[str, ...], fit: ItemResponse, right: Floats) -> Iterator[Ability]:
    n = (~np.isnan(right)).sum(axis=1)
    with np.errstate(invalid="ignore"):
        accuracies = np.nansum(right, axis=1) / np.where(n > 0, n, np.nan)
    ranks, accuracy_ranks = _ranks(fit.abilities), _ranks(accuracies)
    for k, model in enumerate(models):
        yield Ability(
            topic, model, float(fit.abilities[k]), float(fit.ability_errors[k]), ranks[k], float(accuracies[k]),
            accuracy_ranks[k], int(n[k]),
        )  # fmt: skip


def _ranks(values: Floats) -> list[int]:
    """Return ranks from 1, the largest first, equal ones alike; 0 for NaN."""
    return [0 if np.isnan(one) else 1 + int((values > one).sum()) for one in values]


def _items(topic: str, ids: list[str], fit: ItemResponse, right: Floats) -> Iterator[ItemQuality]:
    negative, low = fit.low(0.0), fit.low()
    n = (~np.isnan(right)).sum(axis=0)
    for k, item in enumerate(ids):
        share = float(fit.shares_right[k])
        flag = "all right" if share == 1 else "all wrong" if share == 0 else "negative" if negative[k] else "low"
        is_flagged = share in (0.0, 1.0) or bool(low[k])
        difficulty = float(fit.difficulties[k])
        tier = "" if np.isnan(difficulty) else TIERS[int(difficulty >= -1) + int(difficulty > 1)]
        yield ItemQuality(
            topic, item, float(fit.discriminations[k]), difficulty, tier, flag if is_flagged else "", share, int(n[k])
        )


def _fit_of(topic: str, right: Floats, seed: int) -> TopicFit:
    ratio = eigenvalue_ratio(right).ratio
    if int((~np.isnan(right)).sum()) < 5:  # nothing to hide a fifth of
        return TopicFit(topic, right.shape[1], ratio, float("nan"), float("nan"), 0)
    held = held_out_accuracy(right, rng=np.random.default_rng(seed))
    return TopicFit(topic, right.shape[1], ratio, held.accuracy.value, held.of_items.value, held.accuracy.n)
