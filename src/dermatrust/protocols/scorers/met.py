"""Whether a criterion is met, read from the JSON list of one object that LiveMedBench's judge is asked for.

Reference: Yan et al. (2026), https://arxiv.org/abs/2602.10367.
"""

import json

from dermatrust.protocols.scorers.judge import json_in
from dermatrust.protocols.scorers.rubric import MET, UNMET


def read_met(reply: str) -> str | None:
    """Return "true" or "false" of the one object that the judge was asked for.

    Example:
        >>> read_met('[{"question": "Is it red?", "met": "True", "reasoning": ""}]'), read_met("met: yes")
        ('true', None)
    """
    found = json_in(reply)
    one = found[0] if isinstance(found, list) and found else found
    said = str(one.get("met")).strip().lower() if isinstance(one, dict) else ""
    return said if said in (MET, UNMET) else None


def released_met(reply: str) -> str | None:
    """Return a verdict as the released script reads it: a JSON list alone, else any sign of yes, else any of no.

    Example:
        >>> released_met('[{"met": false}]'), released_met('Here: [{"question": "true?", "met": false}]')
        ('false', 'true')
        >>> released_met("satisfied"), released_met("Unknown"), released_met("-")
        ('true', 'false', None)
    """
    text = reply.strip()
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    first = found[0] if isinstance(found, list) and found else None
    met = first.get("met") if isinstance(first, dict) else None
    said = str(met).strip().lower() if isinstance(met, bool | str) else ""
    if said in (MET, UNMET):
        return said
    text = text.lower()
    if '"met"' in text and (MET in text or UNMET in text):
        return MET if MET in text else UNMET
    return MET if "yes" in text or "satisf" in text else UNMET if "no" in text else None
