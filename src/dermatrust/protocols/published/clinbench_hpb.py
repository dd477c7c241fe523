"""ClinBench-HPB: exam questions on liver, bile ducts and pancreas, each asked with its options in several orders.

Paper     Li et al. (2025), https://arxiv.org/abs/2506.00095
Data      github.com/Lycus99/ClinBench-HPB, cnqa.json (2,000, Chinese, one or several right) and enqa.json (1,535,
          English, one right); subsets of 200 and 153.
Measures  Knowledge of hepatobiliary and pancreatic disease that does not hang on where an option stands. Text only.
Not for   Other fields; conduct at the bedside: for that there are the cases, clinbench-hpb-cases.
Deviates  Each of four orders moves every option one letter on, three orders where there is no option D; with five
          options the printed order is never asked, as released. `repeat-4` asks each four times at temperature 0.6, as
          for reasoning models. The first statement "Answer: …" counts, else the last "the answer is …", in whatever
          order its letters come, up to the first other word; `released-code` drops commas, blanks and quotation marks
          first, so that "Answer: B because" states "Bbecause", and takes letters in their order and case. The paper has
          a model extract letters where more than ten replies of a run state none: `extracted` does so for every such
          reply. Records are the released pickles of replies; they bring the right letters.
Verified  Nothing: no recorded outputs and no headline figures were found.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from dermatrust.errors import DataError
from dermatrust.narrate.text import said_aloud
from dermatrust.protocols import Ask, Example, Item, Played, Protocol, Row, Score, Source, ask_once
from dermatrust.protocols.item import id_of
from dermatrust.protocols.metrics import (
    all_right,
    answered_rate,
    any_right,
    mean_of_groups,
    mean_score,
    spread_in_groups,
)  # fmt: skip
from dermatrust.protocols.options_in_text import LETTERS, split_options
from dermatrust.protocols.read_pickled import read_pickled
from dermatrust.protocols.repeated_rows import numbered, telling_repeats_apart
from dermatrust.protocols.scorers.choice import answer_letters, choice_score, option_letters
from dermatrust.protocols.scorers.judge import ask_judge
from dermatrust.protocols.scorers.rotation import rotated

ENGLISH = """As a senior doctor, answer this question. One option is right. Give only its letter, as in "Answer: A".

Question: {question}
Options:
{options}"""
CHINESE = """请以资深医生的身份回答下面的问题，正确选项可能不止一个。
只给出正确选项的字母，格式为“Answer: A”或“Answer: ABC”。

问题：{question}
选项：
{options}"""
EXTRACT = """Which options does this reply to a multiple-choice question choose? Give their letters alone, such as B or
ACD, or NA where it chooses none. Do not answer the question yourself.

