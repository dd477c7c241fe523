"""What the scoring API answers: six scores with intervals, how sure the evaluator was, and which evaluator it was."""

import re
from collections.abc import Mapping

from pydantic import BaseModel, ConfigDict, Field

from dermatrust.curate.abstention import SPREAD_LIMIT, WhyAbstain, spread_of, why_abstain
from dermatrust.evaluator.reading import ScoreChance
from dermatrust.records import DIMENSIONS, Dimension, Rating
from dermatrust.records.rating import Reason

INTERVAL_SHARE = 0.9
_DIGITS = 6
_TITLES = "|".join(re.escape(dimension.title) for dimension in DIMENSIONS)
_SAID_OF = re.compile(rf"^\W*({_TITLES})\W*?[:.–—-]\s*(?=\S)", re.MULTILINE | re.IGNORECASE)


class Strict(BaseModel):
    """A part of an answer."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class DimensionScore(Strict):
    """What the evaluator says on one dimension."""

    score: float | None = Field(ge=0, le=5, description="The score it gave, the likeliest one; null if it is missing.")
    probability: float | None = Field(ge=0, le=1, description="How likely it held that score among those it weighed.")
    expected: float | None = Field(ge=0, le=5, description="Mean of the scores it weighed, each by its probability.")
    interval: tuple[float, float] | None = Field(
        description="Where 90 % of its belief lies: at most 5 % of what it weighed is below, and 5 % above. It says "
        "how sure the evaluator is, not how often it is right."
    )
    missing: Reason | None = Field(description="Why there is no score.")
    critique: str | None = Field(description="What its critique says of this dimension, where it says so by name.")


class EvaluatorCard(Strict):
    """Which evaluator, asked how."""

    name: str
    version: str = Field(description="Beginning of its weights' hash, or what the server calls the model.")
    prompt: str = Field(description="Name and hash of what it was asked, and in which order it answered.")
    rubric: str = Field(description="Name and hash of the rubric that the scores are on.")


class Answer(Strict):
    """One rating of one narrative about one photograph."""

    scores: dict[Dimension, DimensionScore]
    critique: str | None = Field(description="The whole critique, if one was asked for.")
    abstain: bool = Field(description="Whether these scores should not be relied on without a person.")
    abstain_because: list[WhyAbstain]
    spread: float | None = Field(description="Mean standard deviation of the six scores, in points.")
    spread_limit: float = Field(description="The spread above which the API abstains.")
    injection_suspected: bool = Field(
        description="Whether the narrative seems to speak to its grader. No score changes."
    )
    unfamiliar_text: bool = Field(
        description="Whether the evaluator knows that it never met a sentence like one of the narrative's: its scores "
        "may then be chance, however sure it is. False also of evaluators that do not know. No score changes."
    )
    writing_in_image: bool | None = Field(
        description="Whether the photograph has writing in it, which may speak to the evaluator; null where the server "
        "was not started with --look-for-writing. No score changes."
    )
    evaluator: EvaluatorCard
    image_sha256: str = Field(description="Of the photograph as the evaluator saw it, re-encoded without metadata.")
    notice: str | None = Field(description="What must be known before the scores are used.")


def scores_of(rating: Rating, chances: Mapping[Dimension, ScoreChance]) -> dict[Dimension, DimensionScore]:
    """Return the six scores of a rating with what is known of each."""
    said = critique_by_dimension(rating.critique)
    return {dimension: _score(dimension, rating, chances.get(dimension), said) for dimension in DIMENSIONS}


def _score(
    dimension: Dimension, rating: Rating, chance: ScoreChance | None, said: Mapping[Dimension, str]
) -> DimensionScore:
    missing = rating.unscored.get(dimension)
    return DimensionScore(
        score=rating.scores.get(dimension),
        probability=None if chance is None else chance.probability,
        expected=None if chance is None else chance.expected,
        interval=None if chance is None else chance.interval(INTERVAL_SHARE),
        missing=None if missing is None else missing.reason,
        critique=said.get(dimension),
    )


def answer_of(
    rating: Rating, chances: Mapping[Dimension, ScoreChance], *, by_rule: bool, with_critique: bool,
    looked_for_writing: bool, evaluator: EvaluatorCard, image_sha256: str, notice: str,
) -> Answer:  # fmt: skip
    """Return the answer to one request.

    Args:
        rating: By the evaluator.
        chances: Of the scores it weighed.
        by_rule: Whether the scores follow from a rule, and no evaluator was asked: then nothing is uncertain.
        with_critique: Whether a critique was asked for.
        looked_for_writing: Whether anybody looked for writing in the photograph.
        evaluator: Which one.
        image_sha256: Of the photograph as it was seen.
        notice: What must be known of the evaluator; "" if nothing.
    """
    why = [] if by_rule else why_abstain(rating, chances)
    spread = spread_of(chances)
    return Answer(
        scores=scores_of(rating, chances), critique=rating.critique if with_critique else None, abstain=bool(why),
        abstain_because=why, spread=None if spread is None else round(spread, _DIGITS), spread_limit=SPREAD_LIMIT,
        injection_suspected="injection_suspected" in rating.flags, unfamiliar_text="unfamiliar_text" in rating.flags,
        writing_in_image="writing_in_image" in rating.flags if looked_for_writing else None,
        evaluator=evaluator, image_sha256=image_sha256, notice=notice or None,
    )  # fmt: skip


def critique_by_dimension(critique: str) -> dict[Dimension, str]:
    r"""Return what a critique says of each dimension that a line of it begins with; the rest belongs to none.

    Example:
        >>> critique_by_dimension("Sound.\n**Safety**: no harm.\nAccuracy - wrong site.\nAnd wrong colour.")
        {<Dimension.SAFETY: 'safety'>: 'no harm.', <Dimension.ACCURACY: 'accuracy'>: 'wrong site.\nAnd wrong colour.'}
    """
    marks = list(_SAID_OF.finditer(critique))
    ends = [mark.start() for mark in marks[1:]] + [len(critique)]
    by_title = {dimension.title.lower(): dimension for dimension in DIMENSIONS}
    found: dict[Dimension, str] = {}
    for mark, end in zip(marks, ends, strict=False):
        found.setdefault(by_title[mark[1].lower()], critique[mark.end() : end].strip())
    return found
