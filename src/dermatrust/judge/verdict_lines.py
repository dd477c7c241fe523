"""Finds scores in lines of prose: "Accuracy: 4/5", Markdown tables, and headings with a score below."""

import re
from collections.abc import Iterator
from functools import cache

from dermatrust.judge.aliases import Alias, alias_of, load_aliases
from dermatrust.judge.found import Found, Read, read_score
from dermatrust.judge.verdict_tables import found_in_table, is_table_row
from dermatrust.records import HIGHEST_SCORE

_TO_ASCII = str.maketrans("０１２３４５６７８９：／（）．｜，；－", "0123456789:/().|,;-")
_EMPHASIS = str.maketrans("", "", '*`"“”\\')
_JUNK = r"[^\w\n]{0,12}+"
_NUMBERING = r"(?:\(?(?:\d{1,2}|[a-f]|[ivx]{1,3}|[一二三四五六])[.):、]\)?[^\w\n]{0,4})?"
_WORD = r"(?:scores?|rating|grade|得分|评分|分数)"
_SCORE_LINE = re.compile(rf"^{_JUNK}{_WORD}\b[^\w\n(\[]{{0,6}}(?P<rest>.*)", re.IGNORECASE)
_BARE_LINE = re.compile(r"^[^\w\n]{0,6}(\d+(?:[.,]\d+)?\s*(?:(?:/|out of)\s*\d+)?)[^\w\n]*$", re.IGNORECASE)
_OTHER_HEADING = re.compile(
    r"^\s*#|^\W*(?:overall|total|average|mean|final|summary|conclusion)\b"
    r"|^(?!\W*(?:reason|rational|justif|evidence|explan|comment|strength|weak|assess|analysis))"
    r"(?:\s*\*\*[^*]+\*\*:?\s*$|[^.]{1,60}:\s*$)",
    re.IGNORECASE,
)
_EXPLICIT = re.compile(r"[(\[]\s*(?:score\s*:?\s*)?(\d+(?:[.,]\d+)?\s*(?:/|out of)\s*\d+)\s*[)\]]", re.IGNORECASE)
_DECLARED = re.compile(
    r"[(\[](?:[^()\[\]]*?\d\s*(?:-|–|—|to)\s*|[^()\[\]]*?(?:max(?:imum)?|out of|scale of|/)\W*|\s*)(\d+)\s*[)\]]",
    re.IGNORECASE,
)
_FARTHEST = 6
"""Lines between a heading and its score."""


@cache
def _field() -> re.Pattern[str]:
    """A dimension's name at the start of a line or of a part of it, a separator, and what follows."""
    names = sorted(load_aliases(), key=len, reverse=True)
    name = "|".join(re.escape(n).replace(r"\ ", r"[ _\-]{0,2}") for n in names)
    return re.compile(
        rf"""(?:^|[;:|{{.,、(])(?:{_JUNK}{_NUMBERING})(?:and\ )?(?:(?:score|rating)\ (?:for|of)\ )?
        (?P<name>(?:{name})(?:[ _\-]{{0,2}}(?:scores?|ratings?))?)(?!\w)(?:'(?=\s*:))?
        \s*(?P<paren>[(\[][^()\[\]]{{0,40}}[)\]])?\s*?
        (?P<sep>\s*(?:[:=>|—→]|[-–]+>?(?=\s))|\t|\s{{2,}}|\s|$)
        \s*(?:[{{(\['\ ]{{0,3}}{_WORD}'?\s*(?:[:=]|of\b|is\b)?)?[\s'(\[]{{0,4}}""",
        re.VERBOSE | re.IGNORECASE,
    )


def found_in_lines(text: str) -> list[Found]:
    """Return every place in a text that gives a dimension in the form of a field."""
    lines = text.translate(_TO_ASCII).replace("<br>", "\n").splitlines()
    found: list[Found] = []
    heading: Alias | None = None
    since = 0
    table_head: str | None = None
    for line in lines:
        if is_table_row(line):
            found += found_in_table(line, table_head)
            table_head = table_head or line
            continue
        table_head = None
        if not line.strip():
            continue
        fields = list(_fields_of(line))
        found += fields
        since += 1
        if fields:
            unread = fields[-1].read.problem == "not a number"
            heading, since = (fields[-1].alias if unread else None), 0
        elif heading is not None:
            below = _score_below(line, just_below=since == 1)
            if below is not None:
                found.append(Found(heading, below, line.strip()))
            if below is not None or since > _FARTHEST or _OTHER_HEADING.match(line):
                heading = None
    return found


def _fields_of(line: str) -> Iterator[Found]:
    plain = line.translate(_EMPHASIS)
    for match in _field().finditer(plain):
        alias = alias_of(match["name"])
        if alias is None:
            continue
        raw = plain[match.start("name") : match.start("name") + 300].strip()
        read = _read_field(match, plain)
        if read is not None:
            yield Found(alias, read, raw)


def _read_field(match: re.Match[str], line: str) -> Read | None:
    """Read the number of one field; None where this is prose that happens to begin with a dimension's name."""
    paren = match["paren"] or ""
    explicit = _EXPLICIT.search(paren)
    rest = line[match.end() : match.end() + 80]
    read = read_score(explicit[1]) if explicit else read_score(rest)
    separator = match["sep"]
    if separator == " " and not explicit:
        name_is_all_but_number = _BARE_LINE.match(rest) and match["name"].lower().replace(" ", "_") in _TITLES
        if not read.full_scale and not name_is_all_but_number:
            return None
    return read if explicit else _on_declared_scale(read, paren)


def _on_declared_scale(read: Read, paren: str) -> Read:
    """Take the scale into account that stands beside the name: "Harm (0-5): 1", "Accuracy (0-10): 4"."""
    declared = _DECLARED.search(paren)
    if declared is None or read.value is None or read.full_scale:
        return read
    if float(declared[1]) != HIGHEST_SCORE:
        return Read(read.value, "out of range")
    starts_at_zero = re.search(r"\b0\s*(?:-|–|—|to)", paren) is not None
    return Read(read.value, read.problem, full_scale=starts_at_zero)


def _score_below(line: str, *, just_below: bool) -> Read | None:
    plain = line.translate(_EMPHASIS)
    labelled = _SCORE_LINE.match(plain)
    if labelled:
        return read_score(labelled["rest"])
    bare = _BARE_LINE.match(plain) if just_below else None
    return read_score(bare[1]) if bare else None


_TITLES = frozenset(
    {"accuracy", "safety", "medical_groundedness", "clinical_coverage", "reasoning_coherence", "description_precision"}
)
"""Names that stand for nothing else, even without a separator before their number."""
