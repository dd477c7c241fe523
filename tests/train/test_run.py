"""A tiny run of every stage for real: what it learns, what it leaves alone, and that nothing can spoil it."""

import asyncio
import errno
import itertools
import math
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import time
from contextlib import nullcontext
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import yaml
from click.testing import CliRunner
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from dermatrust.atlas.critique import CHECKS
from dermatrust.cli.train import train
from dermatrust.clients import Image, Message, Request, Sampling
from dermatrust.datasets.atlas import write_atlas
from dermatrust.errors import DataError
from dermatrust.evaluator.backends import LocalEvaluatorClient, NanoEvaluatorClient
from dermatrust.evaluator.drawing import draw
from dermatrust.evaluator.form import Form, read_evaluation
from dermatrust.evaluator.nano import WEIGHTS, NanoEvaluator
from dermatrust.evaluator.open import open_evaluator
from dermatrust.evaluator.policy import Row, batch_of
from dermatrust.evaluator.readout import read_out
from dermatrust.evaluator.stored import load_policy
from dermatrust.train import loop
from dermatrust.train.checkpoint import State
from dermatrust.train.export import write_evaluator
from dermatrust.train.features import Features
from dermatrust.train.objectives import open_skeleton
from dermatrust.train.readout import wanted_levels
from dermatrust.train.recipe import Pretrained, Recipe
from dermatrust.train.run import Taught, fit_readout, form_of, pretrained_policy, read_all, train_evaluator

STAGES = ("tower", "alignment", "stage1", "stage2", "readout")


@pytest.fixture(scope="module")
def whole(tiny, tmp_path_factory):
    """The run that nothing interrupts."""
    path = tmp_path_factory.mktemp("whole") / "run"
    return train_evaluator(tiny, path, workers=1, is_quiet=True)


@pytest.fixture
def begun(whole, tmp_path):
    """Return a function that copies the run's folder as if it had got no further than some stages."""

    def copied(*stages, name="begun"):
        path = tmp_path / name
        shutil.copytree(whole.path.parent, path)
        shutil.rmtree(path / "evaluator")
        for stage in STAGES:
            if stage not in stages:
                (path / f"{stage}.pt").unlink()
        return path

    return copied


def shortened(stage):
    """Return a stage of two steps."""
    return stage.model_copy(update={"epochs": 0.2})


def contents(folder):
    return {p.name: p.read_bytes() for p in sorted(folder.iterdir()) if p.is_file()}


def kept(folder, stage):
    return torch.load(folder / f"{stage}.pt", weights_only=True)


def losses(folder, stage):
    return [point.value for point in EventAccumulator(str(folder / "curves" / stage)).Reload().Scalars("loss")]


def test_the_loss_falls_in_every_stage(whole):
    folder = whole.path.parent
    for stage in ("tower", "alignment", "stage1", "readout"):
        curve = losses(folder, stage)
        assert curve[-1] < 0.8 * max(curve), stage
    assert all(map(math.isfinite, losses(folder, "stage2")))
    assert set(whole.stages) == {"alignment", "stage1", "stage2", "readout"}


def test_frozen_weights_do_not_move(whole):
    """Those of the tower after its own step; and no later checkpoint holds one."""
    tower = {
        name.removeprefix("tower."): weight for name, weight in kept(whole.path.parent, "tower")["weights"].items()
    }
    for name, weight in whole.policy.model.model.vision_tower.state_dict().items():
        assert torch.equal(weight, tower[name]), name
    frozen = {name for name, weight in whole.policy.named_parameters() if not weight.requires_grad}
    assert len(frozen) > 4
    assert not frozen & set(kept(whole.path.parent, "stage1")["weights"])


def test_every_trained_weight_moves_in_every_stage_of_the_decoder(whole):
    folder = whole.path.parent
    trained = [name for name, weight in whole.policy.named_parameters() if weight.requires_grad]
    aligned, first, second = (kept(folder, stage)["weights"] for stage in ("alignment", "stage1", "stage2"))
    assert [name for name in trained if torch.equal(first[name], second[name])] == []
    parts = {
        "words.weight": "model.lm_head.weight",
        **{name: f"model.model.multi_modal_{name}" for name in aligned if name.startswith("projector.")},
    }
    assert set(parts) == set(aligned)
    assert [name for name, whole_name in parts.items() if torch.equal(aligned[name], first[whole_name])] == []


