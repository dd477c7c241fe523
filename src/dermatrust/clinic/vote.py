"""One answer from several: what the asks about single photographs of a case say together."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace

from dermatrust.clinic.answer import Answer
from dermatrust.clinic.ladder import disease_key
from dermatrust.lexicon import Lexicon, load_lexicon
from dermatrust.records import Urgency

BETWEEN = "\n\n--- next photograph ---\n\n"
_PRESSING: tuple[Urgency, ...] = ("emergent", "urgent", "routine")


def vote(answers: Sequence[Answer], lexicon: Lexicon | None = None) -> Answer:
    """Return the answer that several asks about one case give together.

    A diagnosis gets the inverse of its rank from each answer that names it, one disease under two names counted as one
    where scoring takes them for one; ties go to the one named first. Urgency is that of most answers, ties going to the
    more pressing. Stated numbers are averaged over those who gave one. The whole says that it cannot tell only where
    every ask did; an answer that cannot tell votes for nothing. Where one ask failed, the whole is missing: the next
    run asks for it again.

    Args:
        answers: At least one, all about one case, by one model, in one arm.
        lexicon: Another lexicon than the packaged one.

    Example:
        >>> said = [("eczema", "tinea"), ("atopic eczema", "atopic dermatitis"), ("tinea",)]
        >>> answers = [Answer("c", "m", "image only", "one by one", diagnoses=names) for names in said]
        >>> vote(answers).diagnoses
        ('tinea', 'eczema', 'atopic eczema')
    """
    first, texts = answers[0], BETWEEN.join(answer.text for answer in answers)
    failed = next((answer.failure for answer in answers if answer.is_missing), "")
    if failed:
        return Answer(first.case_id, first.model, first.arm, first.image_arm, text=texts, failure=failed)
    voting = [answer for answer in answers if not answer.cannot_tell]
    return replace(
        first,
        text=texts,
        diagnoses=_diagnoses(voting, lexicon or load_lexicon()),
        urgency=_urgency(voting),
        urgent_probability=_mean([answer.urgent_probability for answer in voting]),
        confidence=_mean([answer.confidence for answer in voting]),
        cannot_tell=not voting,
    )


def _diagnoses(answers: Sequence[Answer], lexicon: Lexicon) -> tuple[str, ...]:
    weights: defaultdict[str, float] = defaultdict(float)
    names: dict[str, str] = {}
    for answer in answers:
        given: set[str] = set()
        for rank, name in enumerate(answer.diagnoses, start=1):
            key = disease_key(name, lexicon)
            names.setdefault(key, name)
            if key not in given:  # one answer that names a disease twice has one say about it
                weights[key] += 1 / rank
                given.add(key)
    return tuple(names[key] for key, _ in sorted(weights.items(), key=lambda item: -item[1]))


def _urgency(answers: Sequence[Answer]) -> Urgency | None:
    votes: Counter[Urgency] = Counter(answer.urgency for answer in answers if answer.urgency is not None)
    most = max(votes.values(), default=0)
    return next((level for level in _PRESSING if most and votes[level] == most), None)


def _mean(values: Sequence[float | None]) -> float | None:
    given = [value for value in values if value is not None]
    return sum(given) / len(given) if given else None
