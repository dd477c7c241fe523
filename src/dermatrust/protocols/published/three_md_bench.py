"""3MDBench: a doctor who sees one photograph talks with a patient of some temperament, and makes a diagnosis.

Paper     Sviridov et al. (2025), https://arxiv.org/abs/2504.13861
Data      univanxx/3mdbench, test, 3,013 cases of 34 diagnoses, most of them of the skin. Recorded outputs are a
          folder above the scripts' case files: dialogues, extracted diagnoses, assessments, whichever are there.
Measures  Telemedicine with a photograph: the diagnosis, and how the consultation was held.
Not for   Real consultations: the patient is a model with a short list of complaints, and so is who assesses the doctor.
Deviates  Prompts and traits are in our own words. No diagnosis is wrong here, and a dialogue without an end is one
          without a diagnosis; "released-code" leaves "none" out of the F1, and has diagnoses extracted from dialogues
          without an end too. Predictions of a classifier are not put into the prompt, and asking without a dialogue is
          not described. Nucleus sampling is the server's own.
Verified  Nothing: no recorded dialogues were at hand. Names of diagnoses and their synonyms, limits and scale are the
          released code's.
"""

from collections.abc import Sequence
from functools import partial

from dermatrust.clients.fence import unfenced
from dermatrust.protocols import MODEL, Ask, Example, Item, Played, Protocol, Row, Score, Source, Turn, user
from dermatrust.protocols.interaction.consultation_cases import ENDED, UNENDED, recorded_consultations
from dermatrust.protocols.interaction.patient import PATIENT
from dermatrust.protocols.interaction.temperaments import TEMPERAMENTS
from dermatrust.protocols.item import filled, id_of
from dermatrust.protocols.metrics import answered_rate, f1_of_labels, mean_part, mean_score
from dermatrust.protocols.scorers.consultation import (
    DIAGNOSES,
    OVERALL,
    POINTS,
    points_of,
    read_assessment,
    read_diagnoses,
)
from dermatrust.protocols.scorers.judge import ask_judge, quote

EXCHANGES = 14
BREAK = "BREAK"
ASSESSMENTS = 4
"""How often an assessment is asked for."""
EXTRACTOR, ASSESSOR = "extractor", "assessor"
SYSTEM = f"""You are an experienced doctor in an online consultation. Make a single diagnosis, one of these, and advise
the patient: {", ".join(DIAGNOSES)}.
Look at the photograph, use what it shows, and say what you see in it. Ask for what you still need to know, one question
at a time."""
BASE = f"""You are a patient in an online consultation with a general practitioner.
Your main complaint: {{complaint}}
What else you feel: {{symptoms}}
You are of a {{temperament}} temperament:
{{traits}}
You want to know what causes this, the diagnosis, and the treatment. You tell what you feel and nothing else: no
diagnosis, no conclusions, nothing that does not follow from the above. You are typing, so be short. Begin with the main
complaint alone. When you have heard all you need, have thanked the doctor, or have said goodbye, reply with {BREAK}."""
EXTRACT = """A doctor said the following to a patient in a consultation. Which diagnosis did the doctor make in the end?
Take the final one, stated with confidence in whatever words; several only where the doctor left them equal.
Reply with the diagnosis alone, several separated by commas; with "none" where no final diagnosis was stated.

{said}"""
ASSESS = """You assess how a doctor led a consultation. You need not diagnose; the diagnosis is known: {diagnosis}.
Grade each point, 1 for yes and 0 for no:
1.1 asks about the history: earlier diseases, drugs, operations
1.2 asks about the present symptoms, their possible causes and what was tried
1.3 explains to the patient what the conclusion rests on
2.1 is respectful, empathic and polite, guides, and does not spin it out
2.2 respects what the patient wishes
3.1 says correctly how the supposed diagnosis is to be confirmed
3.2 says correctly how the supposed diagnosis is to be treated
and 4.1, the competence as a whole, in one word: unsatisfactory (something crucial, empathy, the diagnosis or advice is
missing), satisfactory, or excellent (right diagnosis, full advice, much empathy).
Reply with one JSON object:
{"1.1": 0, "1.2": 0, "1.3": 0, "2.1": 0, "2.2": 0, "3.1": 0, "3.2": 0, "4.1": "satisfactory"}

{said}"""


def to_item(row: Row) -> Item:
    """Give the photograph to the doctor and the complaints to the patient; the target is the diagnosis."""
    temperament = str(row["personality"]).lower()
    if temperament not in TEMPERAMENTS:
        raise ValueError(f"its personality is {row['personality']!r}; expected {', '.join(TEMPERAMENTS)}")
    traits = "\n".join(f"- {trait}" for trait in TEMPERAMENTS[temperament])
    told = {"complaint": str(row["general_complaint"]), "symptoms": str(row["complaints"]), "traits": traits}
    return Item(
        id=str(row["id"]) if "id" in row else id_of(told["complaint"], told["symptoms"], row["diagnosis"]),
        question=told["complaint"], system=SYSTEM, images=(row["image"],), target=str(row["diagnosis"]).lower(),
        tags={"temperament": temperament}, known={"patient": filled(BASE, told | {"temperament": temperament})},
    )  # fmt: skip


