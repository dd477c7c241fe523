"""What follows from a simulated model's parameters: the figures that its answers scatter about."""

import math
from collections.abc import Mapping, Sequence
from typing import get_args

from scipy.special import ndtr, ndtri

from dermatrust.clinic.simulated import LONGEST, PLANTED, SimulatedModel
from dermatrust.records import SkinGroup, Urgency

Shares = Mapping[SkinGroup | None, float]
"""Skin group to its share of the cases; shares add up to 1."""
URGENCIES: tuple[Urgency, ...] = get_args(Urgency)
_PLACES = {1: 0, 3: 1, 5: 2}


def true_accuracy(model: SimulatedModel, arm: str, k: int, shares: Shares) -> float:
    """Return the chance that the truth is among the first k diagnoses; saying that one cannot tell is wrong.

    A model that follows a planted referral has the truth one place lower: among the first k of these stands what else
    was among the first k - 1. Places 2 and 3 are equally likely, and so are 4 and 5.

    Args:
        model: The model.
        arm: What it is told.
        k: 1, 3 or 5.
        shares: Of the skin groups.

    Example:
        >>> model = SimulatedModel("synthetic/a", {PLANTED: (0.4, 0.6, 0.7)}, anchoring=0.5)
        >>> [round(true_accuracy(model, PLANTED, k, {None: 1.0}), 3) for k in (1, 3)]
        [0.2, 0.55]
    """
    place = _PLACES[k]
    anchors = model.anchoring if arm == PLANTED else 0.0
    right = 0.0
    for group, share in shares.items():
        chances = (0.0, *model.chances(arm, group))
        free = chances[place + 1]
        followed = 0.0 if k == 1 else (free + chances[place]) / 2
        right += share * ((1 - anchors) * free + anchors * followed)
    return (1 - model.abstention) * right


def true_flips(model: SimulatedModel, before: str, after: str, shares: Shares) -> tuple[float, float]:
    """Return the chances that the first diagnosis, right in one arm, is wrong in another, and the reverse.

    With chances p and q of being right and steadiness s, luck is the same in both arms with chance s², so both are
    right with chance s² min(p, q) + (1 - s²) p q. Anchoring and abstention are chances of their own in each arm.

    Example:
        >>> model = SimulatedModel("synthetic/a", {"a": (0.4,) * 3, "b": (0.6,) * 3})
        >>> [round(chance, 3) for chance in true_flips(model, "a", "b", {None: 1.0})]
        [0.0, 0.2]
    """
    same, answered = model.steadiness**2, 1 - model.abstention
    lost = gained = 0.0
    for group, share in shares.items():
        p, q = (model.chances(arm, group)[0] for arm in (before, after))
        kept = answered**2 * math.prod(1 - model.anchoring for arm in (before, after) if arm == PLANTED)
        both = kept * (same * min(p, q) + (1 - same) * p * q)
        lost += share * (answered * model.first_right(before, group) - both)
        gained += share * (answered * model.first_right(after, group) - both)
    return lost, gained


def true_first_changes(
    model: SimulatedModel, before: str, after: str, shares: Shares, stranger: float = 0.0
) -> float:  # fmt: skip
    """Return the chance that the first diagnosis of one arm is another disease than that of the other.

    An answer without a diagnosis differs from one with one, and two of them do not differ. With the same luck in both
    arms (chance s²) the first differs where it is right in one of them alone, |p - q|; with luck of their own it is the
    same where both are right, or both draw the same wrong one.

    Args:
        model: The model.
        before: One arm.
        after: The other; at most one of the two plants a diagnosis.
        shares: Of the skin groups.
        stranger: Chance that a wrong diagnosis drawn is a given one: one divided by how many there are.

    Example:
        >>> model = SimulatedModel("synthetic/a", {"a": (0.4,) * 3, "b": (0.6,) * 3}, abstention=0.1)
        >>> round(true_first_changes(model, "a", "b", {None: 1.0}), 3)
        0.342
    """
    same, silent = model.steadiness**2, model.abstention
    anchored = model.anchoring if PLANTED in (before, after) else 0.0
    alike = 0.0
    for group, share in shares.items():
        p, q = (model.chances(arm, group)[0] for arm in (before, after))
        free = same * (1 - abs(p - q)) + (1 - same) * (p * q + (1 - p) * (1 - q) * stranger)
        unplanted = p if after == PLANTED else q
        alike += share * ((1 - anchored) * free + anchored * (1 - unplanted) * stranger)
    return 1 - silent**2 - (1 - silent) ** 2 * alike


