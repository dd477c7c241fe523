"""DermEval on the real LLaVA architecture at toy width: CLIP's tower, Llama's decoder, LoRA, from a folder to a folder.

Losses, gradients and logits are compared with Transformers' own forward pass, picture in, one sequence at a time.
"""

import itertools
import json
import shutil
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import PIL.Image
import pytest
import torch
from accelerate.state import AcceleratorState
from peft import PeftModel
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import (
    AutoImageProcessor,
    CLIPImageProcessorPil,
    CLIPVisionConfig,
    LlamaConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
    PreTrainedTokenizerFast,
)

from dermatrust.datasets.atlas import write_atlas
from dermatrust.errors import ModelError
from dermatrust.evaluator.drawing import draw
from dermatrust.evaluator.form import Evaluation
from dermatrust.evaluator.policy import Row, batch_of
from dermatrust.evaluator.script import NOT_LEARNT
from dermatrust.evaluator.stored import adapting, load_policy
from dermatrust.records import DIMENSIONS
from dermatrust.train import loop, objectives
from dermatrust.train.checkpoint import State
from dermatrust.train.objectives import open_skeleton, stage2_loss, text_loss
from dermatrust.train.recipe import Recipe, Stage2Recipe, load_recipe
from dermatrust.train.run import form_of, pretrained_policy, train_evaluator

SPECIAL = ["<unk>", "<s>", "</s>", "<pad>", "<image>"]
FILES = ("narratives.jsonl", "ratings.jsonl")
N_PATCHES = (28 // 14) ** 2
NARRATIVE = "A red plaque on the back, most likely psoriasis."
WANTED = Evaluation(dict.fromkeys(DIMENSIONS, 3.0), "The site is right, the colour is wrong.")


def tokenizer_of(texts):
    """A byte-level tokenizer as Llama's: digits stand alone, and a begin token is put before a text unless told not."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Digits(individual_digits=True), pre_tokenizers.ByteLevel(add_prefix_space=False)]
    )
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(
        vocab_size=500, special_tokens=SPECIAL, initial_alphabet=alphabet, show_progress=False
    )
    tokenizer.train_from_iterator(texts, trainer)
    tokenizer.post_processor = processors.TemplateProcessing(single="<s> $A", special_tokens=[("<s>", 1)])
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="<unk>", bos_token="<s>", eos_token="</s>", pad_token="<pad>",
        additional_special_tokens=["<image>"],
    )  # fmt: skip


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    path = tmp_path_factory.mktemp("llava") / "atlas"
    write_atlas(path, n=6, seed=4, critiques=True)
    return path


@pytest.fixture(scope="module")
def checkpoint(dataset, tmp_path_factory):
    """What one would download: weights, tokenizer and image processor of a LLaVA, without any form of ours."""
    path = tmp_path_factory.mktemp("llava") / "weights"
    records = [json.loads(line) for name in FILES for line in (dataset / name).read_text().splitlines()]
    tokenizer = tokenizer_of(record.get("text") or record["critique"] for record in records)
    torch.manual_seed(0)
    vision = CLIPVisionConfig(
        image_size=28, patch_size=14, hidden_size=16, intermediate_size=16, num_hidden_layers=3, num_attention_heads=2
    )
    text = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
        max_position_embeddings=4096, unk_token_id=0, bos_token_id=1, eos_token_id=2, pad_token_id=3,
    )  # fmt: skip
    config = LlavaConfig(vision_config=vision, text_config=text, image_token_index=4, image_seq_length=N_PATCHES)
    assert (config.vision_feature_layer, config.vision_feature_select_strategy) == (-2, "default")  # as in LLaVA-1.5
    LlavaForConditionalGeneration(config).save_pretrained(path)
    tokenizer.save_pretrained(path)
    CLIPImageProcessorPil(size={"shortest_edge": 28}, crop_size={"height": 28, "width": 28}).save_pretrained(path)
    return path


@pytest.fixture(scope="module")
def recipe(dataset, checkpoint):
    """Both stages of the paper's recipe, a few steps long."""
    paper = load_recipe(Path("configs/llava15_7b.yaml")).model_dump()
    short = {"epochs": 1, "batch": 1, "accumulate": 2, "learning_rate": 0.01, "keep_every": 2}
    paper["form"] |= {"room": 1200}
    paper["model"] |= {"weights": checkpoint}
    paper["model"]["lora"] |= {"r": 4}
    paper["stage1"] |= short
    paper["stage2"] |= short | {"max_new_tokens": 12}
    paper["data"] = [{"folder": dataset}]
    return Recipe.model_validate(paper | {"threads": 1, "precision": "float32"})


@pytest.fixture
def another_precision():
    """Accelerate keeps the first precision of a process for good."""
    AcceleratorState._reset_state(True)
    yield
    AcceleratorState._reset_state(True)


@pytest.fixture(scope="module")
def whole(recipe, tmp_path_factory):
    """The run that nothing interrupts."""
    return train_evaluator(recipe, tmp_path_factory.mktemp("llava") / "run", workers=1, is_quiet=True)


@pytest.fixture
def policy(recipe):
    """An evaluator whose adapters do something already, without dropout."""
    found, _ = pretrained_policy(recipe.model, form_of(recipe.form))
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, weight in found.named_parameters():
            if "lora_" in name:
                weight.copy_(0.3 * torch.randn(weight.shape, generator=generator))
    return found.eval()


@pytest.fixture(scope="module")
def pixels(checkpoint):
    rng = np.random.default_rng(2)
    pictures = [PIL.Image.fromarray(rng.integers(0, 256, (40, 50, 3), dtype=np.uint8)) for _ in range(2)]
    processor = AutoImageProcessor.from_pretrained(checkpoint, backend="pil")
    return processor(images=pictures, return_tensors="pt")["pixel_values"]


def row_of(policy, pixels, narrative=NARRATIVE):
    prompt = policy.script.prompt(policy.script.form.shown(narrative), N_PATCHES * len(pixels))
    return Row(prompt, policy.look(pixels).flatten(0, 1))


def theirs(model, ids, pixels):
    """Logits of one sequence by Transformers' own pass."""
    return model(input_ids=torch.tensor([ids]), pixel_values=pixels).logits[0]


def kept(folder, stage):
    return torch.load(folder / f"{stage}.pt", weights_only=True)["weights"]


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.iterdir()}


