"""MedR-Bench: diagnosis and treatment of published cases, with the reasoning judged step by step.

Paper     Qiu et al. (2025), https://arxiv.org/abs/2503.04691 (Nature Communications)
Data      The authors' release: 957 diagnosis and 496 treatment cases from PMC case reports, as JSON by PMC id.
Measures  Whether the final diagnosis (or plan) is right; of the reasoning: efficiency (steps that reason, of all),
          factuality (true ones, of those) and recall (steps of the report's own reasoning that are covered). By default
          the whole case is told ("oracle"). Variants: "one-turn", where tests are asked for once, with precision and
          recall of what was asked for; "free-turn", a dialogue of at most five turns.
Not for   Comparing models across judges: with another judge the same traces get recall 0.31 instead of 0.83.
Deviates  The judge decides about facts, and about plans of treatment, by what it knows; in the variant "search" it may
          look things up three times per step, and key words of a case with a plan are looked up first, of whoever plays
          "search". A verdict that cannot be read is missing; in "released-code" an unreadable class is a redundancy,
          and a verdict that holds "correct", "incorrect" too, is correct. As released, the first ten steps of a reply
          are judged, and with no reasoning step factuality is 0.
Verified  Partly: the stored efficiency, factuality and recall of three models' judged traces come out exactly, and the
          steps that were judged.
"""

import json
import math
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from dermatrust.clients.fence import unfenced
from dermatrust.protocols import Ask, Example, Item, Played, Protocol, Row, Score, Source, Turn
from dermatrust.protocols.interaction import asking_for_tests
from dermatrust.protocols.judged_cases import (
    read_cases,
    stored_examinations,
    stored_outcome,
    stored_reasoning,
    stored_turns,
)  # fmt: skip
from dermatrust.protocols.metrics import mean_part, mean_score
from dermatrust.protocols.recorded_rows import first_of_each, matched
from dermatrust.protocols.scorers.examinations import examination_parts, judge_examinations
from dermatrust.protocols.scorers.judge import Read
from dermatrust.protocols.scorers.outcome import SEARCH, holds_correct, judge_outcome, outcome
from dermatrust.protocols.scorers.reasoning import (
    judge_coverage,
    judge_steps,
    reasoning_in,
    reasoning_parts,
    steps_of,
)  # fmt: skip

TURNS = 5
SEARCHES = 3
SYSTEM = "You are an experienced physician."
FORM = """Reply in this form:
### Reasoning:
<step 1> ...
<step 2> ...
### Answer:
{answer}"""
FINAL = FORM.format(answer="the diagnosis alone")
PROMPT = "{question}\n\nReason step by step, one inference a step, and give your final diagnosis.\n" + FINAL
TREATMENT = "{question}\n\nReason step by step, one inference a step, and give a plan of treatment.\n" + FORM.format(
    answer="the plan alone"
)


def to_item(row: Row, *, asks: bool = False) -> Item:
    """Ask for the diagnosis or the treatment of a case; the target is the report's own."""
    case = row["generate_case"]
    summary = str(case["case_summary"]).strip()
    is_treatment = "treatment_plan_results" in case
    if is_treatment and asks:
        raise ValueError("a treatment case has no tests to ask for")
    told, tests = asking_for_tests.split_tests(summary) if asks else (summary, "")
    analysis, target = (
        ("treatment_planning_analysis", "treatment_plan_results")
        if is_treatment
        else ("differential_diagnosis", "diagnosis_results")
    )
    rare = "rare" if row.get("checked_rare_disease") else "not rare"
    tags = {"task": "treatment" if is_treatment else "diagnosis", "rarity": rare}
    tags |= {"body system": "; ".join(row["body_category"])} if row.get("body_category") else {}
    result = str(case.get("final_diagnosis") or case[target])
    known = {"case": told, "tests": tests, "result": result, "reasoning": f"{case[analysis]}\n{result}"}
    return Item(
        id=str(row["id"]), question=told, target=str(case[target]), system=SYSTEM, tags=tags, known=known,
        template=TREATMENT if is_treatment else asking_for_tests.PROMPT if asks else PROMPT,
    )  # fmt: skip


