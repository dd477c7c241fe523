"""Judges whether a diagnosis includes each disease of a patient, and has a checker look again at each that it lacks.

Reference: Li et al. (2025), https://arxiv.org/abs/2506.00095, the cases of ClinBench-HPB.
"""

import json
from collections.abc import Iterable, Mapping

from dermatrust.narrate.text import said_aloud
from dermatrust.protocols.asking import Ask
from dermatrust.protocols.scorers.judge import ask_judge, json_in, stated

CHECKER = "checker"
"""The role of who looks again."""
PROMPT = """\
A student diagnosed a case. As a senior doctor, decide whether the diagnosis includes this disease: {disease}

It is included only if the two agree in each of these:
1. the organ or structure (cholecystitis is not cholangitis);
2. the process: inflammation, obstruction, tumour, thrombosis (tumour thrombus is not thrombosis);
3. the cause: stone, infection, surgery, tumour (obstructive jaundice is not gallstones);
4. the course: acute is not chronic;
5. what tests show (pneumonia of a segment is not a nodule);
6. how it is treated (portal hypertension is not tumour thrombus of the portal vein).
Be sensible: synonyms, everyday names, other anatomical names and abbreviations count as the same.

Reply with a JSON object, {{"Includes": "why"}} or {{"Does not include": "why"}}.

Diagnosis of the student: {reply}"""
CHECK = """Somebody judged that a student's diagnosis does not include this disease: {disease}
Is that judgement right? Synonyms, everyday names, other anatomical names and abbreviations count as the same; organ,
process, cause, course, test findings and treatment must agree.

Diagnosis of the student: {reply}

Begin with Correct (it is not included) or Incorrect (it is), then say briefly why."""
INCLUDES, LACKS = "Includes", "Does not include"
SPELLED = {INCLUDES: INCLUDES, LACKS: LACKS, "包含": INCLUDES, "不包含": LACKS}
"""How verdicts are spelled in either language."""
UNCHECKED = "unchecked: "
"""Before a verdict that the released code could not read as JSON: its checker passes it over."""


async def judge_inclusion(
    ask: Ask, diseases: Iterable[str], reply: str, *, is_checked: bool = True, is_released: bool = False
) -> dict[str, str | None]:
    """Return verdicts by disease: "includes NAME", and "check NAME" where it is said to be lacking.

    Args:
        ask: What the protocol asks with.
        diseases: What the patient has.
        reply: The diagnosis.
        is_checked: Whether a checker looks at what is said to be lacking.
        is_released: Read verdicts as the released code does, which takes any reply for a verdict.
    """
    read, opening = (included_by_release, _incorrect_anywhere) if is_released else (included, _opening)
    verdicts: dict[str, str | None] = {}
    for disease in diseases:
        verdict = await ask_judge(ask, PROMPT.format(disease=disease, reply=reply), read)
        verdicts[f"includes {disease}"] = verdict
        if verdict == LACKS and is_checked:
            said = CHECK.format(disease=disease, reply=reply)
            verdicts[f"check {disease}"] = await ask_judge(ask, said, opening, role=CHECKER)
    return verdicts


def is_included(verdicts: Mapping[str, str | None], disease: str) -> bool | None:
    """Return whether a disease is included, after the check where there was one; None where a verdict is unread."""
    verdict = verdicts.get(f"includes {disease}")
    if verdict == LACKS and f"check {disease}" in verdicts:
        check = verdicts[f"check {disease}"]
        return None if check is None else check == "Incorrect"
    return None if verdict is None else verdict == INCLUDES


def verdict_by_release(verdicts: Mapping[str, str | None], disease: str) -> str:
    """Return the verdict on a disease after the check, whatever it is called."""
    verdict = (verdicts.get(f"includes {disease}") or "").removeprefix(UNCHECKED)
    return INCLUDES if verdict == LACKS and verdicts.get(f"check {disease}") == "Incorrect" else verdict


def included(text: str) -> str | None:
    """Return the one verdict that a reply's JSON has for a key, in either language.

    Example:
        >>> included('{"Includes": "why"}'), included('{"不包含": "why"}'), included("It includes it.")
        ('Includes', 'Does not include', None)
    """
    found = json_in(text)
    keys = [str(key).strip().lower() for key in found] if isinstance(found, dict) else []
    known = {verdict for spelled, verdict in SPELLED.items() if spelled.lower() in keys}
    return known.pop() if len(known) == 1 else None


def included_by_release(text: str) -> str:
    """Return the key of a verdict's JSON, whatever it is; of any other text whether it says that something is lacking.

    Example:
        >>> included_by_release('{"Does not include": "why"}'), included_by_release("It Does not include it.")
        ('Does not include', 'unchecked: Does not include')
        >>> included_by_release("Perhaps."), included_by_release('{"Partly": "why"}')
        ('unchecked: Includes', 'Partly')
    """
    try:
        found = json.loads(text.replace("```json", "").replace("```", ""))
    except (ValueError, RecursionError):
        found = None
    if isinstance(found, dict) and found:
        key = str(next(iter(found)))
        return SPELLED.get(key, key)
    return UNCHECKED + (LACKS if LACKS in text or "不包含" in text else INCLUDES)


def _opening(text: str) -> str | None:
    return stated(("Correct", "Incorrect"))(said_aloud(text).strip().split(".")[0].split("\n")[0])


def _incorrect_anywhere(text: str) -> str:
    return "Incorrect" if "Incorrect" in text or "错误" in text else "Correct"
