"""A case page as text: facts, narratives, and every score or the reason why it is missing."""

import math
from dataclasses import dataclass
from pathlib import Path

from dermatrust.records import DIMENSIONS, Case, Dimension, Rating, ReferenceKind, reference_kind
from dermatrust.report.pages import Candidate, CasePage
from dermatrust.report.thumbs import Unreadable, data_uri
from dermatrust.report.views import plain_number, score_text, skin_type_text

LONG_TEXT = 1_800
"""Characters. A longer text gets its own scrolling box on screen; paper shows all of it."""
_RAW_SHOWN = 2_000


@dataclass(frozen=True, slots=True)
class ScoreCell:
    """One score, or why there is none; `chance` is what an evaluator says of its probability and expected value."""

    text: str
    is_missing: bool
    chance: str = ""


@dataclass(frozen=True, slots=True)
class RatingView:
    """One rating of one narrative."""

    rater: str
    cells: tuple[ScoreCell, ...]
    critique: str
    raw: str


@dataclass(frozen=True, slots=True)
class CandidateView:
    """One candidate with its marks and ratings."""

    author: str
    text: str
    is_long: bool
    marks: tuple[str, ...]
    note: str
    ratings: tuple[RatingView, ...]


@dataclass(frozen=True, slots=True)
class ImageView:
    """An embedded image, or why it is not there."""

    uri: str
    problem: str
    alt: str


@dataclass(frozen=True, slots=True)
class CaseView:
    """A case page, ready to be placed."""

    place: int
    ident: str
    title: str
    facts: tuple[tuple[str, str], ...]
    images: tuple[ImageView, ...]
    reference: str
    reference_kind: str
    reference_note: str
    reference_is_long: bool
    candidates: tuple[CandidateView, ...]
    mean: float = math.nan
    lowest: str = ""
    n_missing: int = 0
    marks: tuple[str, ...] = ()


_REFERENCE_NAMES: dict[ReferenceKind | None, str] = {
    "certified": "Certified reference",
    "draft": "Draft reference, not certified",
    "label": "Label facts, not written by an expert",
    None: "No reference",
}


def case_view(page: CasePage, place: int) -> CaseView:
    """Return the view of the page that stands at `place`, counted from 1."""
    candidates = tuple(_candidate(candidate) for candidate in page.candidates)
    reference = page.reference.text if page.reference else ""
    certificate = page.reference.certificate if page.reference else None
    ratings = [rating for candidate in page.candidates for rating in candidate.ratings]
    return CaseView(
        place=place,
        ident=f"case-{place}",
        title=page.case.id,
        facts=case_facts(page.case),
        images=tuple(_image(image, number, len(page.images)) for number, image in enumerate(page.images, 1)),
        reference=reference,
        reference_kind=_REFERENCE_NAMES[reference_kind(page.reference)],
        reference_note=f"Certified by {certificate.certified_by}; source: {certificate.source}" if certificate else "",
        reference_is_long=len(reference) > LONG_TEXT,
        candidates=candidates,
        mean=_mean(ratings),
        lowest=_lowest(page),
        n_missing=sum(len(rating.unscored) for rating in ratings),
        marks=tuple(f"{c.author}: {mark}" for c in candidates for mark in c.marks),
    )


def case_facts(case: Case) -> tuple[tuple[str, str], ...]:
    """Return what is known about a case as (name, value); what the source does not record is left out."""
    context = case.context
    present = [name for name, is_present in context.symptoms.items() if is_present]
    absent = [name for name, is_present in context.symptoms.items() if not is_present]
    weighted = ", ".join(f"{item.diagnosis} ({item.weight:g})" for item in case.differential)
    facts = [
        ("Label", case.label),
        ("Category", case.category),
        ("Differential", weighted),
        ("Urgency", case.urgency_text),
        ("Age", None if context.age is None else f"{context.age:g}"),
        ("Sex", context.sex),
        ("Site", context.site),
        ("Fitzpatrick skin type", skin_type_text(case.fitzpatrick) if case.fitzpatrick else case.skin_group),
        ("Monk skin tone", None if case.monk is None else str(case.monk)),
        ("Symptoms present", ", ".join(present)),
        ("Symptoms absent", ", ".join(absent)),
        *((name[:1].upper() + name[1:], value) for name, value in context.history.items()),
        ("Note", context.note),
    ]
    return tuple((name, value) for name, value in facts if value)


def _image(image: bytes | Path, number: int, total: int) -> ImageView:
    alt = f"Image {number} of {total} of this case"
    try:
        return ImageView(data_uri(image), "", alt)
    except Unreadable as problem:
        return ImageView("", f"Image {number} is not shown: {problem}.", alt)


def _candidate(candidate: Candidate) -> CandidateView:
    note = ""
    if not candidate.text.strip():
        note = (
            "The model answered without text. A model that does not answer is wrong: every score is 0."
            if candidate.empty
            else "No narrative: the model could not be asked, so there is nothing to rate."
        )
    has_draws = any(rating.draw for rating in candidate.ratings)
    return CandidateView(
        author=candidate.author,
        text=candidate.text,
        is_long=len(candidate.text) > LONG_TEXT,
        marks=(*(["refused"] if candidate.refused else []), *(["empty"] if candidate.empty else [])),
        note=note,
        ratings=tuple(_rating(rating, has_draws=has_draws) for rating in candidate.ratings),
    )


def _rating(rating: Rating, *, has_draws: bool) -> RatingView:
    cells = tuple(
        ScoreCell(plain_number(rating.scores[dimension]), is_missing=False, chance=_chance(rating, dimension))
        if dimension in rating.scores
        else ScoreCell(f"missing: {rating.unscored[dimension].reason}", is_missing=True)
        for dimension in DIMENSIONS
    )
    raws = dict.fromkeys(unscored.raw.strip() for unscored in rating.unscored.values())
    raw = "\n\n".join(raw for raw in raws if raw)
    shown = raw if len(raw) <= _RAW_SHOWN else f"{raw[:_RAW_SHOWN]}… ({len(raw):,} characters in all)"
    name = f"{rating.rater}, draw {rating.draw + 1}" if has_draws else rating.rater
    return RatingView(name, cells, rating.critique.strip(), shown)


def _chance(rating: Rating, dimension: Dimension) -> str:
    """Return how sure an evaluator is of a score; empty where the rater does not say."""
    probability, expected = rating.probabilities.get(dimension), rating.expected.get(dimension)
    said = [] if probability is None else [f"{100 * probability:.0f} %"]
    return ", ".join([*said, *([] if expected is None else [f"mean {score_text(expected)}"])])


def _mean(ratings: list[Rating]) -> float:
    """Return the mean of all scores of a case, NaN where it has none."""
    scores = [score for rating in ratings for score in rating.scores.values()]
    return math.fsum(scores) / len(scores) if scores else math.nan


def _lowest(page: CasePage) -> str:
    """Return the lowest single score of the case, for finding the cases worth reading first."""
    scored = [
        (score, dimension.title, candidate.author)
        for candidate in page.candidates
        for rating in candidate.ratings
        for dimension, score in rating.scores.items()
    ]
    if not scored:
        return ""
    score, dimension, author = min(scored, key=lambda found: found[0])
    return f"{plain_number(score)} · {dimension} · {author}"
