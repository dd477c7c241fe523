"""Faults of form: tags left open, the reader spoken to, texts too short, answers that were dictated."""

import re
from collections.abc import Iterator

from dermatrust.audit.finding import ReferenceFinding
from dermatrust.audit.reading import ReadReference
from dermatrust.lexicon.sentences import spaced

UNBALANCED, LEFTOVER = 0.98, 0.9
_TAG = re.compile(r"<(?P<close>/)?(?P<name>[A-Za-z][A-Za-z0-9_]{0,30})\s*>")
_SPECIAL = re.compile(r"<\|[a-z_]{2,20}\|>|\[/?INST\]|<<?/?SYS>>?|\{\{|\}\}")
_VOID = frozenset({"br", "hr", "img", "p", "li"})

YOUR, YOU_HAVE, YOU = 0.95, 0.9, 0.5
_YOUR = re.compile(r"\byou(?:r|rs|rself)\b", re.IGNORECASE)
_YOU_HAVE = spaced(
    r"\byou (?:\w+ )?(?:have|are|should|may|might|can|could|described?|mention\w*|observed?|need|provided|likely"
    r"|notice|must|see a|feel)\b"
)
_YOU = re.compile(r"\byou\b", re.IGNORECASE)
_QUOTED = re.compile(r"[\"“][^\"“”\n]{0,200}[\"”]")

HARDLY_ANY, SHORT = 15, 30
TOO_SHORT = ((HARDLY_ANY, 0.95), (SHORT, 0.85), (50, 0.6), (75, 0.3))
"""Words under which a text is too short, and how surely. To describe, reason and conclude takes several sentences; the
shortest of 602 references of the DermBench release has 136 words, the shortest drawn one about 60."""
CONCISE = 0.6
"""At most so surely is a text of 15 words or more too short if it has a diagnosis: a clinician may find it enough."""
COMPLETE, LEAST_SAID, LEAST_SENTENCES = 0.3, 3, 3
"""At most so surely is a text of 30 words or more too short if it has three sentences, describes three features of the
skin and concludes: clinicians write so, and it lacks nothing but length."""

DICTATED = 0.85
_DICTATED = spaced(
    r"\b(?:as per|per|following|given|despite|according to|based (?:solely |only )?on) (?:your|the|this)"
    r" (?:directive|instruction|request|prompt|task|true label|ground[- ]truth|provided (?:label|diagnosis|answer))s?\b"
    r"|\bthe (?:directive|instruction|prompt|task) (?:to|that|says|states|asks|requires|specifies|directs)\b"
    r"|\b(?:as|was|been|am|were) (?:instructed|directed|told) to (?:conclude|deduce|answer|diagnose|give|state)\b"
    r"|\b(?:the )?(?:provided|given|supplied|true|ground[- ]truth) (?:label|answer)\b"
)


def check_form(read: ReadReference) -> Iterator[ReferenceFinding]:
    """Yield every fault of form, each kind once."""
    yield from _tags(read)
    yield from _second_person(read)
    yield from _dictated(read)
    if read.reference.stream == "reference":
        for most, confidence in TOO_SHORT:
            if read.n_words < most:
                expected, found = "a description, a line of reasoning and a conclusion", f"{read.n_words} words in all"
                sure = min(confidence, _shortness(read))
                yield read.finding("too short", sure, 0, expected=expected, found=found)
                break


def _shortness(read: ReadReference) -> float:
    """Return how surely a text is too short at most, by what it holds in spite of its length."""
    if read.n_words < HARDLY_ANY or not read.held:
        return 1.0
    n_features = sum(concept.kind != "site" for concept in (*read.profile.claims, *read.profile.denied))
    is_complete = read.n_words >= SHORT and n_features >= LEAST_SAID and read.n_sentences >= LEAST_SENTENCES
    return COMPLETE if is_complete else CONCISE


def _tags(read: ReadReference) -> Iterator[ReferenceFinding]:
    text = read.reference.text
    waiting: list[tuple[str, int]] = []
    for tag in _TAG.finditer(text):
        name = tag["name"].lower()
        if name in _VOID:
            continue
        if not tag["close"]:
            waiting.append((name, tag.start()))
        elif waiting and waiting[-1][0] == name:
            waiting.pop()
        else:
            yield _tag_finding(read, UNBALANCED, tag.start(), f"</{name}> closes nothing")
            return
    if waiting:
        yield _tag_finding(read, UNBALANCED, waiting[0][1], f"<{waiting[0][0]}> is never closed")
    elif special := _SPECIAL.search(text):
        yield _tag_finding(read, LEFTOVER, special.start(), f"{special.group()} is left over from a template")
    elif text.count("```") % 2:
        yield _tag_finding(read, LEFTOVER, text.index("```"), "``` is never closed")


def _tag_finding(read: ReadReference, confidence: float, at: int, found: str) -> ReferenceFinding:
    return read.finding("unbalanced tags", confidence, at, expected="every tag opened once and closed", found=found)


def _second_person(read: ReadReference) -> Iterator[ReferenceFinding]:
    """Yield the strongest form of address; quotations are somebody else's words."""
    plain = _QUOTED.sub(lambda quoted: " " * len(quoted.group()), read.plain)
    for said, confidence in ((_YOUR, YOUR), (_YOU_HAVE, YOU_HAVE), (_YOU, YOU)):
        found = list(said.finditer(plain if said is not _YOU_HAVE else plain.lower()))
        if found:
            what = f"{found[0].group()!r}, {len(found)} time{'s' if len(found) > 1 else ''}"
            expected = "the patient in the third person"
            yield read.finding("second person", confidence, found[0].start(), expected=expected, found=what)
            return


def _dictated(read: ReadReference) -> Iterator[ReferenceFinding]:
    if said := _DICTATED.search(read.sentences.lower):
        found = f"{said.group()!r}"
        expected = "a conclusion that follows from what is seen"
        yield read.finding("answer dictated", DICTATED, said.start(), expected=expected, found=found)