def gradients(policy):
    return {name: weight.grad.clone() for name, weight in policy.named_parameters() if weight.grad is not None}


def test_the_paper_s_recipe_is_the_paper_s():
    recipe = load_recipe(Path("configs/llava15_7b.yaml"))
    lora, stages = recipe.model.lora, (recipe.stage1, recipe.stage2)
    assert (lora.r, lora.alpha, lora.dropout, lora.bias) == (64, 16, 0.05, "none")
    assert {(s.learning_rate, s.warmup, s.epochs) for s in stages} == {(2e-5, 0.03, 5)}
    second = recipe.stage2
    assert (second.objective, second.objective_weight, second.text_weight, second.beta) == ("soreb", 0.5, 1.0, 0.9)
    assert (second.order, recipe.form.orders, recipe.form.step) == ("critique first", ("critique first",), "whole")
    assert form_of(recipe.form).levels == (0, 1, 2, 3, 4, 5)


def test_only_lora_weights_move(whole, checkpoint):
    """Tower, projector and decoder stay as they were, bit for bit."""
    stored = load_file(checkpoint / "model.safetensors")
    base = LlavaForConditionalGeneration.from_pretrained(checkpoint).state_dict()
    assert len(base) == len(stored)
    trained = {name.removeprefix("model."): weight for name, weight in whole.policy.state_dict().items()}
    plain = {name.replace(".base_layer", ""): w for name, w in trained.items() if "lora_" not in name}
    assert plain.keys() == base.keys()
    for name, weight in base.items():
        assert torch.equal(plain[name], weight), name


def test_every_lora_weight_moves_in_both_stages_and_nothing_else_is_kept(whole):
    folder = whole.path.parent
    first, second = kept(folder, "stage1"), kept(folder, "stage2")
    assert first.keys() == second.keys()
    assert len(first) == 2 * 7 * 2  # A and B of seven matrices of two layers
    for name in first:
        assert ".language_model.layers." in name
        assert ".lora_" in name
        assert first[name].any(), name  # B begins at 0
        assert not torch.equal(first[name], second[name]), name


