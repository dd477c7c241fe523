"""Scores one differential against one case: rung by rung, by kinship, and against a weighted differential."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from dermatrust.clinic.answer import Answer
from dermatrust.clinic.ladder import RUNGS, Match, Rung, diagnosis_said, known_diagnosis, match_names
from dermatrust.clinic.truth import label_of
from dermatrust.lexicon import Lexicon, load_lexicon
from dermatrust.records import Case

CUTS = (1, 3, 5)
"""How many of the first diagnoses count: top-1, top-3, top-5."""
Weights = tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class DifferentialScore:
    """How one answer compares with the truth of its case. None is "cannot be decided", never zero.

    Attributes:
        case_id: The case.
        model: Who answered.
        arm: What the model was told.
        image_arm: Which images it was shown.
        n_said: How many diagnoses the answer names; 0 where it says that it cannot tell.
        is_missing: Whether no reply came; nothing is scored then.
        cannot_tell: Whether the model abstained.
        ranks: Rung to the 1-based rank of the first diagnosis that is a hit on it, or 0 where none is. None on every
            rung where the case has neither label nor differential or no reply came, and above exact where the lexicon
            does not know the truth.
        credits: For each of `CUTS`, the greatest kinship to the truth among so many first diagnoses; 0 where nothing
            was said, None where the truth is not known to the lexicon.
        overlap: Against a weighted differential: rank of the first diagnosis that is, by any name, in it; 0 where none
            is, None where the case has none.
        weighted: For each of `CUTS`, the share of the differential's weight that so many first diagnoses name; None
            where the case has none.
        unknown_said: Diagnoses named that the lexicon does not know: they can be exact, and nothing else.
        unknown_truth: Label and names of the differential that the lexicon does not know.
    """

    case_id: str
    model: str
    arm: str
    image_arm: str
    n_said: int
    is_missing: bool
    cannot_tell: bool
    ranks: dict[Rung, int | None]
    credits: tuple[float | None, ...]
    overlap: int | None
    weighted: tuple[float | None, ...]
    unknown_said: tuple[str, ...]
    unknown_truth: tuple[str, ...]

    def hit(self, rung: Rung, k: int) -> bool | None:
        """Return whether one of the first k diagnoses is a hit on a rung; None where that cannot be decided.

        Example:
            >>> case = Case(id="c", label="psoriasis vulgaris")
            >>> answer = Answer("c", "m", "image only", "all", diagnoses=("eczema", "plaque psoriasis"))
            >>> score = score_differential(answer, case)
            >>> score.hit("synonym", 1), score.hit("synonym", 3), score.hit("exact", 5)
            (False, True, False)
        """
        return is_within(self.ranks[rung], k)


def is_within(rank: int | None, k: int) -> bool | None:
    """Return whether a rank is among the first k; 0 is no rank, None stays None.

    Example:
        >>> is_within(2, 3), is_within(0, 3), is_within(None, 3)
        (True, False, None)
    """
    return None if rank is None else 0 < rank <= k


def score_differential(answer: Answer, case: Case, lexicon: Lexicon | None = None) -> DifferentialScore:
    """Return how an answer compares with the label and the weighted differential of its case.

    The truth that the ladder is climbed to is the label, or else the weightiest entry of the differential, of several
    as weighty the one named first.

    Of a case with no reply nothing is scored. A reply without a diagnosis is wrong: rank 0 on every rung that can be
    decided, and so is one that says it cannot tell, whatever it names beside that; `cannot_tell` says so.

    The graded credit of k diagnoses is the greatest `Lexicon.kinship` to the truth among them. The weighted credit is
    the weight of those entries of the case's differential that the k diagnoses name, by any name, over the weight of
    all; it is 1 where they name all of them. Weights come with the case: for SCIN, every dermatologist's conditions by
    inverse rank, summed and normalised.

    Args:
        answer: What the model said.
        case: The case it was asked about.
        lexicon: The packaged one if not given.

    Raises:
        ValueError: The answer is about another case.

    Reference:
        Wu & Palmer (1994), ACL, https://doi.org/10.3115/981732.981751 (kinship); Ward et al. (2024),
        https://arxiv.org/abs/2402.18545 (the weights); what is done with both is ours.
    """
    if answer.case_id != case.id:
        raise ValueError(f"the answer is about case {answer.case_id}; expected {case.id}")
    lexicon = lexicon or load_lexicon()
    said = () if answer.is_missing or answer.cannot_tell else answer.diagnoses
    truth = None if answer.is_missing else label_of(case)
    weights = () if answer.is_missing else tuple((item.diagnosis, item.weight) for item in case.differential)
    is_known = truth is not None and known_diagnosis(truth, lexicon) is not None
    matches = [match_names(name, truth, lexicon) for name in said] if truth is not None else []
    overlap, weighted = _against(said, weights, lexicon) if weights else (None, (None,) * len(CUTS))
    return DifferentialScore(
        case_id=case.id,
        model=answer.model,
        arm=answer.arm,
        image_arm=answer.image_arm,
        n_said=len(said),
        is_missing=answer.is_missing,
        cannot_tell=answer.cannot_tell,
        ranks=_ranks(matches, has_truth=truth is not None, is_known=is_known),
        credits=_credits(matches) if is_known else (None,) * len(CUTS),
        overlap=overlap,
        weighted=weighted,
        unknown_said=tuple(name for name in said if diagnosis_said(name, lexicon) is None),
        unknown_truth=_unknown(truth, weights, lexicon),
    )


def _ranks(matches: Sequence[Match], *, has_truth: bool, is_known: bool) -> dict[Rung, int | None]:
    ranks: dict[Rung, int | None] = dict.fromkeys(RUNGS)
    if has_truth:
        ranks["exact"] = _first([match.exact for match in matches])
    if is_known:
        ranks["synonym"] = _first([match.synonym for match in matches])
        ranks["family"] = _first([match.family for match in matches])
    return ranks


def _first(hits: Sequence[bool | None]) -> int:
    return hits.index(True) + 1 if True in hits else 0


def _credits(matches: Sequence[Match]) -> tuple[float, ...]:
    kinships = [match.kinship or 0.0 for match in matches]
    return tuple(max(kinships[:k], default=0.0) for k in CUTS)


def _against(said: Sequence[str], weights: Weights, lexicon: Lexicon) -> tuple[int, tuple[float, ...]]:
    """Return the rank of the first name in a weighted differential, and the share of its weight at each cut."""
    named = [_places(name, weights, lexicon) for name in said]
    total = sum(weight for _, weight in weights)
    shares = []
    for k in CUTS:
        found = frozenset().union(*named[:k])
        shares.append(sum(weights[place][1] for place in found) / total)
    return _first([bool(places) for places in named]), tuple(shares)


@lru_cache(maxsize=1 << 12)  # the arms and models of one case follow each other
def _places(said: str, weights: Weights, lexicon: Lexicon) -> frozenset[int]:
    """Return which entries of a weighted differential a name means."""
    matches = (match_names(said, name, lexicon) for name, _ in weights)
    return frozenset(place for place, match in enumerate(matches) if match.synonym or match.exact)


@lru_cache(maxsize=1 << 14)
def _unknown(truth: str | None, weights: Weights, lexicon: Lexicon) -> tuple[str, ...]:
    names = dict.fromkeys((*((truth,) if truth else ()), *(name for name, _ in weights)))
    return tuple(name for name in names if known_diagnosis(name, lexicon) is None)