async def play(item: Item, ask: Ask, *, read: Read = outcome, searches: int = 0) -> Played:
    """Ask for everything at once, and have outcome and reasoning judged."""
    reply = (await ask(item.turns())).text
    if not reply.strip():
        return Played(reply=reply)
    is_plan = item.tags["task"] == "treatment"
    kind = "plan of treatment" if is_plan else "final diagnosis"
    about = f"{item.known['case']}\n\n{item.known['reasoning']}" if is_plan and searches else ""
    verdicts = {"outcome": await judge_outcome(ask, reply, item.target, kind=kind, read=read, about=about)}
    steps = steps_of(reasoning_in(reply))
    verdicts |= await judge_steps(ask, steps, case=item.known["case"], result=item.known["result"], searches=searches)
    verdicts |= await judge_coverage(ask, item.known["reasoning"], "\n".join(steps))
    return Played(reply=reply, verdicts=verdicts)


async def talk(item: Item, ask: Ask, *, turns: int, is_free: bool) -> Played:
    """Let the model ask for tests, once or in at most so many turns, and have its last word judged."""
    said, ending, wanted = await asking_for_tests.talk(item, ask, turns=turns, is_free=is_free, form=FINAL)
    reply = said[-1].text
    if not reply.strip():
        return Played(reply=reply, turns=said, ending=ending)
    verdicts = {"outcome": await judge_outcome(ask, reply, item.target, kind="final diagnosis")}
    if not is_free:
        verdicts |= await judge_examinations(ask, wanted, item.known["tests"])
    return Played(reply=reply, turns=said, verdicts=verdicts, ending=ending)


def score(item: Item, played: Played, *, is_dialogue: bool = False, unread: str | None = None) -> Score:
    """Return whether the outcome is right; what was judged besides is in the parts."""
    verdicts = {name: said or (unread if name.startswith("step ") else said) for name, said in played.verdicts.items()}
    if is_dialogue:
        parts = examination_parts(verdicts)
        parts["turns"] = float(sum(turn.role == "assistant" for turn in played.turns))
    else:
        parts = reasoning_parts(verdicts)
    if not played.reply.strip():
        return Score(value=0.0, answered=False, parts=parts)
    said = verdicts.get("outcome")
    return Score(value=math.nan if said is None else float(said == "correct"), said=said or "", parts=parts)


def recorded(path: Path, items: Iterable[Item], *, is_dialogue: bool = False) -> Iterator[tuple[Item, Played | None]]:
    """Yield judged outputs in the authors' form, one case a file; what a file does not hold has not been judged."""
    rows = first_of_each(((where, (where, row)) for where, row in read_cases(path)), lambda one: str(one[1]["id"]))
    protocol = PROTOCOL.variant("one-turn") if is_dialogue else PROTOCOL

    def played(record: tuple[str, Row]) -> Played:
        where, row = record
        turns = stored_turns(row, where)
        judged = stored_examinations(row) if is_dialogue else stored_reasoning(row)
        return Played(reply=turns[-1].text, turns=turns, verdicts={"outcome": stored_outcome(row), **judged})

    yield from matched(items, rows, lambda record: protocol.items(record[1], where=record[0])[0], played)


def gold_reply(item: Item) -> str:
    """Return what a perfect model would say."""
    return f"### Reasoning:\n<step 1> {item.known['reasoning']}\n### Answer:\n{item.target}"


