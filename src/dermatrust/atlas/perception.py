"""From what a narrator's network sees (chances) to what it says (content of a narrative)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from dermatrust.atlas.disease import Disease, diseases_by_id, load_diseases
from dermatrust.atlas.facts import Facts
from dermatrust.atlas.said import ADVICE_FOR, Advice, Said
from dermatrust.atlas.vocabulary import ATTRIBUTES, VALUES

VERSION = 2
"""Raised when the same chances come to say something else, or are put into other words."""
FEATURES_HEAD = "features"
DIAGNOSIS_HEAD = "diagnosis"
LEAST_SURE = 0.4
"""A finding is put into words from this chance on; below it, leaving it out is more honest than a guess."""
SURELY_ABSENT = 0.03
"""A secondary finding may be denied below this chance."""
MOST_DENIED = 2
LEAST_ALTERNATIVE = 0.02
"""A disease is weighed as an alternative from this chance on."""
FEWEST_ALTERNATIVES = 2
"""Whoever sees fewer weighs what the disease named is usually weighed against."""
MOST_ALTERNATIVES = 3
GRAVE_MASS = 0.35
"""Care is asked for as for a grave disease once grave diseases hold this much of the chance together."""

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Heads:
    """What a network's outputs are about, in order.

    Attributes:
        values: Head to its values: every attribute, then "diagnosis" with lexicon ids.
    """

    values: Mapping[str, tuple[str, ...]]

    @classmethod
    def of_atlas(cls) -> Self:
        """Return the heads for the packaged table of diseases."""
        diagnoses = tuple(disease.diagnosis.id for disease in load_diseases())
        return cls({**{name: VALUES[name] for name in ATTRIBUTES}, DIAGNOSIS_HEAD: diagnoses})

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """Return the heads that `as_json` wrote."""
        return cls({name: tuple(values) for name, values in stored.items()})

    def as_json(self) -> dict[str, list[str]]:
        """Return the heads as plain lists."""
        return {name: list(values) for name, values in self.values.items()}

    @property
    def n_outputs(self) -> int:
        """Number of outputs of the network."""
        return sum(map(len, self.values.values()))

    def slices(self) -> dict[str, slice]:
        """Return where each head's outputs stand."""
        found, start = {}, 0
        for name, values in self.values.items():
            found[name] = slice(start, start + len(values))
            start += len(values)
        return found

    def chances(self, logits: Floats) -> dict[str, Floats]:
        """Turn outputs, shape (n_outputs,), into chances: of each feature by itself, of other heads' values together.

        Example:
            >>> heads = Heads({"count": ("Solitary", "Multiple"), "features": ("Scale",)})
            >>> {name: chance.round(2).tolist() for name, chance in heads.chances(np.zeros(3, np.float32)).items()}
            {'count': [0.5, 0.5], 'features': [0.5]}
        """
        found = {}
        for name, place in self.slices().items():
            part = logits[place].astype(np.float64)
            raised = np.exp(part - part.max())
            found[name] = (1 / (1 + np.exp(-part)) if name == FEATURES_HEAD else raised / raised.sum()).astype(
                np.float32
            )
        return found

    def targets(self, facts: Facts) -> Floats:
        """Return what the outputs should say of a case: 1 where a value holds, else 0; shape (n_outputs,)."""
        truth = facts.findings.by_attribute | {DIAGNOSIS_HEAD: (facts.diagnosis,)}
        return np.concatenate([np.isin(values, truth[name]).astype(np.float32) for name, values in self.values.items()])


def said_of(chances: Mapping[str, Floats], heads: Heads) -> Said:
    """Return what a narrator says who sees these chances.

    Args:
        chances: Head to the chance of each of its values, as `Heads.chances` returns them.
        heads: The heads they belong to: a network's own.

    Returns:
        The likeliest value of each attribute the narrator is sure enough of, the likeliest disease, its runners-up or
        usual alternatives as differential, and the care that the chances of grave diseases call for. Sizes and
        warning signs are not read from pictures.
    """
    values = heads.values
    findings = []
    for name in ATTRIBUTES:
        if name == FEATURES_HEAD:
            seen = tuple(v for v, p in zip(values[name], chances[name], strict=True) if p >= 0.5)
            findings.append((name, seen))
        elif chances[name].max() >= LEAST_SURE:
            findings.append((name, (values[name][int(chances[name].argmax())],)))
    absent = np.argsort(chances[FEATURES_HEAD], kind="stable")[:MOST_DENIED]
    denied = tuple(values[FEATURES_HEAD][i] for i in absent if chances[FEATURES_HEAD][i] < SURELY_ABSENT)
    chance = chances[DIAGNOSIS_HEAD]
    ranked = np.argsort(-chance, kind="stable")[: 1 + MOST_ALTERNATIVES]
    first, *others = (values[DIAGNOSIS_HEAD][i] for i in ranked)
    likely = [name for name, i in zip(others, ranked[1:], strict=True) if chance[i] >= LEAST_ALTERNATIVE]
    known = diseases_by_id()
    usual = [name for name, _ in known[first].differential if name not in likely]
    return Said(
        findings=tuple(findings),
        denied=denied,
        diagnosis=first,
        favours=first,
        differential=(*likely, *usual[: max(0, FEWEST_ALTERNATIVES - len(likely))]),
        advice=_advice(first, dict(zip(values[DIAGNOSIS_HEAD], map(float, chance), strict=True)), known),
    )


def _advice(first: str, chance: Mapping[str, float], known: Mapping[str, Disease]) -> Advice:
    """Return the care the named disease needs, or urgent care where grave diseases are likely enough together."""
    urgency = known[first].diagnosis.urgency
    grave = sum(p for name, p in chance.items() if known[name].diagnosis.urgency != "routine")
    return ADVICE_FOR["urgent" if urgency == "routine" and grave >= GRAVE_MASS else urgency]
