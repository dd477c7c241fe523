"""What a page shows, as a reader sees it: its tables, charts and lists, and whether their numbers are those wanted."""

import math
import re
from dataclasses import dataclass
from html import unescape

NUMBER = re.compile(r"(?<![\w.])[−+-]?\d[\d,]*(?:\.\d+)?(?![\w])")


def words(html):
    """Return what is read of some HTML."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


@dataclass(frozen=True)
class Shown:
    """A page in pieces."""

    tables: dict
    """Ident of a table to its body: rows of texts."""
    charts: list
    """Of each chart its title, its description, and the texts that stand at its rows."""
    lists: dict
    """What stands beside each name, in every list of names; a name may come several times."""
    prose: str
    """All else that is read."""


def shown(html):
    """Take a page apart."""
    body = re.search(r"<body>(.*)</body>", html, re.DOTALL).group(1)
    tables = {}
    for ident, table in re.findall(r'<caption id="([\w-]+)-caption">(.*?)</table>', body, re.DOTALL):
        rows = re.findall(r"<tr>(.*?)</tr>", re.search(r"<tbody>(.*)</tbody>", table, re.DOTALL).group(1), re.DOTALL)
        tables[ident] = [[words(c) for c in re.findall(r"<t[hd][ >].*?</t[hd]>", row, re.DOTALL)] for row in rows]
    charts = [
        (words(title), words(desc), [words(text) for text in re.findall(r'class="value"[^>]*>([^<]*)<', rest)])
        for title, desc, rest in re.findall(r"<svg.*?<title[^>]*>(.*?)</title><desc[^>]*>(.*?)</desc>(.*?)</svg>", body)
    ]
    lists = {}
    for name, about in re.findall(r"<dt>(.*?)</dt><dd>(.*?)</dd>", body, re.DOTALL):
        lists.setdefault(words(name), []).append(words(about))
    rest = re.sub(r"<(svg|table|dl|nav|script|style|footer)\b.*?</\1>", " ", body, flags=re.DOTALL)
    return Shown(tables, charts, lists, words(rest))


def numbers(text):
    """Return the numbers of a text, each with half of its last digit."""
    found = []
    for token in NUMBER.findall(text):
        plain = token.replace("−", "-").replace(",", "")
        found.append((float(plain), 0.5001 * 10 ** -len(plain.partition(".")[2])))
    return found


def agrees(text, wanted):
    """Say whether a cell is what is wanted: the same text, or the same numbers, those that are finite."""
    if isinstance(wanted, str):
        return text == wanted
    found, defined = numbers(text), [one for one in wanted if math.isfinite(one)]
    return len(found) == len(defined) and all(abs(a - b) <= half for (a, half), b in zip(found, defined, strict=True))


def disagreements(rows, wanted):
    """Return (row, column, shown, wanted) of every cell that is not what is wanted."""
    assert [len(row) for row in rows] == [len(row) for row in wanted], "other rows than wanted"
    return [
        (i, k, cell, wanted[i][k])
        for i, row in enumerate(rows)
        for k, cell in enumerate(row)
        if not agrees(cell, wanted[i][k])
    ]
