"""From what a narrative says (data) to English: the same wording whether it is true or not."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

import numpy as np
from numpy.random import Generator

from dermatrust.atlas.disease import Disease, diseases_by_id
from dermatrust.atlas.errors import HIDDEN_WHEN_VAGUE
from dermatrust.atlas.facts import Facts
from dermatrust.atlas.phrases import (
    Phrasing,
    allowed_phrasings,
    disease_names,
    is_plural,
    load_phrases,
    plain_families,
)
from dermatrust.atlas.said import Said, truth_said
from dermatrust.atlas.vocabulary import ATTRIBUTES, FEATURES, Attribute

_ADJECTIVES = ("count", "distribution", "shape", "colour")
"""What may stand before the lesion's name, in this order: "multiple grouped round red papules"."""
_COLUMNS: Mapping[str, Sequence[str]] = {
    "site": ("sites",), "primary": ("primary",), "shape": ("shape",), "border": ("border",), "surface": ("surface",),
    "colour": ("colour_light", "colour_dark"), "count": ("count",), "distribution": ("distribution",),
}  # fmt: skip
_MOST_DENIED = 3
T = TypeVar("T")
_TEXT = 7
"""Keeps the references' stream of chance apart from others that start from a case's seed."""


def write_narrative(
    said: Said, rng: Generator, *, age: int | None = None, sex: str | None = None, phrasing: Phrasing = "all"
) -> str:
    """Put what a narrative says into words.

    Args:
        said: Its content. What it does not hold is not spoken of.
        rng: Chooses among phrasings, orders and asides, never among facts.
        age: Years, if the text may say them.
        sex: "female" or "male", if the text may say it.
        phrasing: Which phrasings it may use; "known" and "unseen" share none where a fact has three or more.

    Returns:
        English prose. It closes with "The answer is X." exactly if a diagnosis is concluded.

    Example:
        >>> write_narrative(Said(is_refusal=True), np.random.default_rng(2)).endswith(".")
        True
    """
    return _Writer(said, rng, phrasing).text(age, sex)


def write_caption(said: Said, rng: Generator) -> str:
    """Put what is seen into words, and nothing else: no disease, no reasoning, no warning, no advice.

    Args:
        said: Its findings are spoken of, whatever else it holds.
        rng: Chooses among phrasings and orders.

    Example:
        >>> write_caption(Said(findings=(("surface", ("Waxy",)),)), np.random.default_rng(0))
        'This image shows what follows. The surface looks wax-like.'
    """
    return _Writer(said, rng, "all").caption()


def write_reference(facts: Facts) -> str:
    """Return the reference narrative of a case: everything true, argued from the group to the disease.

    Args:
        facts: What is true. The wording follows from `facts.seed` alone.

    Returns:
        The text. It also says of one to three secondary findings that they are absent.

    Example:
        >>> from dermatrust.atlas.draw import draw_facts
        >>> "nswer is" in write_reference(draw_facts(0, "train", 0))
        True
    """
    rng = np.random.default_rng([facts.seed, _TEXT])
    absent = [name for name in FEATURES if name not in facts.findings.features]
    denied = tuple(str(name) for name in rng.permutation(absent)[: int(rng.integers(1, _MOST_DENIED + 1))])
    return write_narrative(replace(truth_said(facts), denied=denied), rng, age=facts.age, sex=facts.sex)


