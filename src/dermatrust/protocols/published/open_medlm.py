"""OpenMedLM: how far prompting alone takes an open model: nearest solved questions, reasoned out, and a vote.

Paper     Maharjan et al. (2024), https://arxiv.org/abs/2402.19371
Data      MedQA, MedMCQA, PubMedQA or MMLU, each in its own form; the training rows that shots come from lie beside the
          test file, under its name with "train" for "test".
Measures  Exam knowledge of a model that was never trained for medicine, under the prompting of the paper. Text only.
Not for   Comparing models with one another when they are prompted otherwise.
Deviates  The default is the whole method. `zero-shot`, `few-shot` (drawn), `cot-random`, `cot-knn` are its stages. The
          paper's model of sentences is not at hand: nearness is told by words (TF-IDF), as knn-few-shot has it, and in
          the variant `sentences` by MiniLM. Servers are asked with T 0.8 and 500 tokens in every stage; top-k 5 and
          top-p 0.8 are left to them. Ten shots are shown, as the code is called; its own default of five is not used.
          How many draws vote was not found: DRAWS is ours. A writer (the paper: GPT-4) reasons each shot out, up to
          five times until it comes to the known answer; a shot it never solves is left out. A draw without an answer
          is asked up to five times. Of a recorded table, what follows the prompt is read; rows of one question are
          draws that vote, so that of reruns the first answer counts.
Verified  Nothing: no recorded outputs were at hand. Reported: MedQA 72.6, MMLU 81.7 with Yi-34B.
"""

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

from dermatrust.protocols import Ask, Example, Item, Played, Protocol, Row, Source, Turn
from dermatrust.protocols.choice_rows import letter_of_yes_no_maybe
from dermatrust.protocols.gold import gold_in
from dermatrust.protocols.interaction.reasoned_shots import WRITER, answered, reasoned
from dermatrust.protocols.metrics import ACCURACIES
from dermatrust.protocols.nearest import by_sentences, by_words, nearest_in
from dermatrust.protocols.read_rows import read_rows
from dermatrust.protocols.recorded.open_medlm import read_tables
from dermatrust.protocols.rows_with_shots import read_beside, with_shots_known
from dermatrust.protocols.scorers.choice import choice_score, first_of, stated_or_first
from dermatrust.protocols.shots import drawn_shots
from dermatrust.protocols.vote import most_agreed

PROMPT = """{question}

{options}

Finish with one line "Answer: X", where X is the letter of the right option."""
SHOTS = 10
DRAWS = 5
SEED = 0
NAME = "open-medlm"
read_answer = first_of(stated_or_first, letter_of_yes_no_maybe)
gold_reply = gold_in("Answer: {target}")
read_nearest = read_beside(nearest_in(by_words, SHOTS), protocol=NAME)
read_nearest_sentences = read_beside(nearest_in(by_sentences, SHOTS), protocol=NAME)
read_drawn = read_beside(partial(drawn_shots, k=SHOTS, seed=SEED), protocol=NAME)


def to_item(row: Row) -> Item:
    """Ask a question; the training rows shown before it are what is known of it."""
    return with_shots_known(row, PROMPT)


async def play_zero_shot(item: Item, ask: Ask) -> Played:
    """Ask the question alone."""
    return await answered(item, ask, parse=read_answer, reasons=False)


async def play_few_shot(item: Item, ask: Ask) -> Played:
    """Ask after solved questions."""
    shown = [turn for shot in item.known["shots"] for turn in (*shot.turns(), Turn("assistant", gold_reply(shot)))]
    return await answered(item, ask, shown, parse=read_answer, reasons=False)


async def play_reasoned(item: Item, ask: Ask) -> Played:
    """Ask once after solved questions that were reasoned out."""
    shown = await reasoned(item.known["shots"], ask, parse=read_answer)
    return await answered(item, ask, shown, parse=read_answer)


async def play_voted(item: Item, ask: Ask) -> Played:
    """Ask several times after solved questions that were reasoned out, and take the commonest answer."""
    shown = await reasoned(item.known["shots"], ask, parse=read_answer)
    return agree(item, [await answered(item, ask, shown, parse=read_answer, draw=k) for k in range(DRAWS)])


def agree(item: Item, plays: Sequence[Played]) -> Played:
    """Return the play that counts: the first of the commonest answer."""
    return most_agreed(PROTOCOL, item, plays)


def _write(item: Item, turns: Sequence[Turn]) -> str:
    solved = next((shot for shot in item.known["shots"] if shot.question in turns[-1].text), None)
    return f"It follows.\n{gold_reply(solved)}" if solved else "I cannot say."


_SHOT = {"question": "Another made-up question?", "options": ["these", "those"], "answer_idx": "A"}
_ALONE: Mapping[str, Any] = {"roles": (), "stand_ins": {}}
PROTOCOL = Protocol(
    name=NAME,
    version=1,
    about=__doc__,
    kind="multiple choice, prompting method",
    source=Source(dataset="https://arxiv.org/abs/2402.19371", files=("test.jsonl", "test.json"), split="test"),
    prompt=PROMPT,
    read=read_nearest,
    to_item=to_item,
    play=play_voted,
    roles=(WRITER,),
    stand_ins={WRITER: _write},
    score=choice_score(read_answer),
    metrics=ACCURACIES,
    gold_reply=gold_reply,
    recorded=partial(read_tables, agree=agree),
    records_bring_items=True,
    variants={
        "zero-shot": {"play": play_zero_shot, "read": read_rows, **_ALONE},
        "sentences": {"read": read_nearest_sentences},
        "few-shot": {"play": play_few_shot, "read": read_drawn, **_ALONE},
        "cot-random": {"play": play_reasoned, "read": read_drawn},
        "cot-knn": {"play": play_reasoned},
    },
    examples=(
        Example(
            row={"question": "A made-up question?", "options": {"A": "this", "B": "that"}, "answer_idx": "B",
                 "shots": [_SHOT]},
            target="B",
            wrong_reply="Answer: A",
            other={"answer_idx": "A"},
        ),
    ),
)  # fmt: skip
