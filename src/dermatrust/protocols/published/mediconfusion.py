"""MediConfusion: pairs of radiology images that encoders confuse, one question with opposite answers.

Paper     Sepehri et al. (2024), https://arxiv.org/abs/2409.15477
Data      dataset.json, 176 pairs with 228 images; images from ROCO, fetched by the user.
Measures  Whether a model tells two images apart that look alike to common image encoders.
Not for   Diagnostic skill in general: the pairs were chosen to be hard for machines, not for people.
Deviates  The paper's mode "mc" by default: letters, as words of a list; `lenient` takes a letter with any punctuation.
          `free-form` asks an open question and a judge says how close the answer is to each option. `greedy` takes the
          likelier letter of the first token, where the server gives log-probabilities, else the letter that was said.
          `prefix` takes the option whose whole text is likelier as the answer, by the geometric mean over its tokens,
          where the server scores a given text (vLLM does), else it asks for the letter as by default.
          `released-code` has 0 for shares of no pair at all, and with `+free-form` an invalid choice where the judge
          gave no scores.
Verified  Partly: 176 pairs, 88 with answers A and B and 88 with B and A, 228 images; a coin scores 25 and 50 %;
          79 images are of the category Cerebral.
"""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from dermatrust.clients.fence import unfenced
from dermatrust.errors import DataError
from dermatrust.protocols import Ask, Example, Item, Played, Protocol, Row, Score, Source, Turn, ask_once, user
from dermatrust.protocols.item import filled
from dermatrust.protocols.metrics import mean_part, mean_score
from dermatrust.protocols.read_rows import read_rows
from dermatrust.protocols.scorers.choice import UNANSWERED, option_letters
from dermatrust.protocols.scorers.judge import ask_judge, closeness, closest, quote
from dermatrust.protocols.scorers.likelihood import TOP, letter_likelihoods, likeliest, text_likelihood
from dermatrust.protocols.scorers.pairs import confusion, invalid, or_zero, precision, set_accuracy

PROMPT = """{question}

{options}

Reply with the letter of the right option only."""
OPEN = """{question}

Answer in one or two sentences."""
JUDGE = """A question about a medical image has two possible answers. Say how close an answer that was given is to each.

Question: {question}
Possible answer A: {a}
Possible answer B: {b}
Given answer:
{reply}

Grade each from 1 (says something else) to 10 (says the same). Reply in exactly this form:
A: a whole number
B: a whole number
Your explanation: one sentence"""
MARGIN = 3
"""By how much one option must be closer for a free-form answer to count as choosing it."""
LISTED = {
    letter: {
        letter, f"{letter}:", f".{letter}", f".{letter}:", f"{letter}.", f'{letter}")', f'("{letter}":',
        f'("{letter}")', f'("{letter}").',
    }
    for letter in "AB"
}  # fmt: skip
"""The words that state a letter, in the released code's list."""
_SCORES = '{"answer": {"im1": {"A": a score, "B": a score, "full_answer": a text}, "im2": ...}} by the pair\'s id'


def to_item(row: Row) -> tuple[Item, Item]:
    """Ask the same question of both images of a pair."""
    options = {"A": row["option_A"], "B": row["option_B"]}
    first, second = (
        Item(
            id=f"{row['id']}/{k}", question=row["question"], options=options, images=(row[f"im_{k}"],),
            target=option_letters(row[f"im_{k}_correct"], options), group=str(row["id"]),
            tags={"category": "; ".join(row[f"category_{k}"])},
        )
        for k in (1, 2)
    )  # fmt: skip
    return first, second


def score(item: Item, played: Played) -> Score:
    """Grade the letter that a word of the reply states as listed; both or none is no valid choice."""
    words = set(played.reply.replace("\n", " ").split(" "))
    return _graded(item, {letter for letter, listed in LISTED.items() if words & listed})


def score_lenient(item: Item, played: Played) -> Score:
    """Grade the letter that stands alone among the reply's words, whatever punctuation is around it."""
    words = {word.strip(".:,;()\"'*") for word in played.reply.split()}
    return _graded(item, words & LISTED.keys())


async def play_greedy(item: Item, ask: Ask) -> Played:
    """Ask for one token with its alternatives; keep how likely each letter is, where the server says so."""
    reply = await ask(item.turns(), top_logprobs=TOP, max_tokens=1)
    first = replace(reply, logprobs=(reply.logprobs or [])[:1])
    return Played(reply=reply.text, numbers=letter_likelihoods(first, "AB"))


async def play_prefix(item: Item, ask: Ask) -> Played:
    """Have each option's text scored as the answer to the bare question; where that cannot be, ask for the letter."""
    logs = {}
    for letter, text in item.options.items():
        said = [user(item.question, item.images), Turn("assistant", text)]
        logs[letter] = text_likelihood(await ask(said, scores_last=True, max_tokens=1), text)
        if math.isnan(logs[letter]):
            return await ask_once(item, ask)
    return Played(reply="", numbers=logs)


def score_prefix(item: Item, played: Played) -> Score:
    """Grade A where its text is the likelier, else B; without likelihoods, the letter that was said."""
    if not played.numbers:
        return score_greedy(item, played)
    found = _graded(item, {"A" if played.numbers["A"] > played.numbers["B"] else "B"})
    return replace(found, parts={"by likelihood": 1.0})


