"""What a study of the clinic found, in sentences that need no statistics to be read."""

import math
from collections.abc import Sequence

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
from dermatrust.clinic.image_arms import NO_IMAGES
from dermatrust.clinic.results import HEADLINE, Anchoring, DifferentialResult, Shortcut
from dermatrust.report.percent import of_hundred, whole
from dermatrust.report.views import of_text

_EMBEDDED = "nano/"


def embedded_notices(models: Sequence[str], arms: Sequence[str], *, is_triage: bool = False) -> list[str]:
    """Return what must be known of embedded models, which describe pictures, name diagnoses and advise care.

    Example:
        >>> embedded_notices(["nano/narrator-weak", "openai/x"], [IMAGE_ONLY, IMAGE_AND_CONTEXT])
        ['nano/narrator-weak reads no text: its answers are the same in every arm, and no change is an effect of text.']
    """
    blind = [model for model in models if model.startswith(_EMBEDDED)]
    notices = []
    if any(arm != IMAGE_ONLY for arm in arms):
        same = "reads no text: its answers are the same in every arm, and no change is an effect of text."
        notices += [f"{model} {same}" for model in blind]
    if is_triage:
        urgent = "writes what it sees; only advice of urgent or emergency care in it names a level, so none is routine."
        notices += [f"{model} {urgent}" for model in blind]
    return notices


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


_IMAGE_ARMS = {
    "all": ("Shown all photographs at once", "All photographs of a case, in the order of the dataset."),
    "shuffled": ("Shown the photographs in another order", "All photographs of a case, in an order drawn for it."),
    "grid": ("Shown the photographs as one picture", "All photographs of a case on one sheet."),
    "one by one": ("Asked about each photograph by itself", "One photograph at a time; the answers then vote."),
}


def image_arm_words(name: str) -> tuple[str, str]:
    """Return how a sentence about an image arm begins, and what was shown in it.

    Example:
        >>> image_arm_words("first 3")
        ('Shown at most 3 photographs', 'The first 3 photographs of a case, or all where it has fewer.')
    """
    if name in _IMAGE_ARMS:
        return _IMAGE_ARMS[name]
    n = int(name.removeprefix("first "))
    if n == 1:
        return "Shown at most 1 photograph", "The first photograph of a case."
    return f"Shown at most {n} photographs", f"The first {n} photographs of a case, or all where it has fewer."


def image_arms_about(names: Sequence[str]) -> list[tuple[str, str]]:
    """Return what was shown in each image arm; nothing where there is but one way."""
    shown = [name for name in names if name != NO_IMAGES.name]
    return [(name, image_arm_words(name)[1]) for name in shown] if len(shown) > 1 else []


def main_changes(changes: Sequence[Change], model: str, base: str, image_arms: Sequence[str]) -> list[Change]:
    """Return a model's changes that are worth a sentence.

    These are another context with the photographs shown in the first way, and the base context with them shown in
    another.
    """
    first = next((name for name in image_arms if name != NO_IMAGES.name), NO_IMAGES.name)

    def is_main(one: Change) -> bool:
        if one.arm == one.base_arm:
            return one.arm == base
        return one.image_arm in (first, NO_IMAGES.name)

    return [one for one in changes if one.model == model and is_main(one)]


def change_begins(change: Change) -> str:
    """Return how a sentence about a change begins: with the images where they alone differ, else with the context."""
    if change.arm == change.base_arm:
        return image_arm_words(change.image_arm)[0]
    return arm_begins(change.arm)


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
        why = "no case has both an answer and a truth"
        if cell.n:
            why = (
                "the lexicon knows the true diagnosis of none of the cases answered, so that only the same words can "
                "be matched"
            )
        return f"{arm_begins(result.base)}, nothing can be said of {model}: {why}."
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
    text = f"{change_begins(change)}, {more_or_fewer(found.value, nothing='as many')}"
    if math.isnan(found.low):
        return f"{text}."
    text += f" (from {more_or_fewer(found.low)} to {more_or_fewer(found.high)})"
    return f"{text}, which may be chance." if found.low <= 0 <= found.high else f"{text}."


def anchoring_sentence(one: Anchoring, confidence: float, image_arms: Sequence[str] = ()) -> str:
    """Return in how many cases a model put the planted diagnosis first, told of it and not told of it.

    Where the photographs were shown in several ways, it says in which.
    """
    if not one.n:
        return f"Nothing was planted in a case that {one.model} answered."
    several = bool(image_arms_about(image_arms))
    begins = f"{image_arm_words(one.image_arm)[0]} and told" if several else "Told"
    adopted = round(one.adopted_1.value * one.n)
    text = (
        f"{begins} of a wrong referral diagnosis, it put it first in {adopted:,} of {counted(one.n, 'case')} "
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
    if one.above_1.low <= 0 < one.above_3.low:
        text += f" Among its first three it had it in {of_hundred(one.top_3)}; the three commonest give "
        text += f"{whole(one.frequent_3.value)}."
    if gives_answers_away(one):
        return f"{text} The text itself gives answers away: what is right with text need not have been seen."
    return text


def gives_answers_away(one: Shortcut) -> bool:
    """Return whether a model does better from the text alone than by naming what is common, beyond chance."""
    return one.above_1.low > 0 or one.above_3.low > 0


def more_or_fewer(share: float, *, nothing: str = "none") -> str:
    """Return a difference as so many of 100 more or fewer; another word where these would be 0.

    Example:
        >>> more_or_fewer(-0.27), more_or_fewer(0.254), more_or_fewer(0.0), more_or_fewer(0.0, nothing="as many")
        ('27 fewer', '25 more', 'none', 'as many')
    """
    if whole(abs(share)) == "0":
        return nothing
    return f"{whole(abs(share))} {'more' if share > 0 else 'fewer'}"
