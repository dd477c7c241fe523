"""Folders of weights: a whole one is read back as it was, and every damage has words of its own, never a traceback."""

import json
import shutil
import sys
from pathlib import Path

import PIL.Image
import pytest
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from transformers import (
    AutoImageProcessor,
    CLIPImageProcessorPil,
    CLIPVisionConfig,
    LlamaConfig,
    LlavaConfig,
    LlavaForConditionalGeneration,
)

from dermatrust.cli import main
from dermatrust.errors import DataError, ModelError
from dermatrust.evaluator.form import Evaluation, Form
from dermatrust.evaluator.policy import Policy
from dermatrust.evaluator.stored import FORM as FORM_FILE
from dermatrust.evaluator.stored import load_parts, load_policy, save_policy, script_of
from dermatrust.train.fresh import corpus
from dermatrust.train.vocabulary import train_tokenizer

PICTURE = PIL.Image.new("RGB", (40, 30), (200, 120, 90))


@pytest.fixture(scope="session")
def tokenizer():
    form = Form("Narrative:\n{narrative}")
    text = "A red plaque on the back."
    return train_tokenizer(corpus(form, [(text, form.write(Evaluation({}, text), "critique first"))]), form, 330)


@pytest.fixture(scope="session")
def whole(tokenizer, tmp_path_factory):
    """A Llava checkpoint of toy width with everything that belongs to it."""
    path = tmp_path_factory.mktemp("stored") / "evaluator"
    torch.manual_seed(0)
    known = tokenizer.get_vocab()
    vision = CLIPVisionConfig(
        image_size=28, patch_size=14, hidden_size=8, intermediate_size=8, num_hidden_layers=2, num_attention_heads=2
    )
    text = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=8, intermediate_size=8, num_hidden_layers=1, num_attention_heads=2,
        bos_token_id=known["<s>"], eos_token_id=known["</s>"], pad_token_id=known["<pad>"],
    )  # fmt: skip
    model = LlavaForConditionalGeneration(
        LlavaConfig(vision_config=vision, text_config=text, image_token_index=known["<image>"])
    )
    processor = CLIPImageProcessorPil(size={"shortest_edge": 28}, crop_size={"height": 28, "width": 28})
    script = script_of(model, tokenizer, Form("Narrative:\n{narrative}"), where="the toy")
    save_policy(Policy(model, script, lambda _: torch.zeros(1)), path, tokenizer, processor)
    return path


@pytest.fixture
def folder(whole, tmp_path):
    """A copy that may be damaged."""
    return shutil.copytree(whole, tmp_path / "evaluator")


def rewritten(path: Path, **fields: object) -> None:
    path.write_text(json.dumps(json.loads(path.read_text()) | fields))


def test_a_folder_is_read_back_as_it_was_written(whole, tmp_path):
    policy, parts = load_parts(whole)
    stored = load_file(whole / "model.safetensors")
    assert {name: weight.shape for name, weight in policy.model.state_dict().items()} == {
        name: weight.shape for name, weight in LlavaForConditionalGeneration.from_pretrained(whole).state_dict().items()
    }
    assert sum(weight.numel() for weight in stored.values()) == sum(w.numel() for w in policy.parameters())
    assert policy.script.form == Form("Narrative:\n{narrative}")
    save_policy(policy, tmp_path / "again", *parts)
    again = load_policy(tmp_path / "again")
    for name, weight in again.state_dict().items():
        assert torch.equal(weight, policy.state_dict()[name]), name
    for name in (FORM_FILE, "preprocessor_config.json", "tokenizer.json"):
        assert json.loads((tmp_path / "again" / name).read_text()) == json.loads((whole / name).read_text()), name


def test_pictures_become_what_the_processor_of_the_folder_makes_of_them(whole):
    policy = load_policy(whole)
    pixels = policy.pixels([PICTURE, PICTURE.convert("L")])
    assert pixels.shape == (2, 3, 28, 28)
    processor = AutoImageProcessor.from_pretrained(whole, backend="pil")
    assert torch.equal(pixels[:1], processor(images=PICTURE, return_tensors="pt")["pixel_values"])
    assert policy.look(pixels).shape == (2, 4, 8)  # (28 / 14)^2 patches without the class token


def test_no_folder_is_told(tmp_path):
    with pytest.raises(ModelError, match=r"nowhere: there is no such folder; expected a Transformers checkpoint"):
        load_policy(tmp_path / "nowhere")
    (tmp_path / "file").write_text("x")
    with pytest.raises(ModelError, match="file: there is no such folder"):
        load_policy(tmp_path / "file")


def without(name):
    return lambda folder: (folder / name).unlink()


def without_tokenizer(folder):
    for path in folder.glob("tokenizer*"):
        path.unlink()


def cut_short(name):
    return lambda folder: (folder / name).write_bytes((folder / name).read_bytes()[:100])


def garbled(name):
    return lambda folder: (folder / name).write_text("{not JSON")


def of_another_kind(folder):
    rewritten(folder / "config.json", model_type="llama")


