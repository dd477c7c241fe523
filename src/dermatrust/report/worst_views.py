"""The narratives on which a rater is farthest from the target, with texts, critiques and small images."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from dermatrust.align.results import AlignmentStudy, WorstCase
from dermatrust.bench.text import counted
from dermatrust.records import Case
from dermatrust.report.case_view import LONG_TEXT, ImageView, case_facts
from dermatrust.report.thumbs import Unreadable, data_uri
from dermatrust.report.views import NOTHING, plain_number, score_text, signed_text

MOST_IMAGES = 3
"""Images of one case that are embedded."""
THUMB_PX = 240
_FACTS = ("Label", "Category", "Site", "Fitzpatrick skin type")


@dataclass(frozen=True, slots=True)
class WorstView:
    """One narrative, ready to be placed."""

    ident: str
    narrative_id: str
    author: str
    distance: str
    images: tuple[ImageView, ...]
    more_images: str
    facts: tuple[tuple[str, str], ...]
    given: tuple[str, ...]
    wanted: tuple[str, ...]
    differences: tuple[str, ...]
    text: str
    is_long: bool
    critique: str


def worst_views(
    study: AlignmentStudy, cases: Mapping[str, Case], image_path: Callable[[str], Path]
) -> list[tuple[str, list[WorstView]]]:
    """Return (rater, its worst narratives) for every automatic rater that has any.

    Args:
        study: The study.
        cases: By id.
        image_path: From a file name of a case to its file. An image that several raters show is read once.
    """
    uri = cache(_uri)
    found: dict[str, list[WorstView]] = {}
    for place, one in enumerate(study.worst, 1):
        images = tuple(_image(uri(image_path(name)), k, len(one.images)) for k, name in enumerate(one.images, 1)
                       if k <= MOST_IMAGES)  # fmt: skip
        view = _view(one, place, images, cases.get(one.narrative.case_id))
        found.setdefault(one.rater, []).append(view)
    return list(found.items())


def _view(one: WorstCase, place: int, images: tuple[ImageView, ...], case: Case | None) -> WorstView:
    n_more = len(one.images) - len(images)
    return WorstView(
        ident=f"worst-{place}",
        narrative_id=one.narrative.id,
        author=one.narrative.author,
        distance=score_text(one.distance),
        images=images,
        more_images=f"{counted(n_more, 'more image')} not shown." if n_more else "",
        facts=tuple(fact for fact in case_facts(case) if fact[0] in _FACTS) if case else (),
        given=tuple(map(_score, one.given)),
        wanted=tuple(map(_score, one.wanted)),
        differences=tuple(signed_text(a - b) for a, b in zip(one.given, one.wanted, strict=True)),
        text=one.narrative.text,
        is_long=len(one.narrative.text) > LONG_TEXT,
        critique=one.critique,
    )


def _uri(path: Path) -> tuple[str, str]:
    """Return (the image as a `data:` URI, why there is none)."""
    try:
        return data_uri(path, side_px=THUMB_PX), ""
    except Unreadable as problem:
        return "", str(problem)


def _image(found: tuple[str, str], number: int, total: int) -> ImageView:
    uri, problem = found
    shown = f"Image {number} is not shown: {problem}." if problem else ""
    return ImageView(uri, shown, f"Image {number} of {total} of the case")


def _score(score: float) -> str:
    return NOTHING if math.isnan(score) else plain_number(score)