class _Writer:
    """The parts of one text; each returns its sentences."""

    def __init__(self, said: Said, rng: Generator, phrasing: Phrasing) -> None:
        self._said = said
        self._phrasing = phrasing
        self._rng = rng
        self._phrases = load_phrases()
        hidden = HIDDEN_WHEN_VAGUE if said.is_vague else ()
        self._findings = {name: values for name, values in said.findings if values and name not in hidden}
        self._count = self._findings.get("count", ("",))[0]

    def text(self, age: int | None, sex: str | None) -> str:
        if self._said.is_refusal:
            return self._one(self._phrases["refusal"])
        parts = self._opening(age, sex) + self._with_asides(self._description())
        parts += self._reasoning() + self._with_asides(self._warnings()) + self._advice()
        body = " ".join(_sentence(part) for part in parts)
        return f"{body}{self._gap()}{self._closing()}".strip()

    def caption(self) -> str:
        return " ".join(["This image shows what follows.", *map(_sentence, self._description())])

    def _one(self, options: Sequence[str]) -> str:
        return self._chosen(options)

    def _chosen(self, options: Sequence[T]) -> T:
        allowed = allowed_phrasings(options, self._phrasing)
        return allowed[int(self._rng.integers(len(allowed)))]

    def _chance(self, share: float) -> bool:
        return bool(self._rng.random() < share)

    def _gap(self) -> str:
        return "\n" if self._chance(0.5) else " "

    def _opening(self, age: int | None, sex: str | None) -> list[str]:
        if age is None or sex is None or self._chance(0.4):
            return []
        return [self._one(self._phrases["patient"]).format(age=age, sex=sex)]

    def _word(self, attribute: str, value: str) -> str:
        return self._one(self._phrases["words"][attribute][value])

    def _lesion(self, value: str, adjectives: Sequence[str] = ()) -> str:
        """Return "a round red papule", "round red papules", or, of no number said, "a round red papular change"."""
        names = self._phrases["words"]["primary"][value]
        singular, plural = self._chosen(names)
        lesion = {"Solitary": singular, "Multiple": plural}.get(self._count, self._phrases["of_any_number"][value])
        words = " ".join((*adjectives, lesion))
        return words if self._count == "Multiple" else f"{_article(words)} {words}"

    def _description(self) -> list[str]:
        left = dict(self._findings)
        lead = self._lead(left)
        sentences = [self._about(name, value) for name, values in left.items() for value in values]
        if self._said.size_mm is not None:
            sentences.append(
                self._one(self._phrases["sentences"]["size"]).format(x=_size(self._said.size_mm, self._rng))
            )
        sentences += [self._denial(name) for name in self._said.denied]
        return lead + self._joined(self._shuffled(sentences))

    def _lead(self, left: dict[str, tuple[str, ...]]) -> list[str]:
        """Return the sentence that names the lesion, and take what it says out of `left`."""
        if not self._said.is_vague and "primary" not in left:
            return []
        place = ""
        if "site" in left and self._chance(0.6):
            place = self._one(self._phrases["places"]).format(x=self._word("site", left.pop("site")[0]))
        if self._said.is_vague:
            return [self._one(self._phrases["vague"]).format(place=place)]
        taken = [name for name in _ADJECTIVES if name in left and self._chance(0.4)]
        adjectives = [self._word(name, left.pop(name)[0]) for name in taken]
        lesion = self._lesion(left.pop("primary")[0], adjectives)
        return [
            self._one(self._phrases["lead"]).format(a=lesion, place=place, **{"is": _verb(self._count == "Multiple")})
        ]

    def _about(self, attribute: str, value: str) -> str:
        if value in self._phrases["borders"]:
            return self._one(self._phrases["borders"][value])
        if attribute == "primary":
            return self._one(self._phrases["sentences"]["primary"]).format(a=self._lesion(value))
        word = self._word(attribute, value)
        return self._one(self._phrases["sentences"][attribute]).format(
            x=word, an=_article(word), **{"is": _verb(is_plural(word))}
        )

    def _denial(self, feature: str) -> str:
        word = self._word("features", feature).removeprefix("a ")
        return self._one(self._phrases["sentences"]["denied"]).format(x=word, **{"is": _verb(is_plural(word))})

    def _joined(self, sentences: Sequence[str]) -> list[str]:
        """Put some sentences together with a semicolon, which ends every scope of a negation as a full stop does."""
        joined: list[str] = []
        for sentence in sentences:
            if joined and self._chance(0.3) and ";" not in joined[-1]:
                joined[-1] += f"; {sentence}"
            else:
                joined.append(sentence)
        return joined

    def _shuffled(self, parts: Sequence[str]) -> list[str]:
        return [parts[int(place)] for place in self._rng.permutation(len(parts))]

    def _with_asides(self, parts: list[str]) -> list[str]:
        """Put in up to two sentences that change no truth."""
        asides = self._shuffled(self._phrases["distractors"])[: int(self._rng.integers(3))]
        for aside in asides:
            parts.insert(int(self._rng.integers(len(parts) + 1)), aside)
        return parts

    def _reasoning(self) -> list[str]:
        said = self._said
        if said.favours is None:
            names = " and ".join(self._one(disease_names(name)) for name in said.differential)
            return [self._one(self._phrases["listed"]).format(diseases=names)] if names else []
        weighed = [self._alternative(name) for name in said.differential]
        steps = [
            self._one(self._phrases[topic]).format(family=family)
            for topic, family in zip(("family", "branch"), plain_families(said.favours), strict=False)
        ]
        if said.diagnosis is None:
            return [*steps, *weighed, self._one(self._phrases["argue_open"])]
        return [*steps, *weighed, self._argument(said.favours)]

    def _argument(self, disease: str) -> str:
        name = self._one(disease_names(disease))
        cited = self._shuffled([self._cited(*one) for one in self._citable()])
        if len(cited) < 2 or self._chance(0.3):
            return self._one(self._phrases["argue_bare"]).format(disease=name)
        return self._one(self._phrases["argue"]).format(cited=cited[0], cited2=cited[1], disease=name)

    def _alternative(self, disease: str) -> str:
        name = self._one(disease_names(disease))
        known = diseases_by_id().get(disease)  # of others no reason is made up
        unusual = [said for said in self._citable() if known and not is_usual(known, *said)]
        if not unusual or self._chance(0.2):
            return self._one(self._phrases["weigh_bare"]).format(disease=name)
        chosen = unusual[int(self._rng.integers(len(unusual)))]
        return self._one(self._phrases["weigh"]).format(cited=self._cited(*chosen), disease=name)

    def _citable(self) -> list[tuple[Attribute, str]]:
        return [(name, value) for name in ATTRIBUTES for value in self._findings.get(name, ())]

    def _cited(self, attribute: str, value: str) -> str:
        frame = self._one(self._phrases["cited"][attribute])
        if attribute == "primary":
            return frame.format(a=self._lesion(value))
        return frame.format(x=self._word(attribute, value))

    def _warnings(self) -> list[str]:
        return [self._word("red_flags", name) for name in self._said.red_flags]

    def _advice(self) -> list[str]:
        sure = [self._one(self._phrases["overconfident"])] if self._said.is_overconfident else []
        if self._said.advice == "none":
            return sure
        return [*sure, self._one(self._phrases["advice"][self._said.advice])]

    def _closing(self) -> str:
        if self._said.diagnosis is None:
            return ""
        name = self._one(disease_names(self._said.diagnosis))
        return self._one(self._phrases["closing"]).format(disease=name)


def is_usual(disease: Disease, attribute: Attribute, value: str) -> bool:
    """Whether a disease may well show a finding.

    Example:
        >>> psoriasis = diseases_by_id()["plaque-psoriasis"]
        >>> is_usual(psoriasis, "features", "Scale"), is_usual(psoriasis, "primary", "Wheal")
        (True, False)
    """
    if attribute == "features":
        return value in dict(disease.features)
    return any(value in dict(disease.choices[column]) for column in _COLUMNS[attribute])


def _article(words: str) -> str:
    return "an" if words[0] in "aeiou" else "a"


def _verb(is_many: bool) -> str:
    return "are" if is_many else "is"


def _size(size_mm: float, rng: Generator) -> str:
    if size_mm >= 10 and rng.random() < 0.4:
        return f"{size_mm / 10:.1f} cm"
    return (
        f"{size_mm:.0f} mm" if size_mm >= 10 else f"{size_mm:.1f} mm"
    )  # 9.6 mm is no 10 mm: it would be another lesion


def _sentence(part: str) -> str:
    return part[:1].upper() + part[1:] + "."
