"""Step 0: the vision tower learns to tell the findings of the synthetic atlas apart, before it is frozen."""

from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from dermatrust.atlas.perception import DIAGNOSIS_HEAD, Heads
from dermatrust.clients.nano import scaled
from dermatrust.datasets.atlas_truth import read_truth
from dermatrust.evaluator.tower import AtlasTower
from dermatrust.train.checkpoint import State
from dermatrust.train.loop import Step
from dermatrust.train.narrator import loss_of
from dermatrust.train.objectives import Outcome

Floats = NDArray[np.float32]
SHIFT = 56
"""Pictures are shifted by up to one such part of their side."""


class TowerTask(nn.Module):
    """A tower with one dense layer per finding on the finding's own token; only the tower is kept.

    Args:
        tower: To be trained.
        heads: What is to be told.
    """

    def __init__(self, tower: AtlasTower, heads: Heads) -> None:
        super().__init__()
        self.tower = tower
        self.readers = nn.ModuleList(
            [nn.Linear(tower.config.hidden_size, len(values)) for values in heads.values.values()]
        )

    def forward(self, pictures: Tensor) -> Tensor:
        """Return logits, shape (n, n_outputs), of pictures, shape (n, 3, side, side)."""
        tokens = self.tower(pictures).last_hidden_state
        logits = [reader(tokens[:, k]) for k, reader in enumerate(self.readers)]
        return torch.cat(logits, dim=1).float()


def tower_step(pictures: Callable[[], NDArray[np.uint8]], targets: Floats) -> Step:
    """Return the loss of step 0 on a batch of photographs, moved by chance.

    Args:
        pictures: Gives them, shape (n, side, side, 3); not called where nothing is left to train.
        targets: Shape (n, n_outputs), 1 where a value holds.
    """
    heads = Heads.of_atlas()

    def step(model: nn.Module, chosen: Sequence[int], state: State, generator: torch.Generator) -> Outcome:
        rng = np.random.default_rng(generator.initial_seed())
        device = next(model.parameters()).device
        inputs = torch.from_numpy(scaled(moved(pictures()[list(chosen)], rng))).to(device)
        loss = loss_of(model(inputs), torch.from_numpy(targets[list(chosen)]).to(device), heads)
        return Outcome(loss, {"loss": float(loss.detach())})

    return step


def moved(pictures: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Mirror half of the pictures and shift each by a few pixels; no finding of the atlas says left or right.

    Args:
        pictures: Shape (n, side, side, 3); what is shifted out comes back on the other side.
        rng: Decides.
    """
    far = pictures.shape[1] // SHIFT
    found = pictures.copy()
    for picture, (down, right), is_mirrored in zip(
        found, rng.integers(-far, far + 1, (len(pictures), 2)), rng.random(len(pictures)) < 0.5, strict=True
    ):
        picture[:] = np.roll(picture[:, ::-1] if is_mirrored else picture, (down, right), axis=(0, 1))
    return found


def read_targets(folder: Path, heads: Heads) -> dict[Path, Floats]:
    """Return what each photograph of a drawn dataset shows, shape (n_outputs,), 1 where a value holds.

    Raises:
        DataError: The folder has no truth.
    """
    found: dict[Path, Floats] = {}
    for truth in read_truth(folder):
        told: dict[str, tuple[str, ...]] = {str(name): values for name, values in truth.findings.items()}
        told[DIAGNOSIS_HEAD] = (truth.diagnosis,)
        target = np.concatenate([np.isin(v, told[head]).astype(np.float32) for head, v in heads.values.items()])
        for image in truth.images:
            found[folder / image.file_name] = target
    return found
