"""Trains the embedded narrators on the synthetic atlas and writes their ONNX files and figures.

    python -m dermatrust.train.narrator              all three, as packaged
    python -m dermatrust.train.narrator --only weak  one of them

Their skill differs because their eyes differ: size of the picture, width of the network, cases and epochs of training.
No text is corrupted. Needs the extra `train` (torch, onnx).
"""

import json
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

import click
import numpy as np
import PIL.Image
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from dermatrust.atlas import draw_facts
from dermatrust.atlas.perception import FEATURES_HEAD, Heads
from dermatrust.atlas.render import render
from dermatrust.clients.nano import WEIGHTS, scaled, shrunk
from dermatrust.store.pool import in_order
from dermatrust.train.onnx_file import write_onnx

TRAIN_SEED = 11
"""Seed of the atlas the narrators learn from; the demo and the tests draw from others."""
BLANK_SHARE = 0.03
"""Share of training pictures blanked to grey, so that a network shown nothing answers with the prior."""
GREY = 128

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Recipe:
    """How one narrator is made.

    Attributes:
        name: Its name after "narrator-".
        side_px: Side of the square picture it looks at.
        width: Channels of the first layer; each later layer has up to four times as many.
        n_cases: Cases it learns from.
        n_epochs: Passes over their photographs.
        learning_rate: Peak of a one-cycle schedule.
        batch: Photographs per step.
    """

    name: str
    side_px: int
    width: int
    n_cases: int
    n_epochs: int
    learning_rate: float = 3e-3
    batch: int = 64


RECIPES = (
    Recipe("strong", side_px=64, width=32, n_cases=10_000, n_epochs=8),
    Recipe("middling", side_px=32, width=24, n_cases=4_000, n_epochs=4),
    Recipe("weak", side_px=16, width=12, n_cases=1_200, n_epochs=3),
)


