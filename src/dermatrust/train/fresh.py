"""An evaluator from nothing: tokenizer, tower and decoder of the sizes a recipe asks for."""

from collections.abc import Iterable

import torch
from transformers import LlamaConfig, LlavaConfig, LlavaForConditionalGeneration, PreTrainedTokenizerFast

from dermatrust.atlas.perception import Heads
from dermatrust.evaluator.form import Form
from dermatrust.evaluator.policy import Policy
from dermatrust.evaluator.stored import atlas_pixels, script_of
from dermatrust.evaluator.tower import AtlasTower, AtlasTowerConfig
from dermatrust.train.recipe import Fresh
from dermatrust.train.vocabulary import BEGIN, END, IMAGE, PAD


def build_tower(recipe: Fresh) -> AtlasTower:
    """Return an untrained tower with one token per finding."""
    size = recipe.tower
    n_tokens = len(Heads.of_atlas().values)
    config = AtlasTowerConfig(
        image_size=size.side_px, patch_size=size.patch_px, width=size.width, n_tokens=n_tokens, hidden_size=size.hidden
    )
    return AtlasTower(config)


def build_policy(recipe: Fresh, tower: AtlasTower, tokenizer: PreTrainedTokenizerFast, form: Form) -> Policy:
    """Return an evaluator with a trained, frozen tower and an untrained decoder.

    Args:
        recipe: Sizes.
        tower: Frozen here.
        tokenizer: From `train_tokenizer`.
        form: How the evaluator is asked and answers.
    """
    known = tokenizer.get_vocab()
    begin, end, pad, image = (known[one] for one in (BEGIN, END, PAD, IMAGE))
    text = LlamaConfig(
        vocab_size=len(tokenizer), hidden_size=recipe.hidden, intermediate_size=recipe.inner,
        num_hidden_layers=recipe.layers, num_attention_heads=recipe.heads, num_key_value_heads=recipe.heads,
        max_position_embeddings=recipe.context, tie_word_embeddings=True, bos_token_id=begin, eos_token_id=end,
        pad_token_id=pad,
    )  # fmt: skip
    config = LlavaConfig(
        vision_config=tower.config, text_config=text, image_token_index=image, vision_feature_layer=-1,
        vision_feature_select_strategy="full", tie_word_embeddings=True,
    )  # fmt: skip
    model = LlavaForConditionalGeneration(config)
    # On a CPU the plain products beat PyTorch's fused attention at these sizes: 38 against 22 examples/s.
    model.model.language_model.config._attn_implementation = "eager"
    model.model.vision_tower = tower
    for weight in tower.parameters():
        weight.requires_grad = False
    script = script_of(model, tokenizer, form, where="the tokenizer")
    return Policy(model, script, atlas_pixels(recipe.tower.side_px))


def corpus(form: Form, written: Iterable[tuple[str, str]]) -> Iterable[str]:
    """Yield what a tokenizer is trained on: each narrative as a prompt, and its evaluation critique first."""
    for narrative, evaluation in written:
        yield form.ask(narrative, "critique first") + evaluation


def seeded(seed: int) -> None:
    """Make everything PyTorch does from here on follow from a seed."""
    torch.manual_seed(seed)
    torch.use_deterministic_algorithms(True)
    torch.set_flush_denormal(True)
