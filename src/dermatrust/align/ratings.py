"""The ratings of a dataset folder as one table: raters x narratives x dimensions, with what is known of them."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from dermatrust.agreement.clusters import Floats, Ints, ratios
from dermatrust.align.said import Said, said_in
from dermatrust.errors import DataError
from dermatrust.records import DIMENSIONS, Case, Narrative, Rater, Rating, Stream
from dermatrust.store.folder import DatasetFolder
from dermatrust.store.layout import NARRATIVES, RATINGS

AlignFactor = Literal["category", "skin type", "site", "author", "reference", "length"]
FACTORS: tuple[AlignFactor, ...] = ("category", "skin type", "site", "author", "reference", "length")
NOT_RECORDED = "not recorded"
_SKIN_TYPES = ("I", "II", "III", "IV", "V", "VI")
_LENGTHS = ("shortest third", "middle third", "longest third")
_REFERENCES: dict[Stream, str] = {"reference": "written, not certified", "label": "from the label"}


@dataclass(frozen=True, slots=True, eq=False)
class RatingTable:
    """Ratings of the narratives that have text. Numbers below are places in `raters` and `narratives`.

    Attributes:
        raters: Who rated, in the order of the registry, then of the file.
        narratives: What was rated, in the order of the file.
        cases: The case of each narrative.
        patients: Number of each narrative's patient, shape (narratives,), from 0 on; a case whose patient is not
            recorded counts as one.
        n_patients: How many there are.
        scores: Shape (raters, narratives, 6), mean of a rater's draws; NaN where there is none.
        draws: Shape (2, raters, narratives, 6): the first two draws by themselves, for test against retest.
        places: Shape (raters, narratives): how many narratives this rater had rated before this one; -1 where it has
            not.
        factors: For each factor the level of each narrative.
        n_empty: Narratives without text, which are left out.
        n_cases_without_patient: Cases whose patient is not recorded.
        unregistered: Raters that neither the registry nor the caller says anything about: they are taken for models.
        said: What raters said beside their scores; None where that was not read.
        lexical: What the lexical judge gives the narratives, shape (narratives, 6), where it is a baseline and not one
            of the raters; NaN where it gives no score.
    """

    raters: tuple[Rater, ...]
    narratives: tuple[Narrative, ...]
    cases: tuple[Case, ...]
    patients: Ints
    n_patients: int
    scores: Floats
    draws: Floats
    places: Ints
    factors: Mapping[AlignFactor, tuple[str, ...]]
    n_empty: int
    n_cases_without_patient: int = 0
    unregistered: tuple[str, ...] = ()
    said: Said | None = None
    lexical: Floats | None = None

    @property
    def names(self) -> tuple[str, ...]:
        """The raters' names."""
        return tuple(rater.id for rater in self.raters)


def read_rating_table(
    dataset: DatasetFolder, panel: Sequence[str] = (), *, adjudicators: Sequence[str] = (), expected: bool = False
) -> RatingTable:
    """Read the ratings of a dataset folder.

    Args:
        dataset: The folder.
        panel: Raters to be taken for people where the registry does not know them.
        adjudicators: The same of those who settle.
        expected: Take the mean of the scores a model weighed instead of the one it gave, where it says so.

    Raises:
        DataError: A record cannot be read, a rating is about no narrative, a rater rated a narrative twice in one draw,
            nobody rated anything, or one of those named did not.
    """
    cases = {case.id: case for case in dataset.iter_cases()}
    written = list(dataset.iter_narratives())
    narratives = tuple(narrative for narrative in written if narrative.text.strip())
    place_of = {narrative.id: k for k, narrative in enumerate(narratives)}
    without_text = {narrative.id for narrative in written} - place_of.keys()
    ratings = _ratings(dataset, place_of, without_text)
    check_named(list(dict.fromkeys(rating.rater for rating in ratings)), panel, adjudicators)
    return rating_table(
        cases, narratives, ratings, dataset.iter_raters(), people={*panel, *adjudicators}, expected=expected,
        references={reference.case_id: reference for reference in dataset.iter_references()},
        n_empty=len(without_text),
    )  # fmt: skip


def rating_table(
    cases: Mapping[str, Case], narratives: Sequence[Narrative], ratings: Sequence[Rating], registry: Iterable[Rater], *,
    references: Mapping[str, Narrative] | None = None, people: Collection[str] = (), expected: bool = False,
    n_empty: int = 0,
) -> RatingTable:  # fmt: skip
    """Return ratings as one table.

    Args:
        cases: Those of the narratives, by id.
        narratives: What was rated, all with text.
        ratings: Of these narratives, each rater's in the order in which they were given.
        registry: What is known of raters.
        references: By case, where it has one.
        people: Raters to be taken for people where the registry does not know them.
        expected: As for `read_rating_table`.
        n_empty: Narratives left out for want of a text.
    """
    names = list(dict.fromkeys(rating.rater for rating in ratings))
    place_of = {narrative.id: k for k, narrative in enumerate(narratives)}
    raters, unregistered = _raters(registry, names, people)
    scores, draws, places = _arrays(ratings, [rater.id for rater in raters], place_of, expected)
    own = tuple(cases[narrative.case_id] for narrative in narratives)
    patients = [(case.patient_id is not None, case.patient_id or case.id) for case in own]
    numbers = {patient: k for k, patient in enumerate(dict.fromkeys(patients))}
    return RatingTable(
        raters=raters, narratives=tuple(narratives), cases=own,
        patients=np.array([numbers[patient] for patient in patients], dtype=np.int64), n_patients=len(numbers),
        scores=scores, draws=draws, places=places, factors=_factors(references or {}, narratives, own),
        n_empty=n_empty, unregistered=unregistered,
        n_cases_without_patient=len({case.id for case in own if case.patient_id is None}),
        said=said_in(ratings, {rater.id: k for k, rater in enumerate(raters)}, place_of),
    )  # fmt: skip


