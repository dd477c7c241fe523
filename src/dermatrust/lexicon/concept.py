"""What the lexicon knows (concepts, diagnoses) and what it finds in a text (mentions)."""

from dataclasses import dataclass
from typing import Literal, NamedTuple, get_args

from dermatrust.records import Urgency

Kind = Literal[
    "finding", "colour", "border", "surface", "distribution", "site", "diagnosis", "red_flag", "unsafe_advice"
]
"""What sort of thing a concept is."""
KINDS: tuple[Kind, ...] = get_args(Kind)

Status = Literal["affirmed", "negated", "hedged", "historical"]
"""How a text holds what it mentions.

affirmed    said of this patient now
negated     said to be absent, or ruled out
hedged      said to be possible, or only to be considered
historical  said of the past, or of the family
"""


class Concept(NamedTuple):
    """One thing a narrative can mention. `id` is "<kind>/<name in lower case with hyphens>"."""

    id: str
    kind: Kind
    name: str


class Mention(NamedTuple):
    """A concept found in a text, at `text[start:end]`."""

    concept: Concept
    start: int
    end: int
    status: Status


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One row of `diagnoses.csv`.

    Attributes:
        id: Lower case with hyphens, e.g. "guttate-psoriasis".
        name: The preferred name.
        synonyms: Other names, as written in the table.
        family: Path in the family tree from the root to the group it stands in.
        urgency: How soon a clinician should see it. Needs clinician sign-off.
        malignant: Whether it is a cancer, in situ or invasive.
        category: Which of DermNet's 23 categories it would be filed under.
        source: Where a reviewer can check the row.
    """

    id: str
    name: str
    synonyms: tuple[str, ...]
    family: tuple[str, ...]
    urgency: Urgency
    malignant: bool
    category: str
    source: str

    @property
    def concept(self) -> Concept:
        """The concept that mentions of this diagnosis carry."""
        return Concept(f"diagnosis/{self.id}", "diagnosis", self.name)
