"""The loop on a regression of a few weights: what it promises does not depend on what is trained."""

import errno
import itertools
import math
import warnings

import numpy as np
import pytest
import torch
from accelerate import Accelerator
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from dermatrust.errors import DataError
from dermatrust.train.checkpoint import State
from dermatrust.train.loop import batch_plan, learning_rate, run_stage
from dermatrust.train.objectives import Outcome
from dermatrust.train.recipe import StageRecipe

N = 12
X = torch.randn(N, 3, generator=torch.Generator().manual_seed(0))
Y = X @ torch.tensor([1.0, -2.0, 0.5])
RECIPE = StageRecipe(epochs=5, batch=4, learning_rate=0.05, warmup=0.1, keep_every=4)


class Model(nn.Module):
    """A frozen layer, trained matrices that Muon would take, and dropout, whose chance must be the same again."""

    def __init__(self) -> None:
        super().__init__()
        torch.manual_seed(1)
        self.frozen = nn.Linear(3, 8)
        self.inner = nn.Module()
        self.inner.layers = nn.Sequential(nn.Linear(8, 8, bias=False), nn.ReLU(), nn.Dropout(0.2))
        self.last = nn.Linear(8, 1)
        self.frozen.requires_grad_(requires_grad=False)

    def forward(self, x):
        return self.last(self.inner.layers(self.frozen(x)))[:, 0]


def squares(model, chosen, state, generator):
    """Return the squared error, with chance from all three sources and a baseline that goes on."""
    noise = 0.01 * torch.randn(len(chosen), generator=generator)
    loss = (model(X[list(chosen)]) - Y[list(chosen)] + noise).pow(2).mean()
    state.baseline = float(loss.detach()) if math.isnan(state.baseline) else 0.9 * state.baseline
    return Outcome(loss, {"loss": float(loss.detach())})


def trained(folder, recipe=RECIPE, step=squares, seed=3, key="key", model=None):
    model = model or Model()
    state = run_stage(
        model, recipe, [1] * N, step, folder, name="stage", key=key, seed=seed, accelerator=Accelerator(cpu=True),
        is_quiet=True,
    )  # fmt: skip
    return model, state


def weights(model):
    return {name: weight.clone() for name, weight in model.state_dict().items()}


def same(a, b):
    return all(torch.equal(a.state_dict()[name], b.state_dict()[name]) for name in a.state_dict())


class StopError(Exception):
    """Stands for whatever ends a run in mid-stage."""


def stopping(at, error):
    """Return a step that raises an error when it is called for the `at`-th time."""
    count = itertools.count(1)

    def step(model, chosen, state, generator):
        if next(count) == at:
            raise error
        return squares(model, chosen, state, generator)

    return step


def spoiling(at, value):
    """Return a step whose loss is spoilt once, and the gradient with it."""
    count = itertools.count(1)

    def step(model, chosen, state, generator):
        outcome = squares(model, chosen, state, generator)
        factor = value if next(count) == at else 1.0
        return Outcome(outcome.loss * factor, {"loss": outcome.figures["loss"] * factor})

    return step


def test_learning_rates_worked_by_hand():
    found = [learning_rate(step, 8, 2.0, 0.5) for step in range(9)]
    half_cosine = [2.0, 1 + 0.5**0.5, 1.0, 1 - 0.5**0.5, 0.0]  # 1 + cos(k pi / 4)
    assert found == pytest.approx([0.5, 1.0, 1.5, 2.0, *half_cosine])
    assert learning_rate(0, 8, 2.0, 0.0) == 2.0
    trapezoid = [learning_rate(step, 8, 2.0, 0.25, "trapezoid") for step in range(9)]
    assert trapezoid == pytest.approx([1.0, 2.0, 2.0, 2.0, 2.0, 1.5, 1.0, 0.5, 0.0])
    assert learning_rate(0, 1, 2.0, 1.0) == 2.0


@given(st.integers(1, 400), st.floats(0, 1), st.floats(1e-6, 1))
def test_a_learning_rate_rises_to_its_peak_and_falls(n_steps, warmup, peak):
    rates = [learning_rate(step, n_steps, peak, warmup) for step in range(n_steps)]
    assert all(0 < rate <= peak * (1 + 1e-12) for rate in rates)
    assert max(rates) == pytest.approx(peak)
    top = rates.index(max(rates))
    assert rates[: top + 1] == sorted(rates[: top + 1])
    assert rates[top:] == sorted(rates[top:], reverse=True)


