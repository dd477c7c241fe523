"""LiveMedBench: recent cases from online medical communities, graded by signed rubrics, month by month.

Paper     Yan et al. (2026), https://arxiv.org/abs/2602.10367
Data      JuelieYann/LiveMedBench on the hub: 2,756 cases (English 1,568, Chinese 1,188) with 16,702 criteria.
Measures  Points of the criteria that are met, of all points above 0, clipped to 0 and 1 in each case; by month of the
          post, which shows contamination: `--cutoff YYYY-MM` splits the cases at the month up to which a model was
          trained.
Not for   Comparing models graded by different judges. The judge agrees with physicians with a correlation of 0.54.
Deviates  Which rule the paper's figures follow is not known: the default clips each case, as the authors' page says;
          "released-code" clips means alone, as their script does, reads verdicts by its fallbacks, and counts an
          unreadable one, a criterion that is not in the records, and a case without points above 0 as 0. By default all
          three are missing. Its records bring their own points, which count there. The prompts are in our words.
Verified  Nothing: no graded outputs were at hand.
"""

import math
from functools import partial
from typing import Any

from dermatrust.protocols import Ask, Example, Item, Played, Protocol, Row, Score, Source
from dermatrust.protocols.cutoff import month_of
from dermatrust.protocols.metrics import answered_rate, mean_score
from dermatrust.protocols.recorded.livemedbench import POINTS, recorded_grades
from dermatrust.protocols.scorers.choice import UNANSWERED
from dermatrust.protocols.scorers.judge import Read, ask_judge, quote
from dermatrust.protocols.scorers.met import read_met, released_met
from dermatrust.protocols.scorers.rubric import (
    MET,
    Criterion,
    clip,
    clipped,
    criteria_of,
    judge_criteria,
    signed_share,
)  # fmt: skip
from dermatrust.protocols.scorers.rubric_by_words import gold_of_rubric, judge_by_words

MOST_TOKENS = 2048
"""Of an answer."""
PROMPT = "Give the final answer alone, without explanation and without steps of reasoning.\n\n{question}"
PROMPT_ZH = "请用中文只给出最终回答，不写解释，也不写推理步骤。\n\n{question}"
JUDGE_PROMPT = """\
You grade a model's answer to a patient by one criterion. Say whether it is met, true or false.

A criterion that asks for information is met where the answer holds it. A criterion that describes an error is met \
where the answer makes that error: you report what is there, the points take care of the sign. Quote the sentence of \
the answer that decides.

{query}
{reply}
{criterion}

Reply with a JSON list of one object and nothing else: [{{"question": "the criterion", "met": true or false, \
"reasoning": "..."}}]"""


def to_item(row: Row) -> Item:
    """Ask for an answer to a case, in its language; the target is the rubric."""
    question = f"{row['narrative']}\n\n{row['core_request']}"
    is_chinese = any("\u4e00" <= letter <= "\u9fff" for letter in question)
    criteria = criteria_of(row["rubric_items"], may_be_worthless=True)
    return Item(
        id=str(row["case_id"]), question=question.strip(), template=PROMPT_ZH if is_chinese else PROMPT,
        tags={"language": "zh" if is_chinese else "en", "month": month_of(row.get("post_time"))},
        known={"criteria": criteria},
        target=tuple((criterion.text, criterion.points) for criterion in criteria),
    )  # fmt: skip


async def play(item: Item, ask: Ask, *, read: Read) -> Played:
    """Ask, and have each criterion judged in a call of its own."""
    reply = (await ask(item.turns(), max_tokens=MOST_TOKENS)).text
    if not reply.strip():
        return Played(reply=reply)

    async def judge(criterion: Criterion) -> str | None:
        texts = {"query": quote("QUERY", item.question), "reply": quote("ANSWER", reply)}
        return await ask_judge(ask, JUDGE_PROMPT.format(**texts, criterion=quote("CRITERION", criterion.text)), read)

    return Played(reply=reply, verdicts=await judge_criteria(item.known["criteria"], judge))


def score(item: Item, played: Played, *, is_released: bool) -> Score:
    """Return the signed share of the points, within 0 and 1.

    As released it may lie outside, what is unread counts 0, and a record's own points count where it has some.
    """
    if not played.reply.strip():
        return UNANSWERED
    criteria = item.known["criteria"]
    share = signed_share(criteria, played.verdicts, unread=0.0 if is_released else math.nan)
    if is_released and POINTS in played.numbers:
        possible = math.fsum(criterion.points for criterion in criteria if criterion.points > 0)
        share = played.numbers[POINTS] / possible if possible else 0.0
    said = f"{[*played.verdicts.values()].count(MET)} met"
    return Score(value=share if is_released else clip(share), said=said, parts={"unclipped": share})


def _row(language: str) -> dict[str, Any]:
    told = {"en": ("A made-up rash.", "What is it?"), "zh": ("一个虚构的皮疹。", "这是什么？")}[language]
    return {
        "case_id": language, "post_time": "2025-04-08T00:00:00", "narrative": told[0], "core_request": told[1],
        "rubric_items": [{"criterion": "names eczema", "points": 8}, {"criterion": "advises steroids", "points": -4}],
    }  # fmt: skip


OTHER = {"rubric_items": [{"criterion": "says nothing", "points": 1}]}
TARGET = (("names eczema", 8.0), ("advises steroids", -4.0))
RELEASED = {
    "play": partial(play, read=released_met),
    "score": partial(score, is_released=True),
    "examples": (
        Example(row=_row("en"), target=TARGET, wrong_reply="It advises steroids.", wrong_value=-0.5, other=OTHER),
    ),
}
PROTOCOL = Protocol(
    name="livemedbench",
    version=1,
    about=__doc__,
    kind="signed rubric",
    language="en, zh",
    source=Source(
        dataset="JuelieYann/LiveMedBench", files=("LiveMedBench_v202601.json",), size=2756, licence="MIT",
        is_on_hub=True,
    ),
    prompt=PROMPT,
    to_item=to_item,
    play=partial(play, read=read_met),
    score=partial(score, is_released=False),
    metrics={"score": clipped(mean_score), "answered": answered_rate},
    gold_reply=gold_of_rubric,
    roles=("judge",),
    stand_ins={"judge": judge_by_words('[{"question": "", "met": {met}, "reasoning": ""}]', reply="ANSWER")},
    by=("language", "month"),
    recorded=recorded_grades,
    examples=(
        Example(row=_row("en"), target=TARGET, wrong_reply="It advises steroids.", other=OTHER),
        Example(row=_row("zh"), target=TARGET, wrong_reply="names eczema, advises steroids", wrong_value=0.5,
                other=OTHER),
    ),
    variants={"released-code": RELEASED},
    temperature=0.0,
)  # fmt: skip
