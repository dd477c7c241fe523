"""The two construction streams: one caption; from it a reference with the label, and a narrative without it.

    photographs -> caption -> reasoning with the label    -> chain of thought -> reference (uncertified)
                           -> reasoning without the label -> chain of thought -> regular narrative

Source: arXiv 2511.09195, data construction, https://arxiv.org/abs/2511.09195.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Literal, get_args

from dermatrust.clients import Ask, AskFailed, Client, Image, Message, Request, Sampling
from dermatrust.clients.family import model_family
from dermatrust.errors import DataError
from dermatrust.lexicon import Lexicon, load_lexicon
from dermatrust.narrate.chain import read_chain
from dermatrust.narrate.checks import (
    Fault,
    caption_faults,
    flagged,
    is_same_disease,
    reference_faults,
    regular_faults,
)
from dermatrust.narrate.closing import closing_diagnosis
from dermatrust.narrate.places import filled, load_with_places, quoted
from dermatrust.narrate.prompt import Prompt, load_prompt
from dermatrust.narrate.retries import Answer, Check, ask_until_sound
from dermatrust.records import Case, Narrative, NarrativeFlag, Stream

WITH_LABEL = "+label"
"""Added to the reasoning prompt's id where the label was given."""
ReasonedStream = Literal["reference", "regular"]


@dataclass(frozen=True, slots=True)
class StreamPrompts:
    """What is asked at each step."""

    caption: Prompt
    reasoning: Prompt
    label_given: Prompt
    chain: Prompt


def load_stream_prompts(caption: str = "caption", reasoning: str = "reasoning", chain: str = "chain") -> StreamPrompts:
    """Read the prompts by name or path.

    Raises:
        DataError: There is no such prompt, or one lacks a place for what it is about.
    """
    return StreamPrompts(
        caption=load_prompt(caption),
        reasoning=load_with_places(reasoning, ["caption", "label"]),
        label_given=load_with_places("label_given", ["label"]),
        chain=load_with_places(chain, ["reasoning"]),
    )


@dataclass(frozen=True, slots=True)
class Lost:
    """A text that was not written.

    Attributes:
        step: "caption", "reference reasoning", "reference chain", "regular reasoning" or "regular chain".
        why: "refused", "silent", "unreadable" or "not answered".
    """

    step: str
    why: str


@dataclass(frozen=True, slots=True)
class Built:
    """What came of one case.

    Attributes:
        drafts: Caption and reasonings.
        chains: The reference and the regular narrative, as far as they came to be.
        lost: What did not.
    """

    drafts: tuple[Narrative, ...] = ()
    chains: tuple[Narrative, ...] = ()
    lost: tuple[Lost, ...] = ()

    def joined(self, other: "Built") -> "Built":
        """Return both."""
        return Built(self.drafts + other.drafts, self.chains + other.chains, self.lost + other.lost)


