"""A case that was diagnosed, or a plan for it, judged by outcome and reasoning, as MedR-Bench does.

Items have as target what the report came to, and in `known` its "case", "result" and "reasoning".

Reference: Qiu et al. (2025), https://arxiv.org/abs/2503.04691.
"""

import json
import math
from collections.abc import Sequence

from dermatrust.clients.fence import unfenced
from dermatrust.protocols.asking import Ask
from dermatrust.protocols.item import Item, Played, Score, Turn
from dermatrust.protocols.scorers.examinations import examination_parts
from dermatrust.protocols.scorers.judge import Read
from dermatrust.protocols.scorers.outcome import judge_outcome, outcome
from dermatrust.protocols.scorers.reasoning import (
    judge_coverage,
    judge_steps,
    reasoning_in,
    reasoning_parts,
    steps_of,
)


async def judge_case(
    ask: Ask, item: Item, reply: str, *, read: Read = outcome, searches: int = 0
) -> dict[str, str | None]:
    """Return verdicts on a reply: "outcome", and those of `scorers.reasoning` on how it came to it; none on silence.

    Args:
        ask: What the protocol asks with.
        item: Tagged with its task, "diagnosis" or "treatment".
        reply: What the model said.
        read: How the verdict on the outcome is read.
        searches: How often the judge may look something up before it decides about one step; key words of a case with a
            plan are looked up first then.
    """
    if not reply.strip():
        return {}
    is_plan = item.tags["task"] == "treatment"
    kind = "plan of treatment" if is_plan else "final diagnosis"
    about = f"{item.known['case']}\n\n{item.known['reasoning']}" if is_plan and searches else ""
    verdicts = {"outcome": await judge_outcome(ask, reply, item.target, kind=kind, read=read, about=about)}
    steps = steps_of(reasoning_in(reply))
    verdicts |= await judge_steps(ask, steps, case=item.known["case"], result=item.known["result"], searches=searches)
    return verdicts | await judge_coverage(ask, item.known["reasoning"], "\n".join(steps))


def score_case(item: Item, played: Played, *, is_dialogue: bool = False, unread: str | None = None) -> Score:
    """Return whether the outcome is right; what was judged besides is in the parts.

    Args:
        item: What was asked.
        played: With verdicts as of `judge_case`, or of a dialogue in which tests were asked for.
        is_dialogue: Whether it is the latter.
        unread: The class of a step where the judge's could not be read; None for missing.

    Returns:
        1 or 0; NaN, missing, where the outcome was not judged. Silence is 0.

    Example:
        >>> verdicts = {"outcome": "correct", "step 1": "reasoning", "fact 1": "correct", "hit 1": "no"}
        >>> item = Item(id="1", question="What is it?", target="eczema")
        >>> score_case(item, Played(reply="### Answer: eczema", verdicts=verdicts)).parts
        {'efficiency': 1.0, 'factuality': 1.0, 'recall': 0.0}
    """
    verdicts = {name: said or (unread if name.startswith("step ") else said) for name, said in played.verdicts.items()}
    if is_dialogue:
        parts = examination_parts(verdicts)
        parts["turns"] = float(sum(turn.role == "assistant" for turn in played.turns))
    else:
        parts = reasoning_parts(verdicts)
    if not played.reply.strip():
        return Score(value=0.0, answered=False, parts=parts)
    said = verdicts.get("outcome")
    return Score(value=math.nan if said is None else float(said == "correct"), said=said or "", parts=parts)


def judge_stand_in(item: Item, turns: Sequence[Turn]) -> str:
    """Play a judge that knows the target by its words."""
    asked = turns[-1].text
    if (reply := unfenced(asked, "REPLY")) is not None:
        return "Correct" if item.target in reply else "Wrong"
    if "JSON list" in asked:
        return json.dumps([unfenced(asked, "REASONING") or unfenced(asked, "REQUESTS")])
    if "judgment" in asked:
        return '{"judgment": "Correct", "keywords": ""}'
    return "Reasoning" if "four words" in asked else "Yes"
