"""MedAgentBench: an agent that looks things up, and orders them, in a patient record behind a FHIR server.

Paper     Jiang et al. (2025), https://arxiv.org/abs/2501.14654
Data      test_data_v2.json, 300 tasks of ten kinds about 100 patients; the record is a FHIR server of the authors'.
Measures  Whether a model finds, works out and orders what a clinician asks for, in at most eight replies.
Not for   Work in a real record: orders are acknowledged and never carried out, and the server must be on this machine.
Deviates  What may be done is described in our own words. The authors hand their grader out privately; ours is
          written from their stated rule, so that figures may differ where theirs minds more than it states. The
          server's address is the variable DERMATRUST_FHIR, else http://localhost:8080/fhir/.
Verified  Nothing: neither tasks nor recorded transcripts were at hand.
"""

import asyncio
import json
import os
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from dermatrust.protocols import Ask, Example, Item, Played, Protocol, Row, Score, Source
from dermatrust.protocols.interaction.fhir_agent import INVALID, converse, fetch_here, finished_with, posted
from dermatrust.protocols.metrics import answered_rate, mean_part, mean_score
from dermatrust.protocols.scorers.record_tasks import A1C, GLUCOSE, MAGNESIUM, NOW, POTASSIUM, TASKS, Record

SERVER = "http://localhost:8080/fhir/"
PROMPT = """You assist clinicians in a patient record that is reached by a FHIR server at {server}.
Each of your replies must be exactly one of these three, with nothing before or after it:

GET address?name=value&name=value
  to search. Resources: Patient (identifier, name, family, given, birthdate), Condition, Procedure, MedicationRequest,
  Observation (patient, code, category, date). _count and _sort work; a page has 20 entries.
POST address
a JSON object
  to order or record. Resources: Observation (vital signs), MedicationRequest, ServiceRequest (laboratory, referrals).
FINISH([answer, answer, ...])
  to answer, once everything is done. The list is JSON, its texts in double quotes; empty where nothing is asked back.

Call nothing that is not needed. You have eight replies in all. It is {now} now.

Context: {context}
Task: {question}"""
_OBSERVED = (MAGNESIUM, POTASSIUM, GLUCOSE, A1C)


def server() -> str:
    """Return the address of the record, which ends in a slash."""
    return os.environ.get("DERMATRUST_FHIR", SERVER).rstrip("/") + "/"


def to_item(row: Row) -> Item:
    """Give the task with its context; what is right follows from the record, the target is the kind of task."""
    kind = re.match(r"task(\d+)_", str(row["id"]))
    if not kind or int(kind[1]) not in TASKS:
        raise ValueError(f"its id is {row['id']!r}; expected task1_… to task10_…")
    fields = {"context": str(row.get("context") or "none"), "server": server(), "now": NOW.isoformat()}
    known = {name: row[name] for name in ("eval_MRN", "sol", "instruction") if name in row}
    return Item(
        id=str(row["id"]), question=row["instruction"], fields=fields, target=row.get("sol", [row.get("eval_MRN")]),
        tags={"task": f"{int(kind[1]):02d}"}, known=known,
    )  # fmt: skip


async def play(item: Item, ask: Ask) -> Played:
    """Let the agent act, then read from the record what its answer is held against."""
    played = await converse(item, ask, fetch_here)
    facts = await asyncio.to_thread(_facts, str(item.known.get("eval_MRN") or ""))
    return Played(reply=played.reply, turns=played.turns, ending=played.ending, verdicts={"record": facts})


def _facts(patient: str) -> str | None:
    """Return what the record holds of a patient, as JSON; None where the server does not say."""
    if not patient:
        return "{}"
    try:
        found = _resources(f"{server()}Patient?identifier={quote(patient)}")
        birth = next((str(one.get("birthDate", "")) for one in found), "")
        asked = f"{server()}Observation?patient={quote(patient)}&_count=5000&code="
        observations = {code: [_value(one) for one in _resources(asked + code)] for code in _OBSERVED}
    except (ValueError, KeyError, TypeError):
        return None
    return json.dumps({"birth": birth, "observations": observations})


def _resources(url: str) -> list[Mapping[str, Any]]:
    return [entry["resource"] for entry in json.loads(fetch_here(url)).get("entry", [])]


def _value(observation: Mapping[str, Any]) -> tuple[str, float]:
    return str(observation["effectiveDateTime"]), float(observation["valueQuantity"]["value"])


def score(item: Item, played: Played) -> Score:
    """Grade by the rule of the task's kind, all or nothing. A record that could not be read leaves it missing."""
    answer, facts = finished_with(played.reply), played.verdicts.get("record")
    parts = {"invalid action": float(played.ending == INVALID), "rounds": float(_n_replies(played))}
    if answer is None:
        return Score(value=0.0, answered=False, parts=parts)
    if facts is None:
        return Score(value=float("nan"), parts=parts)
    known = json.loads(facts)
    orders = [order for turn in played.turns if turn.role == "assistant" and (order := _order(turn.text))]
    record = Record(item.known, known.get("birth", ""), known.get("observations", {}), answer, orders)
    is_right = TASKS[int(item.tags["task"])](record)
    return Score(value=float(is_right), said=json.dumps(answer), parts=parts)


def _order(said: str) -> tuple[str, Mapping[str, Any]] | None:
    """Return the order that an agent's reply places; one that merely speaks of POST counts as an order too."""
    if said.startswith("POST"):
        return posted(said)
    return ("", {}) if "POST" in said else None


def _n_replies(played: Played) -> int:
    return sum(turn.role == "assistant" for turn in played.turns)


def gold_reply(item: Item) -> str:
    """Return what a perfect model would say of the tasks whose answer the data hold."""
    return f"FINISH({json.dumps(item.target)})"


PROTOCOL = Protocol(
    name="medagentbench",
    version=1,
    about=__doc__,
    kind="agent in a patient record",
    source=Source(
        dataset="https://github.com/stanfordmlgroup/MedAgentBench", files=("test_data_v2.json",), size=300,
        licence="MIT",
    ),
    prompt=PROMPT,
    to_item=to_item,
    play=play,
    score=score,
    metrics={
        "success rate": mean_score, "invalid actions": mean_part("invalid action"),
        "mean rounds": mean_part("rounds", is_share=False),
        "answered": answered_rate,
    },
    by=("task",),
    gold_reply=gold_reply,
    examples=(
        Example(
            row={"id": "task1_1", "instruction": "What is the MRN of the made-up person?", "context": "",
                 "sol": ["S0000001"]},
            target=["S0000001"], wrong_reply='FINISH(["S0000002"])', other={"sol": ["S0000003"]},
        ),
    ),
)  # fmt: skip
