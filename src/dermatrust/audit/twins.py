"""Meaning-preserving twins: the same content in other words, another order or another dress."""

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import cycle, pairwise

from numpy.random import Generator

from dermatrust.audit import tables
from dermatrust.audit.edits import Edit, apply_edits, in_case_of
from dermatrust.audit.kinds import TWINS
from dermatrust.audit.passage import Passage, changed, content_of

_LEANS_BACK = re.compile(
    r"(?:it|its|they|their|this|these|that|those|in addition|besides|also|here|however|within|both|such|but|and"
    r"|additionally|moreover|the (?:former|latter|same|second|third|other|next)|of (?:its|their|these|those)|narrowing"
    r"|next|then|thus|hence|therefore|finally|consequently|second(?:ly)?|third(?:ly)?|so)\b",
    re.IGNORECASE,
)
"""How a sentence begins that needs the one before it."""
_OPENS = re.compile(r"\bfirst(?:ly)?\b|\bstarts? (?:wide|with)\b|\bbroad(?:ly)?\b|\bto begin with\b", re.IGNORECASE)
"""A sentence that begins a line of reasoning, which goes on behind it."""
_FEWEST_PARAPHRASES = 2
_FEWEST_MOVED = 3
_MARKUP = re.compile(r"\*\*|</?think>|^\s*[-#*]\s", re.MULTILINE)
_WORD = re.compile(r"\S+")


def n_words(text: str) -> int:
    """Return the number of words of a text."""
    return len(_WORD.findall(text))


def twin_of(kind: str, passage: Passage, rng: Generator) -> str | None:
    """Return a twin of a text, or None where the text offers no place for one.

    Args:
        kind: One of `TWINS`.
        passage: The text.
        rng: Chooses sentences and their order.

    Returns:
        A text other than the given one that the lexicon reads exactly alike.

    Example:
        >>> from dermatrust.lexicon import load_lexicon
        >>> import numpy as np
        >>> passage = Passage("A red plaque. The answer is psoriasis.", load_lexicon())
        >>> twin_of("politeness", passage, np.random.default_rng(0)).split(".")[1:3]
        [' A red plaque', ' I hope these notes are of help, and I remain at your service with pleasure']
    """
    for text in _MAKERS[kind](passage, rng):
        if text != passage.text and not changed(passage.content, content_of(text, passage.lexicon)):
            return text
    return None


def _other_words(passage: Passage, rng: Generator) -> Iterator[str]:
    """Put in every paraphrase that the lexicon reads alike, never one upon another."""
    text, made = passage.text, 0
    used: set[str] = set()
    for phrase, other in tables.paraphrases():
        if phrase.lower() in used:
            continue
        pattern = re.compile(rf"(?<![\w-]){re.escape(phrase)}(?![\w-])", re.IGNORECASE if phrase.islower() else 0)
        edits = [Edit(m.start(), m.end(), in_case_of(other, m.group())) for m in pattern.finditer(text)]
        tried = apply_edits(text, edits)
        if edits and not changed(passage.content, content_of(tried, passage.lexicon)):
            text, made = tried, made + 1
            used.add(other.lower())
    if made >= _FEWEST_PARAPHRASES:
        yield text


def _pieces(passage: Passage) -> list[str]:
    """Return the text cut into its sentences, each with the white space before it."""
    pieces, place = [], 0
    while place < len(passage.text):
        _, end = passage.sentences.span(passage.sentences.index(place))
        pieces.append(passage.text[place:end])
        place = end
    return pieces


def _movable(passage: Passage) -> list[list[int]]:
    """Return runs of neighbouring sentences of the description that stand each for itself."""
    runs: list[list[int]] = [[]]
    place = 0
    for number, piece in enumerate(_pieces(passage)):
        start, place = place, place + len(piece)
        said = piece.strip(" *_#")
        leans = _LEANS_BACK.match(said) or "\n" in piece or not said.endswith(".")
        if leans and runs[-1]:
            runs[-1].pop()  # what leans back keeps the sentence it leans on
        if (
            leans
            or _OPENS.search(said)
            or number == 0
            or start >= passage.first_diagnosis
            or place > passage.first_diagnosis
        ):
            runs.append([])
        else:
            runs[-1].append(number)
    return [run for run in runs if len(run) >= _FEWEST_MOVED]


def _other_order(passage: Passage, rng: Generator) -> Iterator[str]:
    runs = _movable(passage)
    for _ in range(4):
        pieces = _pieces(passage)
        for run in runs:
            moved = [pieces[run[k]] for k in rng.permutation(len(run))]
            for number, piece in zip(run, moved, strict=True):
                pieces[number] = piece
        yield "".join(pieces)


def _markdown(passage: Passage, rng: Generator) -> Iterator[str]:
    """Head the description and the argument, put the one in bullets, and print the answer bold.

    A text that has markup of its own gets a heading and rules between its paragraphs.
    """
    if _MARKUP.search(passage.text):
        yield "## Narrative\n\n" + re.sub(r"\n\n+", "\n\n---\n\n", passage.text)
        return
    bold = passage.text
    for start, end in reversed(passage.closing):
        name = bold[start:end].rstrip(" .\n")
        bold = f"{bold[:start]}**{name}**{bold[start + len(name) :]}"
    listed, place = [], 0
    for piece in _pieces(passage):
        if place + len(piece) > passage.first_diagnosis:
            break
        place += len(piece)
        listed += [f"- {piece.strip()}"] if piece.strip() else []
    if listed:
        yield "## Description\n\n" + "\n".join(listed) + "\n\n## Assessment\n\n" + bold[place:].lstrip()
    yield "## Narrative\n\n" + bold


def _padded(passage: Passage, rng: Generator, share: float) -> Iterator[str]:
    """Spread sentences that say nothing over the text, until it has grown by a share of its words."""
    pieces, wanted = _pieces(passage), share * n_words(passage.text)
    neutral = tables.sentences("neutral")
    order = [neutral[k] for k in rng.permutation(len(neutral))]
    added: list[str] = []
    for sentence in cycle(order):
        if sum(map(n_words, added)) + 0.5 * n_words(sentence) > wanted:
            break
        added.append(sentence)
    places = [
        k
        for k, (piece, following) in enumerate(pairwise(pieces))
        if piece.rstrip().endswith(".") and not _LEANS_BACK.match(following.strip())
    ] or [0]
    behind: dict[int, list[str]] = {}
    for k, sentence in enumerate(added):
        behind.setdefault(places[k * len(places) // len(added)], []).append(sentence)
    yield "".join(f"{piece}{''.join(f' {s}' for s in behind.get(k, ()))}" for k, piece in enumerate(pieces))


def _polite(passage: Passage, rng: Generator) -> Iterator[str]:
    (opening,), (closing,) = tables.sentences("opening"), tables.sentences("closing")
    at = passage.sentence(passage.closing[0][0])[0] if passage.closing else len(passage.text)
    before, after = passage.text[:at].rstrip(), passage.text[at:].lstrip()
    gap = "\n" if "\n" in passage.text[len(before) : at] else " "
    yield f"{opening} {before} {closing}{gap}{after}".strip()


_MAKERS: Mapping[str, Callable[[Passage, Generator], Iterator[str]]] = {
    "other words": _other_words,
    "other order": _other_order,
    "markdown": _markdown,
    "padded by half": lambda passage, rng: _padded(passage, rng, 0.5),
    "padded to double": lambda passage, rng: _padded(passage, rng, 1.0),
    "politeness": _polite,
}
assert list(_MAKERS) == list(TWINS)
