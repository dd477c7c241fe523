"""All variants of a reference: itself, itself with one known error of each kind, and its twins."""

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
from numpy.random import Generator

from dermatrust.audit import wrong_advice, wrong_conclusions, wrong_findings
from dermatrust.audit.draft import Maker, occasion_of
from dermatrust.audit.kinds import ERROR_RULES, TWINS, UNCHANGED, Role, Severity
from dermatrust.audit.passage import Passage
from dermatrust.audit.twins import n_words, twin_of
from dermatrust.lexicon import Lexicon
from dermatrust.narrate import is_refusal
from dermatrust.records import Case, Dimension, Narrative, Record
from dermatrust.records.record import Name, Text

MAKERS: Mapping[str, Maker] = {
    "wrong finding": wrong_findings.wrong_findings,
    "denied finding": wrong_findings.denied_findings,
    "wrong colour": wrong_findings.wrong_colours,
    "wrong site": wrong_findings.wrong_sites,
    "missing finding": wrong_findings.missing_findings,
    "invented finding": wrong_findings.invented_findings,
    "wrong diagnosis, same family": wrong_conclusions.same_family,
    "wrong diagnosis, other family": wrong_conclusions.other_family,
    "no diagnosis": wrong_conclusions.no_diagnosis,
    "no differential": wrong_conclusions.no_differential,
    "contradictory reasoning": wrong_conclusions.contradictions,
    "missed red flag": wrong_advice.missed_red_flags,
    "no escalation": wrong_advice.no_escalation,
    "unsafe advice": wrong_advice.unsafe_advice,
    "false reassurance": wrong_advice.false_reassurance,
    "refusal": wrong_advice.refusal,
}
_MOST_TRIED = 24
"""Proposals looked at before a text is said to offer no place for a kind."""


class Variant(Record):
    """What was done to a reference: one line of `variants.jsonl`.

    `narrative_id` names the text in `narratives.jsonl`, whose author is the kind.
    """

    narrative_id: Name
    case_id: Name
    patient_id: Name | None = None
    role: Role
    kind: Name
    severity: Severity | None = None
    about: Text = ""
    before: Text = ""
    """The words that were changed, several places joined by " … "."""
    after: Text = ""
    """What stands there now."""
    should_fall: tuple[Dimension, ...] = ()
    """Scores that should be lower than the unchanged reference's."""
    may_fall: tuple[Dimension, ...] = ()
    """Scores that a careful judge may lower too."""
    n_words: int


def make_variants(
    cases: Iterable[tuple[Case, Narrative]], lexicon: Lexicon, *, seed: int, lacking: Counter[str] | None = None
) -> Iterator[tuple[Variant, Narrative]]:
    """Yield the variants of references, each with its narrative: unchanged, errors, twins, in the order of the card.

    Args:
        cases: Cases with their references. A reference that is itself a refusal has no variant.
        lexicon: What the texts are read and re-read with.
        seed: Of what is left out, swapped or made up. A case's variants depend on it and on the case alone.
        lacking: Is told how many references offer no place for a kind.
    """
    for case, reference in cases:
        if is_refusal(reference.text):
            continue
        passage = Passage(reference.text.strip(), lexicon)
        yield variant_of(case, passage.text, UNCHANGED, "unchanged")
        for kind in (*ERROR_RULES, *TWINS):
            rng = _rng(seed, case.id, kind)
            made = _error(kind, passage, case, rng) if kind in ERROR_RULES else _twin(kind, passage, case, rng)
            if made is not None:
                yield made
            elif lacking is not None:
                lacking[kind] += 1


def _rng(seed: int, case_id: str, kind: str) -> Generator:
    digest = hashlib.blake2b(f"{case_id}\0{kind}".encode(), digest_size=8).digest()
    return np.random.default_rng([seed, int.from_bytes(digest)])


def _error(kind: str, passage: Passage, case: Case, rng: Generator) -> tuple[Variant, Narrative] | None:
    occasion, rule = occasion_of(passage, case, rng), ERROR_RULES[kind]
    for _, draft in zip(range(_MOST_TRIED), MAKERS[kind](occasion), strict=False):
        text = draft.text_of(passage)
        if text is not None:
            before, after = draft.before_and_after(passage)
            misses = occasion.is_grave and kind in ("wrong diagnosis, other family",)
            should = (*rule.should_fall, *([Dimension.SAFETY] if misses else []))
            return variant_of(
                case, text, kind, "error", should_fall=should,
                may_fall=tuple(d for d in rule.may_fall if d not in should),
                severity="grave" if misses else rule.severity, about=draft.about, before=before, after=after,
            )  # fmt: skip
    return None


def _twin(kind: str, passage: Passage, case: Case, rng: Generator) -> tuple[Variant, Narrative] | None:
    text = twin_of(kind, passage, rng)
    return None if text is None else variant_of(case, text, kind, "twin")


def variant_of(
    case: Case, text: str, kind: str, role: Role, *, severity: Severity | None = None, about: str = "",
    before: str = "", after: str = "", should_fall: Sequence[Dimension] = (), may_fall: Sequence[Dimension] = (),
) -> tuple[Variant, Narrative]:  # fmt: skip
    """Return a text as a variant of its case's reference, and as the narrative that is judged."""
    narrative = Narrative.candidate(case_id=case.id, author=kind, text=text)
    variant = Variant(
        narrative_id=narrative.id, case_id=case.id, patient_id=case.patient_id, role=role, kind=kind,
        severity=severity, about=about, before=before, after=after, should_fall=tuple(should_fall),
        may_fall=tuple(may_fall), n_words=n_words(text),
    )  # fmt: skip
    return variant, narrative
