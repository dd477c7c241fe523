"""An evaluator as a rater: images and narrative in, ratings out, no reference."""

import asyncio
from collections.abc import Sequence
from copy import copy

from dermatrust.clients import Ask, AskFailed, Client, Image, Message, Request, Sampling
from dermatrust.clients.family import model_family
from dermatrust.evaluator.familiar_text import KnowsWhatItRead
from dermatrust.evaluator.form import VERSION, Form, Order, read_evaluation
from dermatrust.evaluator.image_writing import WritingReader
from dermatrust.evaluator.reading import read_chances
from dermatrust.judge.verdict import clipped
from dermatrust.records import Case, Flag, JudgeCard, Narrative, Rating, storable

ALTERNATIVES = 20
"""Log-probabilities asked for at each token: the most OpenAI's interface allows."""


class Evaluator:
    """A rater that looks at the images and reads no reference.

    Args:
        client: The model behind it.
        form: How it is asked and answers.
        prompt: Name and hash of the prompt, for the run's record.
        order: Scores first, or critique first.
        rubric: Name and hash of the rubric the scores are on.
        max_tokens: Longest evaluation.
        reader: Looks for writing in the photographs; None where nobody does.
    """

    def __init__(
        self, client: Client, form: Form, *, prompt: str, order: Order = "scores first", rubric: str,
        max_tokens: int = 1024, reader: WritingReader | None = None,
    ) -> None:  # fmt: skip
        self.client: Client = client
        self.name = client.name
        self.form = form
        self._order = order
        self._prompt = prompt
        self._rubric = rubric
        self._sampling = Sampling(temperature=0.0, max_tokens=max_tokens, top_logprobs=ALTERNATIVES)
        self._versions: set[str] = set()
        self.reader = reader

    @property
    def card(self) -> JudgeCard:
        """What a run records about this evaluator; `version` is what the model calls itself, once it has answered."""
        marked = ["unfamiliar texts marked"] if self.knows_what_it_read else []
        looked = ["writing looked for"] if self.reader else []
        return JudgeCard(
            judge=self.name, kind="evaluator", family=model_family(self.name),
            version=", ".join(sorted(self._versions)) or self.name, rubric=self._rubric,
            prompt=", ".join([self._prompt, f"form {VERSION}", self._order, *marked, *looked]), temperature=0.0,
        )  # fmt: skip

    def asked_for(self, order: Order) -> "Evaluator":
        """Return the same evaluator, its client shared, that answers in this order."""
        twin = copy(self)
        twin._order = order
        return twin

    def request(self, narrative: Narrative, images: Sequence[Image], case: Case) -> Request:
        """Return what the evaluator is asked: images and narrative, never a reference or the label."""
        message = Message("user", self.form.ask(narrative.text, self._order), tuple(images))
        return Request((message,), sampling=self._sampling, case_id=case.id, author=narrative.author)

    @property
    def weights(self) -> str | None:
        """Beginning of the hash of weights on this machine; None of a model elsewhere."""
        return getattr(self.client, "version", None)

    @property
    def knows_what_it_read(self) -> bool:
        """Whether the model can tell what is unfamiliar to it: weights without what they learnt from cannot."""
        return isinstance(self.client, KnowsWhatItRead) and getattr(self.client, "familiar_text", "") is not None

    def unfamiliar_sentence(self, text: str) -> str | None:
        """Return the strangest sentence of a narrative, if the model knows that it has never met its like; else None.

        Most models do not know what they have read: None is then no praise of the text.
        """
        return self.client.strangest(text) if isinstance(self.client, KnowsWhatItRead) else None

    async def rate(self, narrative: Narrative, images: Sequence[Image], case: Case, ask: Ask) -> list[Rating]:
        """Return one rating. What the evaluator did not answer is unscored, with the failure kept.

        A rating of a text with an unfamiliar sentence is flagged `unfamiliar_text`, and one by a photograph with
        writing in it, where that is looked for, `writing_in_image`. Both keep their scores.

        The narrative has text: one without is 0 on every dimension before any rater is asked.
        """
        try:
            reply = await ask(self.client, self.request(narrative, images, case))
        except AskFailed as failure:
            raw = clipped(storable(str(failure)))
            missing = Rating.all_unscored(narrative_id=narrative.id, rater=self.name, reason="no answer", raw=raw)
            return [missing.model_copy(update={"rubric": self._rubric})]
        if reply.model_version:
            self._versions.add(" ".join(storable(reply.model_version).split()))
        verdict = read_evaluation(reply.text)
        chances = read_chances(reply.text, reply.logprobs)
        # A number on another scale, or one the verdict did not take, is not the score that the chance is about.
        chances = {d: chance for d, chance in chances.items() if verdict.scores.get(d) == chance.score}
        rating = Rating(
            narrative_id=narrative.id,
            rater=self.name,
            scores=verdict.scores,
            unscored=verdict.unscored,
            critique=verdict.critique if self._order == "critique first" else "",
            probabilities={dimension: chance.probability for dimension, chance in chances.items()},
            expected={dimension: chance.expected for dimension, chance in chances.items()},
            rubric=self._rubric,
            flags=await self._flags(narrative.text, images),
        )
        return [rating]

    async def _flags(self, text: str, images: Sequence[Image]) -> tuple[Flag, ...]:
        found: list[Flag] = []
        if self.unfamiliar_sentence(text) is not None:
            found.append("unfamiliar_text")
        if self.reader is not None and await asyncio.to_thread(self.reader.finds, *images):
            found.append("writing_in_image")
        return tuple(found)