def test_the_evaluator_in_the_folder_is_the_one_that_was_trained(whole):
    loaded = load_policy(whole.path)
    stage2 = kept(whole.path.parent, "stage2")["weights"]
    for name, weight in loaded.state_dict().items():
        assert torch.equal(weight, whole.policy.state_dict()[name])
        assert name not in stage2 or torch.equal(weight, stage2[name])
    assert loaded.script.form == whole.policy.script.form
    assert loaded.readout.to_bytes() == whole.policy.readout.to_bytes()
    prompt = whole.policy.script.prompt("A red plaque.", 20)
    row = Row(prompt, torch.rand(20, 8), [open_skeleton(whole.policy.script)])
    with torch.no_grad():
        pair = [one(batch_of([row], pad_id=0)) for one in (loaded, whole.policy)]
    assert torch.allclose(*pair, atol=1e-5)  # attention may be computed in another way


def test_the_command_exports_what_the_embedded_evaluator_consists_of(whole, tiny, tmp_path):
    """The run is complete, so that the command trains nothing again."""
    recipe = tmp_path / "tiny.yaml"
    recipe.write_text(yaml.safe_dump(tiny.model_dump(mode="json")), encoding="utf-8")
    arguments = [str(recipe), "--out", str(whole.path.parent), "--export", str(tmp_path / "onnx"), "--quiet"]
    done = CliRunner().invoke(train, arguments, catch_exceptions=False)
    assert done.exit_code == 0, done.output
    assert {file.name for file in (tmp_path / "onnx").iterdir()} == {file.name for file in WEIGHTS.iterdir()}
    assert open_evaluator(f"onnx:{tmp_path / 'onnx'}").knows_what_it_read


def test_it_is_exported_as_it_was_trained(whole, tmp_path):
    write_evaluator(whole.policy, tmp_path)
    nano, script = NanoEvaluator(tmp_path), whole.policy.script
    features = torch.rand(10, 8, generator=torch.Generator().manual_seed(2))
    row = Row(script.prompt("A red plaque on the back.", 10), features, [open_skeleton(script)])
    with torch.no_grad():
        theirs = whole.policy(batch_of([row], pad_id=0)).numpy()
    theirs = read_out(script, whole.policy.readout, theirs[None])[0]
    answers = np.unique(np.concatenate(script.skeleton.options))
    ours = nano.score([row.prompt], [features.numpy()])[0]
    errors = (ours - theirs)[:, answers]
    assert np.sqrt((errors**2).mean()) < 0.02 * theirs[:, answers].std()  # the files are in eight and sixteen bits
    cue = script.encode("Critique:\n")
    ((drawn,),) = draw(whole.policy, [Row(row.prompt, features)], cue, max_new_tokens=10)
    assert nano.write(row.prompt, features.numpy(), cue, max_new_tokens=10, n_alternatives=1).ids == drawn.ids


def test_asked_as_a_checkpoint_or_embedded_it_gives_the_same_scores(whole, tmp_path):
    """With a critique too, and where the text leaves no room for a long one."""
    write_evaluator(whole.policy, tmp_path)
    clients = LocalEvaluatorClient(whole.path, device="cpu"), NanoEvaluatorClient(tmp_path)
    picture = next((whole.path.parent / "data").rglob("*.jpg"))
    text, sampling = "A red plaque on the back, and more of it. " * 50, Sampling(temperature=0.0, max_tokens=600)

    def told(client, order):
        message = Message("user", client.form.ask(text, order), (Image("a", picture),))
        return asyncio.run(client.ask(Request((message,), sampling=sampling))).text

    stored, embedded = (read_evaluation(told(client, "scores first")).scores for client in clients)
    assert stored == embedded
    assert len(stored) == 6
    assert read_evaluation(told(clients[1], "critique first")).scores == embedded


def test_a_readout_belongs_to_its_weights_and_its_form(tiny, whole):
    form = form_of(tiny.form)
    assert load_policy(whole.path, form=form).readout is not None
    assert load_policy(whole.path, form=Form("Rate this:\n{narrative}")).readout is None
    begun_with, _ = pretrained_policy(Pretrained(weights=whole.path, lora=None), form)
    assert begun_with.readout is None