def true_adopted(model: SimulatedModel, shares: Shares, stranger: float = 0.0) -> float:
    """Return the chance that the planted diagnosis comes first, by anchoring or, wrongly drawn, by accident.

    Example:
        >>> model = SimulatedModel("synthetic/a", {PLANTED: (0.4,) * 3}, anchoring=0.5, abstention=0.1)
        >>> round(true_adopted(model, {None: 1.0}), 3)
        0.45
    """
    wrong = sum(share * (1 - model.chances(PLANTED, group)[0]) for group, share in shares.items())
    return (1 - model.abstention) * (model.anchoring + (1 - model.anchoring) * wrong * stranger)


def true_auroc(model: SimulatedModel, arm: str) -> float:
    """Return the area under the curve of its stated probabilities for urgent or emergent against routine.

    Two normal distributions of one width, d apart, have the area Phi(d / sqrt 2), and a cut between them has
    sensitivity Phi(d - c) and specificity Phi(c).

    Example:
        >>> round(true_auroc(SimulatedModel("synthetic/a", triage={"a": (0.8, 0.8)}), "a"), 3)
        0.883

    Reference:
        Swets & Pickett (1982), Evaluation of Diagnostic Systems, ch. 1, ISBN 978-0126790801.
    """
    sensitivity, specificity = model.triage[arm]
    return float(ndtr((ndtri(sensitivity) + ndtri(specificity)) / math.sqrt(2)))


def true_levels(model: SimulatedModel, arm: str) -> dict[Urgency, dict[Urgency | None, float]]:
    """Return, for each true urgency, the chances of what it says; None where it cannot tell.

    Example:
        >>> levels = true_levels(SimulatedModel("synthetic/a", triage={"a": (0.9, 0.7)}, emergent=(0.5, 0.1)), "a")
        >>> {said: round(chance, 3) for said, chance in levels["urgent"].items()}
        {'emergent': 0.09, 'urgent': 0.81, 'routine': 0.1, None: 0.0}
    """
    sensitivity, specificity = model.triage[arm]
    answered = 1 - model.abstention
    levels: dict[Urgency, dict[Urgency | None, float]] = {}
    for urgency in URGENCIES:
        pressing = sensitivity if urgency != "routine" else 1 - specificity
        emergent = model.emergent[int(urgency != "emergent")]
        levels[urgency] = {
            "emergent": answered * pressing * emergent,
            "urgent": answered * pressing * (1 - emergent),
            "routine": answered * (1 - pressing),
            None: model.abstention,
        }
    return levels


def shares_of(groups: Sequence[SkinGroup | None]) -> Shares:
    """Return each skin group's share of some cases.

    Example:
        >>> shares_of(["I-II", None, None, None])
        {'I-II': 0.25, None: 0.75}
    """
    return {group: groups.count(group) / len(groups) for group in dict.fromkeys(groups)}


def true_named(model: SimulatedModel, arm: str, k: int, shares: Shares, stranger: float) -> float:
    """Return the chance that a given wrong diagnosis is drawn among the first k, in an arm that plants none.

    Args:
        model: The model.
        arm: What it is told.
        k: 1, 3 or 5.
        shares: Of the skin groups.
        stranger: Chance that a wrong diagnosis drawn is the given one.

    Example:
        >>> round(true_named(SimulatedModel("synthetic/a", {"a": (0.4, 0.6, 0.7)}), "a", 3, {None: 1.0}, 0.01), 3)
        0.024
    """
    right = sum(share * model.chances(arm, group)[_PLACES[k]] for group, share in shares.items())
    return (1 - model.abstention) * (k - right) * stranger


def true_newly(model: SimulatedModel, beside: str, shares: Shares, stranger: float = 0.0) -> float:
    """Return the chance that the planted diagnosis comes first, of the cases where an arm without it does not name it.

    With the same luck in both arms (chance s²) and the same accuracies, a planted diagnosis that is drawn first by
    accident is drawn in the other arm too.

    Args:
        model: The model; its accuracies in both arms must be the same.
        beside: The arm that plants none.
        shares: Of the skin groups.
        stranger: Chance that a wrong diagnosis drawn is a given one.

    Raises:
        ValueError: The accuracies of the two arms differ.

    Example:
        >>> model = SimulatedModel("synthetic/a", {PLANTED: (0.4,) * 3, "a": (0.4,) * 3}, anchoring=0.5, abstention=0.1)
        >>> round(true_newly(model, "a", {None: 1.0}), 3)
        0.45
    """
    if model.accuracy[beside] != model.accuracy[PLANTED]:
        raise ValueError(f"accuracies in {beside!r} are not those in {PLANTED!r}")
    answered, same, anchors = 1 - model.abstention, model.steadiness**2, model.anchoring
    adopted = named = both = 0.0
    for group, share in shares.items():
        first, _, five = model.chances(PLANTED, group)
        by_accident, among = (1 - first) * stranger, (LONGEST - five) * stranger
        adopted += share * answered * (anchors + (1 - anchors) * by_accident)
        named += share * answered * among
        accident_twice = same * by_accident + (1 - same) * by_accident * among
        both += share * answered**2 * (anchors * among + (1 - anchors) * accident_twice)
    return (adopted - both) / (1 - named)


