"""What a rater who knows the truth says of a narrative: a critique that compares, and short checks.

The critique goes finding by finding: what is said, what the photographs show, whether they agree. A model trained on it
learns to look (said before seen, so that the comparison is left for last). Warning signs and sizes are not compared: no
photograph of the atlas shows them.
"""

import re
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence

from dermatrust.atlas.disease import load_diseases
from dermatrust.atlas.errors import HIDDEN_WHEN_VAGUE, SINGLE, visible_attributes
from dermatrust.atlas.facts import Facts
from dermatrust.atlas.said import ADVICE_FOR, Advice, ErrorKind, NarrativeError, Said, is_same_family
from dermatrust.atlas.scoring import misses_grave
from dermatrust.atlas.vocabulary import ATTRIBUTES, VALUES, Attribute
from dermatrust.lexicon import load_lexicon

_TITLES: dict[Attribute, str] = {
    "site": "Site", "primary": "Lesion", "colour": "Colour", "shape": "Shape", "border": "Border",
    "surface": "Surface", "count": "Number", "distribution": "Spread", "features": "Features",
}  # fmt: skip
_CARE: dict[Advice, str] = {
    "emergency": "emergency care", "urgent": "prompt care", "routine": "ordinary care", "none": "nothing",
    "reassure": "that nothing is needed", "unsafe": "something harmful",
}  # fmt: skip
_FINDING = ("right", "wrong", "missing", "vague")
_HOW_MANY = ("none", "one", "more")
NOTHING, VAGUELY, OTHER = "nothing", "vaguely", "other"


def _word(value: str) -> str:
    """Return a value as one word."""
    return value.lower().replace(" ", "-")


FEATURES = tuple(map(_word, VALUES["features"]))
"""Checks of secondary findings, one each; any number of them may be true."""
TOLD_AND_SHOWN = ("none", "right", "missing", "wrong")
"""Answers of such a check: neither told nor true, both, true alone, told alone."""
_TOLD_AND_TRUE = dict(zip(((False, False), (True, True), (False, True), (True, False)), TOLD_AND_SHOWN, strict=True))