def score_greedy(item: Item, played: Played) -> Score:
    """Grade the likelier letter; where nothing is known of likelihoods, the letter that was said."""
    letter = likeliest(played.numbers)
    found = _graded(item, {letter}) if letter else score(item, played)
    return replace(found, parts={"by likelihood": float(bool(letter))})


async def play_free_form(item: Item, ask: Ask) -> Played:
    """Ask openly, then let a judge say how close the answer is to each option."""
    reply = (await ask([user(replace(item, template=OPEN).prompt, item.images)])).text
    if not reply.strip():
        return Played(reply=reply)
    told = {"question": item.question, "a": item.options["A"], "b": item.options["B"], "reply": quote("ANSWER", reply)}
    asked = user(filled(JUDGE, told))
    return Played(reply=reply, verdicts={"closeness": await ask_judge(ask, [asked], closeness("AB"))})


def score_free_form(item: Item, played: Played) -> Score:
    """Grade the option that the judge found closer by the margin; none is no valid choice."""
    if not played.reply.strip():
        return UNANSWERED
    verdict = played.verdicts.get("closeness")
    return Score(value=math.nan) if verdict is None else _graded(item, set(closest(verdict, margin=MARGIN)))


def score_free_form_by_release(item: Item, played: Played) -> Score:
    """Grade likewise; no verdict is no valid choice."""
    return score_free_form(item, played) if played.verdicts.get("closeness") else UNANSWERED


def _graded(item: Item, chosen: set[str]) -> Score:
    if len(chosen) != 1:
        return Score(value=0.0, answered=False)
    (letter,) = chosen
    return Score(value=float(letter == item.target), said=letter)


def recorded(path: Path, items: Iterable[Item]) -> Iterator[tuple[Item, Played | None]]:
    """Read the authors' results of any mode: for each pair and image the whole answer and the score of each option."""
    known = {str(row["id"]): (where, row) for where, row in read_rows(path)}
    for item in items:
        where, row = known.get(item.group, ("", None))
        if row is None:
            yield item, None
            continue
        try:
            yield item, _played(row["answer"][f"im{item.id.rpartition('/')[2]}"])
        except (KeyError, TypeError, ValueError):
            raise DataError(where, f"is no result of pair {item.group}", _SCORES) from None


def _played(answer: Mapping[str, Any]) -> Played:
    """Return a recorded answer; scores of 0 and 0 beside a judge's reason are what a silent judge was stored as."""
    a, b = int(answer["A"]), int(answer["B"])
    verdict = None if "gpt_reason" in answer and a == b == 0 else f"A: {a}, B: {b}"
    return Played(reply=str(answer["full_answer"] or ""), verdicts={"closeness": verdict})


def gold_reply(item: Item) -> str:
    """Return what a perfect model would say."""
    return f"{item.target}"


def stand_in_judge(item: Item, turns: Sequence[Turn]) -> str:
    """Say that an answer is close to the option whose letter or text it is."""
    reply = unfenced(turns[-1].text, "ANSWER")
    a, b = (10 if reply in (letter, item.options[letter]) else 1 for letter in "AB")
    return f"A: {a}\nB: {b}\nYour explanation: made up"


_FIGURES = {
    "set accuracy": set_accuracy, "individual accuracy": mean_score, "confusion": confusion, "invalid": invalid,
    "precision": precision,
}  # fmt: skip
_FREE_FORM = {
    "play": play_free_form, "score": score_free_form, "roles": ("judge",), "stand_ins": {"judge": stand_in_judge},
}  # fmt: skip
_RELEASED = {"metrics": {**_FIGURES, "confusion": or_zero(confusion), "precision": or_zero(precision)}}
PROTOCOL = Protocol(
    name="mediconfusion",
    version=1,
    about=__doc__,
    kind="choice in confusing pairs",
    modality="image",
    source=Source(
        dataset="https://github.com/MShahabSepehri/MediConfusion", files=("dataset.json",), size=176, licence="MIT"
    ),
    prompt=PROMPT,
    to_item=to_item,
    score=score,
    metrics=_FIGURES,
    by=("category",),
    gold_reply=gold_reply,
    recorded=recorded,
    variants={
        "lenient": {"score": score_lenient},
        "greedy": {
            "play": play_greedy, "score": score_greedy,
            "metrics": {**_FIGURES, "by likelihood": mean_part("by likelihood")},
        },
        "prefix": {
            "play": play_prefix, "score": score_prefix,
            "metrics": {**_FIGURES, "by likelihood": mean_part("by likelihood")},
        },
        "free-form": _FREE_FORM,
        "released-code": _RELEASED,
        "released-code+free-form": {**_FREE_FORM, **_RELEASED, "score": score_free_form_by_release},
    },
    examples=(
        Example(
            row={"id": "1", "im_1": "a.jpg", "im_2": "b.jpg", "question": "What is it?", "option_A": "this",
                 "option_B": "that", "im_1_correct": "A", "im_2_correct": "B", "category_1": ["Skin", "Head"],
                 "category_2": ["Skin"]},
            target=("A", "B"), wrong_reply="B", other={"im_1_correct": "B", "im_2_correct": "A"},
        ),
    ),
)  # fmt: skip
