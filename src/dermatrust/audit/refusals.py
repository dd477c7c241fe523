"""Whether a reference is about a refusal, or about not seeing anything, instead of about skin.

A refusal is told in several ways at once: the word itself, a request declined, an image said to be missing, another one
asked for, a diagnosis said to be impossible. One of them alone is common in sound texts ("without a biopsy no
diagnosis can be made"), so each is weak evidence and they are added up as independent ones.
"""

import re
from collections.abc import Iterator

from dermatrust.audit.finding import ReferenceFinding
from dermatrust.audit.reading import ReadReference
from dermatrust.lexicon.sentences import spaced
from dermatrust.narrate import is_refusal

WHOLE = 0.99
"""The text as a whole is a refusal."""
_PICTURE = r"(?:image|visual|photo(?:graph)?|picture|skin|clinical)"
_MATTER = r"(?:data|information|input|content|evidence|elements|details|representation|cues|description)\b(?! of)"
Sign = tuple[str, float, int]
"""What is said, what it weighs, and where it stands."""
SIGNS: tuple[tuple[str, float, re.Pattern[str]], ...] = (
    (
        "speaks of a refusal",
        0.75,
        spaced(
            r"\binability to (?:assist|help|view|see|process|provide)\b"
            r"|\b(?:assistant|model|system|captioner|chatbot|ai) (?:\w+ ){0,2}?(?:is|was) (?:not able|unable) to"
            r" (?:view|see|process|analy[sz]e|describe|interpret|identify|help|assist)\b"
            r"|\brefusal\b(?! (?:of|to undergo) (?:food|treatment|consent|surgery|biopsy|therapy|care|further))"
            r"|\brefus(?:es|ed|ing) to (?:assist|help|provide|answer|describe|analy[sz]e|discuss|engage|comment|process"
            r"|view)\b"
            r"|\b(?:text|automated|standard|generic|error) refusal\b|\brefusal (?:message|text|notice|response)\b"
        ),
    ),
    (
        "says that nothing was shown",
        0.6,
        spaced(
            rf"\b(?:no|not any|without(?: any)?|lack(?:s|ing)?(?: of)?|absence of|insufficient|contains? no)"
            rf" (?:\w+[ -]){{0,3}}?{_PICTURE} (?:\w+ )?{_MATTER}\b"
            r"|\b(?:no|without(?: any)?) (?:visible|visual|clinical) (?:features?|findings?|details?)"
            r" (?:to (?:analy[sz]e|assess|describe|go by|work with|interpret)"
            r"|(?:was|were|is|are) (?:provided|given|supplied|described|available))\b"
            rf"|\b(?:absence|lack) of (?:(?!features)\w+[ -]){{0,4}}?{_MATTER}\b"
            r"|\bno (?:image|photo(?:graph)?|picture|caption) (?:was|were|is|has been) (?:attached|provided|given"
            r"|shared|sent|supplied|uploaded|included)\b"
            r"|\b(?:no|not have|without|lack) access to (?:the|an?|any) (?:image|photo(?:graph)?|picture)\b"
            r"|(?<!dermoscopic\s)(?<!dermatoscopic\s)(?<!histological\s)(?<!earlier\s)(?<!second\s)"
            r"\b(?:image|photo(?:graph)?|picture|description) (?:\w+ ){0,3}?"
            r"(?:is|was|were|does|did|has|could|can|contains?) (?:\w+ )?"
            r"(?:not (?:be (?:loaded|opened|displayed|read|retrieved|accessed|decoded|processed)|provided"
            r"|available|attached|accessible|pertain|relate|(?:contain|include|show|depict|provide)"
            r" (?:any|a|an) (?:skin|visual|clinical|dermatolog\w+))|missing|blank|only text|unrelated)"
        ),
    ),
    (
        "asks for an image",
        0.4,
        spaced(
            rf"\b(?:please|should|could you|would need to|must|need to|if you can|recommend)"
            rf" (?:\w+ ){{0,2}}?(?:provid\w+|shar\w+|upload\w*|submit\w*|re-?send\w*|attach\w*)"
            rf" (?:\w+ ){{0,4}}?(?:{_PICTURE}|description)"
        ),
    ),
    (
        "says that it cannot diagnose",
        0.4,
        spaced(
            r"\b(?:can ?not|can't|could not|couldn't|unable to|impossible to|not possible to|am not able to)"
            r" (?:\w+ ){0,2}?(?:diagnos\w+|assist|classif\w+|identif\w+|analy[sz]\w+|speculat\w+|help|categori[sz]\w+"
            r"|arrive|assess|evaluat\w+|interpret\w*)"
        ),
    ),
)
"""What is said, how much it alone tells, and how it is recognised."""
DECLINING_SENTENCE = 0.6
"""A sentence of it that would be a refusal, stood it alone."""
DECLINES = "declines in a sentence of its own"
_PLAIN = ("speaks of a refusal", DECLINES)
"""Signs that are not explained away by what the text describes besides."""
DESCRIBES, DESCRIBED = 5, 0.75
"""From so many findings affirmed on, the text may be about skin after all: weaker signs are worth this share."""


def check_refusal(read: ReadReference) -> Iterator[ReferenceFinding]:
    """Yield a refusal, or nothing."""
    expected = "a description of the skin and a diagnosis"
    lower = read.sentences.lower.replace("’", "'")
    signs = [sign for name, weight, said in SIGNS for sign in _said(name, weight, said, lower)]
    declining = list(_declining(read))
    signs += declining
    if is_refusal(read.reference.text):
        at = declining[0][2] if declining else 0
        yield read.finding("refusal", WHOLE, at, expected=expected, found="declines to answer")
        return
    if not signs:
        return
    affirmed = sum(strength == 1.0 for concept, strength in read.profile.claims.items() if concept.kind != "site")
    is_described = affirmed >= DESCRIBES and not any(name in _PLAIN for name, _, _ in signs)
    if is_described and len(signs) == 1:
        return  # one gap admitted in a full description
    doubt = 1.0
    for _, weight, _ in signs:
        doubt *= 1 - weight
    confidence = (1 - doubt) * (DESCRIBED if is_described else 1.0)
    _, _, at = max(signs, key=lambda sign: sign[1])
    found = ", ".join(name for name, _, _ in signs)
    yield read.finding("refusal", confidence, at, expected=expected, found=found)


def _said(name: str, weight: float, said: re.Pattern[str], lower: str) -> Iterator[Sign]:
    """Yield a sign with what it weighs: said again, it weighs as two would."""
    places = [mark.start() for mark in said.finditer(lower)]
    if places:
        yield name, 1 - (1 - weight) ** min(2, len(places)), places[0]


def _declining(read: ReadReference) -> Iterator[Sign]:
    """Yield the first sentence, or quotation within one, that declines."""
    for begin, end in read.spans():
        if any(is_refusal(quoted) for quoted in re.split(r"[\"“”:]", read.plain[begin:end])):
            yield DECLINES, DECLINING_SENTENCE, begin
            return
