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
import re

from dermatrust.protocols import Ask, Example, Item, Played, Protocol, Row, Score, Source
from dermatrust.protocols.interaction.fhir_agent import INVALID, converse, fetch_here, finished_with, posted
from dermatrust.protocols.interaction.fhir_facts import patient_facts, server
from dermatrust.protocols.metrics import answered_rate, mean_part, mean_score
from dermatrust.protocols.recorded.medagentbench import recorded_transcripts
from dermatrust.protocols.scorers.record_tasks import NOW, TASKS, WITHOUT_RECORD, Record

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
    facts = await asyncio.to_thread(patient_facts, str(item.known.get("eval_MRN") or ""))
    return Played(reply=played.reply, turns=played.turns, ending=played.ending, verdicts={"record": facts})


def score(item: Item, played: Played) -> Score:
    """Grade by the rule of the task's kind, all or nothing. A record that could not be read leaves it missing."""
    said = [turn.text for turn in played.turns if turn.role == "assistant"]
    answer, facts = finished_with(played.reply), played.verdicts.get("record")
    parts = {"invalid action": float(played.ending == INVALID), "rounds": float(len(said))}
    kind = int(item.tags["task"])
    if answer is None:
        return Score(value=0.0, answered=False, parts=parts)
    if facts is None and kind not in WITHOUT_RECORD:
        return Score(value=float("nan"), parts=parts)
    known = json.loads(facts or "{}")
    orders = [order for text in said if text.startswith("POST") and (order := posted(text))]
    record = Record(
        item.known, known.get("birth", ""), known.get("observations", {}), answer, orders,
        speaks_of_post=any("POST" in text for text in said),
    )  # fmt: skip
    return Score(value=float(TASKS[kind](record)), said=json.dumps(answer), parts=parts)


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
    recorded=recorded_transcripts,
    gold_reply=gold_reply,
    examples=(
        Example(
            row={"id": "task1_1", "instruction": "What is the MRN of the made-up person?", "context": "",
                 "sol": ["S0000001"]},
            target=["S0000001"], wrong_reply='FINISH(["S0000002"])', other={"sol": ["S0000003"]},
        ),
    ),
)  # fmt: skip
