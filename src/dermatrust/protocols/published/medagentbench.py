"""MedAgentBench: an agent that looks things up, and orders them, in a patient record behind a FHIR server.

Paper     Jiang et al. (2025), https://arxiv.org/abs/2501.14654
Data      test_data_v2.json, 300 tasks of ten kinds about 100 patients; the record is a FHIR server of the authors'.
Measures  Whether a model finds, works out and orders what a clinician asks for, in at most eight replies.
Not for   Work in a real record: orders are acknowledged and never carried out, and the server must be on this machine.
Deviates  What may be done is described in our own words. The authors hand their grader out privately; ours is
          written from their stated rule, so that figures may differ where theirs minds more than it states. The
          server's address is the variable DERMATRUST_FHIR, else http://localhost:8080/fhir/; recorded transcripts are
          graded against the same server, and without it tasks whose answer the record holds are missing.
Verified  Nothing: neither tasks nor recorded transcripts were at hand.
"""

import asyncio
import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from dermatrust.errors import DataError
from dermatrust.protocols import Ask, Example, Item, Played, Protocol, Row, Score, Source, Turn, user
from dermatrust.protocols.interaction.fhir_agent import (
    FINISHED,
    INVALID,
    LIMIT,
    converse,
    fetch_here,
    finished_with,
    posted,
)
from dermatrust.protocols.metrics import answered_rate, mean_part, mean_score
from dermatrust.protocols.read_rows import read_rows
from dermatrust.protocols.recorded_rows import first_of_each
from dermatrust.protocols.scorers.record_tasks import (
    A1C,
    GLUCOSE,
    MAGNESIUM,
    NOW,
    POTASSIUM,
    TASKS,
    WITHOUT_RECORD,
    Record,
)

SERVER = "http://localhost:8080/fhir/"
PROMPT = """You assist clinicians in a patient record that is reached by a FHIR server at {server}.
Each of your replies must be exactly one of these three, with nothing before or after it:

GET address?name=value&name=value
  to search. Resources: Patient (identifier, name, family, given, birthdate), Condition, Procedure, MedicationRequest,
  Observation (patient, code, category, date). _count and _sort work; a page has 20 entries.
POST address
a JSON object
  to order or record; each content has its "resourceType" and the patient as "subject": {"reference": "Patient/MRN"}.
  Observation, a vital sign: "status": "final", "category": [{"coding": [{"code": "vital-signs"}]}],
  "code": {"text": its flowsheet id}, "effectiveDateTime", "valueString".
  MedicationRequest: "status": "active", "intent": "order", "authoredOn", "medicationCodeableConcept": {"coding":
  [{"system": "http://hl7.org/fhir/sid/ndc", "code", "display"}]}, "dosageInstruction": [{"route": {"text"},
  "doseAndRate": [{"doseQuantity": {"value", "unit"}, "rateQuantity": {"value", "unit"}}]}].
  ServiceRequest, a laboratory order or a referral: "status": "active", "intent": "order", "priority": "stat",
  "authoredOn", "occurrenceDateTime", "code": {"coding": [{"system", "code", "display"}]}, "note": {"text"}.
FINISH([answer, answer, ...])
  to answer, once everything is done. The list is JSON, its texts in double quotes; empty where nothing is asked back.

Call nothing that is not needed. You have eight replies in all. It is {now} now.

Context: {context}
Task: {question}"""
_ENDINGS = {"completed": FINISHED, "agent invalid action": INVALID, "task limit reached": LIMIT}
_EXPECTED = '{"index": ..., "output": {"status": ..., "result": ..., "history": [{"role", "content"}, ...]}} a line'
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
    kind = int(item.tags["task"])
    if answer is None:
        return Score(value=0.0, answered=False, parts=parts)
    if facts is None and kind not in WITHOUT_RECORD:
        return Score(value=float("nan"), parts=parts)
    known = json.loads(facts or "{}")
    said = [turn.text for turn in played.turns if turn.role == "assistant"]
    orders = [order for text in said if text.startswith("POST") and (order := posted(text))]
    record = Record(
        item.known, known.get("birth", ""), known.get("observations", {}), answer, orders,
        speaks_of_post=any("POST" in text for text in said),
    )  # fmt: skip
    return Score(value=float(TASKS[kind](record)), said=json.dumps(answer), parts=parts)


def recorded(path: Path, items: Iterable[Item]) -> Iterator[tuple[Item, Played | None]]:
    """Read the authors' runs.jsonl: by the index of a task its status, result and history; a failed run is missing."""
    known = first_of_each(read_rows(path), lambda row: str(row["index"]))
    for index, item in enumerate(items):
        row = known.get(str(index))
        output = None if row is None else row.get("output")
        if not output:
            yield item, None
            continue
        try:
            yield item, _played(item, output)
        except (KeyError, TypeError, AttributeError):
            raise DataError(f"{path} index {index}", "is no run of a task", _EXPECTED) from None


def _played(item: Item, output: Mapping[str, Any]) -> Played:
    said = [(one["role"], str(one["content"])) for one in output["history"]]
    turns = tuple(Turn("assistant", text.strip()) if role == "agent" else user(text) for role, text in said[1:])
    result = output.get("result")
    last = next((turn.text for turn in reversed(turns) if turn.role == "assistant"), "")
    facts = _facts(str(item.known.get("eval_MRN") or ""))
    return Played(
        reply=last if result is None else f"FINISH({result})", turns=turns, verdicts={"record": facts},
        ending=next((ours for theirs, ours in _ENDINGS.items() if str(output["status"]).startswith(theirs)), ""),
    )  # fmt: skip


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
    recorded=recorded,
    gold_reply=gold_reply,
    examples=(
        Example(
            row={"id": "task1_1", "instruction": "What is the MRN of the made-up person?", "context": "",
                 "sol": ["S0000001"]},
            target=["S0000001"], wrong_reply='FINISH(["S0000002"])', other={"sol": ["S0000003"]},
        ),
    ),
)  # fmt: skip
