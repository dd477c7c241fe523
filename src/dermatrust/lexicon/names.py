"""Finding a diagnosis by any name: synonym, dataset label or raw file stem."""

import re
from collections.abc import Iterable
from functools import lru_cache

from dermatrust.lexicon.spelling import american, plain, words_of

Key = tuple[str, ...]

_FILLERS = frozenset({"a", "an", "of", "the"})

_BRACKETS = re.compile(r"\([^()]*\)|\[[^\[\]]*\]")
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])|(?<=[^\W\d_])(?=\d)|(?<=\d)(?=[^\W\d_])")
_SINGULAR = (
    (re.compile(r"(?<=\w)'s$"), ""),
    (re.compile(r"(?<=o|y|a)ses$"), "sis"),
    (re.compile(r"(?<=om)ata$"), "a"),
    (re.compile(r"(?<=\w\w)ies$"), "y"),
    (re.compile(r"^(nev|foll|bacill|thromb)i$"), r"\1us"),
    (re.compile(r"(?<=\w\w)ae$"), "a"),
    (re.compile(r"(?<=\w\w)(?<![sui])s$"), ""),
)


def singular(word: str) -> str:
    """Return one form for singular, plural and possessive; it need not be a word, only always the same.

    Example:
        >>> [singular(w) for w in ("keratoses", "nevi", "bowen's", "bowens", "psoriasis", "lupus")]
        ['keratosis', 'nevus', 'bowen', 'bowen', 'psoriasis', 'lupus']
    """
    for pattern, replacement in _SINGULAR:
        changed = pattern.sub(replacement, word)
        if changed != word:
            return changed
    return word


def name_key(name: str, *, split: bool = True) -> Key:
    """Return what two spellings of one name have in common.

    Case, punctuation, brackets, possessives, plurals, accents, British spelling, "of the" and a trailing file number
    are taken out.

    Args:
        name: Any name, label or file stem.
        split: Whether camel case and digits begin new words ("PerioralDermEye3"); "IgA" is one word without it.

    Example:
        >>> name_key("BowensDisease2"), name_key("Naevus, sebaceous (Jadassohn)")
        (('bowen', 'disease'), ('nevus', 'sebaceous'))
    """
    bare = _BRACKETS.sub(" ", name)
    bare = bare if words_of(bare) else name
    words = words_of(_CAMEL.sub(" ", bare) if split else bare)
    while len(words) > 1 and words[0].isdigit():
        words = words[1:]
    while len(words) > 1 and words[-1].isdigit() and words[-2] != "type":
        words = words[:-1]
    kept = [word for word in words if word not in _FILLERS] or words
    return tuple(_one_form(word) for word in kept)


@lru_cache(maxsize=20_000)
def _one_form(word: str) -> str:
    return singular(american(plain(word)))


def _keys(name: str) -> tuple[Key, ...]:
    whole, parted = name_key(name, split=False), name_key(name)
    return (whole,) if whole == parted else (whole, parted)


class NameIndex:
    """Names to ids: exact first, then in any word order, then without words that only place or grade the disease."""

    def __init__(self, qualifiers: Iterable[str]) -> None:
        self._exact: dict[Key, str] = {}
        self._any_order: dict[Key, str | None] = {}
        self._qualifiers = frozenset(key[0] for q in qualifiers if len(key := name_key(q)) == 1)

    def add(self, name: str, diagnosis_id: str) -> str | None:
        """Let a name mean this diagnosis. Return the id of another diagnosis that already has the name, if any."""
        other = None
        for key in _keys(name):
            known = self._exact.setdefault(key, diagnosis_id)
            other = known if known != diagnosis_id else other
            in_order = tuple(sorted(key))
            if self._any_order.setdefault(in_order, diagnosis_id) != diagnosis_id:
                self._any_order[in_order] = None  # two diseases with the same words: only the exact order tells
        return other

    def find(self, name: str) -> str | None:
        """Return the id of the diagnosis with this name, or None; never a guess between two."""
        keys = _keys(name)
        for key in keys:
            if found := self._look_up(key):
                return found
        for key in keys:
            kept = tuple(word for word in key if word not in self._qualifiers and not word.isdigit())
            if kept and kept != key and (found := self._look_up(kept)):
                return found
        return None

    def _look_up(self, key: Key) -> str | None:
        return self._exact.get(key) or self._any_order.get(tuple(sorted(key)))
