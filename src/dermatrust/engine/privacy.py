"""The privacy gate: nothing of a dataset leaves this machine unless its card says it may."""

from collections.abc import Iterable

from dermatrust.clients import Client
from dermatrust.clients.open import leaves_machine
from dermatrust.errors import ModelError
from dermatrust.records import DatasetCard


def check_may_leave(card: DatasetCard, clients: Iterable[Client]) -> None:
    """Refuse, before the first byte, to send a dataset to a model that is not on this machine.

    Raises:
        ModelError: A client leaves this machine and the card does not say `may_leave_machine: true`.
    """
    for client in clients:
        if client.leaves_machine:
            _check(card, client.name)


def check_names_may_leave(card: DatasetCard, names: Iterable[str]) -> None:
    """Refuse the same from the models' names alone, before a key for them or a package is asked for.

    Raises:
        ModelError: As `check_may_leave`.
    """
    for name in names:
        if leaves_machine(name):
            _check(card, name)


def _check(card: DatasetCard, name: str) -> None:
    if not card.may_leave_machine:
        raise ModelError(
            name, f"is not on this machine, and the card of {card.name!r} does not let its cases leave it",
            "may_leave_machine: true in card.yaml", "Use a model served on this machine, or clear it with the data's "
            "owner and set it.",
        )  # fmt: skip
