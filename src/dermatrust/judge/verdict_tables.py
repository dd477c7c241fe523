"""Finds scores in Markdown tables: one dimension a row, or one dimension a column."""

import re
from collections.abc import Iterator

from dermatrust.judge.aliases import alias_of, normalised
from dermatrust.judge.found import NOT_A_NUMBER, Found, Read, read_score
from dermatrust.records import HIGHEST_SCORE

_ROW = re.compile(r"^\s*\|(.*)\|\s*$")
_RULE = re.compile(r"^[\s|:\-–—]+$")
_EMPHASIS = str.maketrans("", "", '*`"“”\\#')
_SCORE_HEADS = frozenset({"score", "rating", "points", "grade", "mark", "得分", "评分", "分数", "value"})
_SCALE = re.compile(r"(\d+)\s*[)\]]?\s*$")


def is_table_row(line: str) -> bool:
    """Return whether a line is a row of a Markdown table."""
    return _ROW.match(line) is not None


def found_in_table(row: str, head: str | None) -> Iterator[Found]:
    """Yield what one row says, in the light of the table's first row; `head` is None where this is the first."""
    if _RULE.match(row):
        return
    cells = _cells(row)
    heads = cells if head is None else _cells(head)
    columns = [alias_of(head) for head in heads]
    if sum(column is not None for column in columns) >= 2:
        if head is not None and len(cells) == len(heads):
            named = ((c, cell) for c, cell in zip(columns, cells, strict=True) if c is not None)
            yield from (Found(c, read_score(cell), f"{c.dimension.title} | {cell}") for c, cell in named)
        return
    yield from _row(cells, [] if head is None else heads, row.strip())


def _row(cells: list[str], heads: list[str], raw: str) -> Iterator[Found]:
    """Yield the score of a row that names a dimension: under the head "Score", else the only number in it."""
    names = [(index, alias) for index, cell in enumerate(cells) if (alias := alias_of(cell))]
    if not names:
        return
    place, alias = names[0]
    scored = [i for i, head in enumerate(heads) if _heads_scores(head) and place != i < len(cells)]
    if scored:
        yield Found(alias, _scaled(read_score(cells[scored[0]]), heads[scored[0]]), raw)
        return
    reads = [read_score(cell) for cell in cells[place + 1 :]]
    yield from (Found(alias, read, raw) for read in [r for r in reads if r.value is not None] or [NOT_A_NUMBER])


def _heads_scores(head: str) -> bool:
    return bool(_SCORE_HEADS & set(re.split(r"\W+", head.lower()))) or normalised(head) in _SCORE_HEADS


def _scaled(read: Read, head: str) -> Read:
    """Refuse a bare number in a column whose head declares another scale, e.g. "Score (1-10)"."""
    scale = _SCALE.search(head)
    if scale is None or read.value is None or read.full_scale or float(scale[1]) == HIGHEST_SCORE:
        return read
    return Read(read.value, "out of range")


def _cells(line: str) -> list[str]:
    match = _ROW.match(line)
    return [cell.translate(_EMPHASIS).strip() for cell in match[1].split("|")] if match else []
