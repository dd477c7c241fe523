"""Several plays of one item, and the answer that most of them come to."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from dermatrust.protocols.item import Item, Played
from dermatrust.protocols.protocol import Protocol
from dermatrust.protocols.scorers.usage import SPENT


def most_agreed(protocol: Protocol, item: Item, plays: Sequence[Played]) -> Played:
    """Return the first play of the commonest answer, with all replies as its draws and what all of them took.

    Plays without an answer do not vote. Where two answers are equally common, the one given first counts; where no play
    has one, the first play stands.
    """
    answers = [protocol.score(item, play).said for play in plays]
    votes = Counter(answer for answer in answers if answer)
    chosen = answers.index(votes.most_common(1)[0][0]) if votes else 0
    spent = {
        name: sum(play.numbers.get(name, 0.0) for play in plays) for name in SPENT if name in plays[chosen].numbers
    }
    numbers = {**plays[chosen].numbers, **spent}
    return replace(plays[chosen], draws=tuple(play.reply for play in plays), numbers=numbers)
