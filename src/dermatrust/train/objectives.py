"""What one step of each stage minimises: from rows and their evaluations to a loss, readable beside the paper.

    stage 1   the text: token cross-entropy on the evaluation, the prompt masked
    stage 2   0.5 x objective + 1.0 x the text (arXiv 2511.09195, SOREB, and what may stand in its place)

The mathematics is in `losses`, `rewards` and `advantages`; here it meets the model.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from time import perf_counter

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from dermatrust.evaluator.drawing import draw
from dermatrust.evaluator.form import Evaluation, Order, read_evaluation
from dermatrust.evaluator.policy import Batch, Policy, Row, batch_of
from dermatrust.evaluator.script import NOT_LEARNT, Answer, Script
from dermatrust.records import DIMENSIONS
from dermatrust.train.advantages import against_ema, group_relative, leave_one_out
from dermatrust.train.checkpoint import State
from dermatrust.train.losses import (
    expected_score_loss,
    level_chances,
    masked_cross_entropy,
    mean_log_probability,
    ordinal_loss,
    policy_gradient,
)  # fmt: skip
from dermatrust.train.recipe import DRAWING, Stage2Recipe
from dermatrust.train.rewards import rewards

Floats = NDArray[np.float64]
Gather = Callable[[Floats], Floats]
"""Brings the rewards of all processes together, in the order of the processes."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one step gives.

    Attributes:
        loss: To be minimised, a scalar.
        figures: For the curves.
    """

    loss: Tensor
    figures: Mapping[str, float] = field(default_factory=dict)


def text_loss(model: nn.Module, policy: Policy, rows: Sequence[Row], wanted: Sequence[Evaluation],
              orders: Sequence[Order]) -> Outcome:  # fmt: skip
    """Return stage 1's loss: the mean cross-entropy of the learnt tokens of each order, summed over the orders.

    Args:
        model: What is called: the policy, or what an accelerator made of it.
        policy: The policy itself.
        rows: Prompts with features.
        wanted: The evaluation of each.
        orders: What is taught; several share one pass over the prompt.
    """
    script = policy.script
    texts = [[script.answer(w, order) for order in orders] for w in wanted]
    taught = [replace(row, answers=text) for row, text in zip(rows, texts, strict=True)]
    batch = batch_of(taught, pad_id=script.placeholder_id, device=policy.device)
    losses = _text_losses(model(batch), batch, range(1, 1 + len(orders)))
    loss = torch.stack(losses).sum()
    named = {f"text, {order}": float(one.detach()) for order, one in zip(orders, losses, strict=True)}
    return Outcome(loss, {"loss": float(loss.detach()), **named})


def stage2_loss(
    model: nn.Module, policy: Policy, rows: Sequence[Row], wanted: Sequence[Evaluation], orders: Sequence[Order],
    recipe: Stage2Recipe, state: State, generator: torch.Generator, gather: Gather = lambda own: own,
) -> Outcome:  # fmt: skip
    """Return stage 2's loss: the objective and the text, in one pass over each prompt.

    Args:
        model: As for `text_loss`, like the next four.
        policy: Draws are made from it.
        rows: Prompts with features.
        wanted: The evaluations to agree with.
        orders: Of the text.
        recipe: Objective, weights, reward.
        state: Its baseline and drawing time go on.
        generator: Of the draws.
        gather: Brings together the rewards of all processes, for one baseline.
    """
    if recipe.objective == "text":
        return text_loss(model, policy, rows, wanted, orders)
    script = policy.script
    targets = np.array([[w.scores.get(d, np.nan) for d in DIMENSIONS] for w in wanted])
    figures: dict[str, float] = {}
    if recipe.objective in DRAWING:
        started = perf_counter()
        drawn, scores = draw_answers(policy, rows, recipe, generator)
        state.drawing_s += perf_counter() - started
        earned = rewards(scores, targets, kind=recipe.reward, missing=recipe.missing)
        advantages = _advantages(earned, recipe, state, gather)
        parsed = float(np.mean(~np.isnan(scores)))
        figures = {"reward": float(np.nanmean(earned)) if parsed else np.nan, "parsed": parsed}
    else:
        drawn = [[open_skeleton(script)] for _ in rows]
    n = len(drawn[0])
    orders = orders if recipe.text_weight else ()
    texts = [[script.answer(w, order) for order in orders] for w in wanted]
    packed = [replace(row, answers=[*d, *t]) for row, d, t in zip(rows, drawn, texts, strict=True)]
    batch = batch_of(packed, pad_id=script.placeholder_id, device=policy.device)
    logits = model(batch)
    text = sum(_text_losses(logits, batch, range(n + 1, n + 1 + len(orders))), start=logits.new_zeros(()))
    if recipe.objective in DRAWING:
        weights = torch.from_numpy(advantages.reshape(-1)).to(logits.device)
        objective = policy_gradient(_log_probabilities(logits, batch, n), weights)
    else:
        objective = _score_loss(logits, batch, script, torch.from_numpy(targets).to(logits), recipe)
    loss = recipe.objective_weight * objective + recipe.text_weight * text
    figures |= {"loss": float(loss.detach()), "text": float(text.detach()), "objective": float(objective.detach())}
    return Outcome(loss, figures)


def draw_answers(
    policy: Policy, rows: Sequence[Row], recipe: Stage2Recipe, generator: torch.Generator
) -> tuple[list[list[Answer]], Floats]:
    """Draw evaluations and read their scores.

    Returns:
        The draws as answers that are learnt from their first token on, shape (rows, draws); and the scores read from
        them, shape (rows, draws, 6), NaN where nothing could be read.
    """
    if recipe.order == "scores first":
        return _draw_skeletons(policy, rows, recipe, generator)
    script = policy.script
    cue = script.encode(script.form.cue("critique first"))
    policy.eval()  # no dropout while drawing
    draws = draw(
        policy, rows, cue, n_draws=recipe.draws, max_new_tokens=recipe.max_new_tokens, temperature=recipe.temperature,
        generator=generator,
    )  # fmt: skip
    policy.train()
    scores = [[_read(script.decode(one.ids)) for one in of_row] for of_row in draws]
    return [[script.drawn(cue, one.ids) for one in of_row] for of_row in draws], np.array(scores)


def _read(text: str) -> list[float]:
    verdict = read_evaluation(text)
    return [verdict.scores.get(dimension, np.nan) for dimension in DIMENSIONS]


def _draw_skeletons(
    policy: Policy, rows: Sequence[Row], recipe: Stage2Recipe, generator: torch.Generator
) -> tuple[list[list[Answer]], Floats]:
    """Draw each score of the skeleton by itself: one pass, no generation, every score readable.

    The checks before them earn nothing, so they are neither drawn nor learnt.
    """
    script, skeleton = policy.script, policy.script.skeleton
    n = len(DIMENSIONS)
    asked = [replace(row, answers=[open_skeleton(script)]) for row in rows]
    policy.eval()
    with torch.no_grad():
        logits = policy(batch_of(asked, pad_id=script.placeholder_id, device=policy.device))
    policy.train()
    logits = logits.view(len(rows), len(skeleton.places), -1)[:, -n:]
    chosen = []  # by score: which option each draw takes
    for place, options in enumerate(skeleton.options[-n:]):
        chances = (logits[:, place, list(options)] / recipe.temperature).softmax(dim=-1)
        chosen.append(torch.multinomial(chances, recipe.draws, replacement=True, generator=generator).cpu().numpy())
    picked = np.stack(chosen, axis=-1)  # (rows, draws, scores)
    answers = [[script.filled(draw_) for draw_ in of_row] for of_row in picked.tolist()]
    levels = np.array(script.form.levels)
    return answers, levels[picked]


def open_skeleton(script: Script) -> Answer:
    """Return the skeleton as an answer whose open places are read, whatever stands in them."""
    return script.filled([0] * len(script.skeleton.places))


def _advantages(earned: Floats, recipe: Stage2Recipe, state: State, gather: Gather) -> Floats:
    """Return the advantage of every draw, and let the baseline go on."""
    if recipe.objective == "rloo":
        return leave_one_out(earned)
    if recipe.objective == "grpo":
        return group_relative(earned)
    before = state.baseline
    _, state.baseline = against_ema(gather(earned), before, beta=recipe.beta)
    return against_ema(earned, before, beta=recipe.beta)[0]


def _text_losses(logits: Tensor, batch: Batch, parts: Iterable[int]) -> list[Tensor]:
    """Return the mean cross-entropy of the learnt tokens of each part."""
    learnt = batch.labels != NOT_LEARNT
    labels, part = batch.labels[learnt], batch.parts[learnt]
    return [masked_cross_entropy(logits[part == k][None], labels[part == k][None]) for k in parts]


def _log_probabilities(logits: Tensor, batch: Batch, n_draws: int) -> Tensor:
    """Return the mean log-probability of the generated tokens of each draw, shape (rows x draws,)."""
    learnt = batch.labels != NOT_LEARNT
    is_drawn = batch.parts[learnt] <= n_draws
    numbers = torch.arange(1, n_draws + 1, device=logits.device)
    counts = ((batch.parts[:, None] == numbers[:, None]) & learnt[:, None]).sum(dim=2).flatten()
    mask = torch.arange(int(counts.max()), device=logits.device) < counts[:, None]
    return mean_log_probability(logits[is_drawn], batch.labels[learnt][is_drawn], mask)


def _score_loss(logits: Tensor, batch: Batch, script: Script, targets: Tensor, recipe: Stage2Recipe) -> Tensor:
    """Return the loss of the scores' distributions, read from the skeleton, which is part 1."""
    part = batch.parts[batch.labels != NOT_LEARNT]
    n = len(DIMENSIONS)
    by_place = logits[part == 1].view(len(targets), len(script.skeleton.places), -1)[:, -n:]
    options = [torch.tensor(one, device=logits.device) for one in script.skeleton.options[-n:]]
    chances = torch.cat([level_chances(by_place[:, k : k + 1], one) for k, one in enumerate(options)], dim=1)
    levels = torch.tensor(script.form.levels, device=logits.device)
    return (expected_score_loss if recipe.objective == "expected score" else ordinal_loss)(chances, levels, targets)
