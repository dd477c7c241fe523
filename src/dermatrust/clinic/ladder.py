"""The match ladder: how near a name that was said comes to the truth, rung by rung."""

import re
from functools import lru_cache
from typing import Final, Literal, NamedTuple

from dermatrust.lexicon import Diagnosis, Lexicon, load_lexicon
from dermatrust.lexicon.forms import is_form_of
from dermatrust.lexicon.names import name_key

Rung = Literal["exact", "synonym", "family"]
RUNGS: Final[tuple[Rung, ...]] = ("exact", "synonym", "family")
"""The rungs that the lexicon decides, the strictest first: a hit on one is a hit on all that follow."""

_BESIDE = re.compile(
    r",|\s[-–—]\s|\b(?:with|without|from|due to|secondary to|after|following|in|on|of|complicat\w+|superimposed"
    r"|associated with|caused by|arising|mimick?\w*|resembling|simulating|vs|versus|or|and|not|rather than)\b"
)
_ANOTHER = re.compile(
    r"\b(?:malignan\w*|carcinoma\w*|sarcoma\w*|cancer\w*|metasta\w*|transformation|benign|lymphoma\w*|pseudo\w*|like"
    r"|mimic\w*|psoriasiform|non|anti|post\w*|pre|para\w*|premalignant|lesions?|borderline|virus|vaccin\w*)\b"
)
"""What makes a longer name mean another disease than the one whose name it holds."""


class Match(NamedTuple):
    """How near one name comes to one truth; None where the lexicon does not know the truth, so cannot say."""

    exact: bool
    synonym: bool | None
    family: bool | None
    kinship: float | None
    """Graded credit, 0 to 1: `Lexicon.kinship`."""


@lru_cache(maxsize=1 << 16)
def exact_key(name: str) -> tuple[str, ...]:
    """Return a name without case, punctuation, brackets, articles, plural and British spelling.

    Example:
        >>> exact_key("The Haemangiomas (infantile)") == exact_key("hemangioma")
        True
    """
    return name_key(name, split=False)


@lru_cache(maxsize=1 << 16)
def known_diagnosis(name: str, lexicon: Lexicon) -> Diagnosis | None:
    """Return what `Lexicon.diagnosis` returns, remembered: the same few names come thousands of times."""
    return lexicon.diagnosis(name)


@lru_cache(maxsize=1 << 16)
def diagnosis_said(name: str, lexicon: Lexicon) -> Diagnosis | None:
    """Return the diagnosis that a model's own words name, or None rather than a guess.

    Models add to a name ("early nodular melanoma with ulceration"). Where the whole is not known, what stands before
    "with", "of", "due to" and the like is read; it must hold exactly one known name, and no word that makes it another
    disease ("malignant", "-like", "pseudo").

    Example:
        >>> diagnosis_said("Early nodular melanoma with ulceration", load_lexicon()).name
        'nodular melanoma'
        >>> diagnosis_said("psoriasis-like rash", load_lexicon()) is None
        True
    """
    known = known_diagnosis(name, lexicon)
    if known is not None:
        return known
    lower = name.lower()
    beside = _BESIDE.search(lower)
    head = lower[: beside.start()] if beside else lower
    named = [m for m in lexicon.mentions(head) if m.concept.kind == "diagnosis"]
    if len(named) != 1 or named[0].status in ("negated", "historical"):
        return None
    rest = f"{head[: named[0].start]} {head[named[0].end :]}"
    return None if _ANOTHER.search(rest) else lexicon.diagnoses[named[0].concept.id.partition("/")[2]]


def disease_key(name: str, lexicon: Lexicon) -> str:
    """Return what two names of one disease share, as scoring tells them apart; an unknown name has its own words.

    Example:
        >>> disease_key("early BCC on the nose", load_lexicon()) == disease_key("basal cell carcinoma", load_lexicon())
        True
        >>> disease_key("foobaritis", load_lexicon()), disease_key("?", load_lexicon())
        ('unknown foobaritis', 'unknown ?')
    """
    known = diagnosis_said(name, lexicon)
    return f"known {known.id}" if known else f"unknown {' '.join(exact_key(name)) or name}"


def match_names(said: str, truth: str, lexicon: Lexicon | None = None) -> Match:
    """Return how near what was said comes to the truth.

    Exact: the same words after normalising. Synonym: two names of one diagnosis of the lexicon. Family: two diagnoses
    in one innermost group of its tree, or one a form of the other ("eczema" and "atopic dermatitis"); a name as wide as
    "skin cancer" has its kinship to a basal cell carcinoma as graded credit, but is no hit.

    Args:
        said: A model's words. A name that the lexicon does not know can only be exact.
        truth: The label. Where the lexicon does not know it, every rung above exact is undecided.
        lexicon: The packaged one if not given.

    Example:
        >>> match_names("plaque psoriasis", "psoriasis vulgaris")
        Match(exact=False, synonym=True, family=True, kinship=1.0)
        >>> match_names("eczema", "atopic dermatitis")
        Match(exact=False, synonym=False, family=True, kinship=0.5)
        >>> match_names("melanoma", "foobaritis")
        Match(exact=False, synonym=None, family=None, kinship=None)

    Reference:
        Wu & Palmer (1994), ACL, https://doi.org/10.3115/981732.981751, for kinship.
    """
    return _match(said, truth, lexicon or load_lexicon())


@lru_cache(maxsize=1 << 17)
def _match(said: str, truth: str, lexicon: Lexicon) -> Match:
    exact = exact_key(said) == exact_key(truth)
    true = known_diagnosis(truth, lexicon)
    if true is None:
        return Match(exact, None, None, None)
    if exact:
        return Match(exact=True, synonym=True, family=True, kinship=1.0)
    heard = diagnosis_said(said, lexicon)
    if heard is None:
        return Match(exact=False, synonym=False, family=False, kinship=0.0)
    is_same = heard.id == true.id
    is_kin = is_same or heard.family == true.family or is_form_of(heard, true, lexicon)
    return Match(exact=False, synonym=is_same, family=is_kin, kinship=lexicon.kinship(heard, true))
