"""What a model answered about one case, read from its reply but not scored yet."""

from dataclasses import dataclass

from dermatrust.records import Urgency


@dataclass(frozen=True, slots=True)
class Answer:
    """One reply to one question about one case, read.

    Attributes:
        case_id: The case.
        model: Who answered.
        arm: What the model was told besides the images, e.g. "image + context".
        image_arm: Which images it was shown and how, e.g. "all" or "first 3".
        text: The reply as it came; empty where none came.
        failure: Why no reply came. Such an answer is missing, never wrong, and the next run asks for it again.
        diagnoses: The differential, likeliest first, in the words of the model.
        urgency: How soon somebody must act, where the model was asked and said so.
        urgent_probability: Its stated probability, 0 to 1, that the case is urgent or emergent.
        confidence: Its stated confidence in its first diagnosis, or in its urgency, 0 to 1.
        cannot_tell: Whether it said that what it was given does not suffice.
    """

    case_id: str
    model: str
    arm: str
    image_arm: str
    text: str = ""
    failure: str = ""
    diagnoses: tuple[str, ...] = ()
    urgency: Urgency | None = None
    urgent_probability: float | None = None
    confidence: float | None = None
    cannot_tell: bool = False

    @property
    def is_missing(self) -> bool:
        """Whether no reply came; an empty reply, or one that answers nothing, is there and wrong.

        Example:
            >>> Answer("a", "m", "image only", "all", failure="timeout: no reply").is_missing
            True
        """
        return bool(self.failure)
