"""CMExam: questions of the Chinese National Medical Licensing Examination, with one or several right options.

Paper     Liu et al. (2023), https://arxiv.org/abs/2306.03030
Data      github.com/williamliujl/CMExam, test 6,811 rows (val likewise); fzkuji/CMExam on the hub without annotations.
          Recorded outputs are the scripts' tables, with the reply as `model_result` or `raw_prediction`.
Measures  Knowledge for the Chinese licence to practise, by discipline, department, disease group and difficulty; in the
          variant `explanations` also how close an explanation is to the book's. Text only, Chinese.
Not for   Clinical conduct, other countries' guidelines, or whether an explanation is right: overlap of characters is no
          judgement.
Deviates  One question an ask; in `batched` five at once, as the paper asks its interface models: there a reply without
          as many answers as questions answers none. An answer line that is nothing but letters of options is taken as
          it stands, since an option whose text is "D" would match the letter D; what stands after the word for
          explanation is no answer, even on the same line. Otherwise an option is chosen where its letter or its text
          occurs. `released-code` matches over the whole first line, and only the first word of an option's text; `bare`
          asks with question and options alone, as for models trained on the set. One validation row has the answer
          "nan": nothing but that text is right there. The released scripts leave their BLEU out; here it is the
          corpus's, by characters. ROUGE, of characters too, needs the extra `text`.
Verified  Partly: counts of the validation file (6,811 rows; 211 answers longer than one letter, that "nan" among them);
          every row's own answer scores 1. No recorded outputs were at hand.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from dermatrust.protocols import Example, Item, Played, Protocol, Row, Score, Source
from dermatrust.protocols.batches import QUESTIONS, answers_in, in_batches
from dermatrust.protocols.item import id_of, lettered
from dermatrust.protocols.metrics import (
    accuracy_of_answered,
    answered_rate,
    f1_of_labels,
    mean_part,
    mean_score,
    weighted_precision,
)
from dermatrust.protocols.read_recorded import read_recorded
from dermatrust.protocols.read_rows import read_rows
from dermatrust.protocols.scorers.bleu import bleu_counts, characters, corpus_bleu
from dermatrust.protocols.scorers.choice import UNANSWERED
from dermatrust.protocols.scorers.text_overlap import rouge

PROMPT = """以下是一道国家执业医师资格考试选择题，正确选项可能有一个或多个。

题目：{question}

选项：
{options}

请按下面的格式分两行作答。第一行只写正确选项的字母，多选时连续书写；第二行简要说明理由。
答案：选项字母
解释：理由"""
BATCH_PROMPT = """以下是若干道国家执业医师资格考试选择题，每道题的正确选项可能有一个或多个。请以医学专家的身份逐题作答。

{question}

每道题的回答各占一行，顺序与题目一致，不要输出其他内容。每行只写正确选项的字母和简要的解释，格式为：
答案：选项字母,解释：理由"""
BATCH = 5
ANSWER = "答案"
EXPLANATION = "解释"
REPLIES = "model_result", "raw_prediction"
"""Columns of recorded replies: of models trained on the set, and of those behind an interface."""
COLUMNS = {"Options": "选项", "Answer": "答案", "Explanation": "答案解析"}
"""What the tables of the former call the columns of the data."""
ROUGE = "ROUGE-1", "ROUGE-2", "ROUGE-L"
ANNOTATIONS = (
    "Difficulty level", "Area of Competency", "Medical Discipline", "Clinical Department", "Disease Group",
)  # fmt: skip
_BREAK = re.compile(r"\\n|\n")
_STATED = re.compile(r"^\s*(?:答案)?\s*[:：]?\s*")
_MARKS = re.compile(r"[\s,，、.。;；]+")


def to_item(row: Row) -> Item:
    """Ask a question; the target is the letters of its right options in order, e.g. "ABCE"."""
    listed = row["Options"]
    if isinstance(listed, str):
        pairs = [option.split(None, 1) for option in _BREAK.split(listed) if option.strip()]
        options = {letter: " ".join(text) for letter, *text in pairs}
    else:
        options = {option["key"]: option["value"] for option in listed}
    answer = str(row["Answer"]).strip()
    tags = {name: str(row[name]) for name in ANNOTATIONS if row.get(name)}
    return Item(
        id=id_of(row["Question"], *options.values(), row.get("Explanation") or ""),
        question=row["Question"],
        options=options,
        target=answer,
        tags=tags | {"answers": "several" if len(answer) > 1 else "one"},
        known={"explanation": row.get("Explanation") or ""},
    )


def chosen(reply: str, options: Mapping[str, str]) -> str:
    """Return the letters chosen, in the options' order: those of a line of letters, else options that are mentioned."""
    answer = reply.split(EXPLANATION)[0].strip().split("\n")[0] if EXPLANATION in reply else reply
    stated = _MARKS.sub("", _STATED.sub("", answer))
    if stated and set(stated) <= set(options):
        return "".join(letter for letter in options if letter in stated)
    return "".join(letter for letter, text in options.items() if letter in answer or (text and text in answer))


def chosen_by_release(reply: str, options: Mapping[str, str]) -> str:
    """Return the letters chosen as the released code has it."""
    answer = reply.split("\n")[0].strip() if EXPLANATION in reply else reply
    firsts = {letter: (text.split() or [letter])[0] for letter, text in options.items()}
    return "".join(letter for letter, text in firsts.items() if letter in answer or text in answer)


def score(item: Item, played: Played) -> Score:
    """Grade 1 where exactly the right options are chosen."""
    stated = _STATED.sub("", played.reply.split(EXPLANATION)[0]).strip()
    said = item.target if stated == item.target else chosen(played.reply, item.options)
    return Score(value=float(said == item.target), said=said) if said else UNANSWERED


