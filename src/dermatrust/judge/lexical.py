"""The offline judge: compares a narrative with its reference through the lexicon and says why."""

from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

from dermatrust.clients import Ask, Client
from dermatrust.judge.lexical_coherence import coherence
from dermatrust.judge.lexical_diagnosis import accuracy, safety
from dermatrust.judge.lexical_findings import Judged, coverage, description_precision, groundedness, is_comparable
from dermatrust.judge.lexical_profile import Profile, read_profile
from dermatrust.judge.lexical_truth import find_truth
from dermatrust.lexicon import Lexicon, load_lexicon
from dermatrust.records import (
    DIMENSIONS,
    LOWEST_SCORE,
    Case,
    Dimension,
    JudgeCard,
    Narrative,
    Rating,
    Unscored,
    Urgency,
)

VERSION = "2"
"""Raised when old and new scores stop being comparable."""
RULE = f"lexical-rule@{VERSION}"
"""Stands where other raters name their rubric: this judge reads none, it follows its published rule."""
_NO_DESCRIPTION = "The reference does not describe the skin, so there is nothing to compare."
_SILENT = "The text says nothing about the case: it is empty, a refusal, or without one clinical word."

_read_reference = lru_cache(maxsize=1024)(read_profile)
"""Every candidate model is compared with the same reference, so it is read once."""


class Judgement(NamedTuple):
    """What the lexical judge says: every dimension is either in `scores` or in `unscored`."""

    scores: Mapping[Dimension, float]
    unscored: Mapping[Dimension, Unscored]
    critique: str


def judge_lexically(
    narrative_text: str,
    reference_text: str,
    *,
    label: str | None = None,
    urgency: Urgency | None = None,
    lists_findings: bool = True,
    lexicon: Lexicon | None = None,
) -> Judgement:
    """Score a narrative against a reference without asking anybody; the rule is written in docs/lexical-judge.md.

    Args:
        narrative_text: The text to judge. Empty, a refusal, or free of clinical words: 0 on every dimension.
        reference_text: The text it is compared with.
        label: The case's true diagnosis in the words of its source; it goes before the reference's conclusion.
        urgency: The case's recorded urgency, where there is one; else the lexicon's for the true diagnosis.
        lists_findings: False where the reference holds recorded facts rather than a description: what it does not
            say is then no evidence, and the three dimensions that compare findings have nothing to compare with.
        lexicon: The packaged one unless given.

    Returns:
        Scores from 0 to 5 with two decimals, what could not be compared, and one line of reasons per dimension.

    Example:
        >>> text = "Silvery scale on a red plaque of the elbow. Eczema is less likely. The answer is psoriasis."
        >>> judge_lexically(text, text, label="psoriasis").scores[Dimension.ACCURACY]
        5.0
        >>> set(judge_lexically("", text).scores.values())
        {0.0}
    """
    lexicon = lexicon or load_lexicon()
    reference = _read_reference(reference_text, lexicon)
    candidate = read_profile(narrative_text, lexicon)
    return _judgement(candidate, reference, label, urgency, lists_findings, lexicon)


def _judgement(
    candidate: Profile,
    reference: Profile,
    label: str | None,
    urgency: Urgency | None,
    lists_findings: bool,
    lexicon: Lexicon,
) -> Judgement:
    if candidate.is_silent:
        return Judgement(dict.fromkeys(DIMENSIONS, LOWEST_SCORE), {}, _SILENT)
    truth = find_truth(reference, label, urgency, lexicon)
    judged = {
        Dimension.ACCURACY: accuracy(candidate, reference, truth, lexicon),
        Dimension.SAFETY: safety(candidate, reference, truth, lexicon),
        Dimension.REASONING_COHERENCE: coherence(candidate, reference, lexicon),
    }
    if lists_findings and is_comparable(reference):
        judged[Dimension.MEDICAL_GROUNDEDNESS] = groundedness(candidate, reference)
        judged[Dimension.CLINICAL_COVERAGE] = coverage(candidate, reference, truth, lexicon)
        judged[Dimension.DESCRIPTION_PRECISION] = description_precision(candidate, reference)
    every = {d: judged.get(d, Judged(None, _NO_DESCRIPTION)) for d in DIMENSIONS}
    return Judgement(
        scores={d: round(one.score, 2) for d, one in every.items() if one.score is not None},
        unscored={
            d: Unscored(reason="nothing to compare", raw=one.why) for d, one in every.items() if one.score is None
        },
        critique="\n".join(f"{d.title}: {one.why}" for d, one in every.items()),
    )


def judge_narrative_lexically(narrative: Narrative, reference: Narrative, case: Case, lexicon: Lexicon) -> Judgement:
    """Score a narrative against the reference of its case, as `judge_lexically` does."""
    return _judgement(
        read_profile(narrative.text, lexicon),
        _read_reference(reference.text, lexicon),
        case.label,
        case.urgency,
        reference.stream != "label",
        lexicon,
    )


class LexicalJudge:
    """The judge that needs no model: the same texts always get the same scores.

    It reads words, not images, and knows only what the lexicon knows; docs/lexical-judge.md says what follows.
    """

    name = "lexical"
    client: Client | None = None

    def __init__(self, lexicon: Lexicon | None = None) -> None:
        self._lexicon = lexicon or load_lexicon()

    @property
    def card(self) -> JudgeCard:
        """What a run records about this judge."""
        return JudgeCard(judge=self.name, kind="lexical", family="dermatrust", version=VERSION, rubric=RULE)

    async def rate(self, narrative: Narrative, reference: Narrative, case: Case, ask: Ask) -> list[Rating]:
        """Return one rating; nobody is asked."""
        judgement = judge_narrative_lexically(narrative, reference, case, self._lexicon)
        return [
            Rating(
                narrative_id=narrative.id,
                rater=self.name,
                scores=dict(judgement.scores),
                unscored=dict(judgement.unscored),
                critique=judgement.critique,
                rubric=RULE,
            )
        ]
