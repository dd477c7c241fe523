"""Checkpoints of a stage: written whole or not at all, so that a killed run goes on as if nothing had happened."""

import io
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import Tensor, nn

from dermatrust.errors import DataError
from dermatrust.store.atomic import write_bytes


@dataclass(slots=True)
class State:
    """Where a stage stands. Every step seeds its own chance, so this and the weights are all there is to keep.

    Attributes:
        step: Steps done.
        samples: Examples seen.
        seconds: Time trained.
        baseline: The EMA baseline of the rewards; NaN before the first.
        drawing_s: Time of these spent in drawing.
    """

    step: int = 0
    samples: int = 0
    seconds: float = 0.0
    baseline: float = field(default=float("nan"))
    drawing_s: float = 0.0


class Kept(Protocol):
    """What optimizers have that a checkpoint needs."""

    def state_dict(self) -> Any:
        """Return the moments."""
        ...

    def load_state_dict(self, kept: Any) -> None:
        """Take the moments back."""
        ...


def changing(module: nn.Module) -> dict[str, Tensor]:
    """Return what training changes, by name: trained weights and running statistics, nothing that is frozen."""
    frozen = {id(weight) for weight in module.parameters() if not weight.requires_grad}  # a tied one has two names
    return {name: weight for name, weight in module.state_dict(keep_vars=True).items() if id(weight) not in frozen}


def write_checkpoint(path: Path, module: nn.Module, optimizer: Kept, state: State, key: str) -> None:
    """Write what training changes, the optimizer and the state.

    Args:
        path: The file; what was there is replaced only when the new one is whole.
        module: Whose weights to keep.
        optimizer: Its moments.
        state: Where the stage stands.
        key: What the run is a function of; a checkpoint of another run is refused.

    Raises:
        DataError: The disk is full or the file cannot be written; what was there before is kept.
    """
    buffer = io.BytesIO()
    fields = {name: getattr(state, name) for name in State.__slots__}
    weights = {name: weight.detach().cpu() for name, weight in changing(module).items()}
    torch.save({"key": key, "state": fields, "weights": weights, "optimizer": optimizer.state_dict()}, buffer)
    write_bytes(path, buffer.getvalue())


def read_checkpoint(path: Path, module: nn.Module, optimizer: Kept, key: str) -> State:
    """Load a checkpoint into module and optimizer, and return where the stage stood.

    Returns:
        The state; a new one where there is no checkpoint.

    Raises:
        DataError: The file is damaged, or of another run.
    """
    if not path.exists():
        return State()
    try:
        kept: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
        its_key, found, moments, state = kept["key"], kept["weights"], kept["optimizer"], State(**kept["state"])
    except Exception as error:  # a damaged file raises whatever its pickle happens to hit
        do = "Delete it to begin the stage anew."
        raise DataError(str(path), f"cannot be read ({str(error)[:80]})", "a checkpoint", do) from None
    if its_key != key:
        do = "Choose another --out, or delete the folder to begin anew."
        raise DataError(str(path), "is of another run: recipe, data or version differ", do=do)
    weights = changing(module)
    if {name: weight.shape for name, weight in weights.items()} != {name: one.shape for name, one in found.items()}:
        raise DataError(str(path), "holds other weights than the model trains", "those of this recipe")
    with torch.no_grad():
        for name, weight in weights.items():
            weight.copy_(found[name])
    optimizer.load_state_dict(moments)
    return state
