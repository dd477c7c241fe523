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

from dataclasses import replace
from functools import partial

from dermatrust.protocols import Example, Item, Protocol, Row, Source
from dermatrust.protocols.item import id_of
from dermatrust.protocols.languages import is_chinese
from dermatrust.protocols.metrics import answered_rate, mean_score, pooled
from dermatrust.protocols.recorded.clinbench_hpb_cases import read_judged
from dermatrust.protocols.repeated_rows import numbered, telling_repeats_apart
from dermatrust.protocols.repeats import ask_repeat, repeated
from dermatrust.protocols.scorers.included_diseases import (
    judge_by_words,
    play_diagnosis,
    score_diseases,
    score_diseases_by_release,
)
from dermatrust.protocols.scorers.inclusion import included_by_release

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
REPEATS = 4
REASONING_TEMPERATURE = 0.6
HEADINGS = (
    (("Laboratory", "实验室检查"), ("laboratory_tests", "blood_test")),
    (("Imaging", "影像检查"), ("imaging_studies", "imaging_test")),
    (("Imaging impression", "影像分析"), ("imaging_impression",)),
    (("Question", "Question"), ("question",)),
)
"""What findings are called in either language, and the names that data and released code give them."""


def to_item(row: Row, *, style: str = "step by step") -> Item:
    """Ask for the diagnosis of a patient in a style of prompt; the target is the diseases."""
    diseases = [one.strip() for one in str(row["diagnosis"]).split("\n") if one.strip()]
    if not diseases:
        raise ValueError("it has no diagnosis")
    in_chinese = is_chinese(row["patient_info"])
    task = ANSWER if row.get("question") else DIAGNOSE_CHINESE if in_chinese else DIAGNOSE
    lines = [str(row["patient_info"])]
    for names, keys in HEADINGS:
        text = next((row[key] for key in keys if row.get(key)), "")
        lines += [f"{names[in_chinese]}: {text}"] if text else []
    return Item(
        id=numbered(_id_of(row), row),
        question="\n".join(lines),
        target=diseases,
        template=f"{task} {STYLES[style][in_chinese]}".rstrip() + "\n\n{question}",
        tags={"language": "zh" if in_chinese else "en"},
    )


def _id_of(row: Row) -> str:
    name = row.get("patient_id", row.get("Index", ""))
    return id_of(str(name), row["patient_info"], *([row["question"]] if row.get("question") else []))


ROLES = {"judge": judge_by_words, "checker": lambda item, turns: "Correct. It is not there."}
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
    to_item=to_item,
    play=play_diagnosis(),
    roles=("judge", "checker"),
    stand_ins=ROLES,
    score=score_diseases,
    metrics={
        "patients with every disease found": mean_score, "diseases found": pooled("found", "diseases"),
        "answered": answered_rate,
    },
    gold_reply=lambda item: "; ".join(item.target),
    by=("language",),
    read=telling_repeats_apart(_id_of),
    recorded=read_judged,
    records_bring_items=True,
    variants={
        "released-code": {
            "play": play_diagnosis(is_released=True), "score": score_diseases_by_release,
            "recorded": partial(read_judged, read=included_by_release),
        },
        **{style: {"to_item": partial(to_item, style=style)} for style in ("role", "format", "free")},
        "judge-alone": {
            "play": play_diagnosis(is_checked=False), "roles": ("judge",), "stand_ins": {"judge": judge_by_words},
        },
        "repeat-4": {
            "to_item": lambda row: repeated([to_item(row)], REPEATS),
            "play": play_diagnosis(ask_repeat(REASONING_TEMPERATURE)),
            "examples": (replace(_CASE, target=(_CASE.target,) * REPEATS),),
        },
    },
    examples=(_CASE,),
)  # fmt: skip
