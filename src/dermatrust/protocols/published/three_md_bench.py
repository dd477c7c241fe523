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

from functools import partial

from dermatrust.protocols import Ask, Example, Item, Played, Protocol, Row, Score, Source
from dermatrust.protocols.gold import gold_in
from dermatrust.protocols.interaction.consultation import BREAK, ENDED, consult, patient_stand_in
from dermatrust.protocols.interaction.patient import PATIENT
from dermatrust.protocols.interaction.temperaments import TEMPERAMENTS
from dermatrust.protocols.item import filled, id_of
from dermatrust.protocols.metrics import answered_rate, f1_of_labels, mean_part, mean_score
from dermatrust.protocols.recorded.three_md_bench import recorded_consultations
from dermatrust.protocols.scorers.consultation import DIAGNOSES, OVERALL, POINTS, points_of
from dermatrust.protocols.scorers.consultation_judges import (
    ASSESSOR,
    EXTRACTOR,
    assess,
    assessor_stand_in,
    extract_diagnosis,
    extractor_stand_in,
)

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
    said, ending = await consult(item, ask)
    verdicts: dict[str, str | None] = {}
    if ending == ENDED or extracts_always:
        verdicts["diagnosis"] = await extract_diagnosis(ask, said)
    if ending == ENDED:
        verdicts["assessment"] = await assess(ask, said, item.target, item.images)
    doctors = [turn.text for turn in said if turn.role == "assistant"]
    return Played(reply=doctors[-1], turns=tuple(said), verdicts=verdicts, ending=ending)


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
    stand_ins={PATIENT: patient_stand_in, EXTRACTOR: extractor_stand_in, ASSESSOR: assessor_stand_in},
    score=score,
    metrics=_METRICS,
    by=("temperament",),
    recorded=recorded_consultations,
    records_bring_items=True,
    gold_reply=gold_in("I see it in the photograph. The diagnosis is {target}."),
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
