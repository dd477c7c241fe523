"""How models say that they cannot tell: in words, and as keys of JSON; differentials and triage read it alike."""

import re

CANNOT_KEYS = frozenset(
    {"cannot tell", "can not tell", "cannot determine", "unable to determine", "unable to tell", "abstain", "abstained",
     "insufficient information", "indeterminate", "cannot diagnose", "cannot assess", "is cannot tell"}
)  # fmt: skip
"""Names of the flag that our prompts offer, as models write it."""
CANNOT_TELL = re.compile(
    r"""\b(?=[cdinptu])(?:
      (?:can(?:not|'t|\ not)|could(?:\ not|n't)|(?:unable|not\ able|impossible|not\ possible|difficult)\ to)
        \ (?:(?!exclud|rul)\w+\ ){0,3}
        (?:tell|determined?|identif\w+|mak\w+|made|establish\w*|sa(?:y|id)|diagnosed?|assess\w*
        |reach|ascertain|decide|triage|judged?|classif\w+|evaluat\w+|conclude|offer|provide|give)\b
    | (?:insufficient|not\ enough|inadequate|too\ little)\ (?:\w+\ ){0,2}
        (?:information|detail|data|evidence|quality|resolution)
    | (?:image|photo(?:graph)?|picture)\ (?:quality\ )?(?:is|are)\ (?:too|not|insufficient|inadequate|of\ poor)
    | no\ (?:specific\ |definite\ |reliable\ |confident\ )?diagnosis\ (?:can|could|is)\ (?:be\ )?
        (?:made|given|established|possible)
    | (?:indeterminate|non-?diagnostic|inconclusive|undeterminable)\b
    | (?:unknown|unclear|uncertain|unsure|not\ sure|undetermined|n/?a|none)\W*\Z )""",
    re.VERBOSE | re.IGNORECASE,
)
_STEMS = (
    "can't", "cannot", "can not", "could", "unable", "not able", "possible", "difficult to", "sufficient", "not enough",
    "adequate", "too ", "of poor", "is not", "are not", "no diag", "no spec", "no defin", "no relia", "no conf",
    "determin", "diagnostic", "conclusive", "unknown", "unclear", "uncertain", "unsure", "not sure", "n/a", "none",
)  # fmt: skip
"""One of these stands in whatever `CANNOT_TELL` finds; looking for them takes no time."""
BY_POLICY = re.compile(
    r"\b(?:medical (?:advice|diagnos\w+|condition)|as an ai|i'm sorry|assist with|policy|policies)", re.IGNORECASE
)
_CERTAINTY = re.compile(r"\b(?:certain(?:ty)?|definitive(?:ly)?|for sure|conclusively|100 ?%)\b", re.IGNORECASE)
_CLAUSE_END = re.compile(r"[.;!?\n]|\bbut\b|\bhowever\b|,(?! (?:or|whether|if|and)\b)", re.IGNORECASE)


def without_cannot_tell(text: str) -> str:
    """Blank out the clauses that say it cannot be told, with the diseases between which they do not decide."""
    lower = text.lower()
    if not any(stem in lower for stem in _STEMS):
        return text
    kept, position = [], 0
    for mark in CANNOT_TELL.finditer(text):
        if mark.start() < position:
            continue
        end = _CLAUSE_END.search(text, mark.end())
        until = end.start() if end else len(text)
        if not _CERTAINTY.search(text, mark.start(), until):
            kept.append(text[position : mark.start()])
            position = until
    return " ".join((*kept, text[position:])) if kept else text


def says_cannot_tell(text: str) -> bool:
    """Return whether a text says that it cannot be told, and not that the model may not say.

    Example:
        >>> says_cannot_tell("It is not possible to tell."), says_cannot_tell("As an AI I cannot provide a diagnosis.")
        (True, False)
    """
    return bool(CANNOT_TELL.search(text)) and not BY_POLICY.search(text)