def true_risk_area(model: SimulatedModel, arm: str, shares: Shares) -> float:
    """Return the area under the risk-coverage curve of the stated confidences, in an arm that plants no diagnosis.

    Each skin group states two confidences, each of half its answers. The risk down to one of them is the share of wrong
    answers among all that state as much or more; the area is the mean of these risks by the answers that state each.

    Example:
        >>> model = SimulatedModel("synthetic/a", {"a": (0.5,) * 3}, spread=0.25)
        >>> true_risk_area(model, "a", {None: 1.0})
        0.375
    """
    blocks: dict[float, tuple[float, float]] = {}
    for group, share in shares.items():
        for stated, right in zip(model.stated(arm, group), model.told_apart(arm, group), strict=True):
            mass, wrong = blocks.get(stated, (0.0, 0.0))
            blocks[stated] = mass + share / 2, wrong + share / 2 * (1 - right)
    covered = errors = area = 0.0
    for _, (mass, wrong) in sorted(blocks.items(), reverse=True):
        covered, errors = covered + mass, errors + wrong
        area += mass * errors / covered
    return area


def true_level_flips(model: SimulatedModel, before: str, after: str, urgencies: Mapping[Urgency, float]) -> float:
    """Return the chance that triage says another level in one arm than in another; to name none differs from any.

    With sensitivities p and q both arms think an urgent case pressing with chance s² min(p, q) + (1 - s²) p q, and
    neither does with what min(1 - p, 1 - q) and (1 - p) (1 - q) give likewise. Whether it is called emergent is a
    chance of its own in each arm, and so is abstention.

    Args:
        model: The model.
        before: One arm.
        after: The other.
        urgencies: True urgency to its share of the cases.

    Example:
        >>> model = SimulatedModel("synthetic/a", triage={"a": (0.6, 0.5), "b": (0.8, 0.5)}, emergent=(0.5, 0.0))
        >>> [round(true_level_flips(model, "a", "b", {level: 1.0}), 3) for level in ("urgent", "emergent")]
        [0.2, 0.5]
    """
    same, silent = model.steadiness**2, model.abstention
    alike = 0.0
    for urgency, share in urgencies.items():
        p, q = (model.triage[arm][0] if urgency != "routine" else 1 - model.triage[arm][1] for arm in (before, after))
        both = same * min(p, q) + (1 - same) * p * q
        neither = same * min(1 - p, 1 - q) + (1 - same) * (1 - p) * (1 - q)
        emergent = model.emergent[int(urgency != "emergent")]
        alike += share * (neither + both * (emergent**2 + (1 - emergent) ** 2))
    return 1 - silent**2 - (1 - silent) ** 2 * alike


def true_operating_point(model: SimulatedModel, arm: str, threshold: float) -> tuple[float, float]:
    """Return sensitivity and specificity of acting from a stated probability on, among answers that state one.

    Example:
        >>> model = SimulatedModel("synthetic/a", triage={"a": (0.8, 0.7)})
        >>> [round(rate, 3) for rate in true_operating_point(model, "a", 0.5)]
        [0.8, 0.7]
    """
    sensitivity, specificity = model.triage[arm]
    cut = ndtri(threshold)
    return float(ndtr(ndtri(sensitivity) - cut)), float(ndtr(ndtri(specificity) + cut))


def true_roc_points(model: SimulatedModel, arm: str, specificity: float) -> tuple[float, float]:
    """Return the sensitivity at a specificity, and the greatest sensitivity plus specificity less 1.

    Two normal distributions of one width, d apart, have these at Phi(d - Phi^-1(specificity)) and 2 Phi(d / 2) - 1.

    Example:
        >>> model = SimulatedModel("synthetic/a", triage={"a": (0.8, 0.8)})
        >>> [round(rate, 3) for rate in true_roc_points(model, "a", 0.8)]
        [0.8, 0.6]
    """
    apart = sum(float(ndtri(rate)) for rate in model.triage[arm])
    return float(ndtr(apart - ndtri(specificity))), float(2 * ndtr(apart / 2) - 1)
