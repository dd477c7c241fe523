"""MedR-Bench: diagnosis and treatment of published cases, with the reasoning judged step by step.

Paper     Qiu et al. (2025), https://arxiv.org/abs/2503.04691 (Nature Communications)
Data      The authors' release: 957 diagnosis and 496 treatment cases from PMC case reports, as JSON by PMC id.
Measures  Whether the final diagnosis (or plan) is right; of the reasoning: efficiency (steps that reason, of all),
          factuality (true ones, of those) and recall (steps of the report's own reasoning that are covered). By default
          the whole case is told ("oracle"). Variants: "one-turn", where tests are asked for once, with precision and
          recall of what was asked for; "free-turn", a dialogue of at most five turns.
Not for   Comparing models across judges: with another judge the same traces get recall 0.31 instead of 0.83.
Deviates  The judge decides about facts by what it knows; in the variant "search" it may look things up three times per
          step, of whoever plays "search". Treatment plans are judged without a search of the web. A verdict that cannot
          be read is missing; in "released-code" an unreadable class is a redundancy, and a verdict that holds
          "correct", "incorrect" too, is correct. With no reasoning step factuality is 0, as released.
Verified  Partly: the stored efficiency, factuality and recall of three models' judged traces come out exactly.
"""

import json
import math
from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from dermatrust.clients.fence import unfenced
from dermatrust.errors import DataError
from dermatrust.protocols import Ask, Example, Item, Played, Protocol, Row, Score, Source, Turn, user
from dermatrust.protocols.metrics import mean_part, mean_score
from dermatrust.protocols.scorers.examinations import examination_parts, judge_examinations
from dermatrust.protocols.scorers.judge import Read, ask_judge, quote, stated
from dermatrust.protocols.scorers.reasoning import judge_coverage, judge_steps, reasoning_parts, said_hit, steps_of

TURNS = 5
HEADING = "Ancillary Tests"
DONE = "not required"
SYSTEM = "You are an experienced physician."
FORM = """Reply in this form:
### Reasoning:
<step 1> ...
<step 2> ...
### Answer:
{answer}"""
PROMPT = "{question}\n\nReason step by step, one inference a step, and give your final diagnosis.\n" + FORM.format(
    answer="the diagnosis alone"
)
TREATMENT = "{question}\n\nReason step by step, one inference a step, and give a plan of treatment.\n" + FORM.format(
    answer="the plan alone"
)
ASKING = """{question}

This is what is known so far. What further tests or facts do you need to diagnose this patient? Reply in this form:
### Conclusion:
what you think at present
### Additional Information Required:
each test or fact, with its purpose, or "Not required" if you can diagnose already"""
ANSWERED = "Here is what you asked for:\n{answer}\n\n"
LAST = "You cannot ask anything further; give your final diagnosis.\n"
FINAL = FORM.format(answer="the diagnosis alone")
PATIENT = """\
You hold a patient's file. A junior physician asks you for information. Answer only what is asked, by the file alone; \
where it holds nothing on it, say that it is not available. Do not interpret, and do not name a diagnosis.

{case}
{tests}"""
OUTCOME = """\
Is a model's {kind} right, given the reference? It is right where it means the same, in whatever words; where it is \
less exact than the reference, or another, it is wrong.

{reply}
{gold}

Reply with Correct or Wrong and nothing else."""
_outcome = stated(("correct", "wrong"))


def to_item(row: Row, *, asks: bool = False) -> Item:
    """Ask for the diagnosis or the treatment of a case; the target is the report's own."""
    case = row["generate_case"]
    summary = str(case["case_summary"]).strip()
    is_treatment = "treatment_plan_results" in case
    if is_treatment and asks:
        raise ValueError("a treatment case has no tests to ask for")
    told, tests = _split_tests(summary) if asks else (summary, "")
    gold, target = (
        ("treatment_planning_analysis", "treatment_plan_results")
        if is_treatment
        else ("differential_diagnosis", "diagnosis_results")
    )
    rare = "rare" if row.get("checked_rare_disease") else "not rare"
    tags = {"task": "treatment" if is_treatment else "diagnosis", "rarity": rare}
    tags |= {"body system": "; ".join(row["body_category"])} if row.get("body_category") else {}
    known = {"case": told, "tests": tests, "reasoning": f"{case[gold]}\n{case.get('final_diagnosis') or case[target]}"}
    return Item(
        id=str(row["id"]), question=told, target=str(case[target]), system=SYSTEM, tags=tags, known=known,
        template=TREATMENT if is_treatment else ASKING if asks else PROMPT,
    )  # fmt: skip


