"""A judge of rubrics that goes by words, and what it finds perfect: for tests and tutorials, never for a result."""

import re
from collections.abc import Sequence

from dermatrust.clients.fence import unfenced
from dermatrust.protocols.item import Item, Turn, filled
from dermatrust.protocols.protocol import StandIn
from dermatrust.protocols.scorers.rubric import MET, UNMET

_POINTS = re.compile(r"^\[-?[\d.e+]+\] ")


def gold_of_rubric(item: Item) -> str:
    """Return a reply that, to such a judge, meets every criterion with points above 0, of the item's `criteria`.

    Example:
        >>> from dermatrust.protocols.scorers.rubric import Criterion
        >>> criteria = Criterion("names it", 5), Criterion("frightens", -4)
        >>> gold_of_rubric(Item(id="1", question="What is it?", target="", known={"criteria": criteria}))
        'names it'
    """
    return "\n".join(criterion.text for criterion in item.known["criteria"] if criterion.points > 0)


def judge_by_words(form: str, *, reply: str) -> StandIn:
    r"""Return a judge that finds a criterion met where a reply holds its words, after its points if they are shown.

    Args:
        form: What it says, with "true" or "false" at `{met}`.
        reply: The name under which the prompt quotes the reply; the criterion is quoted as "CRITERION".

    Example:
        >>> from dermatrust.protocols.item import user
        >>> from dermatrust.protocols.scorers.judge import quote
        >>> judge = judge_by_words('{"met": {met}}', reply="REPLY")
        >>> asked = quote("REPLY", "It names it.") + "\n" + quote("CRITERION", "[5] names it")
        >>> judge(Item(id="1", question="What is it?", target=""), [user(asked)])
        '{"met": true}'
    """

    def judge(item: Item, turns: Sequence[Turn]) -> str:
        asked = turns[-1].text
        criterion = _POINTS.sub("", unfenced(asked, "CRITERION") or "", count=1)
        return filled(form, {"met": MET if criterion in (unfenced(asked, reply) or "") else UNMET})

    return judge
