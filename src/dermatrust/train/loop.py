"""The loop all stages share: batches of like length, a schedule, checkpoints, curves, and a stop at a bad loss."""

import math
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np
import torch
from accelerate import Accelerator
from accelerate.utils import gather_object
from numpy.typing import NDArray
from torch import nn

from dermatrust.engine.bar import progress_bar
from dermatrust.errors import DataError
from dermatrust.train.checkpoint import State, read_checkpoint, write_checkpoint
from dermatrust.train.curves import curves
from dermatrust.train.examples import batches
from dermatrust.train.objectives import Outcome
from dermatrust.train.recipe import StageRecipe

Step = Callable[[nn.Module, Sequence[int], State, torch.Generator], Outcome]
"""From the model, the numbers of the examples, the state and a source of chance to a loss."""


def learning_rate(step: int, n_steps: int, peak: float, warmup: float, schedule: str = "cosine") -> float:
    """Return the rate of a step: a straight rise to the peak, then half a cosine, or a trapezoid's other side, to 0.

    A trapezoid (Hägele et al. 2024, https://arxiv.org/abs/2405.18392) stays at the peak for half of the steps.

    Example:
        >>> [round(learning_rate(step, 10, 1.0, 0.2), 3) for step in (0, 1, 2, 6, 10)]
        [0.5, 1.0, 1.0, 0.5, 0.0]
        >>> [round(learning_rate(step, 10, 1.0, 0.2, "trapezoid"), 3) for step in (0, 1, 5, 6, 10)]
        [0.5, 1.0, 1.0, 0.8, 0.0]
    """
    rising = math.ceil(n_steps * warmup)
    if step < rising:
        return peak * (step + 1) / rising
    if schedule == "trapezoid":
        return peak * min(1.0, 2 * (n_steps - step) / n_steps)
    return peak * 0.5 * (1 + math.cos(math.pi * (step - rising) / max(1, n_steps - rising)))


def run_stage(
    module: nn.Module, recipe: StageRecipe, lengths: Sequence[int], step_of: Step, folder: Path, *, name: str, key: str,
    seed: int, accelerator: Accelerator, untils: Sequence[float] = (), is_quiet: bool = False,
) -> State:  # fmt: skip
    """Train a module to the end of a stage, going on where an earlier run of it was stopped.

    Args:
        module: Trained in place; frozen weights stay as they are.
        recipe: Epochs, batch, rates.
        lengths: Length of each example, for batches of like length.
        step_of: The loss of a batch.
        folder: Where the checkpoint and the curves are kept.
        name: Of the stage.
        key: What the run is a function of; a checkpoint of another is refused.
        seed: Of order, dropout and draws.
        accelerator: Where and in how many processes.
        untils: For each example the share of the steps after which it is no longer used; all are, where none is given.
        is_quiet: No progress bar.

    Raises:
        DataError: The loss is no number (the last checkpoint is kept), a checkpoint is of another run, or the disk is
            full.
    """
    optimizer = Optimizers(module, recipe)
    path = folder / f"{name}.pt"
    state = read_checkpoint(path, module, optimizer, key)
    model = accelerator.prepare(module)
    plan = batch_plan(lengths, recipe, seed, untils)
    is_silent = is_quiet or not accelerator.is_main_process
    bar = progress_bar(total=len(plan), initial=state.step, desc=name, unit="step", is_quiet=is_silent)
    with curves(folder / "curves" / name, accelerator.is_main_process) as draw_curve, bar:
        while state.step < len(plan) and not (recipe.seconds and state.seconds >= recipe.seconds):
            started = perf_counter()
            chosen = plan[state.step]
            figures = _step(model, optimizer, recipe, chosen, step_of, state, accelerator, seed, len(plan))
            state.step, state.samples = state.step + 1, state.samples + len(chosen)
            passed = perf_counter() - started
            state.seconds += _agreed(accelerator, passed) if recipe.seconds else passed
            draw_curve(figures, state)
            bar.update()
            is_due = state.step % recipe.keep_every == 0 or state.step == len(plan)
            if not math.isfinite(figures["loss"]):
                raise _not_a_number(name, state, path)
            if is_due and accelerator.is_main_process:
                write_checkpoint(path, module, optimizer, state, key)
    module.eval()
    return state


def batch_plan(lengths: Sequence[int], recipe: StageRecipe, seed: int, untils: Sequence[float] = ()) -> list[list[int]]:
    """Return the examples of every step of a stage: whole epochs in orders of their own, the last cut short.

    Where examples differ in how long they are used, the stage falls into phases, each with epochs over what is left.
    """
    size = recipe.batch * recipe.accumulate
    n_steps = max(1, math.ceil(recipe.epochs * len(lengths) / size))
    untils = untils or [1.0] * len(lengths)
    plan: list[list[int]] = []
    epoch = 0
    for end in sorted(set(untils)):
        left = [k for k, until in enumerate(untils) if until >= end]
        stop = round(end * n_steps)
        while len(plan) < stop:
            near = batches([lengths[k] for k in left], size, np.random.default_rng([seed, epoch]))
            plan += [[left[k] for k in one] for one in near]
            epoch += 1
        del plan[stop:]
    return plan


