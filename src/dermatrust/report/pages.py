"""What a case page is made from: one case, what was shown, written and scored."""

from dataclasses import dataclass
from pathlib import Path

from dermatrust.records import Case, Narrative, Rating


@dataclass(frozen=True, slots=True)
class Candidate:
    """One model's narrative of one case and all that raters said about it.

    Attributes:
        author: The model.
        text: Its narrative; blank with `empty` False where the model could not be asked.
        refused: The narrative declines to answer.
        empty: The model answered without text.
        ratings: One per rater and draw.
    """

    author: str
    text: str
    refused: bool = False
    empty: bool = False
    ratings: tuple[Rating, ...] = ()


@dataclass(frozen=True, slots=True)
class CasePage:
    """One case as the report shows it.

    Attributes:
        case: The case. Its patient id is never printed.
        images: Image files, or their bytes. Each is embedded as a small JPEG without metadata.
        reference: What the raters compared with, if anything.
        candidates: One per model.
    """

    case: Case
    images: tuple[bytes | Path, ...] = ()
    reference: Narrative | None = None
    candidates: tuple[Candidate, ...] = ()