async def play(item: Item, ask: Ask, *, read: Read = _outcome, searches: int = 0) -> Played:
    """Ask for everything at once, and have outcome and reasoning judged."""
    reply = (await ask(item.turns())).text
    if not reply.strip():
        return Played(reply=reply)
    verdicts = {"outcome": await judge_outcome(ask, item, reply, read)}
    reasoning = reply.partition("### Answer")[0]
    steps = steps_of(reasoning.replace("### Reasoning:", ""))
    verdicts |= await judge_steps(ask, steps, case=item.known["case"], result=item.target, searches=searches)
    verdicts |= await judge_coverage(ask, item.known["reasoning"], "\n".join(steps))
    return Played(reply=reply, verdicts=verdicts)


async def talk(item: Item, ask: Ask, *, turns: int, is_free: bool) -> Played:
    """Let the model ask for tests, once or in at most so many turns, and have its last word judged."""
    said = item.turns()
    ending, required = "turn limit", ""
    for turn in range(1, turns + 1):
        reply = (await ask(said)).text
        said.append(Turn("assistant", reply))
        wanted = reply.partition("### Additional Information Required:")[2].strip()
        if not wanted or DONE in wanted.lower():
            ending, wanted = "not required" if wanted else "asked for nothing", ""
            if is_free:
                break
        if turn == turns:
            break
        required = wanted or required
        told = (await ask(_to_patient(item, wanted), role="patient")).text if wanted else "Nothing."
        last = LAST + FINAL if turn == turns - 1 else item.template.partition("\n\n")[2]
        said.append(user(ANSWERED.format(answer=told) + last))
    reply = said[-1].text
    if not reply.strip():
        return Played(reply=reply, turns=tuple(said), ending=ending)
    verdicts = {"outcome": await judge_outcome(ask, item, reply, _outcome)}
    if not is_free:
        verdicts |= await judge_examinations(ask, required, item.known["tests"])
    return Played(reply=reply, turns=tuple(said), verdicts=verdicts, ending=ending)


async def judge_outcome(ask: Ask, item: Item, reply: str, read: Read) -> str | None:
    """Return "correct" or "wrong", of what stands under the last "### Answer", else "### Conclusion", else anywhere."""
    kind = "plan of treatment" if item.tags["task"] == "treatment" else "final diagnosis"
    under = "### Answer" if "### Answer" in reply else "### Conclusion"
    said = reply.rpartition(under)[2].partition("###")[0] if under in reply else reply
    said = said.lstrip(": ").strip()
    asked = OUTCOME.format(kind=kind, reply=quote("REPLY", said), gold=quote("REFERENCE", item.target))
    return await ask_judge(ask, asked, read)


def score(item: Item, played: Played, *, is_dialogue: bool = False, unread: str | None = None) -> Score:
    """Return whether the outcome is right; what was judged besides is in the parts."""
    verdicts = {name: said or (unread if name.startswith("step") else said) for name, said in played.verdicts.items()}
    if is_dialogue:
        parts = examination_parts(verdicts)
        parts["turns"] = float(sum(turn.role == "assistant" for turn in played.turns))
    else:
        parts = reasoning_parts(verdicts)
    if not played.reply.strip():
        return Score(value=0.0, answered=False, parts=parts)
    outcome = verdicts.get("outcome")
    value = math.nan if outcome is None else float(outcome == "correct")
    return Score(value=value, said=outcome or "", parts=parts)


