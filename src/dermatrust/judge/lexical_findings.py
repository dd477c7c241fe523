"""Scores that compare features: Medical Groundedness, Clinical Coverage, Description Precision."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dermatrust.judge.lexical_profile import Profile
from dermatrust.judge.lexical_truth import Truth
from dermatrust.lexicon import Concept, Lexicon
from dermatrust.records import HIGHEST_SCORE

WEIGHT = {"finding": 1.0, "colour": 0.5, "border": 0.5, "surface": 0.5, "distribution": 0.5, "site": 0.5}
"""A finding (what it is) weighs twice a qualifier (how it looks): references leave qualifiers out more often."""
ENOUGH_SUPPORT = 3.0
"""Supported weight for full Groundedness: one true word does not ground a narrative."""
PERTINENT_NEGATIVE = 0.5
"""Share of its weight that an absence earns when both texts state it: it says less than a presence."""
FREE_CLAIMS = 6.0
"""Weight anyone may claim before Coverage is discounted for listing; six findings are an ordinary description."""
LISTING_FACTOR = 2.0
"""Beyond this many times the reference's own weight (or count), naming more is listing, and recall is scaled down."""
COVERAGE_SHARES = {"features": 0.5, "site": 0.15, "diagnosis": 0.2, "differential": 0.15}
"""What the reference describes is half of Coverage; parts the reference lacks drop out and the rest is rescaled."""
ENOUGH_ALTERNATIVES = 2
"""The candidate prompt asks for two or three differentials; two alternatives are a full differential."""
PRECISION_SHARES = {
    "finding": 0.35, "colour": 0.2, "distribution": 0.15, "border": 0.1, "surface": 0.1, "site": 0.1, "size": 0.1,
}  # fmt: skip
"""The lesion's name matters most, then colour and arrangement; kinds the reference lacks drop out."""
SIZE_TOLERANCE = 1.5
"""Two lengths within this ratio agree: sizes read from photographs are that rough."""
FEWEST_FEATURES = 2
"""A reference with fewer features (site aside) is no description, so there is nothing to compare with."""


@dataclass(frozen=True, slots=True)
class Judged:
    """One dimension's score, or None where there is nothing to compare, and why."""

    score: float | None
    why: str


def is_comparable(reference: Profile) -> bool:
    """Whether the reference describes the skin at all."""
    return len(reference.features(with_site=False)) >= FEWEST_FEATURES


def contradictions(candidate: Profile, reference: Profile) -> list[Concept]:
    """Return the features that one text states plainly and the other denies, in the order of their names."""
    against = {c for c in candidate.denied if reference.claims.get(c) == 1.0}
    against |= {c for c, strength in candidate.claims.items() if c in reference.denied and strength == 1.0}
    return sorted(against, key=lambda c: c.name)


def groundedness(candidate: Profile, reference: Profile) -> Judged:
    """Score the share of what the candidate says that the reference bears out; a contradiction counts double."""
    supported, stated = 0.0, 0.0
    invented = []
    for concept, strength in candidate.claims.items():
        weight = WEIGHT[concept.kind]
        held = reference.claims.get(concept, 1.0 if concept in reference.torn else 0.0)
        if held:
            supported, stated = supported + weight * min(1.0, strength / held), stated + weight
        elif concept in reference.denied:
            supported, stated = supported - weight * strength, stated + weight
        else:
            stated += weight * strength
            invented.append(concept)
    for concept in candidate.denied:
        weight = WEIGHT[concept.kind]
        if concept in reference.claims:
            supported, stated = supported - weight * reference.claims[concept], stated + weight
        elif concept in reference.denied:
            supported, stated = supported + weight * PERTINENT_NEGATIVE, stated + weight * PERTINENT_NEGATIVE
    for concept in candidate.torn:
        weight = WEIGHT[concept.kind]
        supported, stated = supported + weight * (concept in reference.torn), stated + weight
    enough = min(ENOUGH_SUPPORT, sum(WEIGHT[c.kind] for c in reference.claims))
    share = max(0.0, supported) / stated if stated else 0.0
    volume = min(1.0, max(0.0, supported) / enough) if enough else 1.0
    return Judged(HIGHEST_SCORE * share * volume, _grounded_why(candidate, reference, invented))


def coverage(candidate: Profile, reference: Profile, truth: Truth, lexicon: Lexicon) -> Judged:
    """Score how much of the reference the candidate reaches: features, site, diagnosis, differential."""
    wanted, offered = reference.features(with_site=False), candidate.features(with_site=False)
    parts = {"features": _recall(wanted, offered) * _listing(wanted, offered, FREE_CLAIMS, WEIGHT)}
    sites = {c: s for c, s in reference.claims.items() if c.kind == "site"}
    if sites:
        found = {c: s for c, s in candidate.claims.items() if c.kind == "site"}
        parts["site"] = _recall(sites, found) * _listing(sites, found, FREE_CLAIMS, {"site": 1.0})
    if truth.is_known:
        parts["diagnosis"] = nearest_named(candidate, truth, lexicon) * few_named(candidate, reference)
    others = alternatives(reference)
    if others:
        parts["differential"] = _differential(alternatives(candidate), others) * few_named(candidate, reference)
    total = sum(COVERAGE_SHARES[name] for name in parts)
    score = HIGHEST_SCORE * sum(COVERAGE_SHARES[name] * share for name, share in parts.items()) / total
    return Judged(score, _coverage_why(candidate, reference, parts))


