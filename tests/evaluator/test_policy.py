"""Batches and masks worked by hand; and that packing, padding and neighbours change nothing."""

from dataclasses import replace

import pytest
import torch

from dermatrust.evaluator.form import Evaluation
from dermatrust.evaluator.policy import Batch, Row, batch_of
from dermatrust.evaluator.script import NOT_LEARNT, Answer
from dermatrust.records import Dimension

N = NOT_LEARNT
WANTED = Evaluation({Dimension.SAFETY: 4}, "A dark spot.", {"site": "wrong"})


def rows_of(policy, texts=("A red plaque.", "A dark spot on the face, and more."), orders=(), n_images=(2, 1)):
    answers = [policy.script.answer(WANTED, order) for order in orders]
    generator = torch.Generator().manual_seed(4)
    return [
        Row(policy.script.prompt(text, 2 * n), torch.rand(2 * n, 6, generator=generator), answers)
        for text, n in zip(texts, n_images, strict=True)
    ]


def logits_of(policy, rows):
    with torch.no_grad():
        return policy(batch_of(rows, pad_id=policy.script.placeholder_id))


def test_a_batch_worked_by_hand():
    cue_and_text = Answer((20, 21, 22), (N, 22, N))
    other = Answer((30, 31), (31, N))
    long = Row([0, 9, 9, 5], torch.full((2, 3), 1.0), [cue_and_text, other])
    short = Row([0, 9], torch.full((1, 3), 2.0), [other])
    batch = batch_of([long, short], pad_id=7)
    assert batch.ids.tolist() == [[0, 9, 9, 5, 20, 21, 22, 30, 31], [0, 9, 30, 31, 7, 7, 7, 7, 7]]
    assert batch.labels.tolist() == [[N, N, N, N, N, 22, N, 31, N], [N, N, 31, N, N, N, N, N, N]]
    assert batch.positions.tolist() == [[0, 1, 2, 3, 4, 5, 6, 4, 5], [0, 1, 2, 3, 0, 0, 0, 0, 0]]
    assert batch.parts.tolist() == [[0, 0, 0, 0, 1, 1, 1, 2, 2], [0, 0, 1, 1, -1, -1, -1, -1, -1]]
    assert batch.features[:, 0].tolist() == [1, 1, 2]
    assert (len(long), len(short)) == (9, 4)


def test_the_mask_worked_by_hand_row_by_row():
    parts = torch.tensor([[0, 0, 1, 1, 2, -1]])
    nothing = torch.zeros(1, 6, dtype=torch.long)
    mask = Batch(nothing, nothing, nothing, parts, torch.zeros(0, 3)).mask
    assert mask.shape == (1, 1, 6, 6)
    assert (mask[0, 0] == 0).int().tolist() == [
        [1, 0, 0, 0, 0, 0],  # the prompt reads itself
        [1, 1, 0, 0, 0, 0],
        [1, 1, 1, 0, 0, 0],  # the first answer reads the prompt and itself
        [1, 1, 1, 1, 0, 0],
        [1, 1, 0, 0, 1, 0],  # the second answer does not read the first
        [0, 0, 0, 0, 0, 1],  # padding reads padding
    ]
    assert mask[mask != 0].max() <= -1e9


def test_packed_answers_equal_separate_rows(policy):
    rows = rows_of(policy, orders=("critique first", "scores first"))
    packed = logits_of(policy, rows)
    alone = [logits_of(policy, [replace(row, answers=[answer])]) for row in rows for answer in row.answers]
    assert packed.shape[0] == sum(map(len, alone))
    assert torch.allclose(packed, torch.cat(alone), atol=1e-5)


def test_they_are_transformers_own_logits(policy, pictures):
    seen = policy.look(policy.pixels(pictures[:2]))
    row = Row(policy.script.prompt("A red plaque.", 4), seen.flatten(0, 1), [policy.script.critique(WANTED)])
    answer = row.answers[0]
    ids = torch.tensor([[*row.prompt, *answer.ids]])
    with torch.no_grad():
        theirs = policy.model(input_ids=ids, pixel_values=policy.pixels(pictures[:2])).logits[0]
    labels = torch.tensor([*[NOT_LEARNT] * len(row.prompt), *answer.labels])
    assert torch.allclose(logits_of(policy, [row]), theirs[labels != NOT_LEARNT], atol=1e-4)
    assert torch.equal(labels[labels != NOT_LEARNT], ids[0, 1:][labels[:-1] != NOT_LEARNT])


def test_an_image_moves_its_own_row_alone(policy):
    rows = rows_of(policy, orders=("scores first",))
    before = logits_of(policy, rows).view(2, 2, -1)
    rows[0] = replace(rows[0], features=rows[0].features + 1)
    after = logits_of(policy, rows).view(2, 2, -1)
    assert not torch.allclose(after[0], before[0], atol=1e-3)
    assert torch.allclose(after[1], before[1], atol=1e-6)


def test_a_token_moves_what_stands_behind_it_in_its_answer_alone(policy):
    prompt = policy.script.prompt("A red plaque.", 2)
    features = torch.rand(2, 6, generator=torch.Generator().manual_seed(1))
    first, second = Answer((20, 21, 22), (21, 22, 23)), Answer((30, 31), (31, 32))
    before = logits_of(policy, [Row(prompt, features, [first, second])])
    changed = replace(first, ids=(20, 25, 22))
    after = logits_of(policy, [Row(prompt, features, [changed, second])])
    moved = (after - before).abs().amax(dim=1) > 1e-4
    assert moved.tolist() == [False, True, True, False, False]


def test_padding_and_neighbours_change_nothing(policy):
    rows = rows_of(policy, orders=("scores first",))
    together = logits_of(policy, rows)
    assert torch.allclose(together, torch.cat([logits_of(policy, [row]) for row in rows]), atol=1e-5)
    assert torch.allclose(logits_of(policy, rows[::-1]), together.view(2, 2, -1).flip(0).flatten(0, 1), atol=1e-5)


def test_only_learnt_tokens_carry_gradient_to_the_head(policy):
    batch = batch_of(rows_of(policy, orders=("scores first",)), pad_id=policy.script.placeholder_id)
    kept = []
    handle = policy.model.lm_head.register_forward_hook(lambda module, inputs, output: kept.append(inputs[0].shape))
    try:
        policy(batch)
    finally:
        handle.remove()
    assert kept == [(int((batch.labels != NOT_LEARNT).sum()), 32)]


def test_the_tower_is_frozen_and_looks_without_gradient(policy, pictures):
    seen = policy.look(policy.pixels(pictures))
    assert (seen.shape, seen.requires_grad) == ((4, 2, 6), False)
    assert not any(weight.requires_grad for weight in policy.model.model.vision_tower.parameters())
    assert all(weight.requires_grad for weight in policy.model.model.language_model.parameters())
    assert torch.allclose(policy.look(policy.pixels(pictures[1:2]))[0], seen[1], atol=1e-6)


def test_a_tower_with_a_leading_token_loses_it_where_the_model_says_so(policy, pictures, monkeypatch):
    whole = policy.look(policy.pixels(pictures))
    monkeypatch.setattr(policy.model.config, "vision_feature_select_strategy", "default")
    assert torch.equal(policy.look(policy.pixels(pictures)), whole[:, 1:])


def test_features_that_do_not_fill_the_image_tokens_are_an_error(policy):
    row = Row(policy.script.prompt("A red plaque.", 4), torch.rand(2, 6), [policy.script.critique(WANTED)])
    with pytest.raises(RuntimeError):
        logits_of(policy, [row])