def build_network(recipe: Recipe, n_outputs: int) -> nn.Sequential:
    """Return an untrained network: strided 3 x 3 convolutions down to at most 6 x 6 pixels, then two dense layers.

    Args:
        recipe: Its size.
        n_outputs: Number of outputs.

    Returns:
        A network from pixels (n, 3, side, side) in -1 to 1 to logits (n, n_outputs).
    """
    layers: list[nn.Module] = []
    channels, side, width = 3, recipe.side_px, recipe.width
    while side > 6:
        layers += [nn.Conv2d(channels, width, 3, stride=2, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
        channels, side, width = width, (side + 1) // 2, min(2 * width, 4 * recipe.width)
    layers += [nn.Conv2d(channels, width, 3, padding=1, bias=False), nn.BatchNorm2d(width), nn.ReLU()]
    hidden = 8 * recipe.width
    layers += [nn.Flatten(), nn.Dropout(0.2), nn.Linear(width * side * side, hidden), nn.ReLU()]
    return nn.Sequential(*layers, nn.Dropout(0.2), nn.Linear(hidden, n_outputs))


def loss_of(logits: Tensor, targets: Tensor, heads: Heads) -> Tensor:
    """Return the mean loss over heads: cross-entropy for one value of many, binary cross-entropy for the features.

    Args:
        logits: Shape (n, n_outputs).
        targets: Same shape, 1 where a value holds.
        heads: What the outputs are about.

    Returns:
        A scalar, nats.
    """
    losses = []
    for name, place in heads.slices().items():
        part, truth = logits[:, place], targets[:, place]
        if name == FEATURES_HEAD:
            losses.append(nn.functional.binary_cross_entropy_with_logits(part, truth))
        else:
            losses.append(nn.functional.cross_entropy(part, truth))
    return torch.stack(losses).mean()


def draw_examples(seed: int, split: str, n_cases: int, side_px: int, *, workers: int = 2) -> tuple[Any, Floats, Any]:
    """Draw cases and shrink their photographs.

    Returns:
        Pictures, uint8, shape (n, side_px, side_px, 3); targets, shape (n, n_outputs); number of the case each
        picture shows, shape (n,).
    """
    chunks = [range(start, min(start + 100, n_cases)) for start in range(0, n_cases, 100)]
    parts = in_order(partial(_examples, seed, split, side_px), chunks, workers=workers)
    pictures, targets, numbers = zip(*parts, strict=True)
    return np.concatenate(pictures), np.concatenate(targets), np.concatenate(numbers)


def _examples(seed: int, split: str, side_px: int, numbers: range) -> tuple[Any, Floats, Any]:
    heads = Heads.of_atlas()
    pictures, targets, whose = [], [], []
    for number in numbers:
        facts = draw_facts(seed, split, number)
        target = heads.targets(facts)
        for view in facts.views:
            pictures.append(shrunk(PIL.Image.fromarray(render(facts, view)), side_px))
            targets.append(target)
            whose.append(number)
    return np.stack(pictures), np.stack(targets), np.array(whose)


def train(recipe: Recipe, pictures: NDArray[np.uint8], targets: Floats, *, seed: int = 0) -> nn.Sequential:
    """Return a trained network, ready to be asked.

    Args:
        recipe: How to train.
        pictures: Shape (n, side, side, 3).
        targets: Shape (n, n_outputs).
        seed: Of weights, order, blanks and mirroring.
    """
    torch.manual_seed(seed)
    rng = np.random.default_rng(seed)
    heads = Heads.of_atlas()
    network = build_network(recipe, heads.n_outputs)
    optimizer = torch.optim.AdamW(network.parameters(), lr=recipe.learning_rate, weight_decay=0.01)
    steps = recipe.n_epochs * -(-len(pictures) // recipe.batch)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, recipe.learning_rate, total_steps=steps, pct_start=0.2)
    for epoch in range(recipe.n_epochs):
        started, total = time.perf_counter(), 0.0
        for chosen in _batches(len(pictures), recipe.batch, rng):
            inputs = torch.from_numpy(scaled(varied(pictures[chosen], rng)))
            loss = loss_of(network(inputs), torch.from_numpy(targets[chosen]), heads)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
            total += float(loss.detach()) * len(chosen)
        click.echo(
            f"{recipe.name} epoch {epoch + 1}: loss {total / len(pictures):.4f}, {time.perf_counter() - started:.0f} s",
            err=True,
        )
    return network.eval()


def _batches(n: int, size: int, rng: np.random.Generator) -> Iterator[NDArray[np.int64]]:
    order = rng.permutation(n)
    yield from (order[start : start + size] for start in range(0, n, size))


def varied(pictures: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """Mirror half of the pictures, and blank a few; no finding of the atlas says left or right."""
    varied = pictures.copy()
    mirrored = rng.random(len(pictures)) < 0.5
    varied[mirrored] = varied[mirrored, :, ::-1]
    varied[rng.random(len(pictures)) < BLANK_SHARE] = GREY
    return varied


@click.command()
@click.option("--only", type=click.Choice([recipe.name for recipe in RECIPES]), help="Train one narrator.")
@click.option("--out", type=click.Path(path_type=Path), default=WEIGHTS, help="Folder of the ONNX files.")
def main(only: str | None, out: Path) -> None:
    """Train the narrators and write `narrator-NAME.onnx` into the folder."""
    torch.set_num_threads(2)
    torch.use_deterministic_algorithms(True)
    for recipe in RECIPES:
        if only in (None, recipe.name):
            pictures, targets, _ = draw_examples(TRAIN_SEED, "train", recipe.n_cases, recipe.side_px)
            click.echo(f"{recipe.name}: {len(pictures)} photographs", err=True)
            network = train(recipe, pictures, targets)
            path = out / f"narrator-{recipe.name}.onnx"
            stored = {"heads": json.dumps(Heads.of_atlas().as_json()), "side_px": str(recipe.side_px)}
            write_onnx(path, network, recipe.side_px, stored | {"recipe": json.dumps(asdict(recipe))})
            sys.stdout.write(f"{path}\n")


if __name__ == "__main__":
    main()