def description_precision(candidate: Profile, reference: Profile) -> Judged:
    """Score agreement kind by kind (F1: both what is missing and what is added count), and of sizes."""
    parts = {}
    for kind in WEIGHT:
        wanted = {c: s for c, s in reference.claims.items() if c.kind == kind}
        if wanted:
            offered = {c: s for c, s in candidate.claims.items() if c.kind == kind}
            parts[kind] = _f1(wanted, offered)
    if reference.sizes_mm:
        parts["size"] = _size_agreement(reference.sizes_mm, candidate.sizes_mm)
    total = sum(PRECISION_SHARES[kind] for kind in parts)
    score = HIGHEST_SCORE * sum(PRECISION_SHARES[kind] * share for kind, share in parts.items()) / total
    agreed = "; ".join(f"{kind} {100 * share:.0f} %" for kind, share in parts.items())
    return Judged(score, f"Agreement with the reference by kind: {agreed}.")


def alternatives(profile: Profile) -> frozenset[str]:
    """Return the ids of the diseases a text names besides the one it concludes."""
    concluded = {d.id for d in profile.conclusion.diagnoses}
    return frozenset(one.diagnosis.id for one in profile.named) - concluded


def nearest_named(candidate: Profile, truth: Truth, lexicon: Lexicon) -> float:
    """Return the nearness of the nearest disease the candidate holds possible anywhere in its text."""
    held = {one.diagnosis.id: one.diagnosis for one in candidate.named if one.status != "negated"}
    held |= {d.id: d for d in candidate.conclusion.diagnoses}
    best = max((truth.nearness(d, lexicon) for d in held.values()), default=0.0)
    return max(best, float(truth.is_text(candidate.conclusion.text)))


def few_named(candidate: Profile, reference: Profile) -> float:
    """Return 1 for an ordinary number of diagnoses, less for a catalogue of them."""
    n_named = len({one.diagnosis.id for one in candidate.named})
    allowed = max(FREE_CLAIMS, LISTING_FACTOR * len({one.diagnosis.id for one in reference.named}))
    return min(1.0, allowed / n_named) if n_named else 1.0


def _recall(wanted: Mapping[Concept, float], offered: Mapping[Concept, float]) -> float:
    total = sum(WEIGHT[c.kind] for c in wanted)
    return sum(WEIGHT[c.kind] * min(1.0, offered.get(c, 0.0) / s) for c, s in wanted.items()) / total


def _listing(wanted: Iterable[Concept], offered: Iterable[Concept], free: float, weights: Mapping[str, float]) -> float:
    stated = sum(weights[c.kind] for c in offered)
    allowed = max(free, LISTING_FACTOR * sum(weights[c.kind] for c in wanted))
    return min(1.0, allowed / stated) if stated else 1.0


def _differential(named: frozenset[str], wanted: frozenset[str]) -> float:
    """Half for weighing any alternatives, half for the reference's own."""
    enough = min(ENOUGH_ALTERNATIVES, len(wanted))
    return 0.5 * min(1.0, len(named) / enough) + 0.5 * min(1.0, len(named & wanted) / enough)


def _f1(wanted: Mapping[Concept, float], offered: Mapping[Concept, float]) -> float:
    agreed = sum(min(1.0, offered.get(c, 0.0) / s) for c, s in wanted.items())
    return 2 * agreed / (len(wanted) + len(offered))


def _size_agreement(wanted: tuple[float, ...], offered: tuple[float, ...]) -> float:
    def agrees(a: float, b: float) -> bool:
        return 0 < max(a, b) <= SIZE_TOLERANCE * min(a, b)

    matched = sum(any(agrees(a, b) for b in offered) for a in wanted)
    return 2 * matched / (len(wanted) + max(len(offered), matched))


def _grounded_why(candidate: Profile, reference: Profile, invented: list[Concept]) -> str:
    against = contradictions(candidate, reference)
    if not candidate.claims and not candidate.denied and not candidate.torn:
        return "It states no finding that could be checked."
    said = [f"Contradicts the reference on {names(against)}."] if against else []
    said += [f"Not in the reference: {names(invented)}."] if invented else []
    return " ".join(said) or "Every finding it states is in the reference."


def _coverage_why(candidate: Profile, reference: Profile, parts: Mapping[str, float]) -> str:
    missed = [c for c in reference.claims if c not in candidate.claims]
    said = [f"Leaves out {names(missed)}."] if missed else ["Leaves out no finding of the reference."]
    if parts.get("diagnosis", 1.0) == 0:
        said.append("Holds neither the diagnosis nor a relative of it possible.")
    if parts.get("differential", 1.0) == 0:
        said.append("Names no alternative diagnosis.")
    return " ".join(said)


def names(concepts: Iterable[Concept]) -> str:
    """Return concept names in alphabetical order, joined by commas; ten at most, then a count."""
    ordered = sorted({c.name.lower() for c in concepts})
    rest = len(ordered) - 10
    return ", ".join(ordered[:10]) + (f" and {rest} more" if rest > 0 else "")
