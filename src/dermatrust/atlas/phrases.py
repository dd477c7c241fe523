"""The atlas's wording, read from `tables/phrases.yaml`: several phrasings per fact."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml

from dermatrust.errors import DataError
from dermatrust.lexicon import load_lexicon

TABLE = Path(__file__).parent / "tables" / "phrases.yaml"
_NAMES_PER_DISEASE = 3
Phrases = Mapping[str, Any]
Phrasing = Literal["all", "known", "unseen"]
"""Which phrasings of a fact a text may use: all of them, or one of two disjoint parts, so that an evaluator trained on
the one can be tried on the other."""
FEWEST_TO_PART = 3
"""Of a fact with fewer phrasings none is held back: "known" and "unseen" then mean the same."""
T = TypeVar("T")


@lru_cache(maxsize=2)
def load_phrases(path: Path = TABLE) -> Phrases:
    """Return every list of phrasings, read once.

    Args:
        path: The packaged table unless given.

    Returns:
        Topic to its phrasings; "words" maps attribute and value to the value's words.

    Raises:
        DataError: The file is missing or no YAML mapping.

    Example:
        >>> load_phrases()["words"]["surface"]["Waxy"]
        ['waxy', 'wax-like']
    """
    try:
        table = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise DataError(str(path), f"cannot be read: {error}", "the table of phrases") from error
    if not isinstance(table, dict):
        raise DataError(str(path), "is no mapping", "topic: list of phrasings")
    return table


def allowed_phrasings(options: Sequence[T], phrasing: Phrasing) -> Sequence[T]:
    """Return those of a fact's phrasings that a text may use: the last of three or more is the one held back.

    Example:
        >>> allowed_phrasings(["red", "erythematous", "reddish"], "known")
        ['red', 'erythematous']
    """
    if phrasing == "all" or len(options) < FEWEST_TO_PART:
        return options
    return options[:-1] if phrasing == "known" else options[-1:]


@lru_cache(maxsize=1024)
def disease_names(diagnosis: str) -> Sequence[str]:
    """Return the names a text may use for a disease: those the lexicon reads as this disease and nothing else.

    Args:
        diagnosis: Its id in the lexicon.

    Returns:
        The preferred name first, then up to two synonyms.

    Example:
        >>> disease_names("herpes-zoster")[0]
        'herpes zoster'
    """
    lexicon = load_lexicon()
    disease = lexicon.diagnoses[diagnosis]
    names = []
    for name in (disease.name, *disease.synonyms):
        found = lexicon.mentions(f"It is {name}.")
        if len(found) == 1 and found[0].concept.id == disease.concept.id and found[0].status == "affirmed":
            names.append(name)
    return tuple(names[:_NAMES_PER_DISEASE]) or (disease.name,)


@lru_cache(maxsize=1024)
def plain_families(diagnosis: str) -> Sequence[str]:
    """Return the groups a disease stands in, from wide to narrow, that can be said without naming a finding.

    Example:
        >>> plain_families("plaque-psoriasis")
        ('inflammatory', 'papulosquamous')
    """
    lexicon = load_lexicon()
    groups = lexicon.diagnoses[diagnosis].family[:2]
    return tuple(group for group in groups if not lexicon.mentions(f"the {group} group"))


def is_plural(words: str) -> bool:
    """Whether a phrase takes a plural verb.

    Example:
        >>> [is_plural(words) for words in ("dilated vessels", "atrophy", "hair loss", "bullae", "necrosis")]
        [True, False, False, True, False]
    """
    return words.endswith(("bullae", "petechiae")) or (words.endswith("s") and not words.endswith(("ss", "sis")))
