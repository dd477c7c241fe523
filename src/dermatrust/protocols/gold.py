"""What a perfect model would say, where that is the target in some form."""

from collections.abc import Callable

from dermatrust.protocols.item import Item, filled


def gold_in(form: str) -> Callable[[Item], str]:
    """Return what gives the gold reply of an item: a form with the target, as text, at its `{target}`.

    Example:
        >>> gold_in('{"answer": "{target}"}')(Item(id="1", question="Which?", target="B"))
        '{"answer": "B"}'
    """

    def gold_reply(item: Item) -> str:
        return filled(form, {"target": str(item.target)})

    return gold_reply
