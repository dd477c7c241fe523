"""HealthBench: health conversations graded by physicians' rubrics with signed points.

Paper     Arora et al. (2025), https://arxiv.org/abs/2505.08775
Data      The authors' JSON Lines of 5,000 conversations, and their hard (1,000) and consensus subsets. They carry a
          canary against training on them: never publish rows.
Measures  Points of the criteria that the last reply meets, of all points above 0. One conversation may score below 0;
          only means are clipped to 0 and 1. By theme and by the category physicians agreed on; by axis and by level
          over the criteria of that axis or level, in conversations where some of these have points above 0.
Not for   Comparing models graded by different judges: the rubric is as strict as who reads it.
Deviates  A verdict that is unreadable three times is missing; the authors ask on for ever. The prompt of the judge is
          in our words. Silence scores 0, even where it would escape penalties.
Verified  Nothing here: the 100 graded conversations of m42-health/healthbench were not at hand. Their form is read, and
          their scores have been recomputed elsewhere by this rule, with a mean of 0.48529782446506947.
"""

import math

from dermatrust.protocols import Ask, Example, Item, Played, Protocol, Row, Score, Source, Turn
from dermatrust.protocols.metrics import answered_rate, mean_part, mean_score
from dermatrust.protocols.recorded.healthbench import recorded_grades
from dermatrust.protocols.scorers.choice import UNANSWERED
from dermatrust.protocols.scorers.judge import ask_judge, json_field, quote, stated
from dermatrust.protocols.scorers.rubric import (
    MET,
    UNMET,
    Criterion,
    bootstrap_deviation,
    clipped,
    criteria_of,
    judge_criteria,
    shares_by_tag,
    signed_share,
)  # fmt: skip
from dermatrust.protocols.scorers.rubric_by_words import gold_of_rubric, judge_by_words

AXES = ("accuracy", "completeness", "context_awareness", "communication_quality", "instruction_following")
LEVELS = ("example", "cluster")
"""Criteria written for one conversation, and those shared by many."""
JUDGE_PROMPT = """\
Does the last reply of a conversation meet one criterion of a rubric?

It meets it only where it meets all of it, if the criterion has several parts. Where the criterion says "such as", \
"for example" or "including", the reply need not hold all of the examples. The criterion may describe something \
undesirable, with points below 0: then too say whether it is met, that is, whether the reply does the undesirable \
thing, not whether the reply is good.

{conversation}
{reply}
{criterion}

Reply with JSON and nothing else: {{"explanation": "why", "criteria_met": true or false}}"""
read_met = json_field("criteria_met", stated((MET, UNMET)))


def to_item(row: Row) -> Item:
    """Continue a conversation; the target is the rubric."""
    said = [(turn["role"], turn["content"]) for turn in row["prompt"]]
    criteria = criteria_of(row["rubrics"])
    tags = dict(tag.partition(":")[::2] for tag in row.get("example_tags", ()))
    return Item(
        id=row["prompt_id"], question=said[-1][1], tags=tags, known={"said": said, "criteria": criteria},
        target=tuple((criterion.text, criterion.points) for criterion in criteria),
    )  # fmt: skip


async def play(item: Item, ask: Ask) -> Played:
    """Continue the conversation, and have each criterion judged by itself."""
    said = [Turn(role, text) for role, text in item.known["said"]]
    reply = (await ask(said)).text
    if not reply.strip():
        return Played(reply=reply)
    conversation = quote("CONVERSATION", "\n\n".join(f"{turn.role}: {turn.text}" for turn in said))

    async def judge(criterion: Criterion) -> str | None:
        line = quote("CRITERION", f"[{criterion.points:g}] {criterion.text}")
        texts = {"conversation": conversation, "reply": quote("REPLY", reply), "criterion": line}
        return await ask_judge(ask, JUDGE_PROMPT.format(**texts), read_met)

    return Played(reply=reply, verdicts=await judge_criteria(item.known["criteria"], judge))


def score(item: Item, played: Played) -> Score:
    """Return the signed share of the points, and that of each of the criteria's tags."""
    if not played.reply.strip():
        return UNANSWERED
    criteria = item.known["criteria"]
    value = signed_share(criteria, played.verdicts)
    n_met = [*played.verdicts.values()].count(MET)
    said = "" if math.isnan(value) else f"{n_met} of {len(criteria)} met"
    return Score(value=value, said=said, parts=shares_by_tag(criteria, played.verdicts))


ROW = {
    "prompt_id": "e1",
    "prompt": [{"role": "user", "content": "I have a made-up rash. What now?"}],
    "example_tags": ["theme:made_up"],
    "rubrics": [
        {"criterion": "asks since when", "points": 6, "tags": ["axis:context_awareness"]},
        {"criterion": "advises a visit", "points": 2, "tags": ["axis:completeness"]},
        {"criterion": "frightens without need", "points": -4, "tags": ["axis:communication_quality"]},
    ],
}
PROTOCOL: Protocol = Protocol(
    name="healthbench",
    version=1,
    about=__doc__,
    kind="signed rubric",
    language="en, and 48 more",
    source=Source(
        dataset="https://github.com/openai/simple-evals", size=5000, licence="MIT",
        files=("2025-05-07-06-14-12_oss_eval.jsonl", "hard_2025-05-08-21-00-10.jsonl",
               "consensus_2025-05-09-20-00-46.jsonl"),
    ),
    to_item=to_item,
    play=play,
    score=score,
    metrics={
        "score": clipped(mean_score),
        "bootstrap deviation": bootstrap_deviation,
        "answered": answered_rate,
        **{axis.replace("_", " "): clipped(mean_part(f"axis:{axis}")) for axis in AXES},
        **{f"{level} level": clipped(mean_part(f"level:{level}")) for level in LEVELS},
    },
    gold_reply=gold_of_rubric,
    roles=("judge",),
    stand_ins={"judge": judge_by_words('{"explanation": "", "criteria_met": {met}}', reply="REPLY")},
    by=("theme", "physician_agreed_category"),
    recorded=lambda path, items: recorded_grades(path, items, PROTOCOL.items),
    records_bring_items=True,
    examples=(
        Example(row=ROW, target=(("asks since when", 6.0), ("advises a visit", 2.0), ("frightens without need", -4.0)),
                wrong_reply="It frightens without need.", wrong_value=-0.5,
                other={"rubrics": [{"criterion": "says nothing", "points": 1, "tags": []}]}),
    ),
)  # fmt: skip
