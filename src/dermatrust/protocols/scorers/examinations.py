"""Judges which examinations a model asked for: how many of them were called for, and how many that were it left out.

Reference: Qiu et al. (2025), https://arxiv.org/abs/2503.04691, the one-turn setting of MedR-Bench.
"""

import math
from collections.abc import Mapping

from dermatrust.protocols.asking import Ask
from dermatrust.protocols.scorers.judge import YES, ask_judge, json_in, quote, yes_or_no

LIST_PROMPT = """\
List the examinations and facts that this text asks for or reports, each by itself, with its purpose where it is \
stated.

{text}

Reply with a JSON list of strings and nothing else; with [] where there are none."""
MATCH_PROMPT = """Is this examination, or one for the same purpose, among those of the text?

{one}
{text}

Reply with yes or no and nothing else."""
NOTHING = ""


async def judge_examinations(ask: Ask, asked_for: str, done: str) -> dict[str, str | None]:
    """Return verdicts on each examination, from 1 on.

    "asked 1" is whether the first that was asked for had been done, "done 1" whether the first done was asked for.
    Where the judge lists the one or the other unreadably, "asked" or "done" is None.
    """
    verdicts: dict[str, str | None] = {}
    for name, text, other in (("asked", asked_for, done), ("done", done, asked_for)):
        listed = await ask_judge(ask, LIST_PROMPT.format(text=quote("REQUESTS", text)), _read_list) if text else NOTHING
        if listed is None:
            verdicts[name] = None
            continue
        for number, one in enumerate(listed.splitlines(), 1):
            texts = {"one": quote("EXAMINATION", one), "text": quote("TEXT", other)}
            verdicts[f"{name} {number}"] = await ask_judge(ask, MATCH_PROMPT.format(**texts), yes_or_no)
    return verdicts


def examination_parts(verdicts: Mapping[str, str | None]) -> dict[str, float]:
    """Return precision and recall; 0 where nothing was asked for, or done; NaN where a verdict is missing.

    Example:
        >>> examination_parts({"asked 1": "yes", "asked 2": "no", "done 1": "yes"})
        {'precision': 0.5, 'recall': 1.0}
    """
    return {"precision": _share(verdicts, "asked"), "recall": _share(verdicts, "done")}


def _share(verdicts: Mapping[str, str | None], kind: str) -> float:
    said = [verdict for name, verdict in verdicts.items() if name.partition(" ")[0] == kind]
    if None in said:
        return math.nan
    return said.count(YES) / len(said) if said else 0.0


def _read_list(reply: str) -> str | None:
    found = json_in(reply)
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        return None
    return "\n".join(" ".join(one.split()) for one in found if one.strip())