@pytest.mark.parametrize("n", [1, 2, 3])
def test_the_readout_is_fitted_to_each_text_with_its_own_scores(tiny, whole, monkeypatch, n):
    """Processes share the texts; whoever joins what they found must not mix them up."""
    script, form = whole.policy.script, whole.policy.script.form
    examples = read_all(tiny, [next((whole.path.parent / "data").iterdir())])
    taught = Taught(Features.blank(len(examples.pictures), 2, 8), script, examples.rows, 800)
    number = {tuple(row.prompt): k for k, row in enumerate(taught.rows(range(len(examples.rows)))[0])}
    shares, fitted = {}, {}

    n_answers = sum(len(answers) for _, answers in form.checks)

    def chances(_, lengths, rows_of):
        return np.array([[number[tuple(row.prompt)]] * n_answers for row in rows_of(range(len(lengths)))], np.float32)

    def gathered(parts):
        shares[run.accelerator.process_index] = parts[0]
        return [shares.get(k, parts[0]) for k in range(n)]

    def step(found, targets):
        fitted.update(chances=found, targets=targets)

    for name, value in (("chances_of", chances), ("gather_object", gathered), ("readout_step", step)):
        monkeypatch.setattr(f"dermatrust.train.run.{name}", value)
    recipe = tiny.readout.model_copy(update={"examples": 30})
    for rank in (*range(n), n - 1):  # once all shares are known the last one sees them all
        accelerator = SimpleNamespace(process_index=rank, num_processes=n, autocast=nullcontext)
        run = SimpleNamespace(recipe=tiny, accelerator=accelerator, stage=lambda *_: State())
        fit_readout(run, recipe, whole.policy, taught)
    numbers = fitted["chances"][:, 0].astype(int)
    assert len(set(numbers)) == 30
    assert np.array_equal(fitted["targets"], wanted_levels(form, [examples.rows[k].evaluation for k in numbers]))


def test_the_same_recipe_gives_the_same_bytes(tiny, whole, tmp_path):
    again = train_evaluator(tiny, tmp_path / "again", workers=1, is_quiet=True)
    assert contents(again.path) == contents(whole.path)


def test_two_processes_train_one_evaluator(tiny, whole, tmp_path):
    """They see other halves of each batch than one process does, so the bytes differ; but not from time to time."""
    two = tiny.model_copy(update={"processes": 2})
    before = dict(os.environ)
    one, again = (train_evaluator(two, tmp_path / name, workers=1, is_quiet=True) for name in ("one", "again"))
    assert os.environ == before
    assert contents(one.path) == contents(again.path) != contents(whole.path)
    assert one.stages["stage1"].samples == whole.stages["stage1"].samples
    for stage in ("tower", "alignment", "stage1"):
        curve = losses(tmp_path / "one", stage)
        assert curve[-1] < 0.8 * max(curve), stage


def test_a_lost_process_is_told_and_the_run_goes_on(tiny, tmp_path, monkeypatch):
    two = tiny.model_copy(update={"processes": 2, "stage2": None})
    healthy = loop._step

    def killing(model, optimizer, recipe, chosen, step_of, state, *rest):
        if state.step == 7:
            for child in multiprocessing.active_children():
                child.kill()
        return healthy(model, optimizer, recipe, chosen, step_of, state, *rest)

    monkeypatch.setattr(loop, "_step", killing)
    with pytest.raises(DataError, match=r"training: a process of 2 ended early \(exit status -9\)"):
        train_evaluator(two, tmp_path / "run", workers=1, is_quiet=True)
    monkeypatch.undo()
    found = train_evaluator(two, tmp_path / "run", workers=1, is_quiet=True)
    assert contents(found.path) == contents(train_evaluator(two, tmp_path / "other", workers=1, is_quiet=True).path)


@pytest.mark.parametrize("stages", [("tower",), STAGES[:-1], STAGES])
def test_a_run_that_got_no_further_than_a_stage_goes_on_to_the_same_bytes(tiny, whole, begun, stages):
    again = train_evaluator(tiny, begun(*stages), workers=1, is_quiet=True)
    assert contents(again.path) == contents(whole.path)


