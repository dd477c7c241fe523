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

from functools import partial
from typing import Any

from dermatrust.protocols import Ask, Example, Item, Played, Protocol, Row, Source
from dermatrust.protocols.interaction.asking_for_tests import PATIENT, diagnose, patient_stand_in, split_tests
from dermatrust.protocols.interaction.asking_for_tests import PROMPT as ASKING
from dermatrust.protocols.metrics import mean_part, mean_score
from dermatrust.protocols.recorded.medr_bench import read_cases, recorded_cases, texts_of
from dermatrust.protocols.scorers.judge import Read
from dermatrust.protocols.scorers.judged_case import judge_case, judge_stand_in, score_case
from dermatrust.protocols.scorers.outcome import SEARCH, holds_correct, outcome

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
TREATMENT = "{question}\n\nReason step by step, one inference a step, and give a plan of treatment.\n"
TREATMENT += FORM.format(answer="the plan alone")


def to_item(row: Row, *, asks: bool = False) -> Item:
    """Ask for the diagnosis or the treatment of a case; the target is the report's own."""
    case = texts_of(row)
    if case.task == "treatment" and asks:
        raise ValueError("a treatment case has no tests to ask for")
    told, tests = split_tests(case.summary) if asks else (case.summary, "")
    tags = {"task": case.task, "rarity": "rare" if row.get("checked_rare_disease") else "not rare"}
    tags |= {"body system": "; ".join(row["body_category"])} if row.get("body_category") else {}
    return Item(
        id=str(row["id"]), question=told, target=case.target, system=SYSTEM, tags=tags,
        known={"case": told, "tests": tests, "result": case.result, "reasoning": case.reasoning},
        template=TREATMENT if case.task == "treatment" else ASKING if asks else PROMPT,
    )  # fmt: skip


async def play(item: Item, ask: Ask, *, read: Read = outcome, searches: int = 0) -> Played:
    """Ask for everything at once, and have outcome and reasoning judged."""
    reply = (await ask(item.turns())).text
    return Played(reply=reply, verdicts=await judge_case(ask, item, reply, read=read, searches=searches))


def gold_reply(item: Item) -> str:
    """Return what a perfect model would say."""
    return f"### Reasoning:\n<step 1> {item.known['reasoning']}\n### Answer:\n{item.target}"


def _diagnosed(diagnosis: str) -> dict[str, Any]:
    case = {
        "case_summary": "- Patient: a made-up woman of 50\n- Ancillary Tests:\n  - Biopsy: a made-up finding",
        "differential_diagnosis": "It is rather this than that.",
        "final_diagnosis": "This was confirmed.",
        "diagnosis_results": diagnosis,
    }
    return {"id": "PMC0", "generate_case": case}


def _treated(plan: str) -> dict[str, Any]:
    case = {"case_summary": "A made-up man.", "treatment_planning_analysis": "Wait.", "treatment_plan_results": plan}
    return {"id": "PMC1", "generate_case": case}


ROW = _diagnosed("A made-up disease.") | {"body_category": ["Skin"], "checked_rare_disease": []}
EXAMPLE = Example(
    row=ROW, target="A made-up disease.", wrong_reply="### Reasoning:\n<step 1> x\n### Answer:\nAnother.",
    other=_diagnosed("Another."),
)  # fmt: skip
DIALOGUE = {
    "kind": "dialogue",
    "to_item": partial(to_item, asks=True),
    "prompt": ASKING,
    "roles": ("judge", PATIENT),
    "stand_ins": {"judge": judge_stand_in, PATIENT: patient_stand_in},
    "score": partial(score_case, is_dialogue=True),
    "recorded": lambda path, items: recorded_cases(path, items, PROTOCOL.variant("one-turn").items, is_dialogue=True),
    "examples": (EXAMPLE,),
}
PROTOCOL: Protocol = Protocol(
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
    score=score_case,
    metrics={"accuracy": mean_score, **{name: mean_part(name) for name in ("efficiency", "factuality", "recall")}},
    gold_reply=gold_reply,
    roles=("judge",),
    stand_ins={"judge": judge_stand_in},
    by=("task", "rarity"),
    read=read_cases,
    recorded=lambda path, items: recorded_cases(path, items, PROTOCOL.items),
    records_bring_items=True,
    examples=(
        EXAMPLE,
        Example(row=_treated("Wait, then see."), target="Wait, then see.", wrong_reply="### Answer:\nOperate.",
                other=_treated("Operate.")),
    ),
    variants={
        "one-turn": DIALOGUE | {
            "play": partial(diagnose, turns=2, is_free=False, form=FINAL),
            "metrics": {"accuracy": mean_score, "precision of tests": mean_part("precision"),
                        "recall of tests": mean_part("recall")},
        },
        "free-turn": DIALOGUE | {
            "play": partial(diagnose, turns=TURNS, is_free=True, form=FINAL),
            "metrics": {"accuracy": mean_score, "turns": mean_part("turns", is_share=False)},
        },
        "search": {
            "play": partial(play, searches=SEARCHES),
            "roles": ("judge", SEARCH),
            "stand_ins": {"judge": judge_stand_in, SEARCH: lambda item, turns: "Nothing found."},
        },
        "released-code": {
            "play": partial(play, read=holds_correct),
            "score": partial(score_case, unread="redundancy"),
        },
    },
)  # fmt: skip