def adapter_of_nothing(folder):
    (folder / "adapter_config.json").write_text(json.dumps({"base_model_name_or_path": "some-lab/some-model"}))


def adapter_without_base(folder):
    (folder / "adapter_config.json").write_text("{}")


def more_tokens(folder):
    fields = json.loads((folder / "tokenizer.json").read_text())
    n = 1 + max(token["id"] for token in fields["added_tokens"])
    known = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": False}
    fields["added_tokens"] += [{"id": n + k, "content": f"<new {k}>", **known} for k in range(3)]
    (folder / "tokenizer.json").write_text(json.dumps(fields))


def image_token(number):
    return lambda folder: rewritten(folder / "config.json", image_token_index=number)


def endless(folder):
    rewritten(folder / "tokenizer_config.json", eos_token=None)


DAMAGES = {
    "no config": (without("config.json"), "cannot be loaded as a Llava-type model"),
    "config is no JSON": (garbled("config.json"), "cannot be loaded as a Llava-type model"),
    "another kind of model": (of_another_kind, "cannot be loaded as a Llava-type model"),
    "no weights": (without("model.safetensors"), "cannot be loaded as a Llava-type model"),
    "weights cut short": (cut_short("model.safetensors"), "cannot be loaded as a Llava-type model"),
    "adapter of nothing": (adapter_of_nothing, "some-lab/some-model is no folder with a config"),
    "adapter without base": (adapter_without_base, "cannot be loaded as a Llava-type model"),
    "no tokenizer": (without_tokenizer, "the tokenizer cannot be loaded"),
    "tokenizer is no JSON": (garbled("tokenizer.json"), "the tokenizer cannot be loaded"),
    "more tokens than the model": (more_tokens, r"the tokenizer has \d+ tokens; expected at most the model's \d+"),
    "no token for images": (image_token(10**5), "the tokenizer has no token 100000; expected the token that stands"),
    "a token below 0": (image_token(-1), "the tokenizer has no token -1"),
    "no token that ends": (endless, "the tokenizer has no token that ends a text"),
    "no processor": (without("preprocessor_config.json"), "the image processor cannot be loaded"),
    "processor is no JSON": (garbled("preprocessor_config.json"), "the image processor cannot be loaded"),
    "no form": (without(FORM_FILE), r"has no evaluator\.json, so nobody knows how it is asked\. Give a prompt"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_every_damage_is_told_in_words_of_its_own(folder, damage):
    harm, words = DAMAGES[damage]
    harm(folder)
    with pytest.raises(ModelError, match=words) as caught:
        load_policy(folder)
    assert str(folder) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 600


def test_weights_that_are_missing_are_never_made_up(folder):
    """The loader would fill them with chance and only warn."""
    stored = load_file(folder / "model.safetensors")
    del stored[next(name for name in stored if "language_model" in name and "q_proj" in name)]
    save_file(stored, folder / "model.safetensors", metadata={"format": "pt"})
    with pytest.raises(ModelError, match=r"lacks the weights .*q_proj"):
        load_policy(folder)


def test_a_damaged_form_is_told(folder):
    (folder / FORM_FILE).write_text("{}")
    with pytest.raises(DataError, match=r"evaluator\.json: is not an evaluator's form"):
        load_policy(folder)


def test_a_form_given_is_asked_instead_of_the_stored_one(whole):
    form = Form("Rate this:\n{narrative}", "half")
    assert load_policy(whole, form=form).script.form == form


def test_a_folder_that_cannot_be_written_is_told(whole, tmp_path):
    policy, parts = load_parts(whole)
    (tmp_path / "taken").write_text("a file where the folder should be")
    with pytest.raises(DataError, match="taken: cannot be written"):
        save_policy(policy, tmp_path / "taken", *parts)


def test_a_full_disk_is_told(whole, tmp_path, monkeypatch):
    """The library that writes weights has an error of its own for it."""
    policy, parts = load_parts(whole)

    def full(_):
        raise SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")

    monkeypatch.setattr(policy.model, "save_pretrained", full)
    with pytest.raises(DataError, match=r"out: cannot be written \(.*No space left.*\)\. Is there room on the disk\?"):
        save_policy(policy, tmp_path / "out", *parts)


@pytest.mark.parametrize("damage", ["no config", "weights cut short", "no tokenizer", "no processor", "no form"])
def test_the_command_line_says_it_in_one_line_and_ends_with_2(folder, damage, tmp_path, monkeypatch, capsys):
    DAMAGES[damage][0](folder)
    PICTURE.save(tmp_path / "skin.png")
    arguments = ["rate", "-m", f"hf:{folder}", "--image", str(tmp_path / "skin.png"), "--text", "A red plaque."]
    monkeypatch.setattr(sys, "argv", ["dermatrust", *arguments])
    with pytest.raises(SystemExit) as ended:
        main()
    said = capsys.readouterr()
    assert (ended.value.code, said.out) == (2, "")
    assert said.err.splitlines()[-1].startswith(f"error: {folder}: ")
    assert "Traceback" not in said.err