class Optimizers:
    """AdamW, and Muon for the matrices of the layers where the recipe asks for it.

    Args:
        module: Its weights that are not frozen are trained.
        recipe: Rates and decay.
    """

    def __init__(self, module: nn.Module, recipe: StageRecipe) -> None:
        named = [(name, weight) for name, weight in module.named_parameters() if weight.requires_grad]
        matrices = [w for name, w in named if recipe.matrix_rate and ".layers." in name and w.ndim == 2]
        chosen = {id(weight) for weight in matrices}
        rest = [weight for _, weight in named if id(weight) not in chosen]
        decay = recipe.weight_decay
        adamw = torch.optim.AdamW(rest, lr=recipe.learning_rate, weight_decay=decay, betas=(0.9, 0.98))
        self._all: list[tuple[torch.optim.Optimizer, float]] = [(adamw, recipe.learning_rate)]
        if recipe.matrix_rate and matrices:
            muon = torch.optim.Muon(
                matrices, lr=recipe.matrix_rate, weight_decay=decay, momentum=recipe.matrix_momentum
            )
            self._all.append((muon, recipe.matrix_rate))

    def step(self, share: float) -> None:
        """Take a step with a share of each peak rate."""
        for optimizer, peak in self._all:
            for group in optimizer.param_groups:
                group["lr"] = share * peak
            optimizer.step()

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for optimizer, _ in self._all:
            optimizer.zero_grad()

    def state_dict(self) -> list[dict[str, Any]]:
        """Return the moments of each optimizer."""
        return [optimizer.state_dict() for optimizer, _ in self._all]

    def load_state_dict(self, kept: Sequence[dict[str, Any]]) -> None:
        """Take the moments that `state_dict` returned."""
        for (optimizer, _), one in zip(self._all, kept, strict=True):
            optimizer.load_state_dict(one)


def _step(
    model: nn.Module, optimizer: Optimizers, recipe: StageRecipe, chosen: Sequence[int], step_of: Step, state: State,
    accelerator: Accelerator, seed: int, n_steps: int,
) -> dict[str, float]:  # fmt: skip
    """Take one step; every step seeds itself, so a resumed run equals one that was never stopped."""
    of_step = int(np.random.SeedSequence([seed, state.step, accelerator.process_index]).generate_state(1)[0])
    torch.manual_seed(of_step)
    generator = torch.Generator(accelerator.device).manual_seed(of_step)
    model.train()
    own = list(chosen)[accelerator.process_index :: accelerator.num_processes] or list(chosen)[:1]
    micro = [own[k : k + recipe.batch] for k in range(0, len(own), recipe.batch)]
    figures: dict[str, float] = {}
    for k, part in enumerate(micro):
        last = k + 1 == len(micro)
        with nullcontext() if last else accelerator.no_sync(model), accelerator.autocast():
            outcome = step_of(model, part, state, generator)
        accelerator.backward(outcome.loss / len(micro))
        for name, value in outcome.figures.items():
            figures[name] = figures.get(name, 0.0) + value / len(micro)
    length = accelerator.clip_grad_norm_(model.parameters(), recipe.clip)
    figures["gradient"] = float(length) if length is not None else math.nan
    if math.isfinite(figures["loss"]) and math.isfinite(figures["gradient"]):
        by_time = int(n_steps * state.seconds / recipe.seconds) if recipe.seconds else 0
        optimizer.step(learning_rate(max(state.step, by_time), n_steps, 1.0, recipe.warmup, recipe.schedule))
    else:
        figures["loss"] = math.nan
    optimizer.zero_grad()
    return figures


def _agreed(accelerator: Accelerator, own: float) -> float:
    """Return the mean of what the processes measured: each must end a stage at the same step."""
    return float(gathered(accelerator, np.array([own])).mean())


def gathered(accelerator: Accelerator, own: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the numbers of all processes, in the order of the processes; each may have another count of them."""
    if accelerator.num_processes == 1:
        return own
    return np.concatenate(gather_object([own]))


def _not_a_number(name: str, state: State, path: Path) -> DataError:
    kept = f"The last checkpoint, {path}, is kept. " if path.exists() else ""
    do = f"{kept}Lower the learning rate or use precision: float32."
    return DataError(f"{name}, step {state.step}", "the loss or its gradient is not a finite number", do=do)