def _compared(name: str, values: Sequence[str], verdicts: tuple[str, ...]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    words = tuple(map(_word, values))
    return (
        (f"{name}-said", (*words, NOTHING, VAGUELY, OTHER)),
        (f"{name}-seen", words),
        (name, verdicts),
    )


def _checks() -> Iterator[tuple[str, tuple[str, ...]]]:
    yield ("text", ("given", "refused"))
    for attribute in SINGLE:
        yield from _compared(_TITLES[attribute].lower(), VALUES[attribute], _FINDING)
    yield from ((name, TOLD_AND_SHOWN) for name in FEATURES)
    yield ("lost", _HOW_MANY)
    yield ("added", _HOW_MANY)
    names = tuple(disease.diagnosis.name for disease in load_diseases())
    yield from _compared("diagnosis", names, ("right", "near", "far", "none"))
    yield ("danger", ("seen", "missed"))
    yield ("rivals", ("given", "none"))
    yield ("reasons-said", (*map(_word, names), NOTHING, OTHER))
    yield ("reasons", ("right", "none", "wrong"))
    yield ("care-said", tuple(map(_word, _CARE.values())))
    yield ("care-needed", tuple(_word(_CARE[advice]) for advice in ADVICE_FOR.values()))
    yield ("care", ("right", "low", "false", "harmful"))
    yield ("signs", _HOW_MANY)
    yield ("wording", ("right", "vague"))
    yield ("certainty", ("right", "high"))


_DIAGNOSIS: dict[ErrorKind, str] = {
    "wrong diagnosis, same family": "near", "wrong diagnosis, other family": "far", "no diagnosis": "none",
}  # fmt: skip
_OTHER: dict[ErrorKind, tuple[str, str]] = {
    "refusal": ("text", "refused"),
    "no differential": ("rivals", "none"),
    "no reasoning": ("reasons", "none"),
    "contradictory reasoning": ("reasons", "wrong"),
    "no escalation": ("care", "low"),
    "false reassurance": ("care", "false"),
    "unsafe advice": ("care", "harmful"),
    "vague wording": ("wording", "vague"),
    "overconfidence": ("certainty", "high"),
}
CHECKS: tuple[tuple[str, tuple[str, ...]], ...] = tuple(_checks())
"""Questions that have one short answer for every narrative, in order: what is said, what is seen, how they compare.

reasons-said is the disease that the reasons speak for. A secondary finding is none (neither told nor true), right,
missing (or denied) or wrong, that is invented; lost and added count the last two. near and far tell a wrong disease of
the same family from one of another; danger is missed where a graver disease than the one concluded goes unnamed; signs
counts warning signs left out.
"""
COMPARED: tuple[tuple[str, str], ...] = (
    *((name.replace("-seen", "-said"), name) for name, _ in CHECKS if name.endswith("-seen")),
    ("diagnosis-said", "reasons-said"),
    ("reasons-said", "diagnosis-seen"),
    ("care-said", "care-needed"),
)
"""Checks that a right narrative answers alike."""
_SAID = re.compile(r"^(\w+): said (.+?), (?:(?:seen|needed) ([^,.]+)|out of sight)", re.MULTILINE)
_REASONS = re.compile(r"^Argument: .*(?:reasons for (.+?), (?:right|wrong)|no reasons)", re.MULTILINE)
_ATTRIBUTE_OF = {value: attribute for attribute, values in VALUES.items() for value in values}


def checks_of(errors: Iterable[NarrativeError], critique: str) -> dict[str, str]:
    """Return the answer to every check for a narrative.

    Args:
        errors: Its known errors.
        critique: What `write_critique` says of it; what is said and seen is read from it.

    Returns:
        Check to answer. What is out of sight is left out, but for secondary findings that are told.

    Example:
        >>> errors = [NarrativeError("wrong site", "Face"), NarrativeError("invented finding", "Scale")]
        >>> answers = checks_of(errors, "Site: said face, seen back, wrong.")
        >>> answers["site-said"], answers["site-seen"], answers["site"], answers["added"], answers["diagnosis"]
        ('face', 'back', 'wrong', 'one', 'right')
    """
    errors = tuple(errors)
    answers = {name: possible[0] for name, possible in CHECKS if "-" not in name and name not in FEATURES}
    lost = added = signs = 0
    for error in errors:
        attribute = _ATTRIBUTE_OF.get(error.about)
        if error.kind in _DIAGNOSIS:
            answers["diagnosis"] = _DIAGNOSIS[error.kind]
            answers["danger"] = "missed" if misses_grave(error.about) else "seen"
        elif error.kind in _OTHER:
            name, answer = _OTHER[error.kind]
            answers[name] = answer
        elif error.kind == "missed red flag":
            signs += 1
        elif attribute == "features":
            lost += error.kind != "invented finding"
            added += error.kind == "invented finding"
        elif attribute is not None:
            answers[_TITLES[attribute].lower()] = "missing" if error.kind == "missing finding" else "wrong"
    if answers["wording"] == "vague":
        answers |= {_TITLES[attribute].lower(): "vague" for attribute in HIDDEN_WHEN_VAGUE}
    counts = {"lost": lost, "added": added, "signs": signs}
    answers |= {name: _HOW_MANY[min(n, len(_HOW_MANY) - 1)] for name, n in counts.items()}
    invented = {_word(error.about) for error in errors if error.kind == "invented finding"}
    return answers | _said_and_seen(critique) | _features_told(critique, invented)


def _said_and_seen(critique: str) -> dict[str, str]:
    """Return the answers about what is said and seen, read from a critique."""
    possible = dict(CHECKS)
    told = []
    for title, said, seen in _SAID.findall(critique):
        name = title.lower()
        told += [(f"{name}-said", said), (f"{name}-seen", seen), (f"{name}-needed", seen)]
    told += [("reasons-said", favoured or NOTHING) for favoured in _REASONS.findall(critique)]
    found = {
        check: _word(value) if _word(value) in possible[check] else OTHER
        for check, value in told
        if check in possible and value
    }
    return {check: answer for check, answer in found.items() if answer in possible[check]}


def _features_told(critique: str, invented: Container[str]) -> dict[str, str]:
    """Return the answers about secondary findings; out of sight, about those alone that are told."""
    line = re.search(r"^Features: said (.+?), (?:seen (.+?), (?:right|missing|invented)|out of sight)", critique, re.M)
    if line is None:
        return {}
    told = [_word(value) for value in line[1].split(" and ")]
    if line[2] is None:
        return {name: "wrong" if name in invented else "right" for name in FEATURES if name in told}
    true = [_word(value) for value in line[2].split(" and ")]
    return {name: _TOLD_AND_TRUE[name in told, name in true] for name in FEATURES}


def write_critique(facts: Facts, said: Said) -> str:
    """Return the critique of what a narrative says, one line for each thing compared.

    Args:
        facts: What is true.
        said: What the narrative says.

    Example:
        >>> from dermatrust.atlas.draw import draw_facts
        >>> from dermatrust.atlas.said import truth_said
        >>> facts = draw_facts(0, "train", 0)
        >>> write_critique(facts, truth_said(facts)).splitlines()[-1]
        'Wording: precise, not too sure.'
    """
    if said.is_refusal:
        return "Text: declines to describe the case."
    visible = visible_attributes(facts)
    vague = HIDDEN_WHEN_VAGUE if said.is_vague else ()
    truth = {attribute: facts.findings.by_attribute[attribute] for attribute in ATTRIBUTES}
    lines = [*_findings(dict(said.findings), truth, visible, vague)]
    lines += [_diagnosis(said.diagnosis, facts.diagnosis), _argument(said), _care(facts, said), _wording(said)]
    return "\n".join(lines)


def _findings(
    told: Mapping[str, Sequence[str]],
    truth: Mapping[Attribute, Sequence[str]],
    visible: Container[str],
    vague: Container[str],
) -> Iterator[str]:
    """Yield one line for each attribute of the truth."""
    for attribute in (*SINGLE, "features"):
        title, said, true = _TITLES[attribute], tuple(told.get(attribute, ())), tuple(truth[attribute])
        if attribute in vague:
            yield f"{title}: said vaguely, seen {_listed(true)}."
        elif attribute not in visible:
            yield f"{title}: said {_listed(said)}, out of sight."
        else:
            verdict = _features_verdict(said, true) if attribute == "features" else _verdict(said, true)
            yield f"{title}: said {_listed(said)}, seen {_listed(true)}, {verdict}."


def _verdict(said: Sequence[str], true: Sequence[str]) -> str:
    return "missing" if not said else "right" if said == true else "wrong"


def _features_verdict(said: Sequence[str], true: Sequence[str]) -> str:
    lost = [name for name in true if name not in said]
    added = [name for name in said if name not in true]
    parts = [f"missing {_listed(lost)}"] if lost else []
    parts += [f"invented {_listed(added)}"] if added else []
    return ", ".join(parts) or "right"


def _diagnosis(said: str | None, true: str) -> str:
    names = load_lexicon().diagnoses
    seen = names[true].name.lower()
    if said is None:
        return f"Diagnosis: said nothing, seen {seen}, missing."
    near = "wrong but near" if is_same_family(said, true) else "wrong and far"
    return f"Diagnosis: said {names[said].name.lower()}, seen {seen}, {'right' if said == true else near}."


def _argument(said: Said) -> str:
    rivals = "alternatives weighed" if set(said.differential) - {said.diagnosis} else "no alternatives"
    if said.favours is None:
        return f"Argument: {rivals}, no reasons."
    contradicts = said.diagnosis is not None and said.favours != said.diagnosis
    favoured = load_lexicon().diagnoses[said.favours].name.lower()
    return f"Argument: {rivals}, reasons for {favoured}, {'wrong' if contradicts else 'right'}."


def _care(facts: Facts, said: Said) -> str:
    return f"Care: said {_CARE[said.advice]}, needed {_CARE[ADVICE_FOR[facts.urgency]]}."


def _wording(said: Said) -> str:
    certainty = "too sure" if said.is_overconfident else "not too sure"
    return f"Wording: {'vague' if said.is_vague else 'precise'}, {certainty}."


def _listed(values: Iterable[str]) -> str:
    return " and ".join(value.lower() for value in values) or "nothing"
