"""The LLM judge: a model that reads candidate and reference and scores the candidate by the rubric."""

import asyncio

from dermatrust.clients import Ask, AskFailed, Client, Message, Request, Sampling
from dermatrust.clients.family import model_family
from dermatrust.judge.prompt import Questionnaire
from dermatrust.judge.rubric import Rubric
from dermatrust.judge.schema import verdict_schema
from dermatrust.judge.verdict import clipped, read_verdict
from dermatrust.narrate.prompt import Prompt
from dermatrust.records import Case, JudgeCard, Narrative, Rating, storable

JUDGE_SAMPLING = Sampling(temperature=0.0, max_tokens=2048)
"""One draw at temperature 0. For a spread that means something, use several draws and a temperature above 0."""


class LLMJudge:
    """A judge behind a client. Each draw is asked for by itself and becomes one rating."""

    def __init__(
        self,
        client: Client,
        *,
        rubric: Rubric,
        prompt: Prompt,
        repeats: int = 1,
        sampling: Sampling = JUDGE_SAMPLING,
        structured: bool = True,
    ) -> None:
        """Prepare a judge.

        Args:
            client: The model that judges.
            rubric: What the levels mean.
            prompt: The judge prompt, with places for rubric, reference and candidate.
            repeats: How many independent draws to ask for, at least 1.
            sampling: How to decode; a schema given here is kept.
            structured: Ask for a reply that follows the verdict's JSON schema, where the server can do that.
        """
        if repeats < 1:
            raise ValueError(f"repeats is {repeats}; expected at least 1")
        self.client: Client = client
        self.name = client.name
        self.repeats = repeats
        self._rubric = rubric.name_and_hash
        self._prompt = prompt
        self._questionnaire = Questionnaire.of(prompt, rubric)
        self._sampling = _with_schema(sampling, allow_null=False) if structured else sampling
        self._label_sampling = _with_schema(sampling, allow_null=True) if structured else sampling
        self._versions: set[str] = set()

    @property
    def card(self) -> JudgeCard:
        """What a run records about this judge; `version` is what the server called the model, once it has answered."""
        return JudgeCard(
            judge=self.name,
            kind="llm",
            family=model_family(self.name),
            version=", ".join(sorted(self._versions)) or self.name,
            rubric=self._rubric,
            prompt=self._prompt.name_and_hash,
            temperature=self._sampling.temperature,
            repeats=self.repeats,
        )

    async def rate(self, narrative: Narrative, reference: Narrative, case: Case, ask: Ask) -> list[Rating]:
        """Return one rating per draw, in order. A draw the judge did not answer is unscored, with the failure kept."""
        request = self.request(narrative, reference, case)
        if self.repeats == 1:
            return [await self._draw(narrative, reference, request, ask)]
        async with asyncio.TaskGroup() as group:
            requests = [self.request(narrative, reference, case, draw=draw) for draw in range(self.repeats)]
            tasks = [group.create_task(self._draw(narrative, reference, r, ask)) for r in requests]
        return [task.result() for task in tasks]

    def request(self, narrative: Narrative, reference: Narrative, case: Case, *, draw: int = 0) -> Request:
        """Return what the judge is asked in one draw: texts only, never an image or the label."""
        label_only = reference.stream == "label"
        text = self._questionnaire.text(reference=reference.text, candidate=narrative.text, label_only=label_only)
        return Request(
            messages=(Message("user", text),),
            sampling=self._label_sampling if label_only else self._sampling,
            draw=draw,
            case_id=case.id,
            author=narrative.author,
        )

    async def _draw(self, narrative: Narrative, reference: Narrative, request: Request, ask: Ask) -> Rating:
        try:
            reply = await ask(self.client, request)
        except AskFailed as failure:
            rating = Rating.all_unscored(
                narrative_id=narrative.id,
                rater=self.name,
                reason="no answer",
                raw=clipped(storable(str(failure))),
                draw=request.draw,
            )
            return rating.model_copy(update={"rubric": self._rubric})
        version = " ".join(storable(reply.model_version).split())
        if version:
            self._versions.add(version)
        label_only = reference.stream == "label"
        verdict = read_verdict(reply.text, null_means="nothing to compare" if label_only else "not a number")
        return Rating(
            narrative_id=narrative.id,
            rater=self.name,
            scores=verdict.scores,
            unscored=verdict.unscored,
            critique=verdict.critique,
            rubric=self._rubric,
            draw=request.draw,
        )


def _with_schema(sampling: Sampling, *, allow_null: bool) -> Sampling:
    if sampling.schema is not None:
        return sampling
    return Sampling(
        temperature=sampling.temperature,
        max_tokens=sampling.max_tokens,
        seed=sampling.seed,
        top_logprobs=sampling.top_logprobs,
        schema=verdict_schema(allow_null=allow_null),
    )
