"""A rung that needs no lexicon: how alike two names are to all-MiniLM-L6-v2, by cosine and by BERTScore."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from dermatrust.clinic.differential import CUTS
from dermatrust.clinic.ladder import known_diagnosis
from dermatrust.clinic.minilm import Matrix, MiniLM, load_minilm
from dermatrust.lexicon import Lexicon, load_lexicon

THRESHOLD = 0.8
"""Cosine from which two names count as one disease: ours. Of the lexicon's 2,131 names it finds 48 % again by the other
names of their disease, and it takes 0.016 % of the pairs of diseases that are no kin for one (10 % of the diseases
have at least one such neighbour, as "psoriasis" has "parapsoriasis"); at 0.7 it is 62 %, 0.15 % and 40 %."""


class BertScore(NamedTuple):
    """How well the tokens of two texts find each other, each from -1 to 1."""

    precision: float
    recall: float
    f1: float


@dataclass(frozen=True, slots=True)
class EmbeddingScore:
    """How near a differential comes to a truth.

    Attributes:
        rank: 1-based rank of the first diagnosis whose cosine reaches the threshold, 0 where none does.
        cosines: For each of `CUTS`, the greatest cosine among so many first diagnoses; 0 where nothing was said.
        f1: The same for the F1 of BERTScore with the truth's preferred name.
    """

    rank: int
    cosines: tuple[float, ...]
    f1: tuple[float, ...]


def bert_score(candidate: Matrix, reference: Matrix) -> BertScore:
    """Return precision, recall and F1 of greedy token matching, without weights by rarity and without rescaling.

    Each token of the candidate is matched with the most similar one of the reference, by cosine, and their mean is the
    precision; recall is the other way round; F1 is their harmonic mean, 0 where their sum is not positive.

    Made from another model's tokens than the paper's (RoBERTa-large, layer 17): these numbers are not comparable with
    those of any paper, only with each other.

    Args:
        candidate: Unit vectors of its tokens, shape (tokens, width).
        reference: Likewise.

    Example:
        >>> import numpy as np
        >>> a, b = np.eye(2, dtype=np.float32), np.array([[1, 0]], np.float32)
        >>> bert_score(a, b)
        BertScore(precision=0.5, recall=1.0, f1=0.6666666666666666)

    Reference:
        Zhang et al. (2020), section 3, https://arxiv.org/abs/1904.09675.
    """
    if not len(candidate) or not len(reference):
        return BertScore(0.0, 0.0, 0.0)
    similar = candidate @ reference.T
    precision, recall = float(similar.max(axis=1).mean()), float(similar.max(axis=0).mean())
    total = precision + recall
    return BertScore(precision, recall, 2 * precision * recall / total if total > 0 else 0.0)


class EmbeddingRung:
    """Scores differentials by embeddings; every distinct name is embedded once.

    Args:
        threshold: Cosine from which a diagnosis is a hit.
        model: all-MiniLM-L6-v2 if not given.
        lexicon: The packaged one if not given: a truth it knows is compared under each of its names, and the nearest
            counts, so that what is a synonym by its tables is a hit here too.

    Raises:
        ModelError: The extra `embedding` is not installed.
        ValueError: The threshold is no cosine.
    """

    def __init__(
        self, *, threshold: float = THRESHOLD, model: MiniLM | None = None, lexicon: Lexicon | None = None
    ) -> None:
        if not -1 <= threshold <= 1:
            raise ValueError(f"threshold is {threshold}; expected a cosine from -1 to 1")
        self.threshold = threshold
        self._model = model or load_minilm()
        self._lexicon = lexicon or load_lexicon()
        self._vectors: dict[str, Matrix] = {}
        self._tokens: dict[str, Matrix] = {}
        self._pairs: dict[tuple[str, str], tuple[float, float]] = {}

    def learn(self, names: Iterable[str]) -> None:
        """Embed many names together, which is faster than one by one."""
        new = [name for name in dict.fromkeys(names) if name not in self._vectors]
        if new:
            self._vectors |= zip(new, self._model.vectors(new), strict=True)
            self._tokens |= zip(new, self._model.tokens(new), strict=True)

    def score(self, said: Sequence[str], truth: str) -> EmbeddingScore:
        """Return how near what was said comes to the truth."""
        pairs = [self._pair(name, truth) for name in said]
        hits = [cosine >= self.threshold for cosine, _ in pairs]
        return EmbeddingScore(
            rank=hits.index(True) + 1 if True in hits else 0,
            cosines=tuple(max((cosine for cosine, _ in pairs[:k]), default=0.0) for k in CUTS),
            f1=tuple(max((f1 for _, f1 in pairs[:k]), default=0.0) for k in CUTS),
        )

    def names_of(self, truth: str) -> tuple[str, ...]:
        """Return the names a truth is compared under, the preferred one first.

        Case makes no difference to the model, so each is given in lower case.
        """
        known = known_diagnosis(truth, self._lexicon)
        names = (known.name, *known.synonyms, truth) if known else (truth,)
        return tuple(dict.fromkeys(name.lower() for name in names))

    def _pair(self, said: str, truth: str) -> tuple[float, float]:
        pair = said.lower(), truth
        found = self._pairs.get(pair)
        if found is None:
            names = self.names_of(truth)
            self.learn((pair[0], *names))
            cosine = max(float(self._vectors[pair[0]] @ self._vectors[name]) for name in names)
            f1 = bert_score(self._tokens[pair[0]], self._tokens[names[0]]).f1
            found = self._pairs[pair] = (cosine, f1)
        return found
