"""Whether two names mean one disease, or a disease and a form of it."""

import re
from functools import lru_cache

from dermatrust.lexicon.concept import Diagnosis
from dermatrust.lexicon.lexicon import Lexicon

CLOSE_KIN = 0.5
"""From here on two diagnoses share most of their way down the family tree."""
_MISNAMED = frozenset(
    frozenset(pair)
    for pair in (
        ("acne", "rosacea"), ("acne", "hidradenitis-suppurativa"), ("acne", "acne-keloidalis-nuchae"),
        ("wart", "molluscum-contagiosum"), ("herpes-simplex", "herpes-zoster"),
        ("herpes-simplex", "herpes-zoster-ophthalmicus"), ("herpes-simplex", "ramsay-hunt-syndrome"),
        ("measles", "rubella"), ("primary-syphilis", "chancroid"), ("lichen-planus", "lichenoid-keratosis"),
        ("hemangioma", "pyogenic-granuloma"), ("ecthyma", "ecthyma-gangrenosum"), ("tinea", "tinea-versicolor"),
        ("vitiligo", "chemical-leukoderma"),
    )
)  # fmt: skip
"""Diseases of which one bears the other's name, as rosacea that of acne ("acne rosacea"), and is another disease."""
_WORD = re.compile(r"[^\W_]+")


def normalised(name: str) -> str:
    """Return a disease name in lower case, words only, so that unknown names can be compared.

    Example:
        >>> normalised("Foo-Bar's  disease ")
        'foo bar s disease'
    """
    return " ".join(_WORD.findall(name.lower()))


def is_form_of(a: Diagnosis, b: Diagnosis, lexicon: Lexicon) -> bool:
    """Whether one disease is the other or a form of it: close kin, and a name of one holds the words of the other.

    Kinship alone would not do: naevus and melanoma stand side by side in the tree. Nor does a name alone: rosacea is no
    acne.
    """
    if a.id == b.id:
        return True
    if lexicon.kinship(a, b) < CLOSE_KIN or {a.id, b.id} in _MISNAMED:
        return False
    return any(one <= other or other <= one for one in _names_in_words(a) for other in _names_in_words(b))


@lru_cache(maxsize=2048)
def _names_in_words(diagnosis: Diagnosis) -> tuple[frozenset[str], ...]:
    return tuple(frozenset(normalised(name).split()) for name in (diagnosis.name, *diagnosis.synonyms))
