"""Judges a chain of reasoning step by step: how much of it reasons, how much of that is true, what it leaves out.

Reference: Qiu et al. (2025), https://arxiv.org/abs/2503.04691, the Reasoning Evaluator.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence

from dermatrust.protocols.asking import Ask
from dermatrust.protocols.item import Turn, user
from dermatrust.protocols.scorers.judge import JUDGE, YES, ask_judge, json_field, json_in, quote, stated, yes_or_no
from dermatrust.protocols.scorers.labels import first_named

CLASSES = ("citation", "repetition", "reasoning", "redundancy")
"""What a step does, in the order in which a judge's reply is searched for it."""
MOST_STEPS = 10
"""Of a model's reasoning, the first so many are judged, as released."""
MOST_GOLD_STEPS = 10
CLASS_PROMPT = """\
Here are a patient's case, its result, the steps of somebody's reasoning so far, and the next step. Say what the next \
step does.

Citation: it only repeats or rewords what the case says.
Repetition: it says again what an earlier step said.
Reasoning: it infers something new that helps towards the result.
Redundancy: it does none of these; it adds nothing that helps.

{case}
{result}
{before}
{step}

Reply with one of the four words and nothing else."""
FACT_PROMPT = """Is this step of medical reasoning true, by established medical knowledge and by the case?

{case}
{step}
{known}
Reply with JSON and nothing else: {{"judgment": "{choices}", "keywords": "..."}}. {search}"""
MAY_SEARCH = 'Say "Search" if you must look something up first, with the key words to look up; else leave them empty.'
SPLIT_PROMPT = """\
Split this reasoning into its steps, at most {most}, in order, without adding or leaving out anything.

{text}

Reply with a JSON list of strings and nothing else."""
HIT_PROMPT = """\
Is this step of a reference covered by somebody's reasoning? It is where the same point is made, in whatever words.

{step}
{reasoning}

Reply with yes or no and nothing else."""
_HEADINGS = "### Reasoning:", "### Resoning:", "**Reasoning:**", "### Chain of Thought:"
"""The first of these that a reply has opens its reasoning; the second is what the released prompt spells."""
_STEP = re.compile(r"^\W*<?\s*step\s*\d+\s*>?[\s:.)*-]*", re.IGNORECASE | re.MULTILINE)
_read_class = first_named({name: (name,) for name in CLASSES})


def reasoning_in(reply: str) -> str:
    r"""Return what a reply says before its answer, from its heading on where it has one.

    Example:
        >>> reasoning_in("Well.\n### Reasoning:\n<step 1> A fever.\n### Answer:\nAn infection.")
        '<step 1> A fever.'
    """
    text = reply.replace("```", "")
    heading = next((one for one in _HEADINGS if one in text), None)
    after = text.partition(heading)[2] if heading else text
    return after.partition("### Answer")[0].strip()


def steps_of(reasoning: str) -> list[str]:
    r"""Return the first ten steps of a reasoning: by its "<step 1>" marks, else its paragraphs, else its lines.

    Example:
        >>> steps_of("<step 1> A fever.\n<step 2> So an infection.")
        ['A fever.', 'So an infection.']
        >>> steps_of("A fever.\n\nSo an infection."), steps_of("A fever.\nSo an infection.")
        (['A fever.', 'So an infection.'], ['A fever.', 'So an infection.'])
    """
    marked = _STEP.split(reasoning)
    text = reasoning.strip()
    parts = marked[1:] if len(marked) > 1 else re.split(r"\n\s*\n" if re.search(r"\n\s*\n", text) else "\n", text)
    return [part.strip() for part in parts if part.strip()][:MOST_STEPS]


async def judge_steps(
    ask: Ask, steps: Sequence[str], *, case: str, result: str, searches: int = 0
) -> dict[str, str | None]:
    """Return verdicts by step, from 1 on: "step 1" is its class; "fact 1" is "correct" or "wrong" where it reasons.

    Args:
        ask: What the protocol asks with.
        steps: The steps.
        case: What is known of the patient.
        result: What the reasoning ought to lead to.
        searches: How often the judge may look something up before it decides about one step, of the role "search".
    """
    verdicts: dict[str, str | None] = {}
    for number, step in enumerate(steps, 1):
        texts = {"case": quote("CASE", case), "result": quote("RESULT", result), "step": quote("STEP", step)}
        before = quote("STEPS SO FAR", "\n".join(steps[: number - 1]))
        verdicts[f"step {number}"] = await ask_judge(ask, CLASS_PROMPT.format(**texts, before=before), _read_class)
        if verdicts[f"step {number}"] == "reasoning":
            verdicts[f"fact {number}"] = await _judge_fact(ask, texts, searches)
    return verdicts


