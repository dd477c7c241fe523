"""kNN few-shot: the solved examples whose words are nearest to each question's, the nearest last.

Reference: Liu et al. (2022), https://doi.org/10.18653/v1/2022.deelio-1.10; in medicine Nori et al. (2023),
https://arxiv.org/abs/2311.16452.
"""

from dermatrust.protocols.methods.find import Settings
from dermatrust.protocols.nearest import by_words, nearest_shots
from dermatrust.protocols.protocol import Protocol
from dermatrust.protocols.shots import pool_of, with_shots

SHOTS = 5


def knn_few_shot(protocol: Protocol, settings: Settings) -> Protocol:
    """Return the protocol with the nearest solved examples before each question; never the question itself.

    Raises:
        DataError: There is no pool.
        ModelError: scikit-learn is not installed.
    """
    pool = pool_of(protocol.name, settings.pool, "knn-few-shot")
    return with_shots(protocol, nearest_shots(pool, settings.k or SHOTS, by_words(pool)))


METHOD = knn_few_shot
