"""Diagnoses of patients with several diseases: each is judged by itself, and a patient counts by all of them.

Reference: Li et al. (2025), https://arxiv.org/abs/2506.00095, the cases of ClinBench-HPB.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import replace

from dermatrust.narrate.text import said_aloud
from dermatrust.protocols.asking import Ask, ask_once
from dermatrust.protocols.item import Item, Played, Score, Turn
from dermatrust.protocols.protocol import Play
from dermatrust.protocols.scorers.inclusion import INCLUDES, LACKS, is_included, judge_inclusion, verdict_by_release


def play_diagnosis(first: Play = ask_once, *, is_checked: bool = True, is_released: bool = False) -> Play:
    """Return the play that asks for a diagnosis, then has each disease judged, and those said to be lacking checked.

    Args:
        first: How the diagnosis is asked for; about one that was only thought no judge is asked.
        is_checked: Whether a checker looks at what is said to be lacking.
        is_released: Read verdicts as the released code does.
    """

    async def play(item: Item, ask: Ask) -> Played:
        played = await first(item, ask)
        reply = said_aloud(played.reply).strip()
        diseases = item.target if reply else ()
        verdicts = await judge_inclusion(ask, diseases, reply, is_checked=is_checked, is_released=is_released)
        return replace(played, verdicts=verdicts)

    return play


def score_diseases(item: Item, played: Played) -> Score:
    """Grade 1 where every disease is included; missing where a verdict is.

    Example:
        >>> item = Item(id="1", question="?", target=["cyst", "stone"])
        >>> said = {"includes cyst": "Includes", "includes stone": "Does not include"}
        >>> found = score_diseases(item, Played(reply="A cyst.", verdicts=said))
        >>> found.value, found.said, found.parts
        (0.0, '1 of 2', {'found': 1.0, 'diseases': 2.0})
    """
    if not said_aloud(played.reply).strip():
        return _silent(item)
    found = [is_included(played.verdicts, disease) for disease in item.target]
    if None in found:
        return Score(value=float("nan"), answered=True)
    hits = sum(bool(one) for one in found)
    return _scored(item, hits, is_right=hits == len(item.target))


def score_diseases_by_release(item: Item, played: Played) -> Score:
    """Grade as the released code does: a verdict of another name is no hit for the patient, but one for the disease."""
    if not played.verdicts:
        return _silent(item)
    said = [verdict_by_release(played.verdicts, disease) for disease in item.target]
    return _scored(item, sum(one != LACKS for one in said), is_right=said.count(INCLUDES) == len(item.target))


def judge_by_words(item: Item, turns: Sequence[Turn]) -> str:
    """Stand in for the judge: a disease is included where the diagnosis holds its words."""
    head, _, reply = turns[-1].text.rpartition("\nDiagnosis of the student: ")
    disease = re.search(r"disease: (.*)", head)
    return json.dumps({INCLUDES if disease and disease[1] in reply else LACKS: "by its words"})


def _silent(item: Item) -> Score:
    return Score(value=0.0, answered=False, parts={"found": 0.0, "diseases": float(len(item.target))})


def _scored(item: Item, hits: int, *, is_right: bool) -> Score:
    n = len(item.target)
    return Score(value=float(is_right), said=f"{hits} of {n}", parts={"found": float(hits), "diseases": float(n)})