def score_by_release(item: Item, played: Played) -> Score:
    """Grade likewise, with the released matching."""
    said = chosen_by_release(played.reply, item.options)
    return Score(value=float(said == item.target), said=said) if said else UNANSWERED


def score_explanation(item: Item, played: Played) -> Score:
    """Grade the answer, and count what its explanation shares with the book's; without a marker all of it is one."""
    graded, reference = score(item, played), item.known["explanation"]
    parts = re.split(rf"{EXPLANATION}[:：]", played.reply, maxsplit=1)
    if not reference:
        return Score(value=graded.value, answered=graded.answered, said=graded.said)
    said, wanted = characters(parts[-1]), characters(reference)
    found = rouge(" ".join(said), " ".join(wanted))
    shares = dict(zip(ROUGE, (found.one, found.two, found.longest), strict=True))
    counts = bleu_counts(said, wanted) | shares
    return Score(value=graded.value, answered=graded.answered, said=graded.said, parts=counts)


def gold_reply(item: Item) -> str:
    """Return what a perfect model would say."""
    return f"{ANSWER}：{item.target}\n{EXPLANATION}：{item.known['explanation']}"


def to_batch(row: Row) -> tuple[Item, ...]:
    """Ask several questions in one prompt, an item each."""
    items = [to_item(one) for one in row[QUESTIONS]]
    numbered = "\n\n".join(
        f"{number}. 题目：{item.question}\n选项：{lettered(item.options)}" for number, item in enumerate(items, 1)
    )
    golds = [" ".join(f"{ANSWER}：{item.target},{EXPLANATION}：{item.known['explanation']}".split()) for item in items]
    return tuple(
        replace(item, question=numbered, known={**item.known, "place": place, "batch": golds})
        for place, item in enumerate(items)
    )


def score_in_batch(item: Item, played: Played) -> Score:
    """Grade the item's own answer among those of its batch."""
    answers = answers_in(played.reply, ANSWER, len(item.known["batch"]))
    return score(item, Played(reply=answers[item.known["place"]])) if answers else UNANSWERED


def recorded(path: Path, items: Iterable[Item]) -> Iterator[tuple[Item, Played | None]]:
    """Yield the rows of the scripts' tables, which bring their own questions and answers; other files as our own."""
    rows = read_rows(path) if path.suffix.lower() == ".csv" else iter(())
    is_theirs = False
    for number, (where, row) in enumerate(rows, 1):
        column = next((one for one in REPLIES if one in row), None)
        if column is None:
            break
        is_theirs = True
        known = {name: row.get(name, row.get(theirs, "")) for name, theirs in COLUMNS.items()}
        (item,) = PROTOCOL.items({**row, **known, "Question": row.get("Question", "")}, where=where)
        yield replace(item, id=f"{number}"), Played(reply=row[column])
    if not is_theirs:
        yield from read_recorded(path, items)


METRICS = {
    "accuracy": mean_score, "weighted F1": f1_of_labels("weighted"), "weighted precision": weighted_precision,
    "weighted recall": mean_score, "answered": answered_rate, "accuracy of answered": accuracy_of_answered,
}  # fmt: skip
_ROW = {
    "Question": "编造的题目，应选", "Options": "A 甲\nB 乙丙\nC 丁 戊", "Answer": "B", "Explanation": "因为乙丙。",
    "Difficulty level": "2",
}  # fmt: skip
_OTHER = {
    "Question": "另一道编造的题目？", "Answer": "AB", "Explanation": "二者皆是。",
    "Options": [{"key": "A", "value": "甲"}, {"key": "B", "value": "乙"}],
}  # fmt: skip
PROTOCOL = Protocol(
    name="cmexam",
    version=1,
    about=__doc__,
    kind="multiple choice, one or several right; explanations",
    language="zh",
    source=Source(
        dataset="https://github.com/williamliujl/CMExam", files=("test_with_annotations.csv", "test.csv", "val.csv"),
        split="test", size=6811, licence="Apache-2.0",
    ),
    prompt=PROMPT,
    to_item=to_item,
    score=score,
    metrics=METRICS,
    gold_reply=gold_reply,
    by=("answers", *ANNOTATIONS),
    recorded=recorded,
    records_bring_items=True,
    variants={
        "released-code": {"score": score_by_release},
        "bare": {"prompt": "{question}\n{options}"},
        "batched": {
            "prompt": BATCH_PROMPT,
            "read": in_batches(read_rows, BATCH),
            "to_item": to_batch,
            "score": score_in_batch,
            "gold_reply": lambda item: "\n".join(item.known["batch"]),
            "recorded": read_recorded,
            "records_bring_items": False,
            "examples": (
                Example(
                    row={QUESTIONS: [_ROW, _OTHER]},
                    target=("B", "AB"),
                    wrong_reply="答案：A,解释：乙丙。\n答案：AB,解释：二者皆是。",
                    other={QUESTIONS: [_ROW | {"Answer": "C"}, _OTHER]},
                ),
            ),
        },
        "explanations": {
            "score": score_explanation,
            "metrics": {
                **METRICS, "BLEU-1": corpus_bleu(1), "BLEU-4": corpus_bleu(4),
                **{name: mean_part(name) for name in ROUGE},
            },
        },
    },
    examples=(
        Example(row=_ROW, target="B", wrong_reply="答案：A\n解释：乙丙。", other={"Answer": "C"}),
        Example(
            row=_OTHER,
            target="AB",
            wrong_reply="乙",
            other={"Answer": "A"},
        ),
    ),
)  # fmt: skip