Reply: {reply}"""
REPEATS = 4
REASONING_TEMPERATURE = 0.6
_STATED = re.compile(
    r"\bAnswer\W{0,4}[:：]\W{0,4}((?-i:(?:[A-Z]\b[\s,，、;/&*]*(?:and\b\s*)?)+|[A-Z]{2,10}\b)|[A-Z]{1,10}(?=\W*$))",
    re.IGNORECASE | re.MULTILINE,
)
"""Small letters count only where nothing follows them: "answer: a stone" states none."""
_OPENS = re.compile(r"\bAnswer\W{0,4}[:：]", re.IGNORECASE)
_FINAL, _THOUGHT = "## Final Response", "</think>"
_DROPPED = str.maketrans("", "", ', "')
_RELEASED = re.compile(r"Answer:\s*([A-Z]+)", re.IGNORECASE)
_CHINESE = re.compile(r"[\u4e00-\u9fff]")


def to_item(row: Row) -> tuple[Item, ...]:
    """Ask a question once for each order of its options; the items share a group."""
    options = split_options(row["options"])
    several = row.get("answer_format") == "MultipleChoice"
    is_chinese = bool(_CHINESE.search(row["question"]))
    about = f"{row['disease_info']}\n" if row.get("disease_info") else ""
    item = Item(
        id=numbered(_id_of(row), row),
        question=about + row["question"],
        options=options,
        target=option_letters(row["answer"] if several else row["answer"][0], options),
        template=CHINESE if is_chinese else ENGLISH,
        tags={name: row[name] for name in ("disease_domain", "inquiry_type", "answer_format") if row.get(name)},
    )
    return tuple(rotated(item, by) for by in range(1, (4 if "D" in options else 3) + 1))


def _id_of(row: Row) -> str:
    return id_of(row["question"], *split_options(row["options"]).values())


def repeated(row: Row) -> tuple[Item, ...]:
    """Ask every order several times."""
    return tuple(
        replace(item, id=f"{item.id} {k}", known={"repeat": k}) for item in to_item(row) for k in range(REPEATS)
    )


async def play_repeat(item: Item, ask: Ask) -> Played:
    """Ask for one of several repeats."""
    reply = await ask(item.turns(), draw=item.known["repeat"], temperature=REASONING_TEMPERATURE)
    return Played(reply=reply.text)


async def play_extracted(item: Item, ask: Ask) -> Played:
    """Ask the question; have an extractor read a reply that states no letters."""
    played = await ask_once(item, ask)
    if not played.reply.strip() or read_letters(played.reply, item.options):
        return played
    letters = await ask_judge(ask, EXTRACT.format(reply=played.reply), _letters_or_na(item), role="extractor")
    return replace(played, verdicts={"letters": letters})


def score_extracted(item: Item, played: Played) -> Score:
    """Grade the letters stated, or else extracted; missing where the extractor cannot be read."""
    letters = read_letters(played.reply, item.options)
    if not letters and played.reply.strip() and "letters" in played.verdicts:
        found = played.verdicts["letters"]
        if found is None:
            return Score(value=float("nan"), answered=False)
        letters = "" if found == "NA" else found
    return Score(value=float(letters == item.target), answered=bool(letters), said=letters)


def read_letters(reply: str, options: Mapping[str, str]) -> str:
    """Return the letters first stated after what was only thought, in order and each once.

    Example:
        >>> options = dict.fromkeys("ABC", "")
        >>> read_letters("Answer: C, A. Not: Answer: B", options), read_letters("Answer: a stone", options)
        ('AC', '')
    """
    said = said_aloud(reply)
    for found in _STATED.finditer(said):
        letters = set(re.sub(r"\band\b|[^a-z]", "", found[1], flags=re.IGNORECASE).upper())
        if letters and letters <= set(options):
            return "".join(sorted(letters))
    return "" if _OPENS.search(said) else answer_letters(said, options)


def read_by_release(reply: str, options: Mapping[str, str]) -> str:
    """Return what the released pattern finds first, in the case and order it stands in.

    Two signs after "## Final Response" are dropped unseen, as released.
    """
    if _FINAL in reply:
        reply = reply[reply.index(_FINAL) + len(_FINAL) + 2 :]
    found = _RELEASED.search(reply.partition(_THOUGHT)[2 if _THOUGHT in reply else 0].translate(_DROPPED))
    return found[1] if found else ""


def recorded(path: Path, items: Iterable[Item]) -> Iterator[tuple[Item, Played | None]]:
    """Yield the replies of a released pickle: replies, right letters, and how many replies each question has.

    It tells neither the questions nor their options, so that any letter may be chosen.
    """
    replies, targets, sizes = read_pickled(path, 3)
    if not len(replies) == len(targets) == sum(sizes):
        found = f"holds {len(replies)} replies to {len(targets)} right answers of questions asked {sum(sizes)} times"
        raise DataError(str(path), found)
    groups = [number for number, size in enumerate(sizes, 1) for _ in range(size)]
    for number, (group, reply, target) in enumerate(zip(groups, replies, targets, strict=True), 1):
        item = Item(id=str(number), question="(not recorded)", target=str(target[0]), group=str(group),
                    options=dict.fromkeys(LETTERS, ""))  # fmt: skip
        said = reply[0] if isinstance(reply, list) else reply  # a reasoning model's answer stands before its thoughts
        yield item, Played(reply=str(said or ""))


def _letters_or_na(item: Item) -> Callable[[str], str | None]:
    def read(text: str) -> str | None:
        letters = re.sub(r"[\s,.、]|(?:Output|Answer):", "", said_aloud(text)).upper()
        is_known = letters == "NA" or (bool(letters) and set(letters) <= set(item.options))
        return letters if letters == "NA" else "".join(sorted(set(letters))) if is_known else None

    return read


EXAMPLES = (
Example(
    row={"question": "编造的题目？", "options": "A. 甲\nB. 乙\nC. 丙\nD. 丁\nE. 戊", "answer": "AE",
         "answer_format": "MultipleChoice", "disease_domain": "LiverDisease"},
    target=("AB", "BC", "CD", "DE"),
    wrong_reply="Answer: E",
    other={"answer": "AB"},
),
Example(
    row={"question": "A made-up question?", "options": "A. this\nB. that\nC. both", "answer": "B. that"},
    target=("C", "A", "B"),
    wrong_reply="Answer: B",
    other={"answer": "C"},
),
)  # fmt: skip
PROTOCOL = Protocol(
    name="clinbench-hpb",
    version=1,
    about=__doc__,
    kind="multiple choice, options rotated",
    language="zh, en",
    source=Source(
        dataset="https://github.com/Lycus99/ClinBench-HPB",
        files=("cnqa.json", "enqa.json", "cnqa-subset-200.json", "enqa-subset-153.json"), size=2000,
        licence="research use, by its README",
    ),
    read=telling_repeats_apart(_id_of),
    to_item=to_item,
    recorded=recorded,
    records_bring_items=True,
    score=choice_score(read_letters),
    metrics={
        "all right": all_right, "any right": any_right, "mean": mean_of_groups, "spread": spread_in_groups,
        "accuracy": mean_score, "answered": answered_rate,
    },
    gold_reply=lambda item: f"Answer: {item.target}",
    by=("answer_format", "disease_domain", "inquiry_type"),
    variants={
        "released-code": {"score": choice_score(read_by_release)},
        "repeat-4": {
            "to_item": repeated, "play": play_repeat,
            "examples": tuple(
                replace(one, target=tuple(target for target in one.target for _ in range(REPEATS))) for one in EXAMPLES
            ),
        },
        "extracted": {
            "play": play_extracted, "score": score_extracted, "roles": ("extractor",),
            "stand_ins": {"extractor": lambda item, turns: "NA"},
        },
    },
    examples=EXAMPLES,
)  # fmt: skip