@dataclass(frozen=True)
class Builder:
    """Who is asked what, how, and how often.

    Attributes:
        captioner: Describes the photographs.
        reasoner: Reasons from captions, and puts reasoning into the form of a chain.
        prompts: What they are asked.
        sampling: How they decode.
        attempts: How often one text is asked for.
        reasoner_sees: Whether the reasoner gets the photographs too where it is not told the label.
        lexicon: What checks read with.
    """

    captioner: Client
    reasoner: Client
    prompts: StreamPrompts
    sampling: Sampling
    attempts: int = 3
    reasoner_sees: bool = True
    lexicon: Lexicon = field(default_factory=load_lexicon)

    async def build(self, case: Case, images: Sequence[Image], ask: Ask, streams: Sequence[ReasonedStream]) -> Built:
        """Return what comes of one case; a text whose ask fails is lost until the next run asks again.

        Args:
            case: The case. The reference stream needs its label.
            images: Its photographs.
            ask: Asks one model once.
            streams: Which to build.
        """
        message = Message("user", self.prompts.caption.text, tuple(images))
        check = partial(caption_faults, lexicon=self.lexicon)
        answer = await self._ask(ask, self.captioner, case, message, check)
        if not answer.text:
            return Built(lost=(Lost("caption", answer.faults[0].why),))
        caption = _written(case, self.captioner, answer, "caption", self.prompts.caption.name_and_hash)
        reasoned = await asyncio.gather(*(self._reason(case, caption, images, ask, stream) for stream in streams))
        built = Built(drafts=(caption,))
        for part in reasoned:
            built = built.joined(part)
        return built

    async def _reason(
        self, case: Case, caption: Narrative, images: Sequence[Image], ask: Ask, stream: ReasonedStream
    ) -> Built:
        label = (case.label or "") if stream == "reference" else ""
        seen = images if self.reasoner_sees and not label else ()
        message = Message("user", self._reasoning_text(caption.text, label), tuple(seen))
        answer = await self._ask(ask, self.reasoner, case, message, partial(self._stream_faults, label=label))
        if not answer.text:
            return Built(lost=(Lost(f"{stream} reasoning", answer.faults[0].why),))
        prompt_id = self.prompts.reasoning.name_and_hash + (WITH_LABEL if label else "")
        reasoning = _written(case, self.reasoner, answer, stream, prompt_id, parent=caption)
        return Built(drafts=(reasoning,)).joined(await self._order(case, reasoning, ask, label))

    async def _order(self, case: Case, reasoning: Narrative, ask: Ask, label: str) -> Built:
        """Return a reasoning as a chain of thought."""
        text = filled(self.prompts.chain, {"reasoning": quoted("REASONING", reasoning.text)})
        check = partial(self._chain_faults, label=label, concluded=closing_diagnosis(reasoning.text))
        answer = await self._ask(ask, self.reasoner, case, Message("user", text), check)
        if not answer.text:
            return Built(lost=(Lost(f"{reasoning.stream} chain", answer.faults[0].why),))
        answer = replace(answer, text=read_chain(answer.text).to_text())
        prompt_id = self.prompts.chain.name_and_hash
        return Built(chains=(_written(case, self.reasoner, answer, reasoning.stream, prompt_id, parent=reasoning),))

    async def _ask(self, ask: Ask, client: Client, case: Case, message: Message, check: Check) -> Answer:
        request = Request((message,), self.sampling, case_id=case.id)
        try:
            return await ask_until_sound(ask, client, request, check, attempts=self.attempts)
        except AskFailed:
            return Answer("", (Fault("not answered", ""),), 0)

    def _reasoning_text(self, caption: str, label: str) -> str:
        given = filled(self.prompts.label_given, {"label": quoted("LABEL", label)}) if label else ""
        return filled(self.prompts.reasoning, {"caption": quoted("CAPTION", caption), "label": given})

    def _stream_faults(self, text: str, *, label: str) -> list[Fault]:
        return reference_faults(text, label, self.lexicon) if label else regular_faults(text, self.lexicon)

    def _chain_faults(self, text: str, *, label: str, concluded: str | None) -> list[Fault]:
        try:
            chain = read_chain(text)
        except DataError as error:
            return [Fault("unreadable", f"It is not in the form asked for: {error}")]
        faults = self._stream_faults(chain.to_text(), label=label)
        if concluded and not label and not is_same_disease(chain.diagnosis, concluded, self.lexicon):
            faults.append(flagged("conclusion changed", f"The reasoning concludes {concluded}; keep that."))
        return faults


def _written(
    case: Case, client: Client, answer: Answer, stream: Stream, prompt_id: str,
    *, parent: Narrative | None = None,
) -> Narrative:  # fmt: skip
    """Return a text with where it comes from, and with its parent's flags: it may have inherited their reasons."""
    found = {*(parent.flags if parent else ()), *(fault.flag for fault in answer.faults)}
    flags: list[NarrativeFlag] = [flag for flag in get_args(NarrativeFlag) if flag in found]
    return Narrative.built(
        case_id=case.id, author=client.name, text=answer.text, stream=stream, prompt_id=prompt_id,
        family=model_family(client.name), parent=parent.id if parent else None, flags=tuple(flags),
    )  # fmt: skip