def test_both_stages_took_the_steps_they_were_told(whole):
    assert [whole.stages[name].step for name in ("stage1", "stage2")] == [3, 3]
    assert [whole.stages[name].samples for name in ("stage1", "stage2")] == [6, 6]
    assert whole.stages["stage2"].baseline < 0  # of rewards that are never above 0


def test_the_folder_holds_an_adapter_and_is_read_back_with_the_same_logits(whole, checkpoint, pixels):
    names = set(contents(whole.path))
    assert {"adapter_config.json", "adapter_model.safetensors", "evaluator.json", "tokenizer.json"} <= names
    assert "model.safetensors" not in names
    assert json.loads((whole.path / "adapter_config.json").read_text())["base_model_name_or_path"] == str(checkpoint)
    loaded = load_policy(whole.path)
    assert not any("lora_" in name for name, _ in loaded.named_parameters())  # put in, so that rating pays nothing
    assert loaded.script.form == whole.policy.script.form
    row = row_of(whole.policy, pixels)
    answers = [whole.policy.script.critique(WANTED), open_skeleton(whole.policy.script)]
    batch = batch_of([replace(row, answers=answers)], pad_id=0)
    with torch.no_grad():
        assert torch.equal(loaded.look(pixels), whole.policy.look(pixels))
        assert torch.allclose(loaded(batch), whole.policy(batch), atol=1e-5)
        base = load_policy(checkpoint, form=loaded.script.form)
        assert not torch.allclose(base(batch), whole.policy(batch), atol=1e-2)  # so the line above can fail


def test_the_adapter_is_one_that_peft_reads_without_us(whole, checkpoint, pixels):
    """And Transformers' pass over pictures says what ours says over features, at every place of both answers."""
    base = LlavaForConditionalGeneration.from_pretrained(checkpoint)
    with adapting():
        model = PeftModel.from_pretrained(base, whole.path).eval()
    script, row = whole.policy.script, row_of(whole.policy, pixels)
    answers = [script.critique(WANTED), open_skeleton(script)]
    with torch.no_grad():
        ours = whole.policy(batch_of([replace(row, answers=answers)], pad_id=0))
        expected = []
        for answer in answers:
            logits = theirs(model, [*row.prompt, *answer.ids], pixels)[len(row.prompt) :]
            expected.append(logits[torch.tensor(answer.labels) != NOT_LEARNT])
    assert torch.allclose(ours, torch.cat(expected), atol=1e-5)


def test_the_prompt_is_masked_in_stage_1(policy, pixels):
    """The loss and its gradient are those of Transformers with the prompt and the cue labelled as given."""
    row, script = row_of(policy, pixels), policy.script
    text_loss(policy, policy, [row], [WANTED], ["critique first"]).loss.backward()
    ours = gradients(policy)
    policy.zero_grad()
    cue = script.encode("Critique:\n")
    written = [*script.encode(script.form.write(WANTED, "critique first")), 2]
    ids = [*row.prompt, *cue, *written]
    labels = [NOT_LEARNT] * (len(row.prompt) + len(cue)) + written
    found = policy.model(input_ids=torch.tensor([ids]), pixel_values=pixels, labels=torch.tensor([labels]))
    found.loss.backward()
    expected = gradients(policy)
    assert ours.keys() == expected.keys()
    assert all(".lora_" in name for name in ours)
    for name, gradient in expected.items():
        assert torch.allclose(ours[name], gradient, atol=1e-6), name
        assert gradient.any(), name


def test_what_is_computed_again_gives_the_same_gradients(recipe, pixels):
    """Dropout included: the second pass of a layer drops what the first dropped."""
    found = []
    for recompute in (False, True):
        model = recipe.model.model_copy(update={"recompute": recompute})
        torch.manual_seed(2)  # of the adapters
        policy, _ = pretrained_policy(model, form_of(recipe.form))
        for name, weight in policy.named_parameters():
            if "lora_B" in name:
                torch.nn.init.constant_(weight, 0.1)
        passes = []
        layer = policy.model.model.language_model.layers[0]
        layer.self_attn.q_proj.register_forward_hook(lambda *_, seen=passes: seen.append(1))
        torch.manual_seed(5)
        row = row_of(policy, pixels)
        text_loss(policy.train(), policy, [row], [WANTED], ["critique first"]).loss.backward()
        assert len(passes) == 1 + recompute
        found.append(gradients(policy))
    assert found[0].keys() == found[1].keys()
    for name, gradient in found[0].items():
        assert torch.allclose(gradient, found[1][name], atol=1e-6), name


