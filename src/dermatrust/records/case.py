"""A case: one patient presentation, with its images, clinical context and what is known to be true."""

from typing import Annotated, Literal

from pydantic import Field, field_validator

from dermatrust.records.record import Name, Record, Text

Urgency = Literal["emergent", "urgent", "routine"]
"""How soon somebody must act on a disease or a case, most pressing first."""


class ClinicalContext(Record):
    """What the referring clinician knows besides the images. A missing value stays missing."""

    age: Annotated[float, Field(ge=0, le=120)] | None = None
    """Age in years."""
    sex: Name | None = None
    site: Name | None = None
    """Body site, in the words of the source."""
    symptoms: dict[str, bool] = Field(default_factory=dict)
    """Symptom to present or absent; a symptom nobody asked about is left out."""
    history: dict[str, Text] = Field(default_factory=dict)
    """Anything else the source records, in its own words."""
    note: Text | None = None


class DifferentialItem(Record):
    """One diagnosis of a weighted differential."""

    diagnosis: Name
    weight: Annotated[float, Field(gt=0, le=1)]


class Case(Record):
    """One patient presentation.

    `file_names` are image paths relative to the dataset folder, so that a Hugging Face `imagefolder` reads
    `metadata.jsonl` as it is.
    """

    id: Name
    file_names: tuple[Name, ...] = ()
    patient_id: Name | None = None
    label: Name | None = None
    """The true diagnosis, in the words of the source."""
    category: Name | None = None
    """The source's own disease category, e.g. one of DermNet's 23."""
    differential: tuple[DifferentialItem, ...] = ()
    urgency: Urgency | None = None
    split: Name | None = None
    fitzpatrick: Annotated[int, Field(ge=1, le=6)] | None = None
    """Fitzpatrick skin type I-VI as 1-6."""
    monk: Annotated[int, Field(ge=1, le=10)] | None = None
    """Monk skin tone 1-10."""
    context: ClinicalContext = ClinicalContext()
    file_family: Name | None = None
    """Name shared by near-duplicate files of one source (e.g. "acne-cystic"); a split keeps it together."""

    @field_validator("file_names")
    @classmethod
    def _inside_the_folder(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if name.startswith("/") or "\\" in name or ".." in name.split("/"):
                raise ValueError(f"{name!r} is not a path inside the dataset folder")
        if len(set(names)) != len(names):
            raise ValueError("names the same image twice")
        return names
