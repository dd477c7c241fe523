"""A case: one patient presentation, with its images, clinical context and what is known to be true."""

from typing import Annotated, Literal, Self

from pydantic import Field, field_validator, model_validator

from dermatrust.records.record import Name, Record, Text

Urgency = Literal["emergent", "urgent", "routine"]
"""How soon somebody must act on a disease or a case, most pressing first."""


SkinGroup = Literal["I-II", "III-IV", "V-VI"]
"""Two neighbouring Fitzpatrick skin types together."""
SKIN_GROUPS: tuple[SkinGroup, ...] = ("I-II", "III-IV", "V-VI")
"""All three, the lightest first."""


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
    urgency_from_lexicon: bool = False
    """Whether the source gives no urgency, and `urgency` is the lexicon's level for the label."""
    split: Name | None = None
    fitzpatrick: Annotated[int, Field(ge=1, le=6)] | None = None
    """Fitzpatrick skin type I-VI as 1-6."""
    fitzpatrick_group: SkinGroup | None = None
    """The same in three groups, where the source knows no more than that; `skin_group` gives it for every case."""
    monk: Annotated[int, Field(ge=1, le=10)] | None = None
    """Monk skin tone 1-10."""
    context: ClinicalContext = ClinicalContext()
    file_family: Name | None = None
    """Name shared by near-duplicate files of one source (e.g. "acne-cystic"); a split keeps it together."""
    concepts: dict[Name, bool] = Field(default_factory=dict)
    """What an expert marked as seen (true) or looked for and not seen (false), under the lexicon's names where it has
    them; what nobody looked for is left out. No part of the context: a model is never shown it."""

    @property
    def skin_group(self) -> SkinGroup | None:
        """Fitzpatrick I-II, III-IV or V-VI, from the type or from the group, whichever the source gives.

        Example:
            >>> Case(id="a", fitzpatrick=4).skin_group, Case(id="b", fitzpatrick_group="V-VI").skin_group
            ('III-IV', 'V-VI')
        """
        return self.fitzpatrick_group if self.fitzpatrick is None else SKIN_GROUPS[(self.fitzpatrick - 1) // 2]

    @property
    def urgency_text(self) -> str | None:
        """The urgency, and whether it is only the lexicon's.

        Example:
            >>> Case(id="a", urgency="urgent", urgency_from_lexicon=True).urgency_text
            "urgent (the lexicon's)"
        """
        return f"{self.urgency} (the lexicon's)" if self.urgency_from_lexicon else self.urgency

    @model_validator(mode="after")
    def _urgency_to_mark(self) -> Self:
        if self.urgency_from_lexicon and self.urgency is None:
            raise ValueError("urgency_from_lexicon is true, but there is no urgency")
        return self

    @model_validator(mode="after")
    def _one_skin_type(self) -> Self:
        if self.fitzpatrick_group not in (None, self.skin_group):
            raise ValueError(f"fitzpatrick {self.fitzpatrick} is not in the group {self.fitzpatrick_group}")
        return self

    @field_validator("file_names")
    @classmethod
    def _inside_the_folder(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        for name in names:
            if name.startswith("/") or "\\" in name or ".." in name.split("/"):
                raise ValueError(f"{name!r} is not a path inside the dataset folder")
        if len(set(names)) != len(names):
            raise ValueError("names the same image twice")
        return names
