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

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from dermatrust.errors import DataError
from dermatrust.protocols import Ask, Example, Item, Played, Protocol, Row, Source, Turn, user
from dermatrust.protocols.choice_rows import YES_NO_MAYBE, choice_item
from dermatrust.protocols.metrics import accuracy_of_answered, answered_rate, mean_score
from dermatrust.protocols.nearest import by_sentences, by_words, nearest_shots
from dermatrust.protocols.protocol import Play
from dermatrust.protocols.read_rows import read_rows
from dermatrust.protocols.scorers.choice import answer_line, answer_word, choice_score, first_letter, first_of
from dermatrust.protocols.shots import Choose, drawn_shots, pool_of
from dermatrust.protocols.vote import most_agreed

PROMPT = """{question}

{options}

Finish with one line "Answer: X", where X is the letter of the right option."""
REASON = 'Reason step by step in a few sentences before the line "Answer: X".'
SHOTS = 10
DRAWS = 5
ROUNDS = 5
SEED = 0
SAMPLING: dict[str, Any] = {"temperature": 0.8, "max_tokens": 500}
_read_word = answer_word(YES_NO_MAYBE.values())
_LETTERED = re.compile(r"(?<!\w)\(?([A-J])[).:]")


def _yes_or_no(reply: str, options: Mapping[str, str]) -> str:
    """Return the letter of a yes, no or maybe that is said in words, where these are the options."""
    if dict(options) != YES_NO_MAYBE:
        return ""
    word = _read_word(reply, options)
    return next((letter for letter, text in options.items() if text == word), "")


read_answer = first_of(answer_line, first_letter, _yes_or_no)


def read_beside(choose: Callable[[Sequence[Item]], Choose]) -> Callable[[Path], Iterator[tuple[str, Row]]]:
    """Return the reader that gives each row the training rows shown before it, as its field `shots`."""

    def read(path: Path) -> Iterator[tuple[str, Row]]:
        beside = path.with_name(path.name.replace("test", "train"))
        if beside == path or not beside.is_file():
            expected = f"the file {beside}" if beside != path else "a file with test in its name, and one with train"
            do = "Put them there, or use --variant zero-shot."
            raise DataError(str(path), "has no training rows beside it", expected, do)
        rows: dict[str, Row] = {}
        pool = []
        for number, (_, row) in enumerate(read_rows(beside)):
            pool.append(replace(choice_item(row), id=f"train {number}"))
            rows[pool[-1].id] = row
        chosen = choose(pool_of(PROTOCOL, pool, "it"))
        for where, row in read_rows(path):
            yield where, {**row, "shots": [rows[shot.id] for shot in chosen(choice_item(row))]}

    return read


def nearest(pool: Sequence[Item]) -> Choose:
    """Return the choice of the nearest training rows."""
    return nearest_shots(pool, SHOTS, by_words(pool))


def nearest_sentences(pool: Sequence[Item]) -> Choose:
    """Return the choice of the nearest training rows by MiniLM (extra `embedding`)."""
    return nearest_shots(pool, SHOTS, by_sentences(pool))


def drawn(pool: Sequence[Item]) -> Choose:
    """Return the choice of training rows drawn by a seed."""
    return drawn_shots(pool, SHOTS, SEED)


def to_item(row: Row) -> Item:
    """Ask a question; the training rows shown before it are what is known of it."""
    shots = tuple(replace(choice_item(shot), template=PROMPT) for shot in row.get("shots", ()))
    return replace(choice_item(row), known={"shots": shots})


async def play_zero_shot(item: Item, ask: Ask) -> Played:
    """Ask the question alone."""
    return await _answered(item, ask, [], 0, reasons=False)


async def play_few_shot(item: Item, ask: Ask) -> Played:
    """Ask after solved questions."""
    shown = [turn for shot in item.known["shots"] for turn in (*shot.turns(), Turn("assistant", gold_reply(shot)))]
    return await _answered(item, ask, shown, 0, reasons=False)


async def play_reasoned(item: Item, ask: Ask) -> Played:
    """Ask once after solved questions that were reasoned out."""
    return await _answered(item, ask, await _reasoned(item, ask), 0)


async def play_voted(item: Item, ask: Ask) -> Played:
    """Ask several times after solved questions that were reasoned out, and take the commonest answer."""
    shown = await _reasoned(item, ask)
    return most_agreed(PROTOCOL, item, [await _answered(item, ask, shown, k) for k in range(DRAWS)])


