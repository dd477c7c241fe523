"""A dialogue in which a model asks for a patient's tests, once or turn by turn, before it makes its diagnosis.

Reference: Qiu et al. (2025), https://arxiv.org/abs/2503.04691, the one-turn and free-turn settings of MedR-Bench.
"""

from collections.abc import Sequence
from typing import NamedTuple

from dermatrust.protocols.asking import Ask
from dermatrust.protocols.item import Item, Played, Turn, user
from dermatrust.protocols.scorers.examinations import judge_examinations
from dermatrust.protocols.scorers.judge import quote
from dermatrust.protocols.scorers.outcome import judge_outcome

PATIENT = "patient"
"""The role of whoever holds the file."""
HEADING = "Ancillary Tests"
"""The line of a case summary from which on its tests are kept for who asks."""
WANTED = "### Additional Information Required:"
DONE = "not required"
PROMPT = f"""{{question}}

This is what is known so far. What further tests or facts do you need to diagnose this patient? Reply in this form:
### Conclusion:
what you think at present
{WANTED}
each test or fact, with its purpose, or "Not required" if you can diagnose already"""
ANSWERED = "Here is what you asked for:\n{answer}\n\n"
LAST = "You cannot ask anything further; give your final diagnosis.\n"
FILE = """\
You hold a patient's file. A junior physician asks you for information. Answer only what is asked, by the file alone; \
where it holds nothing on it, say that it is not available. Do not interpret, and do not name a diagnosis.

{case}
{tests}"""


class Dialogue(NamedTuple):
    """What was said, how it ended, and the last thing that was asked for."""

    turns: tuple[Turn, ...]
    ending: str
    wanted: str


def split_tests(summary: str) -> tuple[str, str]:
    r"""Return what is told of a case, and the tests that are kept for who asks: everything from their heading on.

    Example:
        >>> split_tests("- Patient: a woman\n- Ancillary Tests:\n  - Biopsy: mites")
        ('- Patient: a woman', '- Ancillary Tests:\n  - Biopsy: mites')
    """
    lines = summary.splitlines()
    first = next((k for k, line in enumerate(lines) if HEADING in line), len(lines))
    return "\n".join(lines[:first]).strip(), "\n".join(lines[first:]).strip()


def wanted_in(reply: str) -> str:
    r"""Return what a reply asks for: what stands under the heading, up to the next; empty where it asks for nothing.

    Example:
        >>> wanted_in("### Additional Information Required:\na biopsy\n### Conclusion:\nunclear"), wanted_in("Eczema.")
        ('a biopsy', '')
    """
    return reply.partition(WANTED)[2].partition("###")[0].strip()


async def talk(item: Item, ask: Ask, *, turns: int, is_free: bool, form: str) -> Dialogue:
    """Let a model ask for tests until it has what it needs, at most so many turns.

    Args:
        item: With what is told of the case under "case" and its tests under "tests" in `known`.
        ask: What the protocol asks with.
        turns: How often the model speaks at most; before its last word it is told that it is the last.
        is_free: Whether it may end the dialogue itself; otherwise it speaks its last word in any case.
        form: Of the last word.
    """
    said = item.turns()
    ending, required = "turn limit", ""
    for turn in range(1, turns + 1):
        reply = (await ask(said)).text
        said.append(Turn("assistant", reply))
        wanted = wanted_in(reply)
        if not wanted or DONE in wanted.lower():
            ending, wanted = "not required" if wanted else "asked for nothing", ""
            if is_free:
                break
        if turn == turns:
            break
        required = wanted or required
        told = (await ask(_to_patient(item, wanted), role=PATIENT)).text if wanted else "Nothing."
        last = LAST + form if turn == turns - 1 else item.template.partition("\n\n")[2]
        said.append(user(ANSWERED.format(answer=told) + last))
    return Dialogue(tuple(said), ending, required)


async def diagnose(item: Item, ask: Ask, *, turns: int, is_free: bool, form: str) -> Played:
    """Let the model ask for tests as in `talk`, and have its last word judged; where it is not free, its tests too."""
    said, ending, wanted = await talk(item, ask, turns=turns, is_free=is_free, form=form)
    reply = said[-1].text
    if not reply.strip():
        return Played(reply=reply, turns=said, ending=ending)
    verdicts = {"outcome": await judge_outcome(ask, reply, item.target, kind="final diagnosis")}
    if not is_free:
        verdicts |= await judge_examinations(ask, wanted, item.known["tests"])
    return Played(reply=reply, turns=said, verdicts=verdicts, ending=ending)


def _to_patient(item: Item, wanted: str) -> list[Turn]:
    told = FILE.format(case=quote("CASE", item.known["case"]), tests=quote("TESTS", item.known["tests"]))
    return [Turn("system", told), user(f"The physician asks for:\n{wanted}")]


def patient_stand_in(item: Item, turns: Sequence[Turn]) -> str:
    """Play a file that gives all its tests."""
    return str(item.known["tests"]) or "Not available."
