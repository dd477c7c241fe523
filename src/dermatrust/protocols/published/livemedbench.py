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

import json
import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from dermatrust.clients.fence import unfenced
from dermatrust.errors import DataError
from dermatrust.protocols import Ask, Example, Item, Played, Protocol, Row, Score, Source, Turn
from dermatrust.protocols.cutoff import month_of
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

MOST_TOKENS = 2048
"""Of an answer."""
POINTS = "points met"
"""What a record's own points add up to."""
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


def score(item: Item, played: Played) -> Score:
    """Return the signed share of the points, within 0 and 1."""
    if not played.reply.strip():
        return UNANSWERED
    share = signed_share(item.known["criteria"], played.verdicts)
    return Score(value=clip(share), said=_said(played), parts={"unclipped": share})


def score_by_release(item: Item, played: Played) -> Score:
    """Return the signed share of the points as it is, by a record's own points where there is one."""
    if not played.reply.strip():
        return UNANSWERED
    criteria = item.known["criteria"]
    possible = math.fsum(criterion.points for criterion in criteria if criterion.points > 0)
    share = signed_share(criteria, played.verdicts, unread=0.0)
    if POINTS in played.numbers:
        share = played.numbers[POINTS] / possible if possible else 0.0
    return Score(value=share, said=_said(played), parts={"unclipped": share})


def _said(played: Played) -> str:
    return f"{[*played.verdicts.values()].count(MET)} met"


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
    """Return a verdict as the released script reads it: a JSON list alone, else any sign of yes, else any of no.

    Example:
        >>> released_met('[{"met": false}]'), released_met('Here: [{"question": "true?", "met": false}]')
        ('false', 'true')
        >>> released_met("satisfied"), released_met("Unknown"), released_met("-")
        ('true', 'false', None)
    """
    text = reply.strip()
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    first = found[0] if isinstance(found, list) and found else None
    met = first.get("met") if isinstance(first, dict) else None
    said = str(met).strip().lower() if isinstance(met, bool | str) else ""
    if said in (MET, UNMET):
        return said
    text = text.lower()
    if '"met"' in text and (MET in text or UNMET in text):
        return MET if MET in text else UNMET
    return MET if "yes" in text or "satisf" in text else UNMET if "no" in text else None


def recorded(path: Path, items: Iterable[Item]) -> Iterator[tuple[Item, Played | None]]:
    """Yield every case with its grades in the authors' form, matched by the criterion's words.

    A case without grades is one that the model did not answer. The file holds no replies.
    """
    graded = {name: grades for where, row in read_rows(path) for name, grades in [_grades(row, where)]}
    for item in items:
        yield item, _played(item, graded[item.id]) if item.id in graded else None


def _grades(row: Row, where: str) -> tuple[str, list[dict[str, Any]]]:
    grades = row.get("evaluations")
    if "case_id" not in row or not isinstance(grades, dict):
        raise DataError(where, "holds no graded case", "an object with case_id and evaluations")
    known = [one for one in grades.values() if isinstance(one, dict) and one.get("criterion")]
    if not all(isinstance(one.get("score"), int | float) for one in known):
        raise DataError(where, "holds a criterion without a score", "a score of 0 or 1 for each")
    return str(row["case_id"]), known


def _played(item: Item, grades: Sequence[Mapping[str, Any]]) -> Played:
    """Return the grades of a case; where several criteria have the same words, their grades count in order."""
    if not grades:
        return Played(reply="")
    said: dict[str, list[str]] = defaultdict(list)
    for one in grades:
        said[one["criterion"]].append(MET if one["score"] else UNMET)
    verdicts = {}
    for number, criterion in enumerate(item.known["criteria"], 1):
        left = said.get(criterion.text, [])
        verdicts[str(number)] = (left.pop(0) if len(left) > 1 else left[0]) if left else None
    texts = {criterion.text for criterion in item.known["criteria"]}
    own = [one.get("weighted_score") for one in grades if one["criterion"] in texts]
    points = math.fsum(one for one in own if isinstance(one, int | float))
    return Played(reply="(not recorded)", verdicts=verdicts, numbers={POINTS: points})


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
    "score": score_by_release,
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
    score=score,
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
