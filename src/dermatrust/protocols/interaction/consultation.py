"""A consultation of a doctor who sees a photograph and a patient who ends it: 3MDBench's dialogue.

Reference: Sviridov et al. (2025), https://arxiv.org/abs/2504.13861, https://github.com/univanxx/3mdbench.
"""

from collections.abc import Sequence

from dermatrust.protocols.asking import MODEL, Ask
from dermatrust.protocols.interaction.patient import PATIENT
from dermatrust.protocols.item import Item, Turn, user

EXCHANGES = 14
BREAK = "BREAK"
"""By which a patient ends it."""
ENDED, UNENDED = "patient ended it", "exchange limit"


async def consult(item: Item, ask: Ask) -> tuple[list[Turn], str]:
    """Return what was said, the patient as "user", and how it ended: by the patient, or after 14 exchanges.

    Args:
        item: Its `system` is what the doctor is told, its `known` "patient" what the patient is; the images are shown
            to the doctor.
        ask: What the protocol asks with.

    Raises:
        AskFailed: No reply came. The item is missing then, and the next run asks again.
    """
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


def patient_stand_in(item: Item, turns: Sequence[Turn]) -> str:
    """Play a patient who says the main complaint and ends it after the doctor's first words."""
    return item.question if len(turns) == 2 else BREAK
