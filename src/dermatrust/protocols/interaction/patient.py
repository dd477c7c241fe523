"""Patients who answer from what is known of a case: the variants of MediQ.

Reference: Li et al. (2024), https://arxiv.org/abs/2406.00922; prompts are in our own words, but the sentence of a
patient who cannot answer is the paper's, since experts see it.
"""

import random
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence

from dermatrust.protocols.asking import Ask
from dermatrust.protocols.item import Item, Turn, filled, user

PATIENT = "patient"
CANNOT = "The patient cannot answer this question, please do not ask this question again."
MOST_TOKENS = 50
Answer = Callable[[Item, Sequence[str], Ask], Awaitable[str]]
"""From the item, all questions so far (the last is the one to answer) and a way to ask, to what the patient says."""

_FACTS = """Here are the facts known about a patient, numbered:
{facts}

A doctor asks: {question}

Which of these facts answer it? Reply with their numbers only, or with NONE if none does. Add nothing of your own."""
_INSTRUCT = """Here is everything known about a patient:
{context}

A doctor asks: {question}

Answer truthfully from this alone, without interpretation or a diagnosis. If it does not say, reply exactly:
{cannot}"""
_TAKE_APART = """Here is everything known about a patient:
{context}

Take it apart into independent facts, one a line, numbered from 1. Each is as small as can be and can be understood by
itself. No lists within the list, and nothing else."""
_DIRECT = """Here is a patient's story:
{context}

You are this patient. A doctor asks: {question}
Your answer:"""


async def fact_select(item: Item, questions: Sequence[str], ask: Ask) -> str:
    """Return the facts that a model selects for the question, word for word; none is a patient who cannot answer."""
    facts: Sequence[str] = item.known["facts"]
    listed = "\n".join(f"{k}. {fact}" for k, fact in enumerate(facts, 1))
    reply = await _said(_FACTS, ask, facts=listed, question=questions[-1])
    chosen = [int(number) for number in re.findall(r"\d+", reply)]
    told = [facts[k - 1] for k in dict.fromkeys(chosen) if 1 <= k <= len(facts)]
    return " ".join(told) or CANNOT


async def instruct(item: Item, questions: Sequence[str], ask: Ask) -> str:
    """Return what a model answers from the case's text alone."""
    reply = await _said(_INSTRUCT, ask, context=item.known["context"], question=questions[-1], cannot=CANNOT)
    return reply.strip() or CANNOT


async def direct(item: Item, questions: Sequence[str], ask: Ask) -> str:
    """Return what a model answers as the patient, with no rule about what it may say."""
    return (await _said(_DIRECT, ask, context=item.known["context"], question=questions[-1])).strip() or CANNOT


async def random_sentence(item: Item, questions: Sequence[str], ask: Ask) -> str:
    """Return a sentence of the case whatever is asked, or every other time, by a coin, that it cannot be answered.

    The item and the number of the question decide both.
    """
    toss = random.Random(f"{item.id}/{len(questions)}")  # noqa: S311  # reproducible
    sentences: Sequence[str] = item.known["sentences"]
    return CANNOT if not sentences or toss.random() < 0.5 else toss.choice(sentences)


async def facts_of(item: Item, ask: Ask) -> list[str]:
    """Return the facts that a model takes a case apart into, one a line, as the released patient does each time."""
    reply = await ask([user(filled(_TAKE_APART, {"context": item.known["context"]}))], role=PATIENT, max_tokens=1_000)
    return [fact for line in reply.text.splitlines() if (fact := without_number(line.strip()))]


def without_number(fact: str) -> str:
    """Return a fact without its number in a list.

    Example:
        >>> without_number("12.  Old scars."), without_number("58-year-old man"), without_number("3 weeks of fever.")
        ('Old scars.', '58-year-old man', '3 weeks of fever.')
    """
    return re.sub(r"^\d+\.\s+", "", fact)


PATIENTS: Mapping[str, Answer] = {
    "fact-select": fact_select, "instruct": instruct, "direct": direct, "random": random_sentence,
}  # fmt: skip


async def _said(prompt: str, ask: Ask, **texts: str) -> str:
    return (await ask([user(filled(prompt, texts))], role=PATIENT, max_tokens=MOST_TOKENS)).text


def stand_in(item: Item, turns: Sequence[Turn]) -> str:
    """Say the first fact's number, for tests and tutorials."""
    return "1"