async def _reasoned(item: Item, ask: Ask) -> list[Turn]:
    """Return the shots with a writer's reasoning; one that it does not bring to the known answer is left out."""
    shown: list[Turn] = []
    for shot in item.known["shots"]:
        asked = user(f"{shot.prompt}\n{REASON}")
        for attempt in range(ROUNDS):
            settings = {"temperature": 0.7} if attempt else {}
            reply = await ask([asked], role="writer", draw=attempt, **settings)
            if read_answer(reply.text, shot.options) == shot.target:
                shown += [asked, Turn("assistant", reply.text)]
                break
    return shown


async def _answered(item: Item, ask: Ask, shown: list[Turn], draw: int, *, reasons: bool = True) -> Played:
    """Ask until there is an answer that can be read."""
    asked = [*shown, *item.turns()[:-1], user(f"{item.prompt}\n{REASON}" if reasons else item.prompt)]
    reply = ""
    for attempt in range(ROUNDS):
        reply = (await ask(asked, draw=draw * ROUNDS + attempt, **SAMPLING)).text
        if read_answer(reply, item.options):
            break
    return Played(reply=reply)


def recorded(path: Path, items: Iterable[Item]) -> Iterator[tuple[Item, Played | None]]:
    """Read a table of the authors: question, options or context, prompt, correct_answer, model_output.

    It brings its own items: one for all rows of a question.
    """
    asked: dict[tuple[str, ...], tuple[Item, list[Played]]] = {}
    for where, row in read_rows(path):
        if not {"correct_answer", "model_output"} <= set(row):
            raise DataError(where, "has no correct_answer and model_output", "a table of the authors")
        key = tuple(str(row.get(name) or "") for name in ("question", "options", "context", "correct_answer"))
        item, plays = asked.setdefault(key, (_recorded_item(row, str(len(asked) + 1)), []))
        output, prompt = str(row["model_output"] or ""), str(row.get("prompt") or "")
        plays.append(Played(reply=output.partition(prompt)[2] if prompt and prompt in output else output))
    for item, plays in asked.values():
        yield item, plays[0] if len(plays) == 1 else most_agreed(PROTOCOL, item, plays)


def _recorded_item(row: Row, name: str) -> Item:
    """Return the item of a recorded row; its options are told by their letters, whatever form they have."""
    answer, listed = str(row["correct_answer"]).strip().strip("()."), str(row.get("options") or "")
    if answer.lower() in YES_NO_MAYBE.values():
        options = dict(YES_NO_MAYBE)
        answer = next(letter for letter, text in options.items() if text == answer.lower())
    else:
        answer = answer.upper()
        options = dict.fromkeys(sorted({*(_LETTERED.findall(listed) or "ABCDE"), answer}), "")
    return Item(id=name, question=str(row.get("question", "")), options=options, target=answer)


def gold_reply(item: Item) -> str:
    """Return what a perfect model would say."""
    return f"Answer: {item.target}"


def _write(item: Item, turns: Sequence[Turn]) -> str:
    solved = next((shot for shot in item.known["shots"] if shot.question in turns[-1].text), None)
    return f"It follows.\n{gold_reply(solved)}" if solved else "I cannot say."


def _stage(play: Play, *, choose: Callable[[Sequence[Item]], Choose], writes: bool) -> dict[str, object]:
    roles = {"roles": ("writer",), "stand_ins": {"writer": _write}} if writes else {"roles": (), "stand_ins": {}}
    return {"play": play, "read": read_beside(choose), **roles}


_SHOT = {"question": "Another made-up question?", "options": ["these", "those"], "answer_idx": "A"}
PROTOCOL = Protocol(
    name="open-medlm",
    version=1,
    about=__doc__,
    kind="multiple choice, prompting method",
    source=Source(dataset="https://arxiv.org/abs/2402.19371", files=("test.jsonl", "test.json"), split="test"),
    prompt=PROMPT,
    read=read_beside(nearest),
    to_item=to_item,
    play=play_voted,
    roles=("writer",),
    stand_ins={"writer": _write},
    score=choice_score(read_answer),
    metrics={"accuracy": mean_score, "answered": answered_rate, "accuracy of answered": accuracy_of_answered},
    gold_reply=gold_reply,
    recorded=recorded,
    records_bring_items=True,
    variants={
        "zero-shot": {"play": play_zero_shot, "read": read_rows, "roles": (), "stand_ins": {}},
        "sentences": {"read": read_beside(nearest_sentences)},
        "few-shot": _stage(play_few_shot, choose=drawn, writes=False),
        "cot-random": _stage(play_reasoned, choose=drawn, writes=True),
        "cot-knn": _stage(play_reasoned, choose=nearest, writes=True),
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