def read(path: Path) -> Iterator[tuple[str, Row]]:
    """Yield the cases of a file by PMC id, of a file of one case, or of a folder of such files."""
    for file in sorted(path.glob("*.json")) if path.is_dir() else [path]:
        try:
            content = json.loads(file.read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise DataError(str(file), f"cannot be read as JSON ({error})") from None
        if not isinstance(content, dict):
            raise DataError(str(file), "is not an object", "cases by PMC id, or one case")
        one = "generate_case" in content
        for key, row in [(content.get("id", file.stem), content)] if one else content.items():
            yield f"{file} {key}", {"id": key, **row}


def recorded(path: Path, items: Iterable[Item]) -> Iterator[tuple[Item, Played | None]]:
    """Yield judged traces in the authors' form; where they hold no accuracy, the outcome is missing."""
    for where, row in read(path):
        (item,) = PROTOCOL.items(row, where=where)
        yield item, Played(reply=row["results"]["content"], verdicts=_stored(row))


def _stored(row: Row) -> dict[str, str | None]:
    """Return the verdicts that a judged trace holds."""
    verdicts: dict[str, str | None] = {"outcome": None}
    if "accuracy" in row:
        verdicts["outcome"] = "correct" if row["accuracy"] else "wrong"
    for number, step in enumerate(row.get("reasoning_eval", ()), 1):
        verdicts[f"step {number}"] = step["efficiency"].lower()
        if step["efficiency"] == "Reasoning":
            verdicts[f"fact {number}"] = "correct" if step["factulity"] else "wrong"
    for number, step in enumerate(row.get("gt_reasoning_eval", ()), 1):
        verdicts |= {f"gold {number}": step["step"], f"hit {number}": said_hit(step["hit"])}
    return verdicts


def _split_tests(summary: str) -> tuple[str, str]:
    """Return what is told, and the tests that are kept for who asks: everything from their heading on."""
    lines = summary.splitlines()
    first = next((k for k, line in enumerate(lines) if HEADING in line), len(lines))
    return "\n".join(lines[:first]).strip(), "\n".join(lines[first:]).strip()


def _to_patient(item: Item, wanted: str) -> list[Turn]:
    told = PATIENT.format(case=quote("CASE", item.known["case"]), tests=quote("TESTS", item.known["tests"]))
    return [Turn("system", told), user(f"The physician asks for:\n{wanted}")]


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


def stand_in_patient(item: Item, turns: Sequence[Turn]) -> str:
    """Play a file that gives all its tests."""
    return str(item.known["tests"]) or "Not available."


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
    "prompt": ASKING,
    "roles": ("judge", "patient"),
    "stand_ins": {"judge": stand_in, "patient": stand_in_patient},
    "examples": (EXAMPLE,),
}
PROTOCOL = Protocol(
    name="medr-bench",
    version=1,
    about=__doc__,
    kind="judged outcome and reasoning",
    source=Source(
        dataset="https://github.com/MAGIC-AI4Med/MedRBench", size=1453, licence="CC BY-SA",
        files=("diagnosis_957_cases_with_rare_disease_491.json", "demo_diagnosis_100.json", "demo_treatment_100.json"),
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
    read=read,
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
            "score": partial(score, is_dialogue=True),
            "metrics": {"accuracy": mean_score, "precision of tests": mean_part("precision"),
                        "recall of tests": mean_part("recall")},
        },
        "free-turn": DIALOGUE | {
            "play": partial(talk, turns=TURNS, is_free=True),
            "score": partial(score, is_dialogue=True),
            "metrics": {"accuracy": mean_score, "turns": mean_part("turns", is_share=False)},
        },
        "search": {
            "play": partial(play, searches=3),
            "roles": ("judge", "search"),
            "stand_ins": {"judge": stand_in, "search": lambda item, turns: "Nothing found."},
        },
        "released-code": {
            "play": partial(play, read=lambda reply: "correct" if "correct" in reply.lower() else "wrong"),
            "score": partial(score, unread="redundancy"),
        },
    },
)  # fmt: skip
