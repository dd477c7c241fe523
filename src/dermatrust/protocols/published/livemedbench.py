"""LiveMedBench: recent cases from online medical communities, graded by signed rubrics, month by month.

Paper     Yan et al. (2026), https://arxiv.org/abs/2602.10367
Data      JuelieYann/LiveMedBench on the hub: 2,756 cases (English 1,568, Chinese 1,188) with 16,702 criteria.
Measures  Points of the criteria that are met, of all points above 0, clipped to 0 and 1 in each case; by month of the
          post, which shows contamination: `with_cutoff` splits the cases at the month up to which a model was trained.
Not for   Comparing models graded by different judges. The judge agrees with physicians with a correlation of 0.54.
Deviates  Which rule the paper's figures follow is not known: the default clips each case, as the authors' page says;
          "released-code" clips means alone, as their script does, reads verdicts by its fallbacks, and counts an
          unreadable one, and a criterion that is not in the records, as not met. By default both are missing. The
          prompts are in our words. At most 2,048 tokens are to be asked for (--max-tokens).
Verified  Nothing: no graded outputs were at hand.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from dermatrust.clients.fence import unfenced
from dermatrust.protocols import Ask, Example, Item, Played, Protocol, Row, Score, Source, Turn
from dermatrust.protocols.metrics import answered_rate, mean_score
from dermatrust.protocols.read_rows import read_rows
from dermatrust.protocols.scorers.choice import UNANSWERED
from dermatrust.protocols.scorers.judge import Read, ask_judge, json_in, quote
from dermatrust.protocols.scorers.rubric import (
    MET,
    UNMET,
    Criterion,
    clip,
    clipped,
    criteria_of,
    judge_criteria,
    signed_share,
)  # fmt: skip

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
    criteria = criteria_of(row["rubric_items"])
    month = row["post_time"][:7] if row.get("post_time") else "unknown"
    return Item(
        id=str(row["case_id"]), question=question.strip(), template=PROMPT_ZH if is_chinese else PROMPT,
        tags={"language": "zh" if is_chinese else "en", "month": month}, known={"criteria": criteria},
        target=tuple((criterion.text, criterion.points) for criterion in criteria),
    )  # fmt: skip


async def play(item: Item, ask: Ask, *, read: Read) -> Played:
    """Ask, and have each criterion judged in a call of its own."""
    reply = (await ask(item.turns())).text
    if not reply.strip():
        return Played(reply=reply)

    async def judge(criterion: Criterion) -> str | None:
        texts = {"query": quote("QUERY", item.question), "reply": quote("ANSWER", reply)}
        return await ask_judge(ask, JUDGE_PROMPT.format(**texts, criterion=quote("CRITERION", criterion.text)), read)

    return Played(reply=reply, verdicts=await judge_criteria(item.known["criteria"], judge))


def score(item: Item, played: Played, *, unread: float, clips_each: bool) -> Score:
    """Return the signed share of the points, by default within 0 and 1."""
    if not played.reply.strip():
        return UNANSWERED
    share = signed_share(item.known["criteria"], played.verdicts, unread=unread)
    n_met = [*played.verdicts.values()].count(MET)
    value = clip(share) if clips_each else share
    return Score(value=value, said=f"{n_met} met", parts={"unclipped": share})


def read_met(reply: str) -> str | None:
    """Return "true" or "false" of the one object that the judge was asked for.

    Example:
        >>> read_met('[{"question": "Is it red?", "met": "True", "reasoning": ""}]'), read_met("met: yes")
        ('true', None)
    """
    found = json_in(reply)
    one = found[0] if isinstance(found, list) and found else found
    said = str(one.get("met")).strip().lower() if isinstance(one, dict) else ""
    return said if said in (MET, UNMET) else None


def released_met(reply: str) -> str | None:
    """Return a verdict by the released script's fallbacks: any sign of yes, then any of no.

    Example:
        >>> released_met('"met": probably true'), released_met("satisfied"), released_met("Unknown"), released_met("-")
        ('true', 'true', 'false', None)
    """
    strict = read_met(reply)
    text = reply.lower()
    if strict is None and '"met"' in text:
        strict = MET if "true" in text else UNMET if "false" in text else None
    if strict is None:
        strict = MET if "yes" in text or "satisf" in text else UNMET if "no" in text else None
    return strict


def recorded(path: Path, items: Iterable[Item]) -> Iterator[tuple[Item, Played | None]]:
    """Yield every case with its grades in the authors' form, matched by the criterion's words.

    A case without grades is one that the model did not answer. The file holds no replies.
    """
    graded = {str(row["case_id"]): row["evaluations"] for _, row in read_rows(path)}
    for item in items:
        if item.id not in graded:
            yield item, None
            continue
        met = {one["criterion"]: MET if one["score"] else UNMET for one in graded[item.id].values()}
        verdicts = {str(k): met.get(criterion.text) for k, criterion in enumerate(item.known["criteria"], 1)}
        yield item, Played(reply="(not recorded)" if met else "", verdicts=verdicts if met else {})


def with_cutoff(protocol: Protocol, month: str) -> Protocol:
    """Return the protocol with results also before and after a month ("2024-06"); the month itself counts as before."""

    def split(row: Row) -> Item:
        (item,) = protocol.items(row)
        is_after = item.tags["month"] > month
        period = item.tags["month"] if item.tags["month"] == "unknown" else "after" if is_after else "before"
        return replace(item, tags={**item.tags, "cutoff": period})

    return replace(protocol, to_item=split, by=(*protocol.by, "cutoff"))


def gold_reply(item: Item) -> str:
    """Return a reply that, to the stand-in, meets every criterion with points above 0."""
    return "\n".join(criterion.text for criterion in item.known["criteria"] if criterion.points > 0)


def stand_in(item: Item, turns: Sequence[Turn]) -> str:
    """Play a judge that finds a criterion met where the answer holds its words."""
    asked = turns[-1].text
    is_met = (unfenced(asked, "CRITERION") or "") in (unfenced(asked, "ANSWER") or "")
    return f'[{{"question": "", "met": {str(is_met).lower()}, "reasoning": ""}}]'


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
    "score": partial(score, unread=0.0, clips_each=False),
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
    score=partial(score, unread=math.nan, clips_each=True),
    metrics={"score": clipped(mean_score), "answered": answered_rate},
    gold_reply=gold_reply,
    roles=("judge",),
    stand_ins={"judge": stand_in},
    by=("language", "month"),
    recorded=recorded,
    examples=(
        Example(row=_row("en"), target=TARGET, wrong_reply="It advises steroids.", other=OTHER),
        Example(row=_row("zh"), target=TARGET, wrong_reply="names eczema, advises steroids", wrong_value=0.5,
                other=OTHER),
    ),
    variants={"released-code": RELEASED},
    temperature=0.0,
)  # fmt: skip
