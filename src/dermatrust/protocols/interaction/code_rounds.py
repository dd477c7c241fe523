"""A model that computes by code: it writes a block, is told what the block prints, and answers in the end.

The code is walked through by `small_python`; nothing that a model writes is run by Python itself.

Reference: Khandekar et al. (2024), https://arxiv.org/abs/2406.12036, whose rounds these are; the words are ours.
"""

import re

from dermatrust.protocols.asking import Ask
from dermatrust.protocols.interaction.small_python import console_of
from dermatrust.protocols.item import Item, Played, Turn, user

PROMPT = """A patient note and a question that asks for a calculation follow. Compute the result by code that is run for
you: do not calculate yourself, and state no number before the code has been run.

Patient note:
{note}

Question:
{question}

Where the note has several values of a measurement, take the one from when it was written, none after treatment and
none of the patient's past. What the note does not mention the patient does not have. All you need stands in the note.
Reply with a single block of Python that begins with ```python: first the formulas, then the patient's values, and a
print() of the result as its last statement. There are the usual operators and functions, math and datetime. If it
fails, you may write it again. When the result is right, reply with it alone, without units: <answer> 17.29 </answer>,
a score as <answer> 5 </answer>, a date as <answer> 5/21/2021 </answer>, a duration as <answer> (4 weeks, 3 days)
</answer>."""
ROUNDS = 20
ANSWERED, LIMIT, ASKED = "answer", "round limit", "asked for input"
_ANSWER = re.compile(r"<answer>(.*?)<[\\/]answer>", re.DOTALL)
_BLOCK = re.compile(r"```python\n(.*?)```", re.DOTALL)
_NO_CODE = """Your reply holds no code. Go on from your last thought and write one block that begins with ```python and
ends with a print() of the result, so that it can be run for you."""
_NO_PRINT = "Your code holds no print(). Write it again so that its last statement prints the result."
_RAN = """Your code was run. It printed:

{console}
If that is an error or cannot be right, write the code again. Otherwise finish with the result alone, without units, as
<answer> 17.29 </answer>, a score as <answer> 5 </answer>, a date as <answer> 5/21/2021 </answer>, a duration as
<answer> (4 weeks, 3 days) </answer>. All you need stands in the note."""


async def play_code(item: Item, ask: Ask, *, rounds: int = ROUNDS) -> Played:
    """Let a model write code until it answers, at most `rounds` times; its last answer is the reply, empty for none."""
    turns = item.turns()
    n_told, ending, answer = len(turns), LIMIT, ""
    for _ in range(rounds):
        said = (await ask(turns)).text
        turns.append(Turn("assistant", said))
        if found := _ANSWER.search(said):
            ending, answer = ANSWERED, found[1].strip()
            break
        code = "\n".join(_BLOCK.findall(said))
        if "```python" in said and "print" in code and "input(" in code:
            ending = ASKED  # nobody is there to answer
            break
        turns.append(user(_told(said, code)))
    return Played(reply=answer, turns=tuple(turns[n_told:]), ending=ending)


def _told(said: str, code: str) -> str:
    if "```python" not in said:
        return _NO_CODE
    return _RAN.replace("{console}", console_of(code)) if "print" in code else _NO_PRINT
