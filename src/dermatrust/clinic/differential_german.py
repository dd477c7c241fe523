"""German answer forms, put into the English ones that are read: what a German reply calls likeliest, and what else."""

import re

_IS_GERMAN = re.compile(
    r"\b(?:und|oder|ist|sind|eine?[rnms]?|nicht|keine?[rnms]?|am ehesten|verdacht\w*|lautet|differen[tz]ialdiagnos\w+"
    r")\b"
    r"|\bv\. ?a\. |^[\s*_#]{0,6}diagnosen?[*_]{0,2} ?:",
    re.IGNORECASE | re.MULTILINE,
)
_ABBREVIATED = re.compile(r"\bDD\b(?: ?:|(?= [A-Za-z]))")
"""For "Differentialdiagnose", in English notes too."""
_ARTICLE = r"(?: (?:eine?[rnms]?|das|die|den|dem|der)\b)?"
_COLON = r" ?:? ?"
_FORMS = (
    # What is denied comes before what is suspected: "kein Verdacht auf" is no "Verdacht auf".
    (r"\bkeine?n? (?:sichere[rn]? )?(?:hinweise?|anhalt|verdacht|zeichen) (?:auf|für)" + _ARTICLE, "no sign of"),
    (r"\bspricht (?:eher )?gegen" + _ARTICLE, "argues against"),
    (r"\b(?:zum |nach )?ausschluss (?:von|eine[rs])\b", "to rule out"),
    (r"\b(?:zustand nach|z\. ?n\.)(?= )", "history of"),
    (r"\bweniger wahrscheinlich\b", "less likely"),
    (r"\b(?:eher )?unwahrscheinlich\b", "unlikely"),
    (r"\bausgeschlossen\b", "excluded"),
    # That it cannot be told.
    (
        r"\bnicht (?:sicher |eindeutig |mit sicherheit )?(?:zu )?"
        r"(?:beurteil\w*|bestimm\w*|festst\w*|diagnostizier\w*|gestellt|stellen|sagen|möglich|erkennbar|ausreichend)\b",
        "cannot tell",
    ),
    (r"\bkeine (?:sichere |eindeutige )?(?:diagnose|beurteilung|aussage)(?: \w+){0,3} möglich\b", "cannot tell"),
    # What is likeliest.
    (
        r"\b(?:(?:es|hier|dabei) )?(?:(?:handelt(?: es)? sich|liegt|besteht|ist|passt|spricht) )?am ehesten"
        r"(?: (?:handelt es sich|liegt|besteht|ist|passt|spricht|denke ich|dies|das|hier|der befund))*"
        r"(?: (?:um|vereinbar mit|passend zu|zu|für|an|von))?" + _ARTICLE + _COLON,
        "Most likely: ",
    ),
    (r"\b(?:es )?handelt (?:es )?sich (?:hier )?um" + _ARTICLE + _COLON, "Most likely: "),
    (r"\b(?:die )?wahrscheinlichste diagnose(?: (?:ist|wäre|lautet))?" + _ARTICLE + _COLON, "Most likely: "),
    (r"\b(?:die|meine) diagnose lautet" + _ARTICLE + _COLON, "Most likely: "),
    (
        r"\b(?:(?:hochgradig|dringend|klinisch|stark)e[rn]? )?"
        r"(?:verdacht auf|verdächtig auf|v\. ?a\.(?= )|verdachtsdiagnosen?\b)" + _ARTICLE + _COLON,
        "Most likely: ",
    ),
    (r"\b(?:spricht für|passt zu|passend zu|vereinbar mit)" + _ARTICLE, "is consistent with"),
    # What else it may be.
    (
        r"\b(?:differen[tz]ialdiagnos(?:en?|tisch)|(?-i:DD)\b)"
        r"(?: (?:kommen|kommt|sind|ist|wären?|auch|noch|zu|denken|an)\b)*" + _COLON,
        "Differential: ",
    ),
    (r"\balternativ(?:en|e diagnosen?)?(?: ?: ?| )", "Alternatives: "),
    (r" (?:in betracht|in frage|infrage|zu erwägen|zu bedenken|zu denken|denkbar|auszuschließen)\b", ""),
    # Headings and small words.
    (r"\bdiagnosen?\b(?=[*_]{0,2} ?(?::|$))", "Diagnosis"),
    (r"\b(?:beurteilung|einschätzung)\b", "Impression"),
    (r"\bbefunde?\b", "Findings"),
    (r"\b(?:empfehlung(?:en)?|procedere|prozedere|weiteres vorgehen|therapie)\b", "Recommendation"),
    (r"\bbegründung\b", "Reason"),
    (r"\banamnese\b", "History"),
    (r"(?<= )(?:und|sowie)(?= )", "and"),
    (r"(?<= )(?:oder|bzw\.)(?= )", "or"),
    (r"\bist\b", "is"),
    (r"\beine?[rnms]? ", ""),
)
_ENGLISH = [(re.compile(pattern, re.IGNORECASE | re.MULTILINE), english) for pattern, english in _FORMS]


def in_english_forms(text: str) -> str:
    """Return a reply with the commonest German answer forms in English; names of diseases stay as they are.

    "Am ehesten", "Verdacht auf", "V. a.", "DD:", "Differentialdiagnosen:", "kein Hinweis auf", headings and what joins
    names. Of a text without German words only "DD" is put so.

    Example:
        >>> in_english_forms("V. a. Psoriasis vulgaris, DD Tinea corporis und Ekzem")
        'Most likely: Psoriasis vulgaris, Differential: Tinea corporis and Ekzem'
    """
    if _IS_GERMAN.search(text):
        for pattern, english in _ENGLISH:
            text = pattern.sub(english, text)
    return _ABBREVIATED.sub("Differential:", text)