def check_named(names: Sequence[str], panel: Sequence[str], adjudicators: Sequence[str]) -> None:
    """Refuse who rated nothing, or is to be one of the panel and to settle what it disagrees about.

    Args:
        names: Who rated.
        panel: Who was named as a member.
        adjudicators: Who was named as settling.

    Raises:
        DataError: There is such a name.
    """
    for option, given in (("--panel", panel), ("--adjudicator", adjudicators)):
        for name in given:
            if name not in names:
                what = f"{name!r} rated no narrative with text"
                raise DataError(option, what, f"one of {', '.join(names)}")
    for name in panel:
        if name in adjudicators:
            do = "Name each rater once: an adjudicator's scores come before the panel's mean."
            raise DataError("--adjudicator", f"{name!r} is named with --panel too", do=do)


def _ratings(dataset: DatasetFolder, place_of: Mapping[str, int], without_text: set[str]) -> list[Rating]:
    """Return the ratings of narratives with text, in the order of the file."""
    found, seen = [], set()
    for where, rating in dataset.iter_placed_ratings():
        if rating.narrative_id not in place_of and rating.narrative_id not in without_text:
            raise DataError(where, f"rates narrative {rating.narrative_id!r}", f"one of {NARRATIVES}")
        key = rating.narrative_id, rating.rater, rating.draw
        if key in seen:
            what = f"is a second rating of {rating.narrative_id!r} by {rating.rater!r}"
            raise DataError(where, what, "one for each draw", "Number repeats by `draw`, or remove one.")
        seen.add(key)
        if rating.narrative_id in place_of:
            found.append(rating)
    if not found:
        path = dataset.path / RATINGS
        what = "holds no rating of a narrative with text" if path.is_file() else "there is no such file"
        do = "Rate some with `dermatrust judge` or `dermatrust rate`, or take some in with `dermatrust data ratings`."
        raise DataError(str(path), what, do=do)
    return found


def _raters(
    registry: Iterable[Rater], names: Sequence[str], people: Collection[str]
) -> tuple[tuple[Rater, ...], tuple[str, ...]]:
    """Return who rated, as registered, as a person where named, else as a model; and those last ones' names."""
    known = {rater.id: rater for rater in registry}
    unregistered = tuple(name for name in names if name not in known and name not in people)
    for name in names:
        known.setdefault(name, Rater(id=name, kind="human" if name in people else "llm"))
    rated = set(names)
    return tuple(rater for rater in known.values() if rater.id in rated), unregistered


def _arrays(
    ratings: Sequence[Rating], names: Sequence[str], place_of: Mapping[str, int], expected: bool
) -> tuple[Floats, Floats, Ints]:
    """Return mean scores, the first two draws, and the places of the narratives in each rater's order."""
    rater_of = {name: k for k, name in enumerate(names)}
    shape = (len(names), len(place_of), len(DIMENSIONS))
    sums, counts = np.zeros(shape), np.zeros(shape)
    by_draw: dict[tuple[int, int], list[tuple[int, Floats]]] = defaultdict(list)
    places, n_rated = np.full(shape[:2], -1, dtype=np.int64), [0] * len(names)
    for rating in ratings:
        r, n = rater_of[rating.rater], place_of[rating.narrative_id]
        given = {**rating.scores, **rating.expected} if expected else rating.scores
        row = np.array([given.get(d, np.nan) for d in DIMENSIONS])
        known = ~np.isnan(row)
        sums[r, n] += np.where(known, row, 0.0)
        counts[r, n] += known
        by_draw[r, n].append((rating.draw, row))
        if places[r, n] < 0:
            places[r, n], n_rated[r] = n_rated[r], n_rated[r] + 1
    draws = np.full((2, *shape), np.nan)
    for (r, n), rows in by_draw.items():
        if len(rows) > 1:
            for k, (_, row) in enumerate(sorted(rows, key=lambda one: one[0])[:2]):
                draws[k, r, n] = row
    return ratios(sums, counts), draws, places


def _factors(
    references: Mapping[str, Narrative], narratives: Sequence[Narrative], cases: Sequence[Case]
) -> dict[AlignFactor, tuple[str, ...]]:
    """Return the level of each narrative for every factor."""
    n_words = np.array([len(narrative.text.split()) for narrative in narratives])
    thirds = np.searchsorted(np.quantile(n_words, [1 / 3, 2 / 3]), n_words, side="left")
    skin = [_SKIN_TYPES[c.fitzpatrick - 1] if c.fitzpatrick else c.skin_group or NOT_RECORDED for c in cases]
    return {
        "category": tuple(case.category or case.label or NOT_RECORDED for case in cases),
        "skin type": tuple(skin),
        "site": tuple(case.context.site or NOT_RECORDED for case in cases),
        "author": tuple(narrative.author for narrative in narratives),
        "reference": tuple(_quality(references.get(case.id)) for case in cases),
        "length": tuple(_LENGTHS[k] for k in thirds),
    }


def _quality(reference: Narrative | None) -> str:
    """Return what a reference is worth: whether somebody vouches for it, wrote it, or only the label speaks."""
    if reference is None:
        return "none"
    return "certified" if reference.certificate is not None else _REFERENCES.get(reference.stream, reference.stream)