def killed_in_stage1(command, out):
    """Start the command, kill -9 it when it has kept its first checkpoint of stage 1, and return that one's step."""
    process = subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE)
    deadline = time.monotonic() + 120
    while not (out / "stage1.pt").exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.005)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert process.returncode == -signal.SIGKILL
    return kept(out, "stage1")["state"]["step"]


def test_a_killed_run_goes_on_to_the_same_bytes(tiny_file, whole, begun):
    """kill -9 in the middle of a stage, and the same command again."""
    n_steps, command = kept(whole.path.parent, "stage1")["state"]["step"], [sys.executable, "-m", "dermatrust", "train"]
    for attempt in range(5):  # on a busy machine the kill may come after the stage
        out = begun("tower", "alignment", name=str(attempt))
        again = [*command, os.fspath(tiny_file), "--out", os.fspath(out), "--workers", "1"]
        step = killed_in_stage1([*again, "--quiet"], out)
        if step < n_steps:
            break
    assert 0 < step < n_steps
    assert not (out / "evaluator").exists()
    finished = subprocess.run(again, capture_output=True, text=True, check=True, timeout=120)
    assert finished.stdout.strip() == os.fspath(out / "evaluator")
    assert contents(out / "evaluator") == contents(whole.path)


def test_a_loss_that_is_no_number_stops_and_keeps_the_last_good_checkpoint(tiny, whole, begun, monkeypatch):
    path = begun("tower", "alignment")
    calls, healthy = itertools.count(), loop._step

    def planted(model, *rest):
        if next(calls) == 7:
            with torch.no_grad():
                model.model.lm_head.weight[0, 0] = math.nan
        return healthy(model, *rest)

    monkeypatch.setattr(loop, "_step", planted)
    with pytest.raises(DataError, match=r"stage1, step 8: the loss or its gradient is not a finite number\. .*is kept"):
        train_evaluator(tiny, path, workers=1, is_quiet=True)
    monkeypatch.undo()
    assert kept(path, "stage1")["state"]["step"] == 5
    assert all(bool(weight.isfinite().all()) for weight in kept(path, "stage1")["weights"].values())
    assert not (path / "evaluator").exists()
    assert contents(train_evaluator(tiny, path, workers=1, is_quiet=True).path) == contents(whole.path)


def test_a_full_disk_keeps_the_old_checkpoint(tiny, whole, begun, monkeypatch):
    path = begun("tower", "alignment", "stage1")
    before = (path / "stage1.pt").read_bytes()

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("dermatrust.store.atomic.os.fsync", full)
    with pytest.raises(DataError, match=r"stage2\.pt: cannot be written \(No space left on device\)"):
        train_evaluator(tiny, path, workers=1, is_quiet=True)
    monkeypatch.undo()
    assert (path / "stage1.pt").read_bytes() == before
    assert not (path / "stage2.pt").exists()
    assert contents(train_evaluator(tiny, path, workers=1, is_quiet=True).path) == contents(whole.path)


def test_a_folder_of_another_recipe_is_refused_and_left_alone(tiny, begun):
    path = begun(*STAGES)
    before = contents(path)
    other = tiny.model_copy(update={"stage1": tiny.stage1.model_copy(update={"learning_rate": 0.004})})
    with pytest.raises(DataError, match=r"tower\.pt: is of another run: recipe, data or version differ"):
        train_evaluator(other, path, workers=1, is_quiet=True)
    assert before.items() <= contents(path).items()


def test_a_narrative_longer_than_the_context_is_refused(tiny, tmp_path):
    short = tiny.model_copy(update={"model": tiny.model.model_copy(update={"context": 260})})
    with pytest.raises(DataError, match=r"the prompt takes \d+ tokens; expected at most 60\. Shorten the narrative"):
        train_evaluator(short, tmp_path / "run", workers=1, is_quiet=True)
    assert not (tmp_path / "run" / "stage1.pt").exists()


