"""The disease a narrative is compared with: what the case's label says and what its reference concludes."""

from dataclasses import dataclass

from dermatrust.judge.lexical_profile import Profile
from dermatrust.lexicon import Diagnosis, Lexicon
from dermatrust.lexicon.forms import is_form_of, normalised
from dermatrust.records import Urgency

FORM = 0.9
"""Nearness of a disease and its own form ("psoriasis", "nail psoriasis"): right, but for the subtype."""
_RANK = {"routine": 0, "urgent": 1, "emergent": 2}


def gravity(diagnosis: Diagnosis) -> int:
    """Return 0 routine, 1 urgent or malignant, 2 emergent."""
    return max(_RANK[diagnosis.urgency], int(diagnosis.malignant))


def n_unrelated(diagnoses: tuple[Diagnosis, ...], lexicon: Lexicon) -> int:
    """Count diseases, a disease and its own form ("tinea (tinea corporis)") as one."""
    heads: list[Diagnosis] = []
    for one in diagnoses:
        if not any(is_form_of(one, head, lexicon) for head in heads):
            heads.append(one)
    return len(heads)


@dataclass(frozen=True, slots=True)
class Truth:
    """What is held to be the disease.

    Attributes:
        accepted: Diagnoses that count as right: the label's, and the reference's own.
        text: The normalised name where the lexicon does not know it, else "".
        gravity: 0 routine, 1 urgent or malignant, 2 emergent.
        note: A sentence for the critique where label and reference disagree, else "".
    """

    accepted: tuple[Diagnosis, ...]
    text: str
    gravity: int
    note: str

    @property
    def is_known(self) -> bool:
        """Whether there is any diagnosis to compare with."""
        return bool(self.accepted or self.text)

    @property
    def name(self) -> str:
        """The disease as printed in a critique."""
        return self.accepted[0].name if self.accepted else self.text

    def nearness(self, diagnosis: Diagnosis, lexicon: Lexicon) -> float:
        """Return how near a diagnosis comes: 1 the same, FORM its own form, below that kinship, 0 unrelated."""
        if self.text and normalised(diagnosis.name) == self.text:
            return 1.0
        return max((_nearness(diagnosis, one, lexicon) for one in self.accepted), default=0.0)

    def is_text(self, name: str) -> bool:
        """Whether an unknown name is this disease by its words."""
        words = normalised(name)
        return bool(words) and words in {self.text, *(normalised(d.name) for d in self.accepted)}


def _nearness(a: Diagnosis, b: Diagnosis, lexicon: Lexicon) -> float:
    if a.id == b.id:
        return 1.0
    return FORM if is_form_of(a, b, lexicon) else min(FORM - 0.05, lexicon.kinship(a, b))


def find_truth(reference: Profile, label: str | None, urgency: Urgency | None, lexicon: Lexicon) -> Truth:
    """Return the disease a case has: what its label says and what its reference concludes, both counting as right.

    Often one is a form of the other ("psoriasis", "palmoplantar psoriasis"). Where they contradict each other, only a
    clinician can say which is wrong: a narrative that agrees with either is not marked down for it, and the critique
    says that they disagree. Judges that read the reference alone follow its conclusion.
    """
    concluded = reference.conclusion.diagnoses
    known = lexicon.diagnosis(label) if label else None
    note = ""
    if known is None:
        accepted = concluded
        text = normalised(label or reference.conclusion.text)
    else:
        accepted, text = (known, *(d for d in concluded if d.id != known.id)), ""
        if concluded and not any(is_form_of(d, known, lexicon) for d in concluded):
            note = f"The reference itself concludes {reference.conclusion.name}, against its label {known.name}."
    worst = max(map(gravity, accepted), default=0)
    return Truth(accepted, text, _RANK[urgency] if urgency else worst, note)
