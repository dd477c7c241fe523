"""What the files of a dataset folder are called, and which narratives may stand in its references."""

from dermatrust.errors import DataError
from dermatrust.records import Narrative

CARD = "card.yaml"
CASES = "metadata.jsonl"
REFERENCES = "references.jsonl"
NARRATIVES = "narratives.jsonl"
RATINGS = "ratings.jsonl"
RATERS = "raters.jsonl"
DRAFTS = "drafts.jsonl"
RATIONALES = "rationales.jsonl"
LEFT_OUT = "left_out.jsonl"
IMAGE_REVIEWS = "image_reviews.jsonl"

_TRUTH_STREAMS = ("reference", "label")


def check_reference(reference: Narrative, where: str) -> None:
    """Refuse a narrative that must not be read as the truth, such as a model's own candidate.

    Raises:
        DataError: Its stream is not "reference" or "label", or its text is empty.
    """
    if reference.stream not in _TRUTH_STREAMS:
        raise DataError(where, f"stream is {reference.stream!r}", "'reference' or 'label'")
    if not reference.text.strip():
        raise DataError(where, "the reference has no text", do="Remove the line: a case may have no reference.")
