"""ClinBench-HPB, cases: diagnose patients with liver, bile duct and pancreatic disease from history and findings.

Paper     Li et al. (2025), https://arxiv.org/abs/2506.00095
Data      github.com/Lycus99/ClinBench-HPB: Website.json (167), Hospital.json (50), Journal_part1/2/3.json (31, 20, 69).
Measures  Whether every disease of a patient is found (headline) and which share of all diseases is, judged one by one.
          Text only, Chinese and English.
Not for   Diagnoses too many: naming more diseases than there are costs nothing.
Deviates  Prompts are ours, in the four styles of the paper: step by step by default, `role`, `format`, `free`. A judge
          says for each disease whether it is included (the paper: DeepSeek-V3) and a checker looks again at each that
          is not (Claude 3.7); `judge-alone` leaves the checker out. A verdict that cannot be read is missing;
          `released-code` takes one that is no JSON for what it says or else for included, unchecked, has the checker
          overrule by the word alone, and counts a verdict of another name for the disease, not for the patient.
          `repeat-4` asks four times at temperature 0.6, as for reasoning models. Findings are read under both names
          that data and released code give them. An answer that was only thought is none. Records are the released
          pickles of verdicts, before or after the check; they bring the diseases.
Verified  Nothing: no recorded outputs and no headline figures were found.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from dermatrust.errors import DataError
from dermatrust.narrate.text import said_aloud
from dermatrust.protocols import Ask, Example, Item, Played, Protocol, Row, Score, Source, Turn, ask_once
from dermatrust.protocols.item import id_of
from dermatrust.protocols.metrics import answered_rate, mean_score, pooled
from dermatrust.protocols.read_pickled import read_pickled
from dermatrust.protocols.repeated_rows import numbered, telling_repeats_apart
from dermatrust.protocols.scorers.inclusion import (
    INCLUDES,
    LACKS,
    included,
    included_by_release,
    is_included,
    judge_inclusion,
    verdict_by_release,
)  # fmt: skip

STYLES = {
    "step by step": ("Think step by step.", "请逐步思考。"),
    "role": (
        "You are a hepatobiliary surgeon of many years. Go through complaints, history, examination, laboratory and "
        "imaging, leave no detail out, and infer what explains them.",
        "你是一位从业多年的肝胆外科医生。请逐项分析主诉、病史、查体、实验室与影像检查，不遗漏任何细节，并推断其原因。",
    ),
    "format": (
        'Reply with a JSON object: {"disease": "what speaks for it", ...}.',
        '请用JSON对象回答：{"疾病": "诊断依据", ...}。',
    ),
    "free": ("", ""),
}
DIAGNOSE = "Diagnose this patient: name every main disease and say briefly what speaks for it."
DIAGNOSE_CHINESE = "请根据病人信息作出诊断，列出所有主要疾病，并简述依据。"
ANSWER = "Answer the question about this patient and say briefly why."
_CHINESE = re.compile(r"[\u4e00-\u9fff]")


def in_style(style: str) -> Callable[[Row], Item]:
    """Return how rows become items in a style of prompt."""

    def to_item(row: Row) -> Item:
        diseases = [one.strip() for one in str(row["diagnosis"]).split("\n") if one.strip()]
        if not diseases:
            raise ValueError("it has no diagnosis")
        is_chinese = bool(_CHINESE.search(row["patient_info"]))
        task = ANSWER if row.get("question") else DIAGNOSE_CHINESE if is_chinese else DIAGNOSE
        return Item(
            id=numbered(_id_of(row), row),
            question=_case(row, is_chinese),
            target=diseases,
            template=f"{task} {STYLES[style][is_chinese]}".rstrip() + "\n\n{question}",
            tags={"language": "zh" if is_chinese else "en"},
        )

    return to_item


def _id_of(row: Row) -> str:
    name = row.get("patient_id", row.get("Index", ""))
    return id_of(str(name), row["patient_info"], *([row["question"]] if row.get("question") else []))


def _case(row: Row, is_chinese: bool) -> str:
    laboratory, imaging, impression = (
        ("实验室检查", "影像检查", "影像分析") if is_chinese else ("Laboratory", "Imaging", "Imaging impression")
    )
    lines = [str(row["patient_info"])]
    for name, *keys in (
        (laboratory, "laboratory_tests", "blood_test"),
        (imaging, "imaging_studies", "imaging_test"),
        (impression, "imaging_impression"),
        ("Question", "question"),
    ):
        text = next((row[key] for key in keys if row.get(key)), "")
        lines += [f"{name}: {text}"] if text else []
    return "\n".join(lines)


async def play(item: Item, ask: Ask, *, is_checked: bool = True, is_released: bool = False) -> Played:
    """Ask for the diagnosis, then judge each disease, and check each that is said to be lacking."""
    return await _judged(item, ask, await ask_once(item, ask), is_checked=is_checked, is_released=is_released)


async def _judged(
    item: Item, ask: Ask, played: Played, *, is_checked: bool = True, is_released: bool = False
) -> Played:
    reply = said_aloud(played.reply).strip()
    diseases = item.target if reply else ()
    verdicts = await judge_inclusion(ask, diseases, reply, is_checked=is_checked, is_released=is_released)
    return replace(played, verdicts=verdicts)


async def play_repeat(item: Item, ask: Ask) -> Played:
    """Ask for one of several diagnoses, then judge and check it."""
    reply = await ask(item.turns(), draw=item.known["repeat"], temperature=0.6)
    return await _judged(item, ask, Played(reply=reply.text))


def repeated(row: Row) -> tuple[Item, ...]:
    """Ask four times."""
    item = in_style("step by step")(row)
    return tuple(replace(item, id=f"{item.id} {k}", known={"repeat": k}, group=item.id) for k in range(4))


def score(item: Item, played: Played) -> Score:
    """Grade 1 where every disease is included; missing where a verdict is."""
    n = len(item.target)
    if not said_aloud(played.reply).strip():
        return Score(value=0.0, answered=False, parts={"found": 0.0, "diseases": float(n)})
    found = [is_included(played.verdicts, disease) for disease in item.target]
    if None in found:
        return Score(value=float("nan"), answered=True)
    hits = sum(bool(one) for one in found)
    return Score(value=float(hits == n), said=f"{hits} of {n}", parts={"found": float(hits), "diseases": float(n)})


def score_by_release(item: Item, played: Played) -> Score:
    """Grade as the released code does: a verdict of another name is no hit for the patient, but one for the disease."""
    n = len(item.target)
    if not played.verdicts:
        return Score(value=0.0, answered=False, parts={"found": 0.0, "diseases": float(n)})
    said = [verdict_by_release(played.verdicts, disease) for disease in item.target]
    found = sum(one != LACKS for one in said)
    value = float(said.count(INCLUDES) == n)
    return Score(value=value, said=f"{found} of {n}", parts={"found": float(found), "diseases": float(n)})


def recorded(
    path: Path, items: Iterable[Item], *, read: Callable[[str], str | None] = included
) -> Iterator[tuple[Item, Played | None]]:
    """Yield the judged diagnoses of a released pickle, of before the check (3 lists) or after it (5), which mends them.

    The file does not tell which patients they are of.
    """
    content = read_pickled(path, 3, 5)
    replies, (sizes, judged), truths = content if len(content) == 3 else (content[0], content[1:3], content[3])
    if not len(replies) == len(sizes) == len(truths) or sum(sizes) != len(judged):
        raise DataError(str(path), f"holds {len(judged)} verdicts on {sum(sizes)} diseases of {len(truths)} diagnoses")
    start = 0
    for number, (reply, size, truth) in enumerate(zip(replies, sizes, truths, strict=True), 1):
        diseases = [one.strip() for one in str(truth[0]).split("\n")]
        said = [read(str(text)) for text in judged[start : start + size]]
        start += size
        verdicts = {f"includes {name}": one for name, one in zip(diseases, said, strict=False)}
        language = "zh" if _CHINESE.search(str(truth[0])) else "en"
        item = Item(id=str(number), question="(not recorded)", target=diseases, tags={"language": language})
        yield item, Played(reply=str(reply or ""), verdicts=verdicts)


def _judge(item: Item, turns: Sequence[Turn]) -> str:
    head, _, reply = turns[-1].text.rpartition("\nDiagnosis of the student: ")
    disease = re.search(r"disease: (.*)", head)
    return json.dumps({INCLUDES if disease and disease[1] in reply else LACKS: "by its words"})


ROLES: dict[str, Any] = {"judge": _judge, "checker": lambda item, turns: "Correct. It is not there."}
_ROW = {
    "patient_id": "1", "patient_info": "A made-up patient of 50 with a made-up pain.", "laboratory_tests": "none",
    "imaging_studies": "none", "diagnosis": "Madeupitis\nInventosis",
}  # fmt: skip
_CASE = Example(
    row=_ROW,
    target=["Madeupitis", "Inventosis"],
    wrong_reply="It is Madeupitis.",
    other={"diagnosis": "Fabricosis"},
)
PROTOCOL = Protocol(
    name="clinbench-hpb-cases",
    version=1,
    about=__doc__,
    kind="diagnosis, judged disease by disease",
    language="zh, en",
    source=Source(
        dataset="https://github.com/Lycus99/ClinBench-HPB",
        files=("Website.json", "Hospital.json", "Journal_part1.json", "Journal_part2.json", "Journal_part3.json"),
        size=337, licence="research use, by its README",
    ),
    to_item=in_style("step by step"),
    play=play,
    roles=("judge", "checker"),
    stand_ins=ROLES,
    score=score,
    metrics={
        "patients with every disease found": mean_score, "diseases found": pooled("found", "diseases"),
        "answered": answered_rate,
    },
    gold_reply=lambda item: "; ".join(item.target),
    by=("language",),
    read=telling_repeats_apart(_id_of),
    recorded=recorded,
    records_bring_items=True,
    variants={
        "released-code": {
            "play": partial(play, is_released=True), "score": score_by_release,
            "recorded": partial(recorded, read=included_by_release),
        },
        **{style: {"to_item": in_style(style)} for style in ("role", "format", "free")},
        "judge-alone": {"play": partial(play, is_checked=False), "roles": ("judge",), "stand_ins": {"judge": _judge}},
        "repeat-4": {
            "to_item": repeated, "play": play_repeat, "examples": (replace(_CASE, target=(_CASE.target,) * 4),),
        },
    },
    examples=(_CASE,),
)  # fmt: skip
