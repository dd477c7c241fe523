"""Checkpoints: all that training changes, whole or not at all, and of this run alone."""

import errno
import math
import os

import pytest
import torch
from torch import nn

from dermatrust.errors import DataError
from dermatrust.train.checkpoint import State, changing, read_checkpoint, write_checkpoint

STATE = State(step=7, samples=28, seconds=1.5, baseline=-0.25, drawing_s=0.5)


def network(seed=0, *, width=3):
    """Return a frozen layer, a trained one and a batch normalisation, with an optimizer that has taken a step."""
    torch.manual_seed(seed)
    module = nn.Sequential(nn.Linear(2, width), nn.BatchNorm1d(width), nn.Linear(width, 1))
    for weight in module[0].parameters():
        weight.requires_grad = False
    optimizer = torch.optim.AdamW([weight for weight in module.parameters() if weight.requires_grad], lr=0.1)
    step(module, optimizer)
    return module, optimizer


def step(module, optimizer):
    module(torch.arange(8.0).view(4, 2)).pow(2).sum().backward()
    optimizer.step()
    optimizer.zero_grad()


def weights(module):
    return {name: tensor.clone() for name, tensor in module.state_dict().items()}


def same(a, b):
    return a.keys() == b.keys() and all(torch.equal(a[name], b[name]) for name in a)


def test_only_what_training_changes_is_kept():
    module, _ = network()
    assert sorted(changing(module)) == sorted([
        "1.weight", "1.bias", "1.running_mean", "1.running_var", "1.num_batches_tracked", "2.weight", "2.bias",
    ])  # fmt: skip


def test_what_is_read_goes_on_as_what_was_written(tmp_path):
    module, optimizer = network()
    write_checkpoint(tmp_path / "a.pt", module, optimizer, STATE, "key")
    other, its_optimizer = network()
    for _ in range(3):
        step(other, its_optimizer)
    assert read_checkpoint(tmp_path / "a.pt", other, its_optimizer, "key") == STATE
    assert same(weights(other), weights(module))
    for _ in range(2):  # moments of the optimizer too
        step(module, optimizer)
        step(other, its_optimizer)
    assert same(weights(other), weights(module))


def test_frozen_weights_are_not_read(tmp_path):
    module, optimizer = network(0)
    write_checkpoint(tmp_path / "a.pt", module, optimizer, STATE, "key")
    other, its_optimizer = network(1)
    frozen = other[0].weight.clone()
    read_checkpoint(tmp_path / "a.pt", other, its_optimizer, "key")
    assert torch.equal(other[0].weight, frozen)
    assert torch.equal(other[2].weight, module[2].weight)


def test_without_a_checkpoint_a_stage_begins_anew(tmp_path):
    state = read_checkpoint(tmp_path / "none.pt", *network(), "key")
    assert (state.step, state.samples, state.seconds, state.drawing_s) == (0, 0, 0, 0)
    assert math.isnan(state.baseline)
    module, optimizer = network()
    write_checkpoint(tmp_path / "a.pt", module, optimizer, state, "key")
    assert math.isnan(read_checkpoint(tmp_path / "a.pt", module, optimizer, "key").baseline)


def test_a_checkpoint_of_another_run_is_refused(tmp_path):
    module, optimizer = network()
    write_checkpoint(tmp_path / "a.pt", module, optimizer, STATE, "key")
    before = weights(module)
    complaint = r"a\.pt: is of another run: recipe, data or version differ\. Choose another --out"
    with pytest.raises(DataError, match=complaint):
        read_checkpoint(tmp_path / "a.pt", module, optimizer, "another")
    assert same(weights(module), before)


def test_a_checkpoint_of_other_weights_is_refused(tmp_path):
    module, optimizer = network()
    write_checkpoint(tmp_path / "a.pt", module, optimizer, STATE, "key")
    module[0].weight.requires_grad = True
    with pytest.raises(DataError, match="holds other weights than the model trains"):
        read_checkpoint(tmp_path / "a.pt", module, optimizer, "key")
    with pytest.raises(DataError, match="holds other weights than the model trains"):
        read_checkpoint(tmp_path / "a.pt", *network(width=4), "key")


@pytest.mark.parametrize("spoil", [
    lambda content: content[: len(content) // 2],
    lambda content: b"",
    lambda content: b"not a checkpoint",
    lambda content: torch.zeros(3).numpy().tobytes(),
])  # fmt: skip
def test_a_damaged_file_is_refused(tmp_path, spoil):
    module, optimizer = network()
    path = tmp_path / "a.pt"
    write_checkpoint(path, module, optimizer, STATE, "key")
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(DataError, match=r"a\.pt: cannot be read .*Delete it to begin the stage anew"):
        read_checkpoint(path, module, optimizer, "key")


@pytest.mark.parametrize("kept", [[1, 2], {"key": "key"}, torch.zeros(2)])
def test_a_file_that_holds_something_else_is_refused(tmp_path, kept):
    torch.save(kept, tmp_path / "a.pt")
    with pytest.raises(DataError, match=r"a\.pt"):
        read_checkpoint(tmp_path / "a.pt", *network(), "key")


def test_a_file_that_would_run_code_is_refused(tmp_path):
    class Evil:
        def __reduce__(self):
            return os.mkdir, (str(tmp_path / "harm"),)

    torch.save({"key": Evil()}, tmp_path / "a.pt")
    with pytest.raises(DataError, match="cannot be read"):
        read_checkpoint(tmp_path / "a.pt", *network(), "key")
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize("call", ["os.fsync", "Path.replace"])
def test_a_full_disk_keeps_the_old_checkpoint(tmp_path, monkeypatch, call):
    module, optimizer = network()
    path = tmp_path / "a.pt"
    write_checkpoint(path, module, optimizer, STATE, "key")
    before = path.read_bytes()

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(f"dermatrust.store.atomic.{call}", full)
    step(module, optimizer)
    with pytest.raises(DataError, match=r"a\.pt: cannot be written \(No space left on device\)"):
        write_checkpoint(path, module, optimizer, STATE, "key")
    monkeypatch.undo()
    assert [one.name for one in tmp_path.iterdir()] == ["a.pt"]
    assert path.read_bytes() == before
