"""Which diagnoses a name that the lexicon does not know might have meant."""

import difflib
from functools import lru_cache

from dermatrust.lexicon.lexicon import Lexicon, load_lexicon
from dermatrust.lexicon.names import name_key


def nearest_diagnoses(name: str, *, n: int = 3, lexicon: Lexicon | None = None) -> tuple[str, ...]:
    """Return the preferred names of at most `n` diagnoses with a name or synonym spelt most like this one.

    They are for a reader to choose from: being spelt alike says nothing about being alike.

    Example:
        >>> nearest_diagnoses("condyloma accuminatum")[0], nearest_diagnoses("qwertz")
        ('genital wart', ())
    """
    lexicon = lexicon or load_lexicon()
    names = _spellings(lexicon)
    near = difflib.get_close_matches(" ".join(name_key(name)), names, n=4 * n, cutoff=0.7)
    found = dict.fromkeys(names[spelling] for spelling in near)
    return tuple(lexicon.diagnoses[diagnosis].name for diagnosis in list(found)[:n])


@lru_cache(maxsize=8)
def _spellings(lexicon: Lexicon) -> dict[str, str]:
    """Return every name and synonym in its plain spelling, and the id of its diagnosis."""
    return {
        " ".join(name_key(name)): diagnosis.id
        for diagnosis in lexicon.diagnoses.values()
        for name in (diagnosis.name, *diagnosis.synonyms)
    }