def test_only_generated_tokens_carry_the_policy_gradient(policy, pixels, monkeypatch):
    """It is, by hand over Transformers' pass: -advantage x mean log-probability of the tokens that were drawn."""
    script = policy.script
    rows = [row_of(policy, pixels), row_of(policy, pixels[:1], "A dark spot.")]
    cue = script.encode("Critique:\n")
    draws = draw(
        policy, rows, cue, n_draws=2, max_new_tokens=9, temperature=1.0, generator=torch.Generator().manual_seed(3)
    )
    scores = np.full((2, 2, 6), 3.0)
    scores[0, 0, :] = 1.0  # 4 squared points worse than the other draw of its row
    scores[1, 1, 2] = np.nan  # unread: 9 squared points on one of six dimensions
    answers = [[script.drawn(cue, one.ids) for one in of_row] for of_row in draws]
    monkeypatch.setattr(objectives, "draw_answers", lambda *_: (answers, scores))
    recipe = Stage2Recipe(objective="rloo", draws=2, objective_weight=0.5, text_weight=0.0)
    state, generator = State(), torch.Generator()
    outcome = stage2_loss(policy, policy, rows, [WANTED] * 2, ["critique first"], recipe, state, generator)
    outcome.loss.backward()
    ours = gradients(policy)
    policy.zero_grad()
    advantages = [[-4.0, 4.0], [1.5, -1.5]]
    total = torch.zeros(())
    for i, (row, seen) in enumerate(zip(rows, (pixels, pixels[:1]), strict=True)):
        for k, one in enumerate(draws[i]):
            logits = theirs(policy.model, [*row.prompt, *cue, *one.ids], seen).log_softmax(dim=-1)
            first = len(row.prompt) + len(cue)
            chosen = [logits[first - 1 + n, token] for n, token in enumerate(one.ids)]
            total = total - advantages[i][k] * torch.stack(chosen).mean() / 4
    (0.5 * total).backward()
    assert float(outcome.loss.detach()) == pytest.approx(0.5 * float(total.detach()), abs=1e-5)
    for name, gradient in gradients(policy).items():
        assert torch.allclose(ours[name], gradient, atol=1e-6), name
        assert gradient.any(), name


def test_a_draw_that_hits_on_the_token_of_images_is_a_draw_like_any_other(policy, pixels):
    """It has no picture to stand for; Llava's own pass refuses it, a step of stage 2 must not."""
    row, script = row_of(policy, pixels), policy.script
    plain = script.drawn(script.encode("Critique:\n"), [*script.encode("red"), script.image_id, *script.encode("skin")])
    with torch.no_grad():
        found = policy(batch_of([replace(row, answers=[plain])], pad_id=0))
        inner = policy.model.model
        embedded = policy.model.get_input_embeddings()(torch.tensor([[*row.prompt, *plain.ids]]))
        places = [k for k, token in enumerate(row.prompt) if token == script.image_id]
        embedded[0, places] = inner.multi_modal_projector(row.features)
        expected = policy.model.lm_head(inner.language_model(inputs_embeds=embedded).last_hidden_state)[0]
    n = len(row.prompt) + len(plain.ids)
    assert torch.allclose(found, expected[n - 1 - len(found) : n - 1], atol=1e-5)


def test_dropout_rests_while_a_draw_is_made_and_works_while_it_is_learnt(policy, pixels):
    recipe = Stage2Recipe(objective="soreb", max_new_tokens=3)
    modes = []
    policy.model.model.language_model.register_forward_pre_hook(lambda module, _: modes.append(module.training))
    stage2_loss(
        policy.train(), policy, [row_of(policy, pixels)], [WANTED], ["critique first"], recipe, State(),
        torch.Generator(),
    )  # fmt: skip
    assert modes == [False] * 3 + [True]