async def play(item: Item, ask: Ask, *, extracts_always: bool) -> Played:
    """Let patient and doctor talk, at most 14 exchanges; then have the diagnosis extracted and the doctor assessed."""
    said, ending = await _talk(item, ask)
    verdicts: dict[str, str | None] = {}
    if ending == ENDED or extracts_always:
        replies = " ".join(turn.text for turn in said if turn.role == "assistant")
        extract = user(filled(EXTRACT, {"said": quote("DOCTOR", replies)}))
        verdicts["diagnosis"] = await ask_judge(ask, [extract], read_diagnoses, role=EXTRACTOR)
    if ending == ENDED:
        spoken = "\n".join(f"{'Patient' if turn.role == 'user' else 'Doctor'}: {turn.text}" for turn in said)
        assess = user(filled(ASSESS, {"diagnosis": item.target, "said": quote("DIALOGUE", spoken)}), item.images)
        verdicts["assessment"] = await ask_judge(ask, [assess], read_assessment, role=ASSESSOR, attempts=ASSESSMENTS)
    doctors = [turn.text for turn in said if turn.role == "assistant"]
    return Played(reply=doctors[-1], turns=tuple(said), verdicts=verdicts, ending=ending)


async def _talk(item: Item, ask: Ask) -> tuple[list[Turn], str]:
    """Return what was said, and how it ended."""
    patient = [Turn("system", item.known["patient"]), user("Begin.")]
    doctor = [Turn("system", item.system)]
    said: list[Turn] = []
    utterance = (await ask(patient, role=PATIENT, temperature=0.6, max_tokens=256)).text
    for exchange in range(EXCHANGES):
        said.append(user(utterance))
        doctor.append(user(utterance, item.images if exchange == 0 else ()))
        reply = (await ask(doctor, role=MODEL, max_tokens=512)).text
        said.append(Turn("assistant", reply))
        doctor.append(said[-1])
        patient += [Turn("assistant", utterance), user(reply or "(the doctor says nothing)")]
        utterance = (await ask(patient, role=PATIENT, temperature=0.6, max_tokens=256)).text
        if BREAK in utterance:
            last = utterance.replace(BREAK, "").strip()
            return [*said, user(last)] if last else said, ENDED
    return said, UNENDED


def score(item: Item, played: Played) -> Score:
    """Grade the one diagnosis of a finished dialogue; parts are the assessment's points."""
    points = points_of(played.verdicts.get("assessment"))
    named = played.verdicts.get("diagnosis", "none")
    if named is None:
        return Score(value=float("nan"), parts=points)
    is_silent = played.turns and not any(turn.text.strip() for turn in played.turns if turn.role == "assistant")
    if named == "none" or is_silent:
        return Score(value=0.0, answered=False, parts=points | {"failed": 1.0})
    is_right = set(named.split(", ")) == {item.target}
    return Score(value=float(is_right), said=named, parts=points | {"failed": 0.0})


def gold_reply(item: Item) -> str:
    """Return what a perfect doctor would say."""
    return f"I see it in the photograph. The diagnosis is {item.target}."


def _patient(item: Item, turns: Sequence[Turn]) -> str:
    return item.question if len(turns) == 2 else BREAK


def _extractor(item: Item, turns: Sequence[Turn]) -> str:
    said = unfenced(turns[-1].text, "DOCTOR") or ""
    return next((one for one in sorted(DIAGNOSES, key=len, reverse=True) if one in said), "none")


def _assessor(item: Item, turns: Sequence[Turn]) -> str:
    return '{"1.1": 1, "1.2": 1, "1.3": 1, "2.1": "yes", "2.2": 1, "3.1": 1, "3.2": 0, "4.1": "excellent"}'


_METRICS = {
    "weighted F1": f1_of_labels("weighted", several=", "), "accuracy": mean_score, "failed": mean_part("failed"),
    **{f"point {name}": mean_part(f"point {name}", is_share=name != OVERALL) for name in (*POINTS, OVERALL)},
    "answered": answered_rate,
}  # fmt: skip

PROTOCOL = Protocol(
    name="three-md-bench",
    version=1,
    about=__doc__,
    kind="dialogue with an image",
    modality="image",
    source=Source(
        dataset="univanxx/3mdbench", files=("test.parquet", "test.jsonl"), split="test", size=3013, licence="MIT",
        is_on_hub=True,
    ),
    to_item=to_item,
    play=partial(play, extracts_always=False),
    roles=(PATIENT, EXTRACTOR, ASSESSOR),
    stand_ins={PATIENT: _patient, EXTRACTOR: _extractor, ASSESSOR: _assessor},
    score=score,
    metrics=_METRICS,
    by=("temperament",),
    recorded=recorded_consultations,
    records_bring_items=True,
    gold_reply=gold_reply,
    temperature=0.6,
    variants={
        "released-code": {
            "play": partial(play, extracts_always=True),
            "metrics": _METRICS | {"weighted F1": f1_of_labels("weighted", several=", ", counts_unanswered=False)},
        }
    },
    examples=(
        Example(
            row={"id": "e1", "image": "a.jpg", "diagnosis": "Psoriasis", "general_complaint": "My elbows scale.",
                 "complaints": "It itches; since spring.", "personality": "phlegmatic"},
            target="psoriasis", wrong_reply="It is eczema.", other={"diagnosis": "Vitiligo"},
        ),
    ),
)  # fmt: skip
