"""Several plays of one item, and the answer that most of them come to."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from dermatrust.protocols.item import Item, Played
from dermatrust.protocols.protocol import Protocol


def most_agreed(protocol: Protocol, item: Item, plays: Sequence[Played]) -> Played:
    """Return the first play of the commonest answer, with all replies as its draws.

    Plays without an answer do not vote. Where two answers are equally common, the one given first counts; where no play
    has one, the first play stands.
    """
    answers = [protocol.score(item, play).said for play in plays]
    votes = Counter(answer for answer in answers if answer)
    chosen = answers.index(votes.most_common(1)[0][0]) if votes else 0
    return replace(plays[chosen], draws=tuple(play.reply for play in plays))
