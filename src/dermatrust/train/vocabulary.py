"""The tokenizer of an evaluator that is trained from nothing: byte-level BPE learnt from its own texts."""

from collections.abc import Iterable, Iterator
from itertools import chain

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers
from transformers import PreTrainedTokenizerFast

from dermatrust.evaluator.form import Evaluation, Form, level_text

_WORD = r" ?[^\s]+\n?|\s+"
"""A word with the space before it and whatever sign or line's end stands behind it: texts then take a quarter fewer
tokens than with signs apart, and every step of training and rating costs as much less."""
_OFTEN = 100
BEGIN, END, PAD, PLACEHOLDER, IMAGE = "<s>", "</s>", "<pad>", "<unk>", "<image>"


def train_tokenizer(texts: Iterable[str], form: Form, size: int) -> PreTrainedTokenizerFast:
    """Return a tokenizer that spells every score of a form with one token and any text at all.

    Args:
        texts: Prompts and evaluations of the training examples.
        form: Its levels become tokens of their own.
        size: Tokens in all.
    """
    tokenizer = Tokenizer(models.BPE(unk_token=None))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(_WORD), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    levels = [AddedToken(f" {level_text(level)}\n", normalized=False, special=False) for level in form.levels]
    special = [BEGIN, END, PAD, PLACEHOLDER, IMAGE]
    trainer = trainers.BpeTrainer(
        vocab_size=size - len(levels), special_tokens=special, show_progress=False,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
    )  # fmt: skip
    tokenizer.train_from_iterator(chain(texts, _answers(form)), trainer)
    tokenizer.add_tokens(levels)
    return as_transformers(tokenizer)


def as_transformers(tokenizer: Tokenizer) -> PreTrainedTokenizerFast:
    """Return a tokenizer that `train_tokenizer` made, from its own file, as Transformers takes it."""
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token=BEGIN, eos_token=END, pad_token=PAD, unk_token=PLACEHOLDER,
        additional_special_tokens=[IMAGE],
    )  # fmt: skip


def _answers(form: Form) -> Iterator[str]:
    """Yield every possible answer often enough to become one token, however rare it is in the examples."""
    for k in range(max(len(answers) for _, answers in (*form.checks, ("", form.levels)))):
        checks = {name: answers[k % len(answers)] for name, answers in form.checks}
        yield from [form.cue("scores first") + form.write(Evaluation({}, checks=checks), "scores first")] * _OFTEN
