"""What is true of a drawn case: the instrument's truth, from which picture and text are both made."""

from dataclasses import dataclass

from dermatrust.atlas.degrade import HIDES, Degradation, Severity
from dermatrust.atlas.vocabulary import ATTRIBUTES, VISIBLE, Angle, Attribute
from dermatrust.records import Urgency


@dataclass(frozen=True, slots=True)
class Findings:
    """What can be seen on the skin, in the lexicon's names (`vocabulary.py` lists the values).

    Attributes:
        site: Body site.
        primary: The primary lesion.
        features: Secondary findings, in the order of `vocabulary.FEATURES`.
        colour: As it appears on this skin: inflammation is "Erythema" on light and "Purple" or "Brown" on dark skin.
        shape: Outline of a lesion.
        border: Edge of a lesion.
        surface: Surface of a lesion.
        count: "Solitary" exactly if `n_lesions` is 1.
        distribution: Arrangement of the lesions; "Localised" for a solitary one.
        size_mm: Longest diameter of a typical lesion, mm.
        n_lesions: How many lesions the region has, 1 to 24.
    """

    site: str
    primary: str
    features: tuple[str, ...]
    colour: str
    shape: str
    border: str
    surface: str
    count: str
    distribution: str
    size_mm: float
    n_lesions: int

    @property
    def by_attribute(self) -> dict[str, tuple[str, ...]]:
        """Attribute to the values that hold: any number of features, one of everything else."""
        single = {name: (getattr(self, name),) for name in ATTRIBUTES if name != "features"}
        return single | {"features": self.features}


@dataclass(frozen=True, slots=True)
class View:
    """One photograph of a case.

    Attributes:
        angle: Near, far or oblique.
        seed: Seed of everything in the picture that is no fact: places, texture, light, noise.
        has_ruler: Whether a ruler lies in the frame.
        has_text: Whether a camera's date stamp is printed into the frame; never the truth of the case.
        degradations: What spoils the photograph afterwards, in this order: kinds and severities of `degrade`.
    """

    angle: Angle
    seed: int
    has_ruler: bool
    has_text: bool
    degradations: tuple[tuple[Degradation, Severity], ...] = ()

    @property
    def visible(self) -> tuple[Attribute, ...]:
        """What an observer can judge on it: what its angle shows, less what its degradations hide.

        Example:
            >>> View("near", 0, False, False, (("colour cast", 2), ("blur", 2))).visible
            ('primary', 'shape', 'border')
        """
        hidden = {name for done in self.degradations for name in HIDES.get(done, ())}
        return tuple(name for name in VISIBLE[self.angle] if name not in hidden)


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that is true of one case.

    Attributes:
        case_id: "atlas-<split>-<number>".
        patient_id: "atlas-<split>-p<number>"; patients of different splits or seeds are never the same.
        split: Name of the split.
        diagnosis: Id of the diagnosis in the lexicon.
        differential: Ids of the diagnoses an expert would weigh, the true one first, with weights that add up to 1.
        urgency: How soon somebody must act.
        findings: What can be seen.
        symptoms: "Pruritus" and "Pain" to whether the patient has it.
        red_flags: Names of the lexicon's warning signs that hold of this case.
        age: Years.
        sex: "female" or "male".
        monk: Monk skin tone, 1-10.
        fitzpatrick: Fitzpatrick skin type, 1-6, that goes with the tone.
        views: The photographs, one to three.
        seed: Seed for the texts about this case.
    """

    case_id: str
    patient_id: str
    split: str
    diagnosis: str
    differential: tuple[tuple[str, float], ...]
    urgency: Urgency
    findings: Findings
    symptoms: tuple[tuple[str, bool], ...]
    red_flags: tuple[str, ...]
    age: int
    sex: str
    monk: int
    fitzpatrick: int
    views: tuple[View, ...]
    seed: int
