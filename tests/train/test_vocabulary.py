"""The tokenizer: any text at all, and every answer one token."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dermatrust.evaluator.form import Evaluation, Form, level_text
from dermatrust.records import DIMENSIONS
from dermatrust.train.vocabulary import BEGIN, END, IMAGE, PAD, PLACEHOLDER, train_tokenizer

CHECKS = (("site", ("right", "wrong", "head-and-neck")), ("lesion", ("right", "missing")))
FORM = Form("Narrative:\n{narrative}", "quarter", CHECKS)
TEXTS = ("A red plaque on the back.\n", "Naïve: a 12 mm dark spot on the face.", "Accuracy: 3/5 and 3.25/5\n")


@pytest.fixture(scope="module")
def tokenizer():
    return train_tokenizer(TEXTS, FORM, 420)


def words(tokenizer, text):
    return [tokenizer.decode([k]) for k in tokenizer.encode(text, add_special_tokens=False)]


@given(st.text())
def test_any_text_comes_back(tokenizer, text):
    ids = tokenizer.encode(text, add_special_tokens=False)
    assert tokenizer.decode(ids, skip_special_tokens=False) == text
    assert all(0 <= k < len(tokenizer) for k in ids)


def test_every_level_is_one_token_where_a_score_stands(tokenizer):
    for level in FORM.levels:
        assert words(tokenizer, f"Safety: {level_text(level)}\n")[-1] == f" {level_text(level)}\n"


def test_every_answer_is_one_token_where_a_check_stands(tokenizer):
    for name, answers in CHECKS:
        for answer in answers:
            first = FORM.write(
                Evaluation({}, checks={"site": "right", "lesion": "right", name: answer}), "scores first"
            )
            found = [word.strip() for word in words(tokenizer, FORM.cue("scores first") + first)]
            assert answer in found


def test_a_whole_evaluation_is_spelt_with_one_token_for_each_answer(tokenizer):
    text = FORM.write(Evaluation(dict.fromkeys(DIMENSIONS, 3.75), checks={"site": "wrong"}), "scores first")
    assert words(tokenizer, text).count(" 3.75/5\n") == 6


def test_our_own_tokens_are_single_and_not_shown(tokenizer):
    assert [tokenizer.encode(one, add_special_tokens=False) for one in (BEGIN, END, PAD, PLACEHOLDER, IMAGE)] == [
        [0], [1], [2], [3], [4],
    ]  # fmt: skip
    assert (tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.pad_token_id, tokenizer.unk_token_id) == (
        0,
        1,
        2,
        3,
    )
    assert tokenizer.decode(tokenizer.encode("a<image>b</s>"), skip_special_tokens=True).replace(" ", "") == "ab"


def test_it_has_at_most_the_tokens_asked_for_and_follows_from_its_texts(tokenizer):
    assert len(tokenizer) <= 420
    again = train_tokenizer(TEXTS, FORM, 420)
    assert again.backend_tokenizer.to_str() == tokenizer.backend_tokenizer.to_str()
    other = train_tokenizer([*TEXTS, "ulcer " * 50], FORM, 420)
    assert other.backend_tokenizer.to_str() != tokenizer.backend_tokenizer.to_str()


def test_it_comes_back_from_its_folder(tokenizer, tmp_path):
    from transformers import AutoTokenizer

    tokenizer.save_pretrained(tmp_path)
    again = AutoTokenizer.from_pretrained(tmp_path)
    text = "Naïve <image> spot.\nSafety: 3.25/5\n</s>"
    assert again.encode(text, add_special_tokens=False) == tokenizer.encode(text, add_special_tokens=False)
    assert again.decode(again.encode(text, add_special_tokens=False)) == text
