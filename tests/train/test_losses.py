"""Losses worked by hand, against torch, NumPy and finite differences; and that what is masked moves nothing."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import rv_discrete
from torch.autograd import gradcheck
from torch.nn.functional import cross_entropy

from dermatrust.errors import DataError
from dermatrust.train.advantages import group_relative
from dermatrust.train.losses import (
    NOT_LEARNT,
    expected_score_loss,
    expected_scores,
    level_chances,
    masked_cross_entropy,
    mean_log_probability,
    ordinal_loss,
    policy_gradient,
)

NAN = float("nan")
LEVELS = torch.arange(6, dtype=torch.float64)
LABELS = torch.tensor([[NOT_LEARNT, 2, 0], [4, NOT_LEARNT, NOT_LEARNT]])
MASK = torch.tensor([[False, True, True], [True, False, False]])
DRAWN = torch.tensor([[-100, 2, 0], [4, 1, -100]])  # outside the mask anything may stand


def random_logits(*shape: int, seed: int = 3) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(*shape, dtype=torch.float64, generator=generator).requires_grad_()


def log_probability(logits: torch.Tensor, drawn: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
    return mean_log_probability(logits[mask], drawn[mask], mask)


def test_cross_entropy_worked_by_hand_is_the_mean_over_learnt_tokens():
    logits = torch.log(torch.tensor([[[0.5, 0.25, 0.25], [0.1, 0.1, 0.8]], [[0.25, 0.5, 0.25], [1 / 3, 1 / 3, 1 / 3]]]))
    labels = torch.tensor([[0, NOT_LEARNT], [2, 1]])
    assert float(masked_cross_entropy(logits, labels)) == pytest.approx((math.log(2) + math.log(4) + math.log(3)) / 3)


def test_cross_entropy_is_torch_s():
    logits = random_logits(2, 3, 5)
    ours = masked_cross_entropy(logits, LABELS)
    theirs = cross_entropy(logits.flatten(0, 1), LABELS.flatten(), ignore_index=NOT_LEARNT)
    assert ours.item() == pytest.approx(theirs.item())
    assert torch.allclose(*(torch.autograd.grad(loss, logits)[0] for loss in (ours, theirs)))


def test_without_learnt_tokens_the_loss_is_zero_and_can_still_be_differentiated():
    logits = random_logits(2, 3, 5)
    loss = masked_cross_entropy(logits, torch.full((2, 3), NOT_LEARNT))
    loss.backward()
    assert loss.item() == 0
    assert not logits.grad.any()


def test_the_log_probability_worked_by_hand_is_the_mean_over_generated_tokens():
    chances = torch.tensor([[[0.5, 0.5], [0.25, 0.75], [0.1, 0.9]], [[0.2, 0.8], [0.5, 0.5], [0.5, 0.5]]])
    mask = torch.tensor([[False, True, True], [True, False, False]])
    found = log_probability(chances.log(), torch.tensor([[0, 0, 1], [1, 0, 0]]), mask)
    assert found.tolist() == pytest.approx([(math.log(0.25) + math.log(0.9)) / 2, math.log(0.8)])


def test_a_draw_without_tokens_moves_nothing():
    logits = random_logits(2, 3, 5)
    mask = MASK & torch.tensor([[True], [False]])
    found = log_probability(logits, DRAWN, mask)
    policy_gradient(found, torch.ones(2)).backward()
    assert found[1].item() == 0
    assert logits.grad[0].any()
    assert not logits.grad[1].any()


@pytest.mark.parametrize("of", ["text", "draws"])
def test_masked_tokens_carry_no_gradient_not_even_of_logits_that_are_not_numbers(of):
    logits = random_logits(2, 3, 5)
    poisoned = torch.where(MASK[..., None], logits, NAN).detach().requires_grad_()
    if of == "text":
        loss = masked_cross_entropy(poisoned, LABELS)
    else:
        loss = policy_gradient(log_probability(poisoned, DRAWN, MASK), torch.tensor([1.0, -2.0]))
    loss.backward()
    assert (poisoned.grad.abs().sum(dim=-1) > 0).equal(MASK)


def test_half_precision_is_raised_before_the_softmax():
    logits = random_logits(2, 3, 5).detach().to(torch.bfloat16)
    assert masked_cross_entropy(logits, LABELS).dtype == torch.float32
    assert torch.equal(masked_cross_entropy(logits, LABELS), masked_cross_entropy(logits.float(), LABELS))
    assert torch.equal(log_probability(logits, DRAWN, MASK), log_probability(logits.float(), DRAWN, MASK))


def test_the_policy_gradient_worked_by_hand():
    log_probability = torch.tensor([-1.0, -2.0, -0.5], requires_grad=True)
    loss = policy_gradient(log_probability, torch.tensor([2.0, -1.0, 0.0]))
    loss.backward()
    assert loss.item() == 0  # (2 x 1 - 1 x 2 + 0) / 3
    assert log_probability.grad.tolist() == pytest.approx([-2 / 3, 1 / 3, 0])


def test_the_policy_gradient_agrees_with_finite_differences():
    logits, advantage, step = random_logits(2, 3, 5), torch.tensor([0.7, -1.3]), 1e-6

    def loss(at):
        return policy_gradient(log_probability(at, DRAWN, MASK), advantage)

    loss(logits).backward()
    for place in np.ndindex(*logits.shape):
        bump = torch.zeros_like(logits)
        bump[place] = step
        with torch.no_grad():
            slope = (loss(logits + bump) - loss(logits - bump)) / (2 * step)
        assert logits.grad[place].item() == pytest.approx(slope.item(), abs=1e-8)


def test_the_advantage_is_a_constant_of_any_precision():
    log_probability = torch.tensor([-1.0], requires_grad=True)
    advantage = torch.tensor([2.0], dtype=torch.float64, requires_grad=True)
    loss = policy_gradient(log_probability, advantage)
    loss.backward()
    assert advantage.grad is None
    assert loss.dtype == torch.float32


def test_the_gradient_is_that_of_grpo_s_clipped_ratio_at_its_first_update():
    logits = random_logits(4, 3, 5)
    drawn, mask = torch.randint(5, (4, 3), generator=torch.Generator().manual_seed(1)), torch.ones(4, 3).bool()
    mask[1, 2] = mask[3, 0] = False
    advantage = torch.tensor(group_relative([[-1.0, -2.0], [-0.5, -3.0]]).ravel())
    # equation 3 of arXiv 2402.03300 without its distance from a reference policy: per token, then per draw
    now = logits.log_softmax(dim=-1).gather(-1, drawn[..., None])[..., 0]
    ratio = (now - now.detach()).exp()
    of_tokens = torch.minimum(ratio * advantage[:, None], ratio.clamp(0.8, 1.2) * advantage[:, None])
    grpo = -((of_tokens * mask).sum(dim=1) / mask.sum(dim=1)).mean()
    ours = policy_gradient(log_probability(logits, drawn, mask), advantage)
    assert torch.allclose(*(torch.autograd.grad(loss, logits)[0] for loss in (ours, grpo)))


def test_level_chances_leave_the_other_tokens_out():
    logits = torch.tensor([[[0.1, 0.2, 0.1, 0.6], [0.7, 0.1, 0.1, 0.1]]]).log()
    found = level_chances(logits, torch.tensor([3, 1]))
    assert torch.allclose(found, torch.tensor([[[0.75, 0.25], [0.5, 0.5]]]))


def test_the_expected_score_and_its_loss_worked_by_hand():
    chances = torch.tensor([[[0.25, 0.25, 0.5], [1.0, 0.0, 0.0]]])
    levels = torch.tensor([0.0, 2.0, 5.0])
    assert expected_scores(chances, levels).tolist() == [[3.0, 0.0]]
    assert float(expected_score_loss(chances, levels, torch.tensor([[4.0, 3.0]]))) == 5  # (1 + 9) / 2
    assert float(expected_score_loss(chances, levels, torch.tensor([[4.0, NAN]]))) == 1


def test_the_ordinal_loss_worked_by_hand():
    chances = torch.tensor([[[0.5, 0.25, 0.25], [0.0, 0.0, 1.0]]])  # cumulative: .5 .75 1, and 0 0 1
    levels = torch.tensor([0.0, 1.0, 2.0])
    # target 2: .5^2 + .75^2 = .8125; target 0: 1 + 1
    assert float(ordinal_loss(chances, levels, torch.tensor([[2.0, 0.0]]))) == pytest.approx((0.8125 + 2) / 2)
    # target 0.25 shares 3/4 and 1/4: (.5 - .75)^2 + (.75 - 1)^2
    assert float(ordinal_loss(chances, levels, torch.tensor([[0.25, NAN]]))) == pytest.approx(0.125)


@given(st.lists(st.floats(0.01, 1), min_size=6, max_size=6), st.integers(0, 5))
def test_the_ordinal_loss_is_the_squared_distance_of_the_distribution_functions(weights, target):
    chances = np.array(weights) / sum(weights)
    of_ours = rv_discrete(values=(range(6), chances)).cdf(range(6))
    expected = ((of_ours - (np.arange(6) >= target)) ** 2).sum()
    found = ordinal_loss(torch.tensor(chances)[None], LEVELS, torch.tensor([float(target)]))
    assert found.item() == pytest.approx(expected)


@given(st.integers(0, 5), st.integers(0, 5))
def test_the_ordinal_loss_of_a_certain_score_is_its_distance_in_levels(said, target):
    certain = torch.eye(6, dtype=torch.float64)[said][None]
    assert float(ordinal_loss(certain, LEVELS, torch.tensor([float(target)]))) == abs(said - target)


@given(st.floats(0, 5))
def test_the_least_ordinal_loss_is_at_chances_whose_mean_is_the_target(target):
    low = min(int(target), 4)
    shared = torch.zeros(1, 6, dtype=torch.float64)
    shared[0, low], shared[0, low + 1] = low + 1 - target, target - low
    points = torch.tensor([target], dtype=torch.float64)
    assert float(ordinal_loss(shared, LEVELS, points)) == pytest.approx(0, abs=1e-12)
    assert float(expected_score_loss(shared, LEVELS, points)) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("loss_of", [expected_score_loss, ordinal_loss])
def test_places_without_a_target_move_nothing(loss_of):
    logits = random_logits(1, 2, 6)
    levels = torch.arange(6)
    loss_of(level_chances(logits, levels), LEVELS, torch.tensor([[2.0, NAN]])).backward()
    assert logits.grad[0, 0].any()
    assert not logits.grad[0, 1].any()


@pytest.mark.parametrize("loss_of", [expected_score_loss, ordinal_loss])
def test_without_any_target_the_loss_is_zero_and_can_still_be_differentiated(loss_of):
    logits = random_logits(1, 2, 6)
    loss = loss_of(level_chances(logits, torch.arange(6)), LEVELS, torch.full((1, 2), NAN))
    loss.backward()
    assert loss.item() == 0
    assert not logits.grad.any()


LOSSES = {
    "text": lambda logits: masked_cross_entropy(logits, LABELS),
    "draws": lambda logits: log_probability(logits, DRAWN, MASK),
    "expected score": lambda logits: expected_score_loss(
        level_chances(logits, torch.arange(5)), LEVELS[:5], torch.tensor([[0.0, 2.5, NAN], [4.0, 1.0, 3.0]])
    ),
    "ordinal": lambda logits: ordinal_loss(
        level_chances(logits, torch.arange(5)), LEVELS[:5], torch.tensor([[0.0, 2.5, NAN], [4.0, 1.0, 3.0]])
    ),
}


@pytest.mark.parametrize("name", LOSSES)
def test_gradients_agree_with_finite_differences(name):
    assert gradcheck(LOSSES[name], random_logits(2, 3, 5))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: masked_cross_entropy(torch.zeros(2, 3, 4), LABELS[:, :2]), r"labels \(2, 2\); expected \(batch, tok"),
        (lambda: masked_cross_entropy(torch.zeros(6, 4), LABELS), r"logits have shape \(6, 4\)"),
        (lambda: policy_gradient(torch.zeros(2), torch.zeros(2, 1)), r"advantages \(2, 1\); expected both"),
        (lambda: policy_gradient(torch.zeros(0), torch.zeros(0)), "one draw or more"),
        (lambda: policy_gradient(torch.zeros(1), torch.tensor([NAN])), "Give an unscored draw 0."),
        (lambda: level_chances(torch.zeros(1, 1, 4), torch.tensor([1, 1])), r"tokens are \[1, 1\]; expected two or"),
        (lambda: level_chances(torch.zeros(1, 1, 4), torch.tensor([1])), "two or more"),
        (lambda: expected_scores(torch.ones(1, 2) / 2, torch.tensor([1.0, 0.0])), "expected two or more rising"),
        (lambda: expected_scores(torch.ones(1, 3) / 3, torch.tensor([0.0, 1.0])), r"there are 2 for chances of sha"),
        (lambda: ordinal_loss(torch.ones(1, 2) / 2, LEVELS[:2], torch.tensor([1.5])), "expected 0 to 1, or NaN"),
        (lambda: ordinal_loss(torch.ones(1, 2) / 2, LEVELS[:2], torch.tensor(1.0)), r"have shape \(\); expected \(1,"),
    ],
)
def test_what_does_not_fit_is_refused(call, message):
    with pytest.raises(DataError, match=message):
        call()
