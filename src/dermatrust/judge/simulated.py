"""Simulated raters as judges: they know the truth of a drawn case and what a narrator meant, and err by known amounts.

Their ratings are synthetic. They stand where physicians' ratings would, so that everything about agreement can be tried
where the truth is known.
"""

from collections.abc import Callable

from dermatrust.atlas.errors import errors_of
from dermatrust.atlas.facts import Facts
from dermatrust.atlas.raters import SimulatedRater
from dermatrust.atlas.said import Said
from dermatrust.atlas.scoring import true_scores
from dermatrust.clients import Ask, Client
from dermatrust.records import Case, JudgeCard, Narrative, Rating


class SimulatedJudge:
    """One simulated rater of a panel.

    Args:
        rater: How it errs.
        facts_of: Returns what is true of a case.
        said_of: Returns what a narrative about a case says, as data. Its author saw photographs and no history.
        place_of: Returns how many narratives the rater has rated before this one.
        seed: Of the rater's noise.
    """

    client: Client | None = None

    def __init__(
        self,
        rater: SimulatedRater,
        *,
        facts_of: Callable[[Case], Facts],
        said_of: Callable[[Narrative, Case], Said],
        place_of: Callable[[Narrative, Case], int],
        seed: int = 0,
    ) -> None:
        self._rater = rater
        self._facts_of = facts_of
        self._said_of = said_of
        self._place_of = place_of
        self._seed = seed

    @property
    def name(self) -> str:
        """The rater's name in every rating."""
        return self._rater.name

    @property
    def card(self) -> JudgeCard:
        """What a run records about this rater."""
        return JudgeCard(
            judge=self.name, kind="simulated", family="simulated", version="1", rubric="atlas-rule@1",
        )  # fmt: skip

    async def rate(self, narrative: Narrative, reference: Narrative, case: Case, ask: Ask) -> list[Rating]:
        """Return one rating: the narrative's true scores, as this rater sees them; nobody is asked."""
        errors = errors_of(self._facts_of(case), self._said_of(narrative, case), knows_history=False)
        place = self._place_of(narrative, case)
        return [self._rater.rate(true_scores(errors), place, narrative_id=narrative.id, seed=self._seed)]
