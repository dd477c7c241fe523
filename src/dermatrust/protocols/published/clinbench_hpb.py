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

from dataclasses import replace

from dermatrust.protocols import Example, Item, Protocol, Row, Source
from dermatrust.protocols.gold import gold_in
from dermatrust.protocols.item import id_of
from dermatrust.protocols.languages import is_chinese
from dermatrust.protocols.metrics import (
    all_right,
    answered_rate,
    any_right,
    mean_of_groups,
    mean_score,
    spread_in_groups,
)  # fmt: skip
from dermatrust.protocols.options_in_text import split_options
from dermatrust.protocols.recorded.clinbench_hpb import read_replies
from dermatrust.protocols.repeated_rows import numbered, telling_repeats_apart
from dermatrust.protocols.repeats import ask_repeat, repeated
from dermatrust.protocols.scorers.choice import choice_score, option_letters
from dermatrust.protocols.scorers.extracted_letters import EXTRACTOR, NOTHING, play_extracted, score_extracted
from dermatrust.protocols.scorers.first_stated_letters import first_letters, first_letters_by_release
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
REPEATS = 4
REASONING_TEMPERATURE = 0.6
TAGS = "answer_format", "disease_domain", "inquiry_type"


def to_item(row: Row) -> tuple[Item, ...]:
    """Ask a question once for each order of its options; the items share a group."""
    options = split_options(row["options"])
    several = row.get("answer_format") == "MultipleChoice"
    about = f"{row['disease_info']}\n" if row.get("disease_info") else ""
    item = Item(
        id=numbered(_id_of(row), row),
        question=about + row["question"],
        options=options,
        target=option_letters(row["answer"] if several else row["answer"][0], options),
        template=CHINESE if is_chinese(row["question"]) else ENGLISH,
        tags={name: row[name] for name in TAGS if row.get(name)},
    )
    return tuple(rotated(item, by) for by in range(1, (4 if "D" in options else 3) + 1))


def _id_of(row: Row) -> str:
    return id_of(row["question"], *split_options(row["options"]).values())


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
    recorded=read_replies,
    records_bring_items=True,
    score=choice_score(first_letters),
    metrics={
        "all right": all_right, "any right": any_right, "mean": mean_of_groups, "spread": spread_in_groups,
        "accuracy": mean_score, "answered": answered_rate,
    },
    gold_reply=gold_in("Answer: {target}"),
    by=TAGS,
    variants={
        "released-code": {"score": choice_score(first_letters_by_release)},
        "repeat-4": {
            "to_item": lambda row: repeated(to_item(row), REPEATS), "play": ask_repeat(REASONING_TEMPERATURE),
            "examples": tuple(
                replace(one, target=tuple(target for target in one.target for _ in range(REPEATS))) for one in EXAMPLES
            ),
        },
        "extracted": {
            "play": play_extracted(first_letters), "score": score_extracted(first_letters), "roles": (EXTRACTOR,),
            "stand_ins": {EXTRACTOR: lambda item, turns: NOTHING},
        },
    },
    examples=EXAMPLES,
)  # fmt: skip
