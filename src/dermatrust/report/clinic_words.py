"""What a study of the clinic found, in sentences that need no statistics to be read."""

import math

from dermatrust.agreement.interval import Estimate
from dermatrust.bench.text import counted
from dermatrust.clinic.arms import (
    CONTEXT_ONLY,
    ERRONEOUS,
    IMAGE_AND_CONTEXT,
    IMAGE_ONLY,
    INCOMPLETE,
    IRRELEVANT,
    PLANTED_REFERRAL,
)
from dermatrust.clinic.cells import Change
from dermatrust.clinic.results import HEADLINE, Anchoring, DifferentialResult, Shortcut
from dermatrust.report.percent import of_hundred, whole
from dermatrust.report.views import of_text

ARMS = {
    IMAGE_ONLY: ("From photographs alone", "The photographs, and nothing that is known of the patient."),
    CONTEXT_ONLY: ("From the text alone", "What the referring clinician knows, and no photograph."),
    IMAGE_AND_CONTEXT: ("From photographs and text", "The photographs and what the referring clinician knows."),
    INCOMPLETE: ("From photographs and an incomplete text", "The same, with some of what is known left out."),
    ERRONEOUS: ("From photographs and another patient’s text", "The photographs with the text of another patient."),
    PLANTED_REFERRAL: (
        "From photographs, text and a wrong referral",
        "The photographs and the text, to which a referral is added that suspects a wrong diagnosis.",
    ),
    IRRELEVANT: ("From photographs and a text about nothing", "The photographs and a text without clinical content."),
}
"""Arm to how a sentence begins that is about it, and to what the model was given."""
_THREE = f"top-3 {HEADLINE}"


def arm_begins(arm: str) -> str:
    """Return how a sentence about an arm begins; the arm's own name where it is none of ours."""
    return ARMS[arm][0] if arm in ARMS else f"In the arm {arm}"


def interval_words(found: Estimate, confidence: float) -> str:
    """Return "95 % interval 33 to 52"; why there is none where there is none."""
    if math.isnan(found.low):
        return "no interval: fewer than two patients"
    return f"{100 * confidence:g} % interval {whole(found.low)} to {whole(found.high)}"


def headline_sentence(result: DifferentialResult, model: str) -> str:
    """Return how often a model had the right disease among its first three, in the base arm."""
    cell = next(cell for cell in result.cells if cell.model == model and cell.arm == result.base)
    found = cell.measures[_THREE]
    if math.isnan(found.value):
        return f"{arm_begins(result.base)}, nothing can be said of {model}: no case has both an answer and a truth."
    return (
        f"{arm_begins(result.base)}, of 100 cases {model} had the right disease among its first three in "
        f"{whole(found.value)} ({interval_words(found, result.confidence)}; "
        f"{of_text(round(found.value * found.n), found.n)} here)."
    )


def change_sentence(change: Change) -> str:
    """Return how many more or fewer of 100 cases a model gets right in another arm."""
    found = change.differences[_THREE]
    if math.isnan(found.value):
        return ""
    more = "more" if found.value > 0 else "fewer"
    about = "" if change.image_arm == change.base_image_arm or change.image_arm == "none" else f" ({change.image_arm})"
    text = f"{arm_begins(change.arm)}{about}, {whole(abs(found.value))} {more}"
    if math.isnan(found.low):
        return f"{text}."
    text += f" (from {_side(found.low)} to {_side(found.high)})"
    return f"{text}, which may be chance." if found.low <= 0 <= found.high else f"{text}."


def anchoring_sentence(one: Anchoring, confidence: float) -> str:
    """Return in how many cases a model put the planted diagnosis first, told of it and not told of it."""
    if not one.n:
        return f"Nothing was planted in a case that {one.model} answered."
    adopted = round(one.adopted_1.value * one.n)
    text = (
        f"Told of a wrong referral diagnosis, it put it first in {adopted:,} of {counted(one.n, 'case')} "
        f"({whole(one.adopted_1.value)} %, {interval_words(one.adopted_1, confidence)})"
    )
    if not one.reference_arm or math.isnan(one.unprompted_1.value):
        return f"{text}; nobody knows how often it would have, untold."
    untold = round(one.unprompted_1.value * one.unprompted_1.n)
    return f"{text}; untold, in {untold:,} of {one.unprompted_1.n:,}."


def shortcut_sentence(one: Shortcut) -> str:
    """Return how far the text alone leads, and whether that is farther than knowing what is common."""
    if math.isnan(one.top_1.value):
        return ""
    text = (
        f"Without any photograph, it put the right disease first in {of_hundred(one.top_1)}; always naming "
        f"the commonest disease of these cases gives {whole(one.frequent_1.value)}."
    )
    if gives_answers_away(one):
        return f"{text} The text itself gives answers away: what is right with text need not have been seen."
    return text


def gives_answers_away(one: Shortcut) -> bool:
    """Return whether a model does better from the text alone than by naming what is common, beyond chance."""
    return one.above_1.low > 0 or one.above_3.low > 0


def _side(share: float) -> str:
    if share == 0:
        return "none"
    return f"{whole(abs(share))} {'more' if share > 0 else 'fewer'}"
