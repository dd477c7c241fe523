"""Cards: what a dataset, a model or a judge says about itself."""

from pydantic import field_validator

from dermatrust.records.rater import RaterKind
from dermatrust.records.record import Name, Record, Text

KNOWN_LICENCES = (
    "Apache-2.0", "MIT", "BSD-3-Clause", "CC0-1.0", "CC-BY-4.0", "CC-BY-SA-4.0", "CC-BY-NC-4.0", "CC-BY-NC-SA-3.0",
    "CC-BY-NC-SA-4.0", "CC-BY-NC-ND-4.0", "CC-BY-ND-4.0", "SCIN-Data-Use", "research-only", "private", "not-stated",
)  # fmt: skip


class DatasetCard(Record):
    """What a dataset folder's `card.yaml` says."""

    name: Name
    version: Name
    source: Text
    licence: Name
    consent: Text
    """What the patients agreed to, or what is known about it."""
    may_leave_machine: bool = False
    """Whether images and texts may be sent to an endpoint that is not on this machine."""
    identifiers_reviewed: bool = False
    """Whether somebody has read what the scan for identifiers suspects in the texts, and it identifies nobody."""
    citation: Text = ""
    synthetic: bool = False
    """Whether the cases are drawn or simulated; every table and page made from them says so."""
    notes: Text = ""

    @field_validator("licence")
    @classmethod
    def _known(cls, licence: str) -> str:
        if licence not in KNOWN_LICENCES:
            raise ValueError(f"not a licence we know; use one of {', '.join(KNOWN_LICENCES)}")
        return licence


class ModelCard(Record):
    """What a run records about a model it asked."""

    model: Name
    family: Name
    """Who made it, e.g. "gpt", "llava"; a judge of the author's own family may prefer its kin."""
    endpoint: dict[str, str | int | float | bool | None] = {}


class JudgeCard(Record):
    """What a run records about a judge (reviewers of the paper, point 17)."""

    judge: Name
    kind: RaterKind
    family: Name
    version: Name
    rubric: Name
    prompt: Name | None = None
    temperature: float | None = None
    repeats: int = 1
