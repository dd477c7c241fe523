"""Few-shot: the same solved examples, drawn by a seed from a pool, before every question.

Reference: Brown et al. (2020), https://arxiv.org/abs/2005.14165.
"""

from dermatrust.protocols.methods.find import Settings
from dermatrust.protocols.protocol import Protocol
from dermatrust.protocols.shots import drawn_shots, pool_of, with_shots

SHOTS = 5


def few_shot(protocol: Protocol, settings: Settings) -> Protocol:
    """Return the protocol with solved examples before each question; never the question itself.

    Raises:
        DataError: There is no pool.
    """
    pool = pool_of(protocol.name, settings.pool, "few-shot")
    return with_shots(protocol, drawn_shots(pool, settings.k or SHOTS, settings.seed))


METHOD = few_shot
