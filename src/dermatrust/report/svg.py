"""Small SVG primitives: every chart is text, coloured by the page's style sheet, with a title and a description."""

import re
import unicodedata
from collections.abc import Iterable
from html import escape

_NOT_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")

CHARACTER_PX = 7.0
"""Width allowed for one narrow character of chart text (12 px, the widest common system fonts)."""
BOLD = 0.85
"""Share of a width that bold text may fill by the regular measure."""


def safe(text: str) -> str:
    """Return text escaped for SVG; characters that XML cannot hold become the replacement character."""
    return escape(_NOT_XML.sub("\ufffd", text))


def text_width(text: str) -> float:
    """Return the width to allow for a text, in pixels; wide characters count twice."""
    return CHARACTER_PX * sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def shorten(text: str, width: float) -> str:
    """Return the text cut in its middle so that it fits the width; names often differ at their end.

    Example:
        >>> shorten("openai/gpt-large-2026-01-01", 100)
        'openai/…-01-01'
    """
    text = " ".join(text.split())
    if text_width(text) <= width:
        return text
    keep = min(len(text), int(width / CHARACTER_PX) + 1)
    while keep > 2 and text_width(_middle_cut(text, keep)) > width:
        keep -= 1
    return _middle_cut(text, keep)


def _middle_cut(text: str, keep: int) -> str:
    head = (keep + 1) // 2
    return f"{text[:head]}…{text[len(text) - (keep - head) :]}"


def number(value: float) -> str:
    """Return a coordinate with at most one decimal."""
    return f"{round(value, 1) + 0.0:.1f}".removesuffix(".0")  # adding zero makes -0.0 plain


def element(name: str, text: str | None = None, **attributes: str | float) -> str:
    """Return one element; a trailing underscore of an attribute is dropped, an inner one becomes a hyphen.

    Example:
        >>> element("text", "a < b", x=1.25, class_="muted", text_anchor="end")
        '<text x="1.2" class="muted" text-anchor="end">a &lt; b</text>'
    """
    parts = [name]
    for key, value in attributes.items():
        shown = number(value) if isinstance(value, int | float) else safe(value)
        parts.append(f'{key.rstrip("_").replace("_", "-")}="{shown}"')
    head = " ".join(parts)
    return f"<{head}/>" if text is None else f"<{head}>{safe(text)}</{name}>"


def labelled(text: str, width: float, **attributes: str | float) -> str:
    """Return a text element cut to a width, with the full text as its title where it was cut."""
    shown = shorten(text, width)
    return titled(element("text", shown, **attributes), text, shown)


def titled(drawn: str, text: str, shown: str) -> str:
    """Return a text element with the full text as its title, where what is shown is less."""
    if shown == " ".join(text.split()):
        return drawn
    return drawn.removesuffix("</text>") + element("title", text) + "</text>"


def wrapped(text: str, width: float, most_lines: int) -> tuple[str, ...]:
    """Return the text in lines that fit the width; what does not fit into the last is left out from a word's end.

    Example:
        >>> wrapped("seborrhoeic keratoses and other benign tumours", 160, 2)
        ('seborrhoeic keratoses', 'and other benign…')
    """
    lines: list[str] = []
    for whole in text.split():
        word = shorten(whole, width)
        if lines and text_width(f"{lines[-1]} {word}") <= width:
            lines[-1] += f" {word}"
        else:
            lines.append(word)
    shown = lines[:most_lines] or [""]
    if len(lines) > most_lines:
        while " " in shown[-1] and text_width(f"{shown[-1]}…") > width:
            shown[-1] = shown[-1].rpartition(" ")[0]
        shown[-1] = shorten(f"{shown[-1]}…", width)
    return tuple(shown)


def document(parts: Iterable[str], *, ident: str, title: str, desc: str, width: float, height: float, css: str) -> str:
    """Return a whole figure that scales with the page and reads itself out to a screen reader."""
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {number(width)} {number(height)}" role="img" '
        f'class="chart {css}" aria-labelledby="{ident}-title {ident}-desc">'
    )
    names = element("title", title, id=f"{ident}-title") + element("desc", desc, id=f"{ident}-desc")
    return head + names + "".join(parts) + "</svg>"
