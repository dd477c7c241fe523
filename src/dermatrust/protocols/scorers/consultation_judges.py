"""Whoever extracts the diagnosis from a consultation, and whoever assesses how the doctor led it, as in 3MDBench.

Points and scale are the released code's, prompts in our own words: Sviridov et al. (2025),
https://arxiv.org/abs/2504.13861, https://github.com/univanxx/3mdbench.
"""

from collections.abc import Sequence

from dermatrust.clients.fence import unfenced
from dermatrust.protocols.asking import Ask
from dermatrust.protocols.item import Item, Picture, Turn, filled, user
from dermatrust.protocols.scorers.consultation import DIAGNOSES, read_assessment, read_diagnoses
from dermatrust.protocols.scorers.judge import ask_judge, quote

EXTRACTOR, ASSESSOR = "extractor", "assessor"
ASSESSMENTS = 4
"""How often an assessment is asked for."""
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


async def extract_diagnosis(ask: Ask, said: Sequence[Turn]) -> str | None:
    """Return the diagnoses that the doctor ("assistant") makes in a consultation, as `read_diagnoses` does.

    None where no reply could be read.
    """
    replies = " ".join(turn.text for turn in said if turn.role == "assistant")
    extract = user(filled(EXTRACT, {"said": quote("DOCTOR", replies)}))
    return await ask_judge(ask, [extract], read_diagnoses, role=EXTRACTOR)


async def assess(ask: Ask, said: Sequence[Turn], diagnosis: str, images: tuple[Picture, ...]) -> str | None:
    """Return the points of a consultation whose right diagnosis is known, as `read_assessment` does.

    None where no reply could be read, of four.
    """
    spoken = "\n".join(f"{'Patient' if turn.role == 'user' else 'Doctor'}: {turn.text}" for turn in said)
    asked = user(filled(ASSESS, {"diagnosis": diagnosis, "said": quote("DIALOGUE", spoken)}), images)
    return await ask_judge(ask, [asked], read_assessment, role=ASSESSOR, attempts=ASSESSMENTS)


def extractor_stand_in(item: Item, turns: Sequence[Turn]) -> str:
    """Play an extractor that takes the longest name of a diagnosis among the doctor's words."""
    said = unfenced(turns[-1].text, "DOCTOR") or ""
    return next((one for one in sorted(DIAGNOSES, key=len, reverse=True) if one in said), "none")


def assessor_stand_in(item: Item, turns: Sequence[Turn]) -> str:
    """Play an assessor whom one point leaves unsatisfied."""
    return '{"1.1": 1, "1.2": 1, "1.3": 1, "2.1": "yes", "2.2": 1, "3.1": 1, "3.2": 0, "4.1": "excellent"}'
