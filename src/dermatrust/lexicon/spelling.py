"""The forms one phrase is written in: plural, possessive, British and American spelling, accents."""

import re
import unicodedata
from functools import lru_cache
from itertools import product

_LETTERS = r"[a-z0-9\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u1fff\u2c00-\u2fff\u3040-\ud7ff]+"
WORD = f"{_LETTERS}(?:'{_LETTERS})*"
"""A word of lower-case text. Ranges instead of the Unicode class of letters: a third faster."""
_WORD = re.compile(WORD)
_WORD_OR_COMMA = re.compile(f"{WORD}|,")

# American stems to British ones, anchored where the letters are innocent elsewhere ("hemisphere", "never").
_TO_BRITISH = tuple(
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"^(angio|scler|myx)?edema", r"\1oedema"),
        (r"(?<![a-z])hem(?=a|o)|(?<=angio|argio)hem(?=a)", "haem"),
        (r"^nev(?=us|i|o)", "naev"),
        (r"tumor", "tumour"),
        (r"color", "colour"),
        (r"^gray", "grey"),
        (r"^leuko", "leuco"),
        (r"rrhe(?=a|i)", "rrhoe"),
        (r"(?<=[a-z]{3})iz(?=ed$|ation$|ing$)", "is"),
        (r"^center", "centre"),
        (r"emi(?=a$|c$|as$)", "aemi"),
    )
)
_TO_AMERICAN = (
    ("oedema", "edema"), ("haem", "hem"), ("naev", "nev"), ("tumour", "tumor"), ("colour", "color"), ("grey", "gray"),
    ("leuco", "leuko"), ("rrhoe", "rrhe"), ("centre", "center"), ("fibre", "fiber"), ("aemi", "emi"), ("mould", "mold"),
)  # fmt: skip
_ISE = re.compile(r"(?<=[a-z]{3})is(?=ed$|ation$|ing$)")
_LATIN_US = frozenset({"nevus", "naevus", "fungus", "thrombus", "callus", "bacillus"})
_LATIN_A = frozenset(
    {"bulla", "papilla", "macula", "stria", "telangiectasia", "verruca", "petechia", "axilla", "concha"}
)
_NO_PLURAL = frozenset({"herpes", "scabies", "striae", "bullae", "diabetes"})


def words_of(phrase: str) -> list[str]:
    """Return the words of a phrase as the matcher sees them.

    Example:
        >>> words_of("Well-defined, Bowen’s")
        ['well', 'defined', "bowen's"]
    """
    return _WORD.findall(phrase.lower().replace("’", "'"))


def phrase_words(phrase: str) -> tuple[str, ...]:
    """Return the words and commas of a phrase: the one phrase across a comma is one that is written with it.

    Example:
        >>> phrase_words("Hand, foot and mouth disease")
        ('hand', ',', 'foot', 'and', 'mouth', 'disease')
    """
    return tuple(_WORD_OR_COMMA.findall(phrase.lower().replace("’", "'")))


def plain(word: str) -> str:
    """Return the word without accents.

    Example:
        >>> plain("behçet")
        'behcet'
    """
    if word.isascii():
        return word
    return "".join(c for c in unicodedata.normalize("NFKD", word) if not unicodedata.combining(c))


def american(word: str) -> str:
    """Return the American spelling of a lower-case word.

    Example:
        >>> american("haemangioma"), american("generalised"), american("leucoplakia")
        ('hemangioma', 'generalized', 'leukoplakia')
    """
    for british, us in _TO_AMERICAN:
        if british in word:
            word = word.replace(british, us)
    return _ISE.sub("iz", word)


def british(word: str) -> str:
    """Return the British spelling of a lower-case word.

    Example:
        >>> british("hemangioma"), british("nevus"), british("generalized"), british("hematoma")
        ('haemangioma', 'naevus', 'generalised', 'haematoma')
    """
    for pattern, replacement in _TO_BRITISH:
        word = pattern.sub(replacement, word)
    return word


def plurals(word: str) -> tuple[str, ...]:
    """Return the plural forms of a lower-case noun.

    Example:
        >>> plurals("keratosis"), plurals("nevus"), plurals("lipoma"), plurals("ulcer")
        (('keratoses',), ('nevi',), ('lipomas', 'lipomata'), ('ulcers',))
    """
    if word in _LATIN_US:
        return (word[:-2] + "i",)
    if word in _LATIN_A:
        return (word + "e", word + "s")
    if word.endswith("sis"):
        return (word[:-2] + "es",)
    if word.endswith(("us", "is", "ses", "'s")) or word in _NO_PLURAL:
        return ()
    if word.endswith("oma"):
        return (word + "s", word + "ta")
    if word.endswith("y") and word[-2:-1] not in tuple("aeiou"):
        return (word[:-1] + "ies",)
    if word.endswith(("s", "x", "ch", "sh")):
        return (word + "es",)
    return (word + "s",)


@lru_cache(maxsize=20_000)
def _spellings(word: str) -> tuple[str, ...]:
    forms = {word, plain(word)}
    if word.endswith("'s"):
        forms |= {word[:-2], word[:-2] + "s", plain(word[:-2]), plain(word[:-2]) + "s", plain(word)}
    else:
        us = american(word)
        forms |= {us, british(us)}
    return tuple(forms)


@lru_cache(maxsize=20_000)
def _last_forms(word: str) -> tuple[str, ...]:
    forms = set(_spellings(word))
    if len(word) > 2:
        forms |= {form for spelling in tuple(forms) for form in plurals(spelling)}
    return tuple(forms)


def surface_forms(phrase: str, *, inflect: bool = True) -> set[tuple[str, ...]]:
    """Return every form a phrase is matched in, as word sequences.

    Args:
        phrase: As written in a table.
        inflect: Whether its last word also has a plural.

    Example:
        >>> sorted(" ".join(form) for form in surface_forms("Spitz nevus"))
        ['spitz naevi', 'spitz naevus', 'spitz nevi', 'spitz nevus']
    """
    words = phrase_words(phrase)
    if not words:
        return set()
    choices = [_spellings(word) for word in words]
    if inflect:
        choices[-1] = _last_forms(words[-1])
    return set(product(*choices))


_SPELT_OUT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ß": "ss"})


def without_umlauts(name: str) -> tuple[str, ...]:
    """Return a name and, where it has a sharp s or umlauts, the name with that, and with all of these, spelt out.

    Example:
        >>> without_umlauts("Gürtelrose"), without_umlauts("Krätze"), without_umlauts("Masern")
        (('Gürtelrose', 'Guertelrose'), ('Krätze', 'Kraetze'), ('Masern',))
    """
    return tuple(dict.fromkeys((name, name.replace("ß", "ss"), name.translate(_SPELT_OUT))))
