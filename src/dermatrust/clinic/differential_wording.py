"""Wordings that a name-by-name reader would misunderstand, put straight before a differential is read."""

import re

_FAVOURED = re.compile(r"\bfavou?r(?:s|ed|ing)?\b[\s:]+(?:of )?(?P<choice>[^.;,:\n()]{2,120})\)?", re.IGNORECASE)
_VERSUS = re.compile(r"\b(?:versus|vs)\b\.?", re.IGNORECASE)
_PAIR = re.compile(
    r"(?:^|[.:;\n!?])\s*(?P<item>[-*•]\s+)?(?P<pair>[^.:;\n!?]{2,160}?\b(?:versus|vs)\b[^.:;,\n!?()]{2,80}?)"
    r"(?P<gap>(?:\s*[;,.(:–—-]+\s*|\s+)(?:[\w']+\s+){0,6})$",
    re.IGNORECASE,
)
_IN_LIST = re.compile(r"(?:^|\n)\s*(?:\(?\d{1,2}[.)]|[-*•])\s*$")
_FURTHEST = 240
_OVER = re.compile(r"\s+(?:over|more than)\s+(?:the\s+)?", re.IGNORECASE)
_REJECTED = re.compile(r"\s+(?:rather than|instead of)\s.*", re.IGNORECASE | re.DOTALL)
"""Of two that are weighed against each other the lighter one stays; what is put in another's place does not."""
_FIRST = re.compile(r"^the\s+(?:former|first)\b", re.IGNORECASE)
_LAST = re.compile(r"^the\s+(?:latter|last|second)\b", re.IGNORECASE)
_I_SAY = re.compile(
    r"(?:^|[.;:\n!?]\s*)(?P<who>(?:(?:i|i'd|we|would|clinically|strongly|slightly)\s+){0,4})$", re.IGNORECASE
)
"""Who favours here concludes; what "the scale favours" is an argument among others."""
_DENIED = re.compile(r"(?:\b(?:not|never|nothing|no|neither|nor)\b|n't\b)[^.;\n]{0,30}$", re.IGNORECASE)

_GENERAL = re.compile(
    r"\b(?:(?:one|some) of )?(?:the )?(?:(?:second|third)[- ])?most (?:common|frequent|prevalent|dangerous|deadly"
    r"|aggressive|serious|lethal) (?:(?:type|form|kind|subtype)s? of )?(?:[a-z-]+ ){0,2}?"
    r"(?:cancers?|tumou?rs?|malignanc(?:y|ies)|neoplasms?|skin diseases?|dermatos[ie]s|carcinomas?|psoriasis|melanomas?"
    r"|dermatitis|eczema)\b",
    re.IGNORECASE,
)
_ITS_NAME = re.compile(r"(?P<between>[^.;,:\n!?]{0,60}?)\s(?:is|are|remains?|being)\s[^.;,\n!?]{0,120}", re.IGNORECASE)
_WHOSE = re.compile(
    r"(?:^|[.;:\n!?])(?P<subject>[^.;:,\n!?]{2,80}?)\s(?:is|are|remains?)\s(?:by far |also |still )?$", re.IGNORECASE
)
_OF_THIS = re.compile(r"\b(?:this|here|his|her|to (?:exclude|consider|rule out|think of))\b", re.IGNORECASE)
_POINTING = re.compile(r"\b(?:this|that|it|these|here|lesion|patient|he|she)\b", re.IGNORECASE)


def favourite_first(text: str) -> str:
    """Return a text in which what it favours of two diseases is announced as the likeliest.

    Example:
        >>> favourite_first("Psoriasis versus eczema; favor eczema.")
        'Most likely: eczema. Differential: Psoriasis..'
        >>> favourite_first("I favour psoriasis over tinea")
        'Most likely: psoriasis. Differential: tinea.'
        >>> favourite_first("I favour psoriasis rather than tinea")
        'Most likely: psoriasis.'
    """
    if "favo" not in text.lower():
        return text
    kept, position = [], 0
    for mark in _FAVOURED.finditer(text):
        kept_names = _REJECTED.sub("", mark["choice"].strip())
        choice, *others = _OVER.split(kept_names)
        before = text[position : mark.start()]
        if choice.lower().startswith("over ") or _DENIED.search(before[-_FURTHEST:]):
            continue
        near = max(0, len(before) - _FURTHEST)
        pair = _PAIR.search(before, near) if _VERSUS.search(before, near) else None
        if pair:
            names = [name.strip() for name in _VERSUS.split(pair["pair"])]
            choice = names[0] if _FIRST.match(choice) else names[-1] if _LAST.match(choice) else choice
            before = before[: pair.start("pair")]
        elif (others or kept_names != mark["choice"].strip()) and (says := _I_SAY.search(before, near)):
            names, before = others, before[: says.start("who")]
        else:
            continue
        kept += [before, _announced(choice, names, is_item=bool(_IN_LIST.search(before[-_FURTHEST:])))]
        position = mark.end()
    return "".join((*kept, text[position:]))


def _announced(first: str, names: list[str], *, is_item: bool) -> str:
    others = [name for name in names if name.lower() != first.lower()]
    if is_item:  # an entry of a list stays one
        return " or ".join((first, *others))
    return f"Most likely: {first}. Differential: {', '.join(others)}." if others else f"Most likely: {first}."


def without_generalities(text: str) -> str:
    """Return a text without what it says of diseases at large, and not of the patient.

    "The most common skin cancer is basal cell carcinoma" and "Basal cell carcinoma is the most common skin cancer" name
    no diagnosis; "this is basal cell carcinoma, the most common skin cancer" names one.

    Example:
        >>> without_generalities("The most common skin cancer is basal cell carcinoma. This is a naevus.")
        '. This is a naevus.'
        >>> without_generalities("This is basal cell carcinoma, the most common skin cancer.")
        'This is basal cell carcinoma, .'
    """
    if "most " not in text.lower():
        return text
    kept, position = [], 0
    for mark in _GENERAL.finditer(text):
        if mark.start() < position:
            continue
        start, end = mark.span()
        whose = _WHOSE.search(text, max(position, start - _FURTHEST), start)
        named = _ITS_NAME.match(text, end)
        if whose and not _POINTING.search(whose["subject"]):
            start = whose.start("subject")
        elif named and not whose and not _OF_THIS.search(named["between"]):
            end = named.end()
        kept.append(text[position:start])
        position = end
    return "".join((*kept, text[position:]))
