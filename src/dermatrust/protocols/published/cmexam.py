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

from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

from dermatrust.protocols import Example, Item, Played, Protocol, Row, Source
from dermatrust.protocols.batches import QUESTIONS, batched
from dermatrust.protocols.item import id_of
from dermatrust.protocols.metrics import (
    accuracy_of_answered,
    answered_rate,
    f1_of_labels,
    mean_score,
    weighted_precision,
)
from dermatrust.protocols.options_in_text import keyed_options
from dermatrust.protocols.read_rows import read_rows
from dermatrust.protocols.recorded.cmexam import read_tables
from dermatrust.protocols.scorers.choice import choice_score
from dermatrust.protocols.scorers.explained_choice import (
    ANSWER,
    CLOSENESS,
    EXPLANATION,
    chosen_by_release,
    score_choice,
    score_explanation,
)

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
BATCHED = "{number}. 题目：{question}\n选项：{options}"
ANNOTATIONS = (
    "Difficulty level", "Area of Competency", "Medical Discipline", "Clinical Department", "Disease Group",
)  # fmt: skip


def to_item(row: Row) -> Item:
    """Ask a question; the target is the letters of its right options in order, e.g. "ABCE"."""
    options, answer = keyed_options(row["Options"]), str(row["Answer"]).strip()
    explanation = row.get("Explanation") or ""
    tags = {name: str(row[name]) for name in ANNOTATIONS if row.get(name)}
    return Item(
        id=id_of(row["Question"], *options.values(), explanation),
        question=row["Question"],
        options=options,
        target=answer,
        tags=tags | {"answers": "several" if len(answer) > 1 else "one"},
        known={"explanation": explanation},
    )


def gold_reply(item: Item, *, between: str = "\n") -> str:
    """Return what a perfect model would say."""
    return f"{ANSWER}：{item.target}{between}{EXPLANATION}：{item.known['explanation']}"


def recorded(path: Path, items: Iterable[Item]) -> Iterator[tuple[Item, Played | None]]:
    """Read the scripts' tables."""
    return read_tables(path, items, PROTOCOL.items)


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
    score=score_choice,
    metrics=METRICS,
    gold_reply=gold_reply,
    by=("answers", *ANNOTATIONS),
    recorded=recorded,
    records_bring_items=True,
    variants={
        "released-code": {"score": choice_score(chosen_by_release)},
        "bare": {"prompt": "{question}\n{options}"},
        "batched": {
            **batched(
                BATCH, read=read_rows, to_item=to_item, score=score_choice, prompt=BATCH_PROMPT, shown=BATCHED,
                answer=partial(gold_reply, between=","), marker=ANSWER,
            ),
            "examples": (
                Example(
                    row={QUESTIONS: [_ROW, _OTHER]}, target=("B", "AB"),
                    wrong_reply="答案：A,解释：乙丙。\n答案：AB,解释：二者皆是。",
                    other={QUESTIONS: [_ROW | {"Answer": "C"}, _OTHER]},
                ),
            ),
        },
        "explanations": {"score": score_explanation, "metrics": METRICS | CLOSENESS},
    },
    examples=(
        Example(row=_ROW, target="B", wrong_reply="答案：A\n解释：乙丙。", other={"Answer": "C"}),
        Example(row=_OTHER, target="AB", wrong_reply="乙", other={"Answer": "A"}),
    ),
)  # fmt: skip
