"""What a judge is: something that scores a narrative against its reference."""

from typing import Protocol

from dermatrust.clients import Ask, Client
from dermatrust.records import Case, JudgeCard, Narrative, Rating


class Judge(Protocol):
    """One rater that needs a reference.

    Attributes:
        name: The rater's name in every rating.
        card: What a run records about the judge.
        client: The model it asks, or None where it asks nobody.
    """

    @property
    def name(self) -> str:
        """The rater's name in every rating."""
        ...

    @property
    def card(self) -> JudgeCard:
        """What a run records about the judge."""
        ...

    @property
    def client(self) -> Client | None:
        """The model it asks, or None where it asks nobody."""
        ...

    async def rate(self, narrative: Narrative, reference: Narrative, case: Case, ask: Ask) -> list[Rating]:
        """Return one rating per draw. A draw that brought no readable verdict is unscored, never left out.

        The narrative has text: one without is 0 on every dimension before any judge is asked.
        """
        ...
