"""Narratives with errors of chosen kinds: the truth, changed in known places."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import lru_cache
from itertools import combinations
from typing import TypeVar

from numpy.random import Generator

from dermatrust.atlas.disease import diseases_by_id
from dermatrust.atlas.errors import HIDDEN_WHEN_VAGUE, SINGLE, errors_of, visible_attributes
from dermatrust.atlas.facts import Facts
from dermatrust.atlas.phrases import Phrasing
from dermatrust.atlas.prose import is_usual, write_narrative
from dermatrust.atlas.said import ERROR_KINDS, ErrorKind, NarrativeError, Said, is_same_family, truth_said
from dermatrust.atlas.vocabulary import FEATURES, VALUES, Attribute
from dermatrust.lexicon import load_lexicon

EXCLUDING: tuple[frozenset[ErrorKind], ...] = (
    frozenset({"wrong diagnosis, same family", "wrong diagnosis, other family", "no diagnosis"}),
    frozenset({"contradictory reasoning", "no reasoning"}),
    frozenset({"contradictory reasoning", "no diagnosis"}),
    frozenset({"unsafe advice", "false reassurance", "no escalation"}),
    frozenset({"vague wording", "missing finding"}),
)
"""Kinds that no text can have at once; a refusal excludes every other."""
MOST_ERRORS = 6
REFUSES = 0.03
"""Share of candidates that decline."""
_SAFE_TO_LEAVE_OUT = 0.5
_LOSES_FEATURE = 0.3
T = TypeVar("T")
_REPEATABLE: frozenset[ErrorKind] = frozenset({"missing finding", "wrong finding", "invented finding"})
"""Kinds of which a text may have several; only these are drawn more than once."""


def excludes(a: ErrorKind, b: ErrorKind) -> bool:
    """Whether two different kinds cannot hold of one text.

    Example:
        >>> excludes("refusal", "wrong site"), excludes("wrong site", "wrong colour")
        (True, False)
    """
    return a != b and ("refusal" in (a, b) or any({a, b} <= group for group in EXCLUDING))


def applicable_kinds(facts: Facts) -> tuple[ErrorKind, ...]:
    """Return the kinds that can be planted in a case, in the order of `ERROR_KINDS`.

    A warning sign can only be missed where there is one, and only a grave case calls for escalation or makes
    reassurance false; a wrong diagnosis of the same family needs a relative.
    """
    impossible: set[ErrorKind] = set()
    if not facts.red_flags:
        impossible.add("missed red flag")
    if facts.urgency == "routine":
        impossible |= {"false reassurance", "no escalation"}
    if not _wrong_diagnoses(facts, same_family=True):
        impossible.add("wrong diagnosis, same family")
    return tuple(kind for kind in ERROR_KINDS if kind not in impossible)


def plant_errors(facts: Facts, kinds: Sequence[ErrorKind], rng: Generator) -> Said:
    """Return the truth with errors of exactly these kinds.

    Args:
        facts: What is true.
        kinds: Each at least once; a kind given twice is planted twice as far as the case has room.
        rng: Chooses what is left out, confused or made up.

    Raises:
        ValueError: A kind does not apply to this case, or two exclude each other.

    Example:
        >>> from dermatrust.atlas.draw import draw_facts
        >>> facts = draw_facts(0, "train", 0)
        >>> import numpy as np
        >>> [e.kind for e in errors_of(facts, plant_errors(facts, ["wrong site"], np.random.default_rng(0)))]
        ['wrong site']
    """
    applicable = applicable_kinds(facts)
    for kind in kinds:
        if kind not in applicable:
            raise ValueError(f"{kind!r} cannot be planted in {facts.case_id}; applicable_kinds() lists what can")
    for a, b in combinations(sorted(set(kinds)), 2):
        if excludes(a, b):
            raise ValueError(f"{a!r} and {b!r} exclude each other; plant one of them")
    planter = _Planter(facts, kinds, rng)
    # what is left out comes last, so that it is not also confused
    for kind in sorted(kinds, key=lambda one: (one == "missing finding", ERROR_KINDS.index(one))):
        planter.plant(kind)
    return planter.said


def draw_candidate(
    facts: Facts, rng: Generator, *, phrasing: Phrasing = "all"
) -> tuple[Said, tuple[NarrativeError, ...], str]:
    """Return a candidate narrative of random quality: its content, its known errors, its text.

    Args:
        facts: What is true.
        rng: Chooses errors and words.
        phrasing: Which phrasings the text may use.

    Returns:
        None to six planted errors. Besides, size, invisible findings and some alternatives are left out by chance, and
        absent findings denied, which is no error.
    """
    if rng.random() < REFUSES:
        said = Said(is_refusal=True)
        return said, errors_of(facts, said), write_narrative(said, rng, phrasing=phrasing)
    said = _varied(facts, plant_errors(facts, _draw_kinds(facts, rng), rng), rng)
    text = write_narrative(said, rng, age=facts.age, sex=facts.sex, phrasing=phrasing)
    return said, errors_of(facts, said), text


def draw_hybrid(
    facts: Facts, other: Facts, rng: Generator, *, phrasing: Phrasing = "all"
) -> tuple[Said, tuple[NarrativeError, ...], str]:
    """Return a candidate that mixes two cases: each thing it says holds of one of them, by chance.

    In planted candidates most of what is said is true, so whoever sees the picture knows what the text says without
    reading it. Here said and seen are told apart only by reading and looking both; an evaluator that trains on such
    texts must do both.

    Args:
        facts: What is true; errors are known against it.
        other: Another case.
        rng: Chooses what is taken from which, errors of the other case's text, and words.
        phrasing: Which phrasings the text may use.
    """
    mine = plant_errors(facts, _draw_kinds(facts, rng), rng)
    theirs = plant_errors(other, _draw_kinds(other, rng), rng)
    told, taken = dict(theirs.findings), dict(mine.findings)
    findings = tuple(
        (name, chosen[name]) for name in VALUES for chosen in [told if rng.random() < 0.5 else taken] if name in chosen
    )
    concluded, argued, advised = (theirs if rng.random() < 0.5 else mine for _ in range(3))
    said = replace(
        mine, findings=findings, denied=(), size_mm=None, diagnosis=concluded.diagnosis, favours=argued.favours,
        differential=concluded.differential, advice=advised.advice, red_flags=advised.red_flags,
    )  # fmt: skip
    return said, errors_of(facts, said), write_narrative(said, rng, age=facts.age, sex=facts.sex, phrasing=phrasing)


def _draw_kinds(facts: Facts, rng: Generator) -> list[ErrorKind]:
    wanted = int(rng.integers(MOST_ERRORS + 1))
    kinds: list[ErrorKind] = []
    pool = [kind for kind in applicable_kinds(facts) if kind != "refusal"]
    while len(kinds) < wanted:
        free = [k for k in pool if (k not in kinds or k in _REPEATABLE) and not any(excludes(k, o) for o in kinds)]
        kinds.append(free[int(rng.integers(len(free)))])
    return kinds


def _varied(facts: Facts, said: Said, rng: Generator) -> Said:
    """Change what is no error, so that length and omission do not tell a good text from a bad one."""
    visible = visible_attributes(facts)
    true = (*facts.findings.features, *dict(said.findings).get("features", ()))
    absent = [name for name in FEATURES if name not in true]
    denied = tuple(str(name) for name in rng.permutation(absent)[: int(rng.integers(4))])
    kept = tuple(
        (name, values)
        for name, values in said.findings
        if name in visible or values != (getattr(facts.findings, name),) or rng.random() > _SAFE_TO_LEAVE_OUT
    )
    n_alternatives = min(len(said.differential), 1 + int(rng.integers(3)))
    return replace(
        said,
        findings=kept,
        denied=(*said.denied, *denied),
        size_mm=said.size_mm if rng.random() < _SAFE_TO_LEAVE_OUT else None,
        differential=said.differential[:n_alternatives],
    )


class _Planter:
    """One narrative while errors are planted in it; no two errors touch the same finding."""

    def __init__(self, facts: Facts, kinds: Sequence[ErrorKind], rng: Generator) -> None:
        self.said = truth_said(facts)
        self._facts = facts
        self._kinds = frozenset(kinds)
        self._rng = rng
        self._touched = {"site"} if "wrong site" in kinds else set[str]()
        self._touched |= {"colour"} if "wrong colour" in kinds else set[str]()
        self._touched |= set(HIDDEN_WHEN_VAGUE) if "vague wording" in kinds else set[str]()

    def plant(self, kind: ErrorKind) -> None:
        steps: dict[ErrorKind, Callable[[], None]] = {
            "missing finding": self._leave_out,
            "wrong finding": self._confuse,
            "invented finding": self._invent,
            "wrong site": lambda: self._change("site"),
            "wrong colour": lambda: self._change("colour"),
            "wrong diagnosis, same family": lambda: self._misdiagnose(same_family=True),
            "wrong diagnosis, other family": lambda: self._misdiagnose(same_family=False),
            "no diagnosis": lambda: self._set(diagnosis=None),
            "no differential": lambda: self._set(differential=()),
            "contradictory reasoning": self._contradict,
            "no reasoning": lambda: self._set(favours=None),
            "unsafe advice": lambda: self._set(advice="unsafe"),
            "false reassurance": lambda: self._set(advice="reassure"),
            "missed red flag": self._miss_flag,
            "no escalation": lambda: self._set(advice=self._one(("none", "routine"))),
            "vague wording": lambda: self._set(is_vague=True),
            "overconfidence": lambda: self._set(is_overconfident=True),
            "refusal": lambda: setattr(self, "said", Said(is_refusal=True)),
        }
        steps[kind]()

    def _set(self, **changes: object) -> None:
        self.said = replace(self.said, **changes)  # type: ignore[arg-type]

    def _one(self, options: Sequence[T]) -> T:
        return options[int(self._rng.integers(len(options)))]

    def _tell(self, attribute: Attribute, values: tuple[str, ...]) -> None:
        self._touched.add(attribute)
        self._set(findings=tuple((n, values if n == attribute else v) for n, v in self.said.findings))

    def _free(self) -> list[Attribute]:
        return [name for name in SINGLE if name not in self._touched]

    def _leave_out(self) -> None:
        free = self._visible_free()
        told = dict(self.said.findings)["features"]
        true = [name for name in told if name in self._facts.findings.features]
        if "features" not in visible_attributes(self._facts):
            true = []
        if true and (not free or self._rng.random() < _LOSES_FEATURE):
            lost = self._one(true)
            kept = tuple(name for name in told if name != lost)
            self._set(findings=tuple((n, kept if n == "features" else v) for n, v in self.said.findings))
        elif free:
            attribute = self._one(free)
            self._touched.add(attribute)
            self._set(findings=tuple(pair for pair in self.said.findings if pair[0] != attribute))

    def _visible_free(self) -> list[Attribute]:
        visible = visible_attributes(self._facts)
        return [name for name in self._free() if name in visible]

    def _confuse(self) -> None:
        options = [name for name in self._free() if name not in ("site", "colour")]
        if "missing finding" in self._kinds and len(self._visible_free()) < 2:
            options = [name for name in options if name not in self._visible_free()]  # leave it one to leave out
        if options:
            self._change(self._one(options))

    def _change(self, attribute: Attribute) -> None:
        truth = getattr(self._facts.findings, attribute)
        options = [v for v in self._believable(attribute) if v != truth]
        self._tell(attribute, (self._one(options or [v for v in VALUES[attribute] if v != truth]),))

    def _invent(self) -> None:
        told = dict(self.said.findings)["features"]
        absent = [name for name in FEATURES if name not in (*self._facts.findings.features, *told)]
        believable = self._believable("features")
        extra = (*told, self._one([name for name in absent if name in believable] or absent))
        self._set(findings=tuple((n, extra if n == "features" else v) for n, v in self.said.findings))

    def _believable(self, attribute: Attribute) -> list[str]:
        """Return the values that the case's disease or one it is weighed against shows.

        A value that no such disease has would betray itself to a reader without a picture.
        """
        known = diseases_by_id()
        diseases = [known[name] for name, _ in self._facts.differential if name in known]
        return [v for v in VALUES[attribute] if any(is_usual(d, attribute, v) for d in diseases)]

    def _misdiagnose(self, *, same_family: bool) -> None:
        wrong = self._one(_wrong_diagnoses(self._facts, same_family=same_family))
        others = [name for name in self.said.differential if name != wrong]
        if not others or self._rng.random() < 0.5:
            others = [self._facts.diagnosis, *others]
        self._set(diagnosis=wrong, favours=wrong, differential=tuple(others[:3]) if self.said.differential else ())

    def _contradict(self) -> None:
        concluded = self.said.diagnosis or self._facts.diagnosis
        unlike = [name for name in diseases_by_id() if not _is_form(name, concluded)]
        rivals = [name for name, _ in self._facts.differential if not _is_form(name, concluded)]
        favours = self._one(rivals or unlike)
        others = [name for name in self.said.differential if name != favours]
        if self.said.differential and not others:
            others = [self._one([name for name in unlike if name != favours])]
        self._set(favours=favours, differential=tuple(others))

    def _miss_flag(self) -> None:
        lost = self._one(self._facts.red_flags)
        self._set(red_flags=tuple(name for name in self.said.red_flags if name != lost))


def _wrong_diagnoses(facts: Facts, *, same_family: bool) -> Sequence[str]:
    """Return what may be taken for the true disease; neither it nor one that shares a name's words with it."""
    return _mistaken_for(facts.diagnosis, tuple(name for name, _ in facts.differential), same_family)


@lru_cache(maxsize=2048)
def _mistaken_for(true: str, differential: tuple[str, ...], same_family: bool) -> Sequence[str]:
    """Return the likeliest sort of mistake there is: a disease weighed against it, of the atlas, of the lexicon.

    A disease that it is not weighed against would not go with the findings, and so betray itself.
    """
    everything = tuple(load_lexicon().diagnoses) if same_family else ()
    for pool in (differential, tuple(diseases_by_id()), everything):
        fitting = (name for name in pool if is_same_family(name, true) == same_family)
        if found := [name for name in fitting if not _is_form(name, true)]:
            return found
    return ()


@lru_cache(maxsize=100_000)
def _is_form(a: str, b: str) -> bool:
    """Whether one disease is the other or, by the words of a name, a form of it."""
    diagnoses = load_lexicon().diagnoses
    words = [
        [set(n.lower().replace("-", " ").split()) for n in (d.name, *d.synonyms)] for d in (diagnoses[a], diagnoses[b])
    ]
    return a == b or any(one <= other or other <= one for one in words[0] for other in words[1])
