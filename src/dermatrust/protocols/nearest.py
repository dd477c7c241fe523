"""Which solved examples are nearest to a question, by their words or by a small model of sentences."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from dermatrust.errors import ModelError
from dermatrust.protocols.item import Item
from dermatrust.protocols.shots import Choose, asked, others
from dermatrust.protocols.table import Floats

Similar = Callable[[str], Floats]
"""From a text to its similarity with each item of a pool, shape (items,)."""


def nearest_shots(pool: Sequence[Item], k: int, similar: Similar) -> Choose:
    """Return the choice of the k items nearest to a question, the nearest last; never the one that is asked.

    Of equally near ones, the first of the pool counts.
    """

    def choose(item: Item) -> Sequence[Item]:
        order = np.argsort(-similar(asked(item)), kind="stable")
        return others([pool[place] for place in order], item)[:k][::-1]

    return choose


def nearest_in(similar: Callable[[Sequence[Item]], Similar], k: int) -> Callable[[Sequence[Item]], Choose]:
    """Return what makes `nearest_shots` of a pool, for whoever has none yet.

    Args:
        similar: `by_words` or `by_sentences`.
        k: How many.
    """
    return lambda pool: nearest_shots(pool, k, similar(pool))


def by_words(pool: Sequence[Item]) -> Similar:
    """Return the cosine of TF-IDF vectors, whose terms are runs of 2 to 5 characters within words: in any language.

    Raises:
        ModelError: scikit-learn is not installed.
    """
    try:
        from sklearn.feature_extraction.text import TfidfVectorizer
    except ImportError:
        do = "Install it: pip install 'dermatrust[clinic]'"
        raise ModelError("--method", "needs scikit-learn, which is not installed", do=do) from None
    vectorizer = TfidfVectorizer(analyzer="char_wb", ngram_range=(2, 5), sublinear_tf=True)
    vectors: Any = vectorizer.fit_transform([asked(item) for item in pool])
    return lambda text: np.asarray((vectors @ vectorizer.transform([text]).T).toarray(), dtype=np.float64).ravel()


def by_sentences(pool: Sequence[Item]) -> Similar:
    """Return the cosine of MiniLM's vectors.

    Raises:
        ModelError: The package that carries the model is not installed.
    """
    from dermatrust.clinic.minilm import load_minilm

    model = load_minilm()
    vectors = model.vectors([asked(item) for item in pool]).astype(np.float64)
    return lambda text: vectors @ model.vectors([text])[0].astype(np.float64)
