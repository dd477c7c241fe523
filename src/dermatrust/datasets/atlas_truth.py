"""What is true of each case of a drawn dataset, and the known errors of its candidate narratives, as records."""

from collections.abc import Iterator
from pathlib import Path

from dermatrust.atlas.facts import Facts
from dermatrust.atlas.said import ErrorKind, NarrativeError
from dermatrust.atlas.vocabulary import ATTRIBUTES, SYMPTOMS, Angle, Attribute
from dermatrust.records import DifferentialItem, Dimension, Record, Urgency, iter_records
from dermatrust.records.rating import Score
from dermatrust.records.record import Name, Text

TRUTH = "truth.jsonl"
ERRORS = "errors.jsonl"


class ImageTruth(Record):
    """What is true of one image.

    Attributes:
        file_name: As in the case's `file_names`.
        angle: Near, far or oblique.
        seed: Seed of everything in the picture that is no fact.
        has_ruler: Whether a ruler lies in the frame.
        has_text: Whether a date stamp is printed into it.
        degradations: "kind:severity", in the order applied.
        visible: What an observer can judge on this image.
    """

    file_name: Name
    angle: Angle
    seed: int
    has_ruler: bool = False
    has_text: bool = False
    degradations: tuple[Name, ...] = ()
    visible: tuple[Attribute, ...] = ()


class AtlasTruth(Record):
    """What is true of one drawn case.

    Attributes:
        case_id: The case.
        seed: Seed of the texts about it.
        diagnosis: Id in the lexicon.
        differential: Ids in the lexicon with weights, the true one first.
        urgency: How soon somebody must act.
        findings: Attribute to its values, in the lexicon's names; "features" has any number, the others one.
        size_mm: Longest diameter of a typical lesion, mm.
        n_lesions: How many lesions the region has.
        symptoms: Those the patient has.
        red_flags: Warning signs that hold.
        images: One for each image, in the order of the case.
    """

    case_id: Name
    seed: int
    diagnosis: Name
    differential: tuple[DifferentialItem, ...]
    urgency: Urgency
    findings: dict[Attribute, tuple[Name, ...]]
    size_mm: float
    n_lesions: int
    symptoms: tuple[Name, ...] = ()
    red_flags: tuple[Name, ...] = ()
    images: tuple[ImageTruth, ...] = ()


class PlantedError(Record):
    """One known error: its kind, and the finding, diagnosis or red flag it is about ("" for none)."""

    kind: ErrorKind
    about: Text = ""


class PlantedErrors(Record):
    """The known errors of one candidate narrative, and the six scores it deserves for them."""

    narrative_id: Name
    author: Name
    errors: tuple[PlantedError, ...] = ()
    true_scores: dict[Dimension, Score]


def atlas_truth(facts: Facts, file_names: tuple[str, ...]) -> AtlasTruth:
    """Return the truth of a case.

    Args:
        facts: What is true.
        file_names: Of its images, one for each view.

    Example:
        >>> from dermatrust.atlas.draw import draw_facts
        >>> facts = draw_facts(0, "train", 0)
        >>> names = tuple(f"{k}.jpg" for k, _ in enumerate(facts.views))
        >>> atlas_truth(facts, names).findings["site"] == (facts.findings.site,)
        True
    """
    symptoms = dict(facts.symptoms)
    found = facts.findings.by_attribute
    return AtlasTruth(
        case_id=facts.case_id,
        seed=facts.seed,
        diagnosis=facts.diagnosis,
        differential=tuple(DifferentialItem(diagnosis=name, weight=weight) for name, weight in facts.differential),
        urgency=facts.urgency,
        findings={name: found[name] for name in ATTRIBUTES},
        size_mm=facts.findings.size_mm,
        n_lesions=facts.findings.n_lesions,
        symptoms=tuple(name for name in SYMPTOMS if symptoms.get(name)),
        red_flags=facts.red_flags,
        images=tuple(
            ImageTruth(
                file_name=name,
                angle=view.angle,
                seed=view.seed,
                has_ruler=view.has_ruler,
                has_text=view.has_text,
                degradations=tuple(f"{kind}:{severity}" for kind, severity in view.degradations),
                visible=view.visible,
            )
            for name, view in zip(file_names, facts.views, strict=True)
        ),
    )


def planted_errors(
    narrative_id: str, author: str, errors: tuple[NarrativeError, ...], true_scores: dict[Dimension, float]
) -> PlantedErrors:
    """Return what is known about a candidate narrative as a record."""
    return PlantedErrors(
        narrative_id=narrative_id,
        author=author,
        errors=tuple(PlantedError(kind=one.kind, about=one.about) for one in errors),
        true_scores=true_scores,
    )


def read_truth(folder: Path) -> Iterator[AtlasTruth]:
    """Yield the truth of every case of a drawn dataset, in the order of its cases.

    Raises:
        DataError: The folder has no `truth.jsonl`, or a line of it is not valid; the message names file and line.
    """
    return iter_records(Path(folder) / TRUTH, AtlasTruth)


def read_errors(folder: Path) -> Iterator[PlantedErrors]:
    """Yield the known errors of every candidate narrative of a drawn dataset, in the order of `narratives.jsonl`.

    Raises:
        DataError: As `read_truth`, for `errors.jsonl`.
    """
    return iter_records(Path(folder) / ERRORS, PlantedErrors)
