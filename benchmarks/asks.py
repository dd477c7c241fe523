"""The two asks of one sample, the same words for every contender."""

from dermatrust.judge import load_judge_prompt, load_rubric
from dermatrust.judge.schema import verdict_schema
from dermatrust.narrate import load_prompt

NOTE = " ".join(["Itching for three weeks, worse at night, no fever, no new drugs, tried an emollient."] * 14)
"""A clinical note of about 200 words."""
REFERENCE = " ".join(["A sharply bordered scaly plaque on the elbow which favours psoriasis over eczema."] * 14)
CANDIDATE_PROMPT = load_prompt("candidate").text
JUDGE_PROMPT = load_judge_prompt("judge").text + load_rubric(None).text
SCHEMA = verdict_schema()


def candidate_text(number: int) -> str:
    """Return what the model under test is asked about one case."""
    return f"{CANDIDATE_PROMPT}\n\nCase {number}. {NOTE}"


def judge_text(number: int, narrative: str) -> str:
    """Return what the judge is asked about one narrative."""
    return f"{JUDGE_PROMPT}\n\n{narrative}\n\n{number} {REFERENCE}"