@given(st.integers(1, 60), st.integers(1, 9), st.integers(1, 3), st.floats(0.1, 4), st.integers(0, 3))
def test_every_example_comes_once_per_epoch(n, batch, accumulate, epochs, seed):
    recipe = StageRecipe(batch=batch, accumulate=accumulate, epochs=epochs)
    plan = batch_plan([k % 7 for k in range(n)], recipe, seed)
    per_epoch = math.ceil(n / (batch * accumulate))
    assert len(plan) == max(1, math.ceil(epochs * n / (batch * accumulate)))
    for start in range(0, len(plan), per_epoch):
        epoch = plan[start : start + per_epoch]
        seen = [k for one in epoch for k in one]
        assert len(set(seen)) == len(seen)
        if len(epoch) == per_epoch:
            assert sorted(seen) == list(range(n))
    assert all(1 <= len(one) <= batch * accumulate for one in plan)


def test_epochs_have_orders_of_their_own_that_follow_from_the_seed():
    recipe = StageRecipe(batch=4, epochs=2)
    plan = batch_plan([1] * 40, recipe, 1)
    assert plan == batch_plan([1] * 40, recipe, 1) != batch_plan([1] * 40, recipe, 2)
    assert plan[:10] != plan[10:]


def test_what_is_used_only_at_first_is_used_only_then():
    recipe = StageRecipe(batch=2, epochs=5)
    plan = batch_plan([1] * 8, recipe, 1, [0.5, 0.5, 0.5, 0.5, 0.75, 1, 1, 1])
    assert len(plan) == 20
    first, second, last = ({k for one in plan[a:b] for k in one} for a, b in ((0, 10), (10, 15), (15, 20)))
    assert (first, second, last) == (set(range(8)), {4, 5, 6, 7}, {5, 6, 7})
    assert plan[:10] == batch_plan([1] * 8, recipe, 1)[:10]


@pytest.mark.parametrize("matrix_rate", [None, 0.02])
def test_the_loss_falls_and_frozen_weights_do_not_move(tmp_path, matrix_rate):
    losses = []

    def step(model, chosen, state, generator):
        outcome = squares(model, chosen, state, generator)
        losses.append(outcome.figures["loss"])
        return outcome

    before = weights(Model())
    model, state = trained(tmp_path, RECIPE.model_copy(update={"epochs": 40, "matrix_rate": matrix_rate}), step)
    assert (state.step, state.samples) == (120, 40 * N)
    assert np.mean(losses[-10:]) < 0.4 * np.mean(losses[:10])
    moved = {name for name, weight in model.state_dict().items() if not torch.equal(weight, before[name])}
    assert moved == {"inner.layers.0.weight", "last.weight", "last.bias"}
    assert not model.training


@pytest.mark.parametrize("matrix_rate", [None, 0.02])
@pytest.mark.parametrize("at", [1, 4, 5, 6, 14])
def test_a_stage_that_was_stopped_equals_one_that_was_not(tmp_path, at, matrix_rate):
    recipe = RECIPE.model_copy(update={"matrix_rate": matrix_rate})
    whole, state = trained(tmp_path / "whole", recipe)
    with pytest.raises(StopError):
        trained(tmp_path / "stopped", recipe, stopping(at, StopError()))
    torch.manual_seed(99)  # a new process has another state of chance
    again, its_state = trained(tmp_path / "stopped", recipe)
    assert same(again, whole)
    assert (its_state.step, its_state.samples, its_state.baseline) == (state.step, state.samples, state.baseline)


def test_a_finished_stage_is_not_trained_again(tmp_path):
    whole, _ = trained(tmp_path)
    again, state = trained(tmp_path, step=stopping(1, StopError()))
    assert same(again, whole)
    assert state.step == 15


def test_the_same_seed_gives_the_same_weights_and_another_others(tmp_path):
    first, second, other = (trained(tmp_path / str(k), seed=seed)[0] for k, seed in enumerate((3, 3, 4)))
    assert same(first, second)
    assert not same(first, other)


def test_every_step_has_a_chance_of_its_own_that_follows_from_the_seed(tmp_path):
    found = []

    def step(model, chosen, state, generator):
        found.append((torch.initial_seed(), generator.initial_seed()))
        return squares(model, chosen, state, generator)

    for k, seed in enumerate((3, 3, 4)):
        trained(tmp_path / str(k), step=step, seed=seed)
    first, second, other = found[:15], found[15:30], found[30:]
    assert first == second
    assert len({one for pair in zip(*first, strict=True) for one in pair}) == 15 == len(set(first))
    assert not set(first) & set(other)


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_loss_that_is_no_number_stops_and_keeps_the_last_good_checkpoint(tmp_path, value):
    complaint = r"stage, step 7: the loss or its gradient is not a finite number\. The last checkpoint, .*stage\.pt, is"
    model = Model()
    with pytest.raises(DataError, match=complaint):
        trained(tmp_path, step=spoiling(7, value), model=model)
    assert all(bool(weight.isfinite().all()) for weight in model.parameters())
    kept = torch.load(tmp_path / "stage.pt", weights_only=True)
    assert kept["state"]["step"] == 4
    assert all(bool(weight.isfinite().all()) for weight in kept["weights"].values())
    whole, _ = trained(tmp_path / "whole")
    assert same(trained(tmp_path)[0], whole)  # and the run can go on from there


