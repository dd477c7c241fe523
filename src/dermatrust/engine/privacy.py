"""The privacy gate: nothing of a dataset leaves this machine unless its card says it may."""

from collections.abc import Iterable, Iterator
from itertools import chain

from dermatrust.clients import Client
from dermatrust.clients.open import leaves_machine
from dermatrust.datasets.identifiers import suspicions
from dermatrust.datasets.image_reviews import open_images
from dermatrust.errors import ModelError
from dermatrust.store.folder import DatasetFolder


def check_may_leave(dataset: DatasetFolder, clients: Iterable[Client]) -> None:
    """Refuse, before the first byte, to send a dataset to a model that is not on this machine.

    Raises:
        ModelError: A client leaves this machine and the card does not say `may_leave_machine: true`; or a photograph
            was flagged and nobody cleared it; or a text holds what looks like an identifier, and the card does not say
            `identifiers_reviewed: true`.
    """
    _check(dataset, [client.name for client in clients if client.leaves_machine])


def check_names_may_leave(dataset: DatasetFolder, names: Iterable[str]) -> None:
    """Refuse the same from the models' names alone, before a key for them or a package is asked for.

    Raises:
        ModelError: As `check_may_leave`.
    """
    _check(dataset, [name for name in names if leaves_machine(name)])


def _check(dataset: DatasetFolder, names: list[str]) -> None:
    if not names:
        return
    card = dataset.card
    if not card.may_leave_machine:
        raise ModelError(
            names[0], f"is not on this machine, and the card of {card.name!r} does not let its cases leave it",
            "may_leave_machine: true in card.yaml", "Use a model served on this machine, or clear it with the data's "
            "owner and set it.",
        )  # fmt: skip
    if card.synthetic:
        return
    for image, why in open_images(dataset):
        raise ModelError(
            names[0], f"is not on this machine, and {image} {why}", "photographs that identify nobody",
            "`dermatrust data look` lists all such photographs. Look at them; then sign off those that identify nobody "
            "with --clear, and take the others out of their cases.",
        )  # fmt: skip
    if card.identifiers_reviewed:
        return
    for where, suspicion in _suspicions(dataset):
        raise ModelError(
            names[0], f"is not on this machine, and of {where} {suspicion}", "texts that identify nobody",
            "`dermatrust data check` lists all such places. Remove what identifies somebody; then set "
            "identifiers_reviewed: true in card.yaml.",
        )  # fmt: skip


def _suspicions(dataset: DatasetFolder) -> Iterator[tuple[str, str]]:
    """Yield what looks like an identifier in any text that a model could be sent."""
    for case in dataset.iter_cases():
        yield from ((f"case {case.id!r}", suspicion) for suspicion in suspicions(case))
    for narrative in chain(dataset.iter_references(), dataset.iter_narratives()):
        yield from ((f"narrative {narrative.id!r}", suspicion) for suspicion in suspicions(narrative))
