"""Cross-examines two texts: questions written about the one are answered from the other.

Reference: Kanithi et al. (2024), MEDIC, https://arxiv.org/abs/2409.07314.
"""

import json
import math
from collections.abc import Iterable, Mapping, Sequence

from dermatrust.protocols.asking import Ask
from dermatrust.protocols.scorers.judge import IDK, ask_judge, json_in, quote, yes_no_or_idk

N_QUESTIONS = 10
QUESTIONS_PROMPT = """\
Write {n} questions about this text that can be answered with yes or no from the text alone, each about another fact, \
and answer them.

{text}

Reply with a JSON list and nothing else: [{{"question": "...", "answer": "YES" or "NO"}}, ...]"""
ANSWER_PROMPT = """Answer the question by this text alone, not by what you know. Say IDK where the text does not tell.

{text}
{question}

Reply with one word: YES, NO or IDK."""


async def cross_examine(
    ask: Ask, name: str, about: str, other: str, *, asks_again: bool = False
) -> dict[str, str | None]:
    """Return what a judge asks about one text, what it holds to be right, and what it answers from the other.

    Args:
        ask: What the protocol asks with.
        name: What the first text is called in the verdicts.
        about: The text that questions are written about.
        other: The text that they are answered from.
        asks_again: Whether the right answers are what the judge answers from the first text, as released; otherwise
            what it wrote beside the questions.

    Returns:
        `name` is the questions as JSON, None where they could not be read; "`name` gold 1" is the right answer to the
        first, "`name` said 1" the one from the other text: "yes", "no" or "idk", None where unreadable.
    """
    asked = QUESTIONS_PROMPT.format(n=N_QUESTIONS, text=quote("TEXT", about))
    listed = await ask_judge(ask, asked, read_questions)
    verdicts: dict[str, str | None] = {name: listed}
    for number, (question, gold) in enumerate(json.loads(listed) if listed else (), 1):
        verdicts[f"{name} said {number}"] = await _answer(ask, other, question)
        verdicts[f"{name} gold {number}"] = await _answer(ask, about, question) if asks_again else gold
    return verdicts


async def _answer(ask: Ask, text: str, question: str) -> str | None:
    asked = ANSWER_PROMPT.format(text=quote("TEXT", text), question=quote("QUESTION", question))
    return await ask_judge(ask, asked, yes_no_or_idk)


def read_questions(reply: str) -> str | None:
    """Return questions with their answers, as JSON; None where one of them has no readable answer.

    Example:
        >>> read_questions('[{"question": "Is it red?", "answer": "Yes"}]'), read_questions('[{"question": "Red?"}]')
        ('[["Is it red?", "yes"]]', None)
    """
    found = json_in(reply)
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        return None
    pairs = [(str(one.get("question") or ""), yes_no_or_idk(str(one.get("answer")))) for one in found]
    return json.dumps(pairs, ensure_ascii=False) if all(question and gold for question, gold in pairs) else None


def answered_share(verdicts: Mapping[str, str | None], name: str, *, is_released: bool = False) -> float:
    """Return the share of the questions about a text that the other can answer, rightly or not.

    Args:
        verdicts: Of `cross_examine`.
        name: The text.
        is_released: Whether an answer that could not be read is one, and wrong, and an empty list of questions missing.

    Returns:
        Questions whose right answer is "idk" do not count; 0 where no other is left, as released. NaN where the
        questions, or an answer that counts, could not be read.

    Example:
        >>> said = {"a": "[…]", "a gold 1": "yes", "a said 1": "no", "a gold 2": "no", "a said 2": "idk"}
        >>> answered_share(said, "a"), conforming_share(said, "a")
        (0.5, 0.5)
    """
    pairs = _pairs(verdicts, name, is_released)
    return _share([said != IDK for gold, said in pairs if gold != IDK]) if pairs is not None else math.nan


def conforming_share(verdicts: Mapping[str, str | None], name: str, *, is_released: bool = False) -> float:
    """Return the share of the questions that the other text does not answer otherwise; the rest is as above.

    As released, an answer counts against it too where the right one is "idk".

    Example:
        >>> said = {"a": "[…]", "a gold 1": "yes", "a said 1": "yes", "a gold 2": "idk", "a said 2": "no"}
        >>> conforming_share(said, "a"), conforming_share(said, "a", is_released=True)
        (1.0, 0.5)
    """
    pairs = _pairs(verdicts, name, is_released)
    if pairs is None:
        return math.nan
    counted = [(gold, said) for gold, said in pairs if gold != IDK or (is_released and said != IDK)]
    return _share([said in (IDK, gold) for gold, said in counted])


def conciseness(document: str, summary: str) -> float:
    """Return the words that a summary saves, in per cent of the document's; below 0 where it is longer.

    Example:
        >>> conciseness("one two three four", "one two three"), conciseness("one", "one two")
        (25.0, -100.0)
    """
    n_words = len(document.split())
    return 100 * (1 - len(summary.split()) / n_words) if n_words else math.nan


def known_mean(values: Iterable[float]) -> float:
    """Return the mean of what is not NaN; NaN where nothing is.

    Example:
        >>> known_mean([1.0, float("nan"), 0.5])
        0.75
    """
    known = [value for value in values if not math.isnan(value)]
    return math.fsum(known) / len(known) if known else math.nan


def _pairs(
    verdicts: Mapping[str, str | None], name: str, is_released: bool
) -> list[tuple[str | None, str | None]] | None:
    """Return right answers and those given; None where there is none to be had."""
    if verdicts.get(name) is None or (is_released and verdicts[name] == "[]"):
        return None
    golds = {place.rpartition(" ")[2]: gold for place, gold in verdicts.items() if place.startswith(f"{name} gold ")}
    pairs = [(gold, verdicts.get(f"{name} said {number}")) for number, gold in golds.items()]
    is_unread = any(gold is None or (said is None and gold != IDK) for gold, said in pairs)
    return None if is_unread and not is_released else pairs


def _share(is_good: Sequence[bool]) -> float:
    return sum(is_good) / len(is_good) if is_good else 0.0