def test_a_bad_step_that_was_to_be_kept_is_not(tmp_path):
    with pytest.raises(DataError, match="step 8: the loss"):
        trained(tmp_path, step=spoiling(8, math.nan))
    assert torch.load(tmp_path / "stage.pt", weights_only=True)["state"]["step"] == 4


def test_without_a_checkpoint_a_bad_loss_promises_none(tmp_path):
    with pytest.raises(DataError, match=r"not a finite number\. Lower the learning rate") as found:
        trained(tmp_path, step=spoiling(2, math.nan))
    assert "checkpoint" not in str(found.value)
    assert not (tmp_path / "stage.pt").exists()


def test_a_gradient_that_is_no_number_stops_though_the_loss_is_one(tmp_path):
    def step(model, chosen, state, generator):
        loss = (model(X[list(chosen)]) * 0).abs().sqrt().sum()  # sqrt has no slope at 0
        return Outcome(loss, {"loss": float(loss.detach())})

    model, before = Model(), weights(Model())
    with pytest.raises(DataError, match="step 1: the loss or its gradient"):
        trained(tmp_path, step=step, model=model)
    assert all(torch.equal(weight, before[name]) for name, weight in model.state_dict().items())


def test_a_full_disk_keeps_the_old_checkpoint(tmp_path, monkeypatch):
    with pytest.raises(StopError):
        trained(tmp_path, step=stopping(6, StopError()))
    before = (tmp_path / "stage.pt").read_bytes()

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("dermatrust.store.atomic.os.fsync", full)
    with pytest.raises(DataError, match=r"stage\.pt: cannot be written \(No space left on device\)"):
        trained(tmp_path)
    monkeypatch.undo()
    assert (tmp_path / "stage.pt").read_bytes() == before
    assert same(trained(tmp_path)[0], trained(tmp_path / "whole")[0])


def test_a_checkpoint_of_another_run_is_refused(tmp_path):
    trained(tmp_path)
    with pytest.raises(DataError, match="is of another run"):
        trained(tmp_path, key="another")


def test_small_batches_that_accumulate_equal_a_large_one(tmp_path):
    def step(model, chosen, state, generator):
        model.eval()  # without dropout, or the chance would differ
        loss = (model(X[list(chosen)]) - Y[list(chosen)]).pow(2).mean()
        return Outcome(loss, {"loss": float(loss.detach())})

    large, _ = trained(tmp_path / "large", RECIPE.model_copy(update={"batch": 6}), step)
    small, _ = trained(tmp_path / "small", RECIPE.model_copy(update={"batch": 2, "accumulate": 3}), step)
    assert all(
        torch.allclose(small.state_dict()[name], weight, atol=1e-5) for name, weight in large.state_dict().items()
    )


def test_a_long_gradient_is_cut(tmp_path):
    """Plain AdamW hardly sees the length of a gradient, so its moments are looked at."""
    for name, clip in (("cut", 1e-3), ("whole", 1e3)):
        trained(tmp_path / name, RECIPE.model_copy(update={"clip": clip, "epochs": 0.1, "keep_every": 1}))
    lengths = {}
    for name in ("cut", "whole"):
        kept = torch.load(tmp_path / name / "stage.pt", weights_only=True)["optimizer"]
        states = kept[0]["state"] if isinstance(kept, list) else kept["state"]
        lengths[name] = math.sqrt(sum(float(one["exp_avg"].pow(2).sum()) for one in states.values()))
    assert lengths["cut"] == pytest.approx(0.1 * 1e-3, rel=1e-3)  # the first moment holds a tenth of the gradient
    assert lengths["whole"] > 100 * lengths["cut"]


def test_curves_show_the_loss_over_the_steps(tmp_path):
    trained(tmp_path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    found = EventAccumulator(str(tmp_path / "curves" / "stage")).Reload()
    assert {"loss", "gradient", "samples per second"} <= set(found.Tags()["scalars"])
    points = found.Scalars("loss")
    assert [point.step for point in points] == sorted({point.step for point in points})
    assert all(math.isfinite(point.value) for point in points)


def test_progress_is_shown_unless_it_is_quiet(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr("dermatrust.engine.bar.LINE_EVERY_S", 0.0)  # a log gets a line a step
    run_stage(
        Model(), RECIPE, [1] * N, squares, tmp_path, name="stage", key="key", seed=3, accelerator=Accelerator(cpu=True)
    )
    shown = capsys.readouterr()
    assert ("stage: 100%" in shown.err, "15/15" in shown.err, shown.out) == (True, True, "")
    trained(tmp_path / "quiet")
    assert capsys.readouterr().err == ""


def test_the_state_says_where_a_stage_stands(tmp_path):
    _, state = trained(tmp_path)
    assert isinstance(state, State)
    assert state.seconds > 0
    assert (state.step, state.samples, state.drawing_s) == (15, 60, 0)
