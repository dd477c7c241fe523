"""How much of one text's wording is in another: ROUGE, BLEU, chrF, METEOR, each by the library that papers use.

All are from 0 to 1. The libraries come with `pip install 'dermatrust[text]'`.
"""

import importlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any

from dermatrust.errors import DataError

_SPARE_FRAMES = 1_000


@dataclass(frozen=True, slots=True)
class Rouge:
    """F measures of ROUGE: single words, pairs of words, longest common subsequence."""

    one: float
    two: float
    longest: float


def rouge(said: str, reference: str) -> Rouge:
    """Return ROUGE as the package `rouge` 1.0.1 counts it, which the MEDIQA challenges use.

    It counts each n-gram once, keeps capitals and signs, and takes full stops for ends of sentences. Two equal texts
    have 0.999999995, not 1. A text of nothing but full stops has 0.

    Raises:
        DataError: The library is not installed.

    Example:
        >>> round(rouge("a small red plaque", "a red plaque").one, 3)
        0.857

    Reference:
        Lin (2004), https://aclanthology.org/W04-1013.
    """
    if not said.strip(" .\n") or not reference.strip(" .\n"):
        return Rouge(0.0, 0.0, 0.0)
    with _deep(len(said.split()) + len(reference.split())):
        (found,) = _rouge().get_scores([said], [reference])
    return Rouge(*(float(found[name]["f"]) for name in ("rouge-1", "rouge-2", "rouge-l")))


def sentence_bleu(said: str, reference: str) -> float:
    """Return BLEU of one text as sacrebleu counts it: n-grams up to 4, smoothed, its own tokens.

    For a whole corpus see `scorers.bleu`.

    Example:
        >>> round(sentence_bleu("a small red plaque", "a red plaque"), 3)
        0.354

    Reference:
        Post (2018), https://aclanthology.org/W18-6319.
    """
    return float(_library("sacrebleu").sentence_bleu(said, [reference]).score) / 100


def chrf(said: str, reference: str) -> float:
    """Return chrF2 of one text as sacrebleu counts it: characters up to 6 in a row, recall weighing twice.

    Example:
        >>> round(chrf("a red plaque", "a red plaque"), 3), chrf("", "a red plaque")
        (1.0, 0.0)

    Reference:
        Popović (2015), https://aclanthology.org/W15-3049.
    """
    return float(_library("sacrebleu").sentence_chrf(said, [reference]).score) / 100


def meteor(said: str, reference: str, *, wordnet: Any = None) -> float:
    """Return METEOR of one text as NLTK counts it: words, stems and synonyms, less a penalty for scattered matches.

    Args:
        said: The text.
        reference: What it is compared with.
        wordnet: Whence synonyms come: an object with `synsets(word)`; None for NLTK's own corpus, which must be there.

    Raises:
        DataError: The library, or its corpus, is not installed.

    Reference:
        Banerjee & Lavie (2005), https://aclanthology.org/W05-0909.
    """
    words = wordnet if wordnet is not None else _library("nltk.corpus").wordnet
    score = _library("nltk.translate.meteor_score").single_meteor_score
    try:
        return float(score(reference.split(), said.split(), wordnet=words))
    except LookupError:
        do = "Install it: python -c \"import nltk; nltk.download('wordnet')\"."
        raise DataError("METEOR", "needs WordNet, which NLTK does not find", do=do) from None


@cache
def _rouge() -> Any:
    return _library("rouge").Rouge()


def _library(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        do = "pip install 'dermatrust[text]'"
        raise DataError(name.partition(".")[0], "is not installed, and this protocol counts with it", do=do) from None


@contextmanager
def _deep(n_words: int) -> Iterator[None]:
    """Let the library follow a subsequence of so many words: it calls itself for every one."""
    usual = sys.getrecursionlimit()
    sys.setrecursionlimit(max(usual, n_words + _SPARE_FRAMES))
    try:
        yield
    finally:
        sys.setrecursionlimit(usual)
