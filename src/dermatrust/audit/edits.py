"""Changing a text in known places so that it stays a text: articles, capitals, spaces, whole clauses."""

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from dermatrust.audit.passage import Passage

_ARTICLE = re.compile(r"\b([Aa])(n?)(\s+)$")
_SOUNDS_LIKE_YOU = re.compile(r"(?:uni(?!n)|eu|use|usu|one|once)", re.IGNORECASE)
_ENDS = (".", "!", "?", ";")
_MARKUP_AT_END = re.compile(r"(?:[*_\s]|</?\w+>)+\Z")
_BEGINS = re.compile(r"(?:^|[.!?]\s+|\n)[\s*_-]*\Z")
_JOINT = re.compile(r"\s*;\s*")


class Edit(NamedTuple):
    """`text[start:end]` becomes `new`."""

    start: int
    end: int
    new: str


def apply_edits(text: str, edits: Sequence[Edit]) -> str:
    """Return the text with all edits made; an article before an edit and a capital behind a deletion are mended.

    Example:
        >>> apply_edits("There is an itchy plaque.", [Edit(12, 17, "raised")])
        'There is a raised plaque.'
        >>> apply_edits("There is a moist plaque.", [Edit(11, 17, "")])
        'There is a plaque.'
        >>> apply_edits("Red, raised plaques.", [Edit(0, 5, "")])
        'Raised plaques.'
    """
    pieces: list[str] = []
    place = 0
    for start, end, new in sorted(edits):
        before = text[place:start]
        pieces += [_mended(before, new + text[end:]), new]
        place = end
        if not new and text[end : end + 1].isalpha() and _BEGINS.search(text, 0, start):
            pieces.append(text[end].upper())
            place += 1
    return "".join([*pieces, text[place:]]).strip()


def _mended(before: str, following: str) -> str:
    """Return what stands before an edit with its article fitting the next word."""
    article = _ARTICLE.search(before)
    word = following.lstrip(" *_\"'(")
    if article is None or not word[:1].isalpha():
        return before
    is_vowel = word[0].lower() in "aeiou" and not _SOUNDS_LIKE_YOU.match(word)
    return f"{before[: article.start()]}{article[1]}{'n' if is_vowel else ''}{article[3]}"


def in_case_of(new: str, old: str) -> str:
    """Return a phrase written as another one was: in capitals, or beginning with one.

    Example:
        >>> in_case_of("flat", "Raised"), in_case_of("lichen planus", "PSORIASIS"), in_case_of("lichen planus", "SJS")
        ('Flat', 'LICHEN PLANUS', 'Lichen planus')
    """
    if len(old) > 5 and old.isupper():
        return new.upper()
    return new[:1].upper() + new[1:] if old[:1].isupper() else new


def swap(passage: Passage, start: int, end: int, new: str) -> Edit:
    """Return the edit that puts another phrase in a place, in the case of the old one."""
    return Edit(start, end, in_case_of(new, passage.text[start:end]))


def insertion(passage: Passage, place: int, sentence: str) -> Edit:
    """Return the edit that puts a sentence behind the one around a place, before one that announces a list."""
    _, end = passage.sentence(place)
    said = _MARKUP_AT_END.sub("", passage.text[:end])
    if said.endswith(":"):
        return insertion_before(passage, place, sentence)
    return Edit(end, end, f"{'' if said.endswith(_ENDS) else '.'} {sentence}")


def insertion_before(passage: Passage, place: int, sentence: str) -> Edit:
    """Return the edit that puts a sentence before the one around a place."""
    start, _ = passage.sentence(place)
    return Edit(start, start, f"{sentence} ")


def clauses(passage: Passage, place: int) -> Iterator[list[Edit]]:
    """Yield the edits that take out the clause around a place, then those that take out its sentence.

    A clause ends at a semicolon.
    """
    start, end = passage.sentences.span(passage.sentences.index(place))
    joints = [(start + m.start(), start + m.end()) for m in _JOINT.finditer(passage.text[start:end])]
    joints = [joint for joint in joints if joint[1] < end]
    before = [joint for joint in joints if joint[1] <= place]
    after = [joint for joint in joints if joint[0] >= place]
    if before:
        last = after[0][0] if after else passage.sentence(place)[1] - 1
        yield [Edit(before[-1][0], last, "")]
    elif after:
        yield [Edit(passage.sentence(place)[0], after[0][1], "")]
    yield [Edit(start, end, "\n" if "\n" in passage.text[start:end] and start else "")]