def stand_in(item: Item, turns: Sequence[Turn]) -> str:
    """Play a judge that knows the target by its words."""
    asked = turns[-1].text
    if (reply := unfenced(asked, "REPLY")) is not None:
        return "Correct" if item.target in reply else "Wrong"
    if "JSON list" in asked:
        return json.dumps([unfenced(asked, "REASONING") or unfenced(asked, "REQUESTS")])
    if "judgment" in asked:
        return '{"judgment": "Correct", "keywords": ""}'
    return "Reasoning" if "four words" in asked else "Yes"


ROW: dict[str, Any] = {
    "id": "PMC0",
    "generate_case": {
        "case_summary": "- Patient: a made-up woman of 50\n- Ancillary Tests:\n  - Biopsy: a made-up finding",
        "differential_diagnosis": "It is rather this than that.",
        "final_diagnosis": "This was confirmed.",
        "diagnosis_results": "A made-up disease.",
    },
    "body_category": ["Skin"],
    "checked_rare_disease": [],
}
PLAN = {
    "case_summary": "A made-up man.",
    "treatment_planning_analysis": "Wait.",
    "treatment_plan_results": "Wait, then see.",
}


def _told(row: Row, **texts: str) -> dict[str, Any]:
    return {"generate_case": {**row["generate_case"], **texts}}


EXAMPLE = Example(
    row=ROW, target="A made-up disease.", wrong_reply="### Reasoning:\n<step 1> x\n### Answer:\nAnother.",
    other=_told(ROW, diagnosis_results="Another."),
)  # fmt: skip
TREATED = {"id": "PMC1", "generate_case": PLAN}
DIALOGUE = {
    "kind": "dialogue",
    "to_item": partial(to_item, asks=True),
    "prompt": asking_for_tests.PROMPT,
    "roles": ("judge", asking_for_tests.PATIENT),
    "stand_ins": {"judge": stand_in, asking_for_tests.PATIENT: asking_for_tests.stand_in},
    "score": partial(score, is_dialogue=True),
    "recorded": partial(recorded, is_dialogue=True),
    "examples": (EXAMPLE,),
}
PROTOCOL = Protocol(
    name="medr-bench",
    version=1,
    about=__doc__,
    kind="judged outcome and reasoning",
    source=Source(
        dataset="https://github.com/MAGIC-AI4Med/MedRBench", size=1453, licence="CC BY-SA",
        files=("diagnosis_957_cases_with_rare_disease_491.json", "treatment_496_cases_with_rare_disease_165.json",
               "test_cases.json", "demo_diagnosis_100.json", "demo_treatment_100.json"),
    ),
    prompt=PROMPT,
    to_item=to_item,
    play=play,
    score=score,
    metrics={
        "accuracy": mean_score,
        "efficiency": mean_part("efficiency"),
        "factuality": mean_part("factuality"),
        "recall": mean_part("recall"),
    },
    gold_reply=gold_reply,
    roles=("judge",),
    stand_ins={"judge": stand_in},
    by=("task", "rarity"),
    read=read_cases,
    recorded=recorded,
    records_bring_items=True,
    examples=(
        EXAMPLE,
        Example(row=TREATED, target="Wait, then see.", wrong_reply="### Answer:\nOperate.",
                other=_told(TREATED, treatment_plan_results="Operate.")),
    ),
    variants={
        "one-turn": DIALOGUE | {
            "play": partial(talk, turns=2, is_free=False),
            "metrics": {"accuracy": mean_score, "precision of tests": mean_part("precision"),
                        "recall of tests": mean_part("recall")},
        },
        "free-turn": DIALOGUE | {
            "play": partial(talk, turns=TURNS, is_free=True),
            "metrics": {"accuracy": mean_score, "turns": mean_part("turns", is_share=False)},
        },
        "search": {
            "play": partial(play, searches=SEARCHES),
            "roles": ("judge", SEARCH),
            "stand_ins": {"judge": stand_in, SEARCH: lambda item, turns: "Nothing found."},
        },
        "released-code": {
            "play": partial(play, read=holds_correct),
            "score": partial(score, unread="redundancy"),
        },
    },
)  # fmt: skip
