"""Finding what looks like it says who a patient is: names after titles, dates, telephone, e-mail, numbers, addresses.

These are rules, and no guarantee: a name without a title, a nickname, a rare job or a place without a street is not
found. They are written for English, and for titles, months and streets in German, French, Spanish, Portuguese and
Italian. What is found is a suspicion: somebody must look.

Reference:
    The kinds follow the identifiers of the HIPAA privacy rule, 45 CFR 164.514(b)(2),
    https://www.ecfr.gov/current/title-45/section-164.514; ages over 89, places without a street and photographs are not
    covered.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from dermatrust.records import Case, Narrative

_NAME = r"[A-ZÀ-ÖØ-Þ][\w'’-]*[a-zß-öø-ÿ][\w'’-]*"
_MONTH = (
    r"(?:jan(?:uary|uar|vier|eiro)?|enero|gennaio|feb(?:ruary|ruar|rero|braio)?|f[ée]v(?:rier|ereiro)?|(?-i:Mar|Mars|MAR)"
    r"|march|märz|marzo|março|apr(?:il|ile)?|avril|abril|(?-i:May|MAY)|mai|mayo|maio|maggio|june?|juni|juin|junio|junho"
    r"|giugno|july?|juli|juillet|julio|julho|luglio|aug(?:ust)?|août|agosto|sept?(?:ember|embre|iembre)?|setembro"
    r"|settembre|o[ck]t(?:ober|obre|ubre)?|outubro|ottobre|nov(?:ember|embre|iembre|embro)?|de[cz](?:ember)?|décembre"
    r"|diciembre|dezembro|dicembre)\.?"
)
_DAY = r"(?:0?[1-9]|[12]\d|3[01])"
_STREET = r"(?:street|st\.|road|rd|avenue|ave|lane|ln|drive|boulevard|blvd|court|square|terrace|crescent)"
_ID_WORD = (
    r"(?:MRN|NHS|SSN|DOB|(?:medical |hospital |patient |case |chart |file |clinic |insurance |passport )"
    r"(?:record )?(?:no|nr|number|id)|(?:medical )?record(?: no| number)?|(?:fall|patienten|versicherten|akten)nummer"
    r"|pat(?:ient)?[.-]?\s?id)"
)
_RULES = {
    "an e-mail address": r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+",
    "a date": (
        rf"(?<![\d./-])(?:\d{{4}}-\d{{1,2}}-{_DAY}|{_DAY}([./-])(?:0?[1-9]|1[0-2])\1(?:19|20)?\d\d"
        rf"|(?:0?[1-9]|1[0-2])([/-]){_DAY}\2(?:19|20)?\d\d)(?![\d./-]*\d)"
        rf"|(?i:\b{_DAY}(?:st|nd|rd|th|\.|er|º)?\s*(?:of |de |di )?{_MONTH}(?:,?\s+(?:de |del )?(?:19|20)\d\d)?\b(?!-))"
        rf"|(?i:\b(?=[jefmasondg])(?-i:(?=[A-Z]|\w+[,.]? (?:\w+ )?(?:19|20)))"
        rf"{_MONTH}(?:\s+{_DAY}(?:st|nd|rd|th)?\b(?![.,]?\d|\s*(?:mg|mm|cm|%))"
        rf"|,?\s+(?:of |de |del )?(?:19|20)\d\d\b))"
    ),
    "a record number": (
        rf"(?i:\b{_ID_WORD}\b[\s:#.=]*(?:is |no\.? |nr\.? )?[a-z]{{0,4}}[-/]?\d[\d/-]{{2,}})"
        r"|(?<![\w.-])\d{3}-\d{2}-\d{4}(?![\w-])|(?<![\w.,+/-])\d{7,}(?![\w.,-]?\d|\w)"
    ),
    "a telephone number": (
        r"(?i:\b(?:tel|phone|telephone|telefon|mobile|handy|cell|fax|call(?:ed)?|whatsapp)\b[^\w+(]{0,3}(?:\w+ )?"
        r"[+(]?\d[\d ()/.-]{4,}\d)"
        r"|(?<![\w.+])\+\d[\d ()/.-]{6,}\d"
        r"|(?<![\w.+-])\(?0\d{2,4}\)?[ /-]{1,2}\d{2,4}[ -]?\d{2,5}(?:[ -]\d{2,4})?(?!\w|\.\d)"
        r"|(?<![\w.-])(?:\(\d{3}\) ?|\d{3}[-. ])\d{3}[-. ]\d{4}(?![\w-])"
    ),
    "a name after a title": (
        rf"\b(?:Mr|Mrs|Ms|Miss|Mister|Dr|Prof|Doctor|Professor|Nurse|Herrn?|Frau|Fräulein|Monsieur|Madame|Mme|Mlle"
        rf"|Señora?|Senhora?|Dona|Signora?|Sra)\b\.?\s*(?:(?:Dr|Prof|med)\.\s*)*(?:[A-Z]\.\s*)*{_NAME}"
        r"|(?i:\b(?:patient(?:'s)? name|full name|first name|last name|surname|(?<!brand )(?<!generic )name)"
        rf"\s*[:=]\s*){_NAME}"
    ),
    "an address": (
        rf"\b\d{{1,5}}[a-z]?,?\s+(?:{_NAME}\s+){{1,3}}(?i:{_STREET})(?!\w)|(?i:\bp\.?\s?o\.?\s?box\s+\d+)"
        r"|\b[A-ZÄÖÜ][a-zäöüß-]+(?:straße|strasse|str\.|weg|platz|gasse|allee)\s+\d{1,4}\b"
        rf"|\b(?:[Rr]ue|[Cc]alle|[Rr]ua|Via|[Aa]venida)\s+(?:d[aeiou]s?\s+|del(?:la)?\s+|l[ae]s?\s+)*{_NAME}"
        r"|\b[A-Z]{1,2}\d[A-Z\d]? \d[ABD-HJLNP-UW-Z]{2}\b"
    ),
}  # fmt: skip
_PATTERNS = {kind: re.compile(pattern) for kind, pattern in _RULES.items()}


class Suspicion(NamedTuple):
    """A place in a text that may say who somebody is."""

    kind: str
    """What it looks like, with its article: "a date"."""
    start: int
    end: int


def suspected_identifiers(text: str) -> list[Suspicion]:
    """Return what looks like an identifier, from left to right, and where two rules meet what began first.

    Example:
        >>> [s.kind for s in suspected_identifiers("Seen by Dr. Meyer on 3 May 2021, MRN 004512.")]
        ['a name after a title', 'a date', 'a record number']
        >>> suspected_identifiers("A 5-10 mm papule for 3 weeks; 0.1 % cream twice daily since 2019.")
        []
    """
    found = sorted(
        (Suspicion(kind, *match.span()) for kind, pattern in _PATTERNS.items() for match in pattern.finditer(text)),
        key=lambda s: (s.start, -s.end),
    )
    apart: list[Suspicion] = []
    for suspicion in found:
        if not apart or suspicion.start >= apart[-1].end:
            apart.append(suspicion)
    return apart


def context_texts(case: Case) -> Iterator[tuple[str, str]]:
    """Yield the name and text of everything in a case's context that somebody wrote."""
    written = {"note": case.context.note, "site": case.context.site, **case.context.history}
    yield from ((name, text) for name, text in written.items() if text)


def suspicions(record: Case | Narrative) -> Iterator[str]:
    """Yield in words what looks like an identifier in the texts of a case or narrative, and where in it that stands.

    Example:
        >>> list(suspicions(Narrative(id="n", case_id="c", text="Seen on 3 May 2021.", author="Dr A")))
        ['its text holds what looks like a date, at character 9']
    """
    texts = context_texts(record) if isinstance(record, Case) else (("text", record.text),)
    for name, text in texts:
        for suspicion in suspected_identifiers(text):
            yield f"its {name} holds what looks like {suspicion.kind}, at character {suspicion.start + 1}"
