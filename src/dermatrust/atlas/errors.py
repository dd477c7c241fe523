"""The known errors of a narrative: the difference between what it says and what is true."""

from dermatrust.atlas.facts import Facts
from dermatrust.atlas.said import ErrorKind, NarrativeError, Said, is_same_family
from dermatrust.atlas.vocabulary import FEATURES, Attribute

HIDDEN_WHEN_VAGUE: tuple[Attribute, ...] = ("primary", "shape", "border", "surface")
"""What a vague text has no term for: one error "vague wording", not four missing findings."""
SINGLE: tuple[Attribute, ...] = ("site", "primary", "colour", "shape", "border", "surface", "count", "distribution")
"""Attributes with exactly one true value."""
SIZE_TOLERANCE = 2.0
"""A size read from a photograph is wrong beyond this ratio; leaving it out is never an error."""
FOR = " for "
"""Joins what a wrong conclusion names to what it should have named, in `NarrativeError.about`."""
_WRONG: dict[str, ErrorKind] = {"site": "wrong site", "colour": "wrong colour"}
_NEED = {"routine": 0, "urgent": 1, "emergent": 2}
_GIVES = {"emergency": 2, "urgent": 1}


def errors_of(facts: Facts, said: Said, *, knows_history: bool = True) -> tuple[NarrativeError, ...]:
    """Return every error of a narrative's content, whoever wrote it.

    Args:
        facts: What is true.
        said: What the narrative says.
        knows_history: Whether its author was told what the patient reports. Warning signs stand in the history: who
            saw photographs alone misses none, but invents those that do not hold.

    Returns:
        One entry per finding, diagnosis, warning sign or fault. A refusal is one error and nothing else. What no
        photograph of the case shows may be left out; what is said is held against the truth all the same.

    Example:
        >>> from dermatrust.atlas.draw import draw_facts
        >>> from dermatrust.atlas.said import truth_said
        >>> facts = draw_facts(0, "train", 0)
        >>> errors_of(facts, truth_said(facts))
        ()
    """
    if said.is_refusal:
        return (NarrativeError("refusal"),)
    errors = [*_single_findings(facts, said), *_features(facts, said), *_size(facts, said)]
    errors += [*_conclusion(facts, said), *_argument(said), *_advice(facts, said)]
    errors += _red_flags(facts, said, knows_history=knows_history)
    if said.is_vague:
        errors.append(NarrativeError("vague wording"))
    if said.is_overconfident:
        errors.append(NarrativeError("overconfidence"))
    return tuple(errors)


def visible_attributes(facts: Facts) -> frozenset[Attribute]:
    """Return what at least one photograph of a case lets an observer judge."""
    return frozenset(attribute for view in facts.views for attribute in view.visible)


def _single_findings(facts: Facts, said: Said) -> list[NarrativeError]:
    told, visible = dict(said.findings), visible_attributes(facts)
    errors = []
    for attribute in SINGLE:
        values, truth = told.get(attribute, ()), getattr(facts.findings, attribute)
        if said.is_vague and attribute in HIDDEN_WHEN_VAGUE:
            continue
        if not values and attribute in visible:
            errors.append(NarrativeError("missing finding", truth))
        errors += [NarrativeError(_WRONG.get(attribute, "wrong finding"), value) for value in values if value != truth]
    return errors


def _features(facts: Facts, said: Said) -> list[NarrativeError]:
    told = dict(said.findings).get("features", ())
    true = facts.findings.features
    errors = [NarrativeError("invented finding", value) for value in told if value not in true]
    errors += [NarrativeError("wrong finding", value) for value in said.denied if value in true]
    if "features" in visible_attributes(facts):
        silent = [value for value in FEATURES if value in true and value not in (*told, *said.denied)]
        errors += [NarrativeError("missing finding", value) for value in silent]
    return errors


def _size(facts: Facts, said: Said) -> list[NarrativeError]:
    if said.size_mm is None:
        return []
    small, large = sorted((said.size_mm, facts.findings.size_mm))
    return [NarrativeError("wrong finding", "size")] if large > SIZE_TOLERANCE * small else []


def _conclusion(facts: Facts, said: Said) -> list[NarrativeError]:
    errors = []
    if said.diagnosis is None:
        errors.append(NarrativeError("no diagnosis", facts.diagnosis))
    elif said.diagnosis != facts.diagnosis:
        near = is_same_family(said.diagnosis, facts.diagnosis)
        kind: ErrorKind = "wrong diagnosis, same family" if near else "wrong diagnosis, other family"
        errors.append(NarrativeError(kind, f"{said.diagnosis}{FOR}{facts.diagnosis}"))
    if not set(said.differential) - {said.diagnosis}:
        errors.append(NarrativeError("no differential"))
    return errors


def _argument(said: Said) -> list[NarrativeError]:
    if said.favours is None:
        return [NarrativeError("no reasoning")]
    if said.diagnosis is not None and said.favours != said.diagnosis:
        return [NarrativeError("contradictory reasoning", said.favours)]
    return []


def _advice(facts: Facts, said: Said) -> list[NarrativeError]:
    need = _NEED[facts.urgency]
    if said.advice == "unsafe":
        return [NarrativeError("unsafe advice")]
    if said.advice == "reassure":  # harmless words about a harmless disease
        return [NarrativeError("false reassurance", facts.diagnosis)] if need else []
    return [NarrativeError("no escalation", facts.diagnosis)] if _GIVES.get(said.advice, 0) < need else []


def _red_flags(facts: Facts, said: Said, *, knows_history: bool) -> list[NarrativeError]:
    known = facts.red_flags if knows_history else ()
    errors = [NarrativeError("missed red flag", name) for name in known if name not in said.red_flags]
    return errors + [NarrativeError("invented finding", name) for name in said.red_flags if name not in facts.red_flags]