def test_drawing_takes_what_transformers_takes(policy, pixels):
    """Greedy, two rows of different length in one batch, against `generate` row by row."""
    rows = [row_of(policy, pixels), row_of(policy, pixels[:1], "A dark spot.")]
    cue = policy.script.encode("Critique:\n")
    found = draw(policy, rows, cue, max_new_tokens=10)
    for (one,), row, seen in zip(found, rows, (pixels, pixels[:1]), strict=True):
        ids = torch.tensor([[*row.prompt, *cue]])
        expected = policy.model.generate(
            input_ids=ids, attention_mask=torch.ones_like(ids), pixel_values=seen, max_new_tokens=10, do_sample=False
        )
        assert list(one.ids) == expected[0, ids.shape[1] :].tolist()


@pytest.mark.parametrize(("stage", "n_steps"), [("stage1", 2), ("stage2", 2), ("stage2", 0)])
def test_a_stopped_run_goes_on_to_the_same_bytes(recipe, whole, tmp_path, monkeypatch, stage, n_steps):
    """Stopped after some steps of a stage; a checkpoint is kept every second step."""
    path = tmp_path / "run"
    if stage == "stage2":  # stage 1 is the first test's
        shutil.copytree(whole.path.parent, path, ignore=shutil.ignore_patterns("evaluator", "stage2.pt"))
    calls, healthy = itertools.count(), loop._step

    def stopping(*rest):
        if next(calls) == n_steps:
            raise KeyboardInterrupt
        return healthy(*rest)

    monkeypatch.setattr(loop, "_step", stopping)
    with pytest.raises(KeyboardInterrupt):
        train_evaluator(recipe, path, workers=1, is_quiet=True)
    monkeypatch.undo()
    assert (path / f"{stage}.pt").exists() == (n_steps > 0)
    assert not (path / "evaluator").exists()
    again = train_evaluator(recipe, path, workers=1, is_quiet=True)
    assert contents(again.path) == contents(whole.path)
    assert again.stages["stage2"].baseline == whole.stages["stage2"].baseline


@pytest.mark.filterwarnings("default:.*missing adapter keys")
def test_an_adapter_that_lacks_weights_is_refused(whole, tmp_path):
    path = shutil.copytree(whole.path, tmp_path / "evaluator")
    stored = load_file(path / "adapter_model.safetensors")
    del stored[next(iter(stored))]
    save_file(stored, path / "adapter_model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match="missing adapter keys"):
        load_policy(path)


def test_a_base_that_moved_away_is_told(whole, tmp_path):
    path = shutil.copytree(whole.path, tmp_path / "evaluator")
    fields = json.loads((path / "adapter_config.json").read_text())
    (path / "adapter_config.json").write_text(json.dumps(fields | {"base_model_name_or_path": "llava-hf/moved"}))
    with pytest.raises(ModelError, match="llava-hf/moved is no folder with a config"):
        load_policy(path)


def test_half_precision_halves_the_frozen_weights_and_not_the_trained_ones(another_precision, recipe, tmp_path):
    """Seven billion weights in bfloat16 are 14 GB instead of 28."""
    fields = recipe.model_dump() | {"precision": "bfloat16"}
    fields["stage1"]["epochs"] = fields["stage2"]["epochs"] = 0.3
    trained = train_evaluator(Recipe.model_validate(fields), tmp_path / "run", workers=1, is_quiet=True)
    kinds = {(".lora_" in name, weight.dtype) for name, weight in trained.policy.named_parameters()}
    assert kinds == {(False, torch.bfloat16), (True, torch.float32)}
    assert all(weight.dtype == torch.float32 for weight in load_policy(trained.path).parameters())


def test_without_adapters_everything_but_the_tower_is_trained_in_full_precision(
    another_precision, recipe, checkpoint, tmp_path
):
    fields = recipe.model_dump() | {"precision": "bfloat16", "stage2": None}
    fields["model"]["lora"] = None
    fields["stage1"]["epochs"] = 0.3
    trained = train_evaluator(Recipe.model_validate(fields), tmp_path / "run", workers=1, is_quiet=True)
    base = LlavaForConditionalGeneration.from_pretrained(checkpoint).state_dict()
    for name, weight in trained.policy.model.state_dict().items():
        assert weight.dtype == torch.float32
        assert torch.equal(weight, base[name]) == ("vision_tower" in name), name
    assert (trained.path / "model.safetensors").exists()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        load_policy(trained.path)