async def judge_coverage(ask: Ask, gold: str, reasoning: str) -> dict[str, str | None]:
    """Return verdicts by step of a reference, at most ten: "gold 1" is the step, "hit 1" is "yes" or "no".

    Where the judge does not split the reference readably, the one verdict is "gold 1", None.
    """
    asked = SPLIT_PROMPT.format(most=MOST_GOLD_STEPS, text=quote("REASONING", gold))
    listed = await ask_judge(ask, asked, _read_steps)
    verdicts: dict[str, str | None] = {}
    for number, step in enumerate(listed.splitlines() if listed else (), 1):
        texts = {"step": quote("STEP", step), "reasoning": quote("REASONING", reasoning)}
        verdicts[f"gold {number}"] = step
        verdicts[f"hit {number}"] = await ask_judge(ask, HIT_PROMPT.format(**texts), yes_or_no)
    return verdicts or {"gold 1": None}


def reasoning_parts(verdicts: Mapping[str, str | None]) -> dict[str, float]:
    """Return efficiency, factuality and recall of what was judged.

    Returns:
        Efficiency: steps that reason, of all. Factuality: true ones, of those that reason; 0 where none does. Recall:
        steps of the reference that are covered, of all. Each is 0 where there is nothing to count, as released, and
        NaN, missing, where a verdict that it rests on could not be read, or "steps", or "gold 1", is None: not judged.

    Example:
        >>> said = {"step 1": "citation", "step 2": "reasoning", "fact 2": "correct", "hit 1": "yes", "hit 2": "no"}
        >>> reasoning_parts(said)
        {'efficiency': 0.5, 'factuality': 1.0, 'recall': 0.5}
    """
    classes, facts, hits = (_of(verdicts, kind) for kind in ("step", "fact", "hit"))
    split_failed = verdicts.get("gold 1", "") is None
    if verdicts.get("steps", "") is None:
        classes = [None]
    return {
        "efficiency": _share(classes, "reasoning"),
        "factuality": math.nan if None in classes else _share(facts, "correct"),
        "recall": math.nan if split_failed else _share(hits, YES),
    }


def _share(said: Sequence[str | None], wanted: str) -> float:
    if None in said:
        return math.nan
    return said.count(wanted) / len(said) if said else 0.0


def _of(verdicts: Mapping[str, str | None], kind: str) -> list[str | None]:
    return [said for name, said in verdicts.items() if name.startswith(f"{kind} ")]


async def _judge_fact(ask: Ask, texts: Mapping[str, str], searches: int) -> str | None:
    known = ""
    for left in range(searches, -1, -1):
        read = json_field("judgment", stated(("correct", "wrong", "search") if left else ("correct", "wrong")))
        choices = "Correct|Wrong|Search" if left else "Correct|Wrong"
        search = MAY_SEARCH if left else "Leave the key words empty."
        prompt = FACT_PROMPT.format(case=texts["case"], step=texts["step"], known=known, choices=choices, search=search)
        verdict, keywords = await _judgment(ask, prompt, read)
        if verdict != "search":
            return verdict
        found = await ask([Turn("user", keywords)], role="search")
        known += quote("LOOKED UP", found.text) + "\n"
    return None


async def _judgment(ask: Ask, prompt: str, read: Callable[[str], str | None]) -> tuple[str | None, str]:
    """Return what was judged, and the key words that came with it."""
    kept: list[str] = []

    def keep(reply: str) -> str | None:
        verdict = read(reply)
        if verdict is not None:
            kept.append(str(json_in(reply).get("keywords") or ""))
        return verdict

    verdict = await ask_judge(ask, [user(prompt)], keep, role=JUDGE)
    return verdict, kept[-1] if kept else ""


def _read_steps(reply: str) -> str | None:
    found = json_in(reply)
    if not isinstance(found, list) or not found or not all(isinstance(step, str) for step in found):
        return None
    steps = [" ".join(step.split()) for step in found[:MOST_GOLD_STEPS]]
    return "\n".join(step for step in steps if step) or None