def test_a_vocabulary_too_small_for_the_answers_is_told_before_the_decoder_is_trained(tiny, tmp_path):
    fields = tiny.model_dump()
    fields["model"] |= {"vocabulary": 600}
    with pytest.raises(
        DataError, match=r"does not spell the answers of .* with one token each\. .* a larger vocabulary"
    ):
        train_evaluator(Recipe.model_validate(fields), tmp_path / "run", workers=1, is_quiet=True)
    assert not (tmp_path / "run" / "naming.pt").exists()


def test_without_eyes_no_photograph_changes_an_evaluation(tiny, tmp_path):
    """The honest baseline: what the tower sees reaches nobody, so the projector's matrix gets no gradient."""
    stages = {"alignment": None, "stage2": None, "stage1": shortened(tiny.stage1)}
    blank = tiny.model_copy(update={**stages, "blank": True})
    trained = train_evaluator(blank, tmp_path / "run", workers=1, is_quiet=True)
    moments = kept(tmp_path / "run", "stage1")["optimizer"]
    moments = moments[0] if isinstance(moments, list) else moments
    moved = [bool(one["exp_avg"].any()) for one in moments["state"].values()]
    names = [name for name, weight in trained.policy.named_parameters() if weight.requires_grad]
    assert [n for n, m in zip(names, moved, strict=True) if not m] == [
        "model.model.multi_modal_projector.linear_1.weight"
    ]


@pytest.mark.parametrize(("objective", "order"), [("soreb", "critique first"), ("rloo", "scores first")])
def test_draws_in_either_order_are_trained_too(tiny, tmp_path, objective, order):
    fields = tiny.model_dump() | {"alignment": None, "stage1": shortened(tiny.stage1)}
    draws = 2 if objective == "rloo" else 1
    fields["stage2"] |= {"objective": objective, "order": order, "max_new_tokens": 8, "epochs": 0.2, "draws": draws}
    trained = train_evaluator(Recipe.model_validate(fields), tmp_path / "run", workers=1, is_quiet=True)
    assert trained.policy.script.form.checks == CHECKS
    assert len(trained.policy.script.skeleton.places) == len(CHECKS) + 6
    assert trained.stages["stage2"].drawing_s > 0
    before, after = (kept(tmp_path / "run", stage)["weights"] for stage in ("stage1", "stage2"))
    assert not torch.equal(before["model.lm_head.weight"], after["model.lm_head.weight"])


def test_a_dataset_folder_is_trained_on_by_a_rater(tiny, tmp_path):
    write_atlas(tmp_path / "d", n=6, seed=1, raters=2, critiques=True)
    fields = tiny.model_dump() | {
        "alignment": None,
        "stage2": None,
        "data": [{"folder": tmp_path / "d", "rater": "mean"}],
    }
    fields["stage1"]["epochs"] = 0.5
    trained = train_evaluator(Recipe.model_validate(fields), tmp_path / "run", workers=1, is_quiet=True)
    assert trained.stages["stage1"].samples == 4
    fields["data"][0]["rater"] = "nobody"
    with pytest.raises(DataError, match="no narrative rated by 'nobody'"):
        train_evaluator(Recipe.model_validate(fields), tmp_path / "other", workers=1, is_quiet=True)


def test_a_disease_that_is_not_drawn_cannot_be_left_out(tiny, tmp_path):
    fields = tiny.model_dump()
    fields["data"][0]["atlas"]["without"] = ["dragon-pox"]
    with pytest.raises(DataError, match="without: 'dragon-pox' is not drawn by the atlas"):
        train_evaluator(Recipe.model_validate(fields), tmp_path / "run", workers=1, is_quiet=True)


def test_a_second_run_in_the_same_folder_waits_for_nobody(tiny, tmp_path):
    from dermatrust.store.lock import only_writer

    with only_writer(tmp_path), pytest.raises(DataError, match="another process is working"):
        train_evaluator(tiny, tmp_path, workers=1, is_quiet=True)


def test_the_form_is_the_recipe_s(tiny, tmp_path):
    form = form_of(tiny.form)
    assert (form.step, form.checks, form.fenced) == ("half", CHECKS, False)
    (tmp_path / "mine.md").write_text("---\nid: mine\nversion: 1\n---\nNothing to rate.\n")
    with pytest.raises(DataError, match=r"the prompt has 0 places \{narrative\}"):
        form_of(tiny.form.model_copy(update={"prompt": str(tmp_path / "mine.md")}))
