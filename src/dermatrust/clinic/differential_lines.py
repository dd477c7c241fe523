"""The differential in the lines of a reply: numbered lists, bullets, tables, and phrases such as "Most likely: …"."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from dermatrust.clinic.differential_names import Entry, fraction, is_percent, read_entry, shared_scale, split_names
from dermatrust.lexicon import Lexicon

_ITEM = re.compile(
    r"""^(?P<indent>\s*)(?:>\s*)?(?:\*\*|__)?
        (?: (?P<number>\(?\#?\d{1,2}[.):]\)?|\d{1,2}\s?[-–—]|\[\d{1,2}\]|[①-⑳❶-❿]|\(?[A-Ea-e][.)]
            |(?:diagnosis|ddx|dx|rank|option|differential)\s*\#?\d{1,2}\s*[.):-]
            |[1-9](?:st|nd|rd|th)(?:\s(?:diagnosis|choice|differential))?\s*[.):-])
          | (?P<bullet>[-*•–·◦▪]))
        (?:\*\*|__)?\s+(?P<rest>\S.*)$""",
    re.VERBOSE | re.IGNORECASE,
)
_PERCENT_FIRST = re.compile(r"^\s*[(\[]?\d{1,3}(?:\.\d+)?\s?%[)\]]?\s*[-–—:]?\s+(?=\S)")
_PROBABILITY_LINE = re.compile(
    r"^\s+(?:[-*•]\s+)?\W{0,2}(?:probability|confidence|likelihood|certainty)\b", re.IGNORECASE
)
_INLINE = re.compile(r"(?:^|(?<=\s))\(?(\d{1,2})[.)]\s+(?=\S)")
_TITLE = re.compile(r"^\s*(?:#{1,6}\s*)?(?:\*\*|__)?\s*(?:\d{1,2}[.)]\s*)?(?P<title>[^:*\n]{2,60}?)\s*(?:\*\*|__)?\s*$")
_HEADED = re.compile(
    r"""^\s*(?:\#{1,6}\s*)?(?:\*\*|__)?(?P<title>[^:*.\n]{2,60}?)(?:\s*[(\[][^)\]\n]{0,60}[)\]])?\s*
        (?::\s*(?:\*\*|__)?|(?:\*\*|__)\s*:?)\s*(?P<rest>.*)$""",
    re.VERBOSE,
)
_ANSWERS = re.compile(
    r"\b(?:differentials?|diagnos[ie]s|ddx|dx|possibilit\w+|considerations?|impression|assessment|conditions?|answer"
    r"|rank\w*|likely|probable|candidates?|predictions?|alternatives?|conclusion|consider|top (?:3|5|three|five))\b",
    re.IGNORECASE,
)
_ELSE = re.compile(
    r"\b(?:findings?|features?|descriptions?|observations?|morpholog\w*|recommend\w*|management|next steps?|work-?up"
    r"|rationales?|reason\w*|explanations?|justification|treatment|red flags?|plan|notes?|disclaimer|limitations?"
    r"|history|why|evidence|tests?|investigations?|urgency|triage|referral|advice|key|image quality|context|caveats?"
    r"|ruled out|excluded|not|against|confidence|probability|certainty|lesions?|distribution|summary of|uncertainty"
    r"|less likely because|supporting|step)\b",
    re.IGNORECASE,
)
_LEAD_PHRASE = re.compile(
    r"(?:\bmost (?:likely|probable)(?: (?:clinical )?(?:diagnosis|condition|cause|possibility))?"
    r"|\b(?:primary|leading|top|working|main|final|provisional|presumptive|favou?red|preferred|principal|first)"
    r" (?:differential |clinical )?(?:diagnosis|impression|consideration|choice)"
    r"|(?:^|(?<=[.\n]))[\s*_#]*(?:clinical )?(?:diagnosis|impression|answer|dx)(?=[\s*_]*(?:is\b|:|=|-))"
    r"|\bthe (?:final )?answer|\bI (?:would )?(?:diagnose|favou?r))"
    r"[\s*_]*(?:\(?\s*#?1\)?)?[\s*_]*(?:(?:(?:is|would be|here is|remains|appears to be)\b|:|=|\s[-–—])[\s*_]*)+",
    re.IGNORECASE,
)
_LIST_PHRASE = re.compile(
    r"\b(?:differentials?(?: diagnos[ie]s)?|ddx|other (?:possibilities|considerations|diagnoses|differentials?|options)"
    r"|alternatives?(?: diagnos[ie]s)?|differential considerations|secondary considerations?|also possible"
    r"|also consider|possibilities|less likely(?= ?:)|possible diagnoses|diagnoses to consider)"
    r"[\s*_]*(?:\((?:[^()\n]{0,40})\)\s*)?"
    r"(?:(?:(?:also |would |could |may |might |should )?(?:includ(?:es?|ing)|comprises?|contains?|are|is|be)\b|:|="
    r"|\s[-–—])[\s*_]*)+",
    re.IGNORECASE,
)
_STEMS = (
    "likely", "probabl", "diagnos", "impression", "answer", "dx", "favo", "consider", "choice", "differential",
    "alternativ", "possib", "other ",
)  # fmt: skip
"""One of these stands in whatever the phrases above find; looking for them takes no time."""
_SENTENCE_END = re.compile(r"\.(?:\s|$)|\n|!|\?")
_RULE = re.compile(r"^[\s|:\-–—+]+$")
_NAME_HEAD = re.compile(r"diagnos|condition|disease|name|ddx|differential", re.IGNORECASE)
_PROBABILITY_HEAD = re.compile(r"prob|confid|likel|%|certain", re.IGNORECASE)
_MOST_WORDS = 8
_MOST_ENTRIES = 40


@dataclass(slots=True)
class LineDifferential:
    """What the lines say.

    The diseases announced as the likeliest, those listed, whether under a heading, whether as items, and the lines of
    prose behind the last item.
    """

    leads: list[Entry] = field(default_factory=list)
    listed: list[Entry] = field(default_factory=list)
    is_headed: bool = False
    has_items: bool = False
    behind: list[str] = field(default_factory=list)


def read_lines(text: str, lexicon: Lexicon) -> LineDifferential:
    """Return what lists, tables and announcing phrases name, in order.

    The items of a section with another heading (findings, management) are no diagnoses, nor are the bullets below a
    numbered item, which give its reasons.
    """
    found = LineDifferential()
    lines = [part for line in text.splitlines() for part in _unrolled(line)]
    numbered = any((item := _ITEM.match(line)) and item["number"] for line in lines)
    section, table, indent = "", list[str](), -1
    for line in [*lines, ""]:
        if line.lstrip().startswith("|") or (line.count("|") >= 2 and table):
            table.append(line)
            continue
        if table:
            found.listed += [] if section == "else" else _of_table(table, lexicon)
            table = []
        if not line.strip() or len(found.listed) > _MOST_ENTRIES:
            continue
        item = _ITEM.match(line)
        if found.listed and _PROBABILITY_LINE.match(line) and found.listed[-1].probability is None:
            found.listed[-1] = found.listed[-1]._replace(probability=fraction(line.rpartition(":")[2]))
        elif item:
            if indent < 0 and section != "else":
                indent = len(item["indent"])
            is_reason = len(item["indent"]) > indent or (numbered and not item["number"])
            section = _item_line(item, section, found, lexicon, is_reason=is_reason)
        else:
            section = _plain_line(line, section, found, lexicon)
            if section != "else":
                found.behind.append(line)
    return found


def _item_line(item: re.Match[str], section: str, found: LineDifferential, lexicon: Lexicon, *, is_reason: bool) -> str:
    """Read an item; return the section it leaves us in."""
    if section == "else":
        return "answers" if _is_answer_title(item["rest"]) else section
    if not is_reason:
        found.listed += _of_item(item["rest"], lexicon)
        found.is_headed |= section == "answers"
        found.has_items, found.behind = True, []
    return section


def before_list(text: str) -> str:
    """Return what stands before the first phrase that announces a list; "" where none does."""
    announced = _LIST_PHRASE.search(text)
    return text[: announced.start()] if announced else ""


def _unrolled(line: str) -> Iterator[str]:
    """Yield the items of "1. melanoma 2. naevus" as lines of their own."""
    if _PERCENT_FIRST.match(line):
        yield f"- {line}"
        return
    marks = list(_INLINE.finditer(line))
    if len(marks) < 2 or [int(mark[1]) for mark in marks] != list(range(1, len(marks) + 1)):
        yield line
        return
    edges = [mark.start() for mark in marks] + [len(line)]
    yield line[: edges[0]]
    yield from (line[start:end] for start, end in pairwise(edges))


def _plain_line(line: str, section: str, found: LineDifferential, lexicon: Lexicon) -> str:
    """Read a line that is no item; return the section it leaves us in."""
    titled = _HEADED.match(line)
    title = titled["title"] if titled else (line if _is_title(line) else "")
    if titled and titled["rest"].strip() and not _phrases(line):
        if _ELSE.search(title) and not _ANSWERS.search(title):
            return section
    elif title and not _phrases(line):
        if _ELSE.search(title) and not re.search(r"differential|diagnos", title, re.IGNORECASE):
            return "else"
        return "answers" if _ANSWERS.search(title) else section
    if _phrases(line):
        _of_phrases(line, found, lexicon)
        return "answers" if not (titled and titled["rest"].strip()) or section == "answers" else section
    if section == "answers" and len(line.split()) <= _MOST_WORDS and not line.rstrip().endswith((".", ":")):
        found.listed += _of_names(line, lexicon)
        found.is_headed = True
    return section


def _is_title(line: str) -> bool:
    stripped = line.strip()
    return stripped.startswith(("#", "**", "__")) and bool(_TITLE.match(stripped))


def _is_answer_title(text: str) -> bool:
    return text.rstrip(" *_").endswith(":") and bool(_ANSWERS.search(text)) and not _ELSE.search(text)


def _phrases(line: str) -> bool:
    lower = line.lower()
    return any(s in lower for s in _STEMS) and bool(_LEAD_PHRASE.search(line) or _LIST_PHRASE.search(line))


def _of_item(rest: str, lexicon: Lexicon) -> Iterator[Entry]:
    label, colon, _ = rest.partition(":")
    plain = label.strip(" *_")
    if colon and len(plain.split()) <= 4 and _ELSE.search(plain) and lexicon.diagnosis(plain) is None:
        return
    listed = _LIST_PHRASE.match(rest.lstrip(" *_"))
    if listed:
        yield from _of_names(rest.lstrip(" *_")[listed.end() :], lexicon)
    else:
        yield from read_entry(rest, lexicon)


def _of_names(text: str, lexicon: Lexicon) -> Iterator[Entry]:
    """Yield the entries of a list in running text."""
    for part in split_names(text, lexicon):
        if len(part.split()) <= 2 * _MOST_WORDS:
            yield from (e for e in read_entry(part, lexicon) if len(e.name.split()) <= _MOST_WORDS)


def _of_phrases(line: str, found: LineDifferential, lexicon: Lexicon) -> None:
    """Read "Most likely: X. Differential: Y, Z"."""
    starts = sorted(
        [(m.start(), m.end(), True) for m in _LEAD_PHRASE.finditer(line)]
        + [(m.start(), m.end(), False) for m in _LIST_PHRASE.finditer(line)]
    )
    for place, (_, end, leads) in enumerate(starts):
        until = starts[place + 1][0] if place + 1 < len(starts) else len(line)
        stop = _SENTENCE_END.search(line, end, until)
        said = line[end : stop.start() if stop else until]
        if leads:
            found.leads += [e for e in read_entry(said, lexicon) if len(e.name.split()) <= _MOST_WORDS]
        else:
            found.listed += _of_names(said, lexicon)
            found.is_headed = True


def _of_table(rows: Sequence[str], lexicon: Lexicon) -> Iterator[Entry]:
    """Yield the entries of a table: the column of names, and that of probabilities where there is one."""
    cells = [[cell.strip(" *_`") for cell in row.strip().strip("|").split("|")] for row in rows if not _RULE.match(row)]
    if len(cells) < 2:
        return
    head, body = cells[0], cells[1:]
    names = next((i for i, cell in enumerate(head) if _NAME_HEAD.search(cell)), None)
    if names is None:
        return
    stated = next((i for i, cell in enumerate(head) if _PROBABILITY_HEAD.search(cell) and i != names), None)
    numbers = [row[stated] if stated is not None and stated < len(row) else "" for row in body]
    percent = is_percent(numbers)
    for row, number in zip(body, numbers, strict=True):
        if names < len(row):
            probability = fraction(str(shared_scale(number, percent=percent))) if number else None
            for entry in read_entry(row[names], lexicon):
                yield entry if probability is None else entry._replace(probability=probability)
