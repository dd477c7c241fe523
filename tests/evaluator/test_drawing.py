"""Drawing against Transformers' own `generate`, and that draws do not disturb one another."""

import pytest
import torch

from dermatrust.evaluator import drawing
from dermatrust.evaluator.drawing import draw
from dermatrust.evaluator.policy import Row, batch_of
from dermatrust.evaluator.script import NOT_LEARNT

TEXTS = ("A red plaque.", "A dark spot on the face, and more of it. See a doctor.", "")


@pytest.fixture
def rows(policy, pictures):
    counts = (1, 2, 1)
    seen = [policy.look(policy.pixels(pictures[:n])).flatten(0, 1) for n in counts]
    prompts = [policy.script.prompt(text, 2 * n) for text, n in zip(TEXTS, counts, strict=True)]
    return [Row(*pair) for pair in zip(prompts, seen, strict=True)]


@pytest.fixture
def cue(policy):
    return policy.script.encode("Critique:\n")


@pytest.fixture
def ends(policy):
    """Let another token end a text, until the test is over."""
    before = policy.script.end_id

    def at(token):
        policy.script.end_id = token

    yield at
    policy.script.end_id = before


def test_the_likeliest_draw_is_that_of_transformers(policy, pictures, rows, cue):
    found = draw(policy, rows, cue, max_new_tokens=20)
    for row, n, (one,) in zip(rows, (1, 2, 1), found, strict=True):
        ids = torch.tensor([[*row.prompt, *cue]])
        theirs = policy.model.generate(
            input_ids=ids, attention_mask=torch.ones_like(ids), pixel_values=policy.pixels(pictures[:n]),
            max_new_tokens=20, do_sample=False,
        )  # fmt: skip
        assert theirs[0, ids.shape[1] :].tolist() == list(one.ids)
    assert len({one.ids for (one,) in found}) == 3  # the toy tells its rows apart, or this test tells nothing


def test_log_probabilities_are_those_of_reading_the_draw(policy, rows, cue):
    """Of every draw of a row as if it had been drawn alone: none has seen the others."""
    chance = torch.Generator().manual_seed(5)
    found = draw(policy, rows, cue, n_draws=3, max_new_tokens=9, temperature=2.0, generator=chance)
    assert len({one.ids for of_row in found for one in of_row}) == 9
    for row, of_row in zip(rows, found, strict=True):
        for one in of_row:
            answer = policy.script.drawn(cue, one.ids)
            with torch.no_grad():
                logs = policy(batch_of([Row(row.prompt, row.features, [answer])], pad_id=0)).log_softmax(dim=-1)
            labels = torch.tensor([k for k in answer.labels if k != NOT_LEARNT])
            assert one.log_probabilities == pytest.approx(logs.gather(1, labels[:, None])[:, 0].tolist(), abs=1e-4)


def test_alternatives_are_the_likeliest_tokens(policy, rows, cue):
    ((one,),) = draw(policy, rows[:1], cue, max_new_tokens=5, n_alternatives=3)
    assert [len(others) for others in one.alternatives] == [3] * len(one.ids)
    assert [others[0] for others in one.alternatives] == list(zip(one.ids, one.log_probabilities, strict=True))
    assert all(list(others) == sorted(others, key=lambda pair: -pair[1]) for others in one.alternatives)
    assert draw(policy, rows[:1], cue, max_new_tokens=5)[0][0].alternatives == ()


@pytest.mark.parametrize("n_early", [1, 2, 3])
def test_rows_that_end_and_leave_do_not_change_the_others(policy, rows, cue, ends, n_early):
    """Whichever row ends first, and whether it leaves at once or waits for a second one."""
    many = [*rows, *rows[: 3 - n_early], *rows[n_early:]]
    whole = [one.ids for (one,) in draw(policy, many, cue, max_new_tokens=16)]
    end = whole[n_early - 1][3]
    ends(end)
    found = [one.ids for (one,) in draw(policy, many, cue, max_new_tokens=16)]
    assert found == [ids[: ids.index(end) + 1] if end in ids else ids for ids in whole]
    assert found != whole
    assert max(map(len, found)) > min(map(len, found))
    assert found == [draw(policy, [row], cue, max_new_tokens=16)[0][0].ids for row in many]


def test_a_draw_ends_with_the_end_or_at_its_longest(policy, rows, cue, ends):
    whole = [one.ids for (one,) in draw(policy, rows, cue, max_new_tokens=6)]
    assert all(len(ids) == 6 for ids in whole)
    ends(whole[0][0])
    assert draw(policy, rows[:1], cue, max_new_tokens=6)[0][0].ids == whole[0][:1]


def test_the_draws_of_a_row_share_its_prompt(policy, rows, cue):
    shapes = []
    network = policy.model.model.language_model
    handle = network.register_forward_pre_hook(
        lambda module, _, given: shapes.append(tuple(given["inputs_embeds"].shape[:2])), with_kwargs=True
    )
    try:
        found = draw(policy, rows, cue, n_draws=4, max_new_tokens=3, temperature=1.0, generator=torch.Generator())
    finally:
        handle.remove()
    longest = max(len(row.prompt) for row in rows) + len(cue)
    assert shapes == [(3, longest), (3, 4), (3, 4)]
    assert [len(of_row) for of_row in found] == [4, 4, 4]


def test_each_draw_goes_on_from_its_own_prompt(policy, rows, cue):
    """Without temperature every draw of a row is the row's likeliest, so none may be taken for a neighbour's."""
    alone = [of_row[0].ids for of_row in draw(policy, rows, cue, max_new_tokens=8)]
    found = draw(policy, rows, cue, n_draws=3, max_new_tokens=8)
    assert [[one.ids for one in of_row] for of_row in found] == [[ids] * 3 for ids in alone]


def test_draws_follow_the_chances_and_the_seed(policy, rows, cue):
    def first(seed, temperature):
        generator = torch.Generator().manual_seed(seed)
        (found,) = draw(
            policy, rows[:1], cue, n_draws=4000, max_new_tokens=1, temperature=temperature, generator=generator
        )
        return [one.ids[0] for one in found]

    assert first(1, 0.5) == first(1, 0.5) != first(2, 0.5)
    answer = policy.script.drawn(cue, [0])
    with torch.no_grad():
        logits = policy(batch_of([Row(rows[0].prompt, rows[0].features, [answer])], pad_id=0))[0]
    for temperature in (0.25, 4.0):
        chances = (logits / temperature).softmax(dim=-1)
        standard_error = (logits.var() / 4000) ** 0.5
        drawn = logits[first(1, temperature)].mean()
        assert abs(float(drawn - (chances * logits).sum())) < 4 * float(standard_error)
        assert abs(float(drawn - (logits.softmax(dim=-1) * logits).sum())) > 10 * float(standard_error)


def test_nothing_drawn_keeps_a_gradient(policy, rows, cue):
    draw(policy, rows, cue, max_new_tokens=2)
    assert all(weight.grad is None for weight in policy.parameters())


def test_tokens_are_drawn_as_often_as_they_are_likely():
    """20,000 draws of four tokens, of which one has no chance; 4 standard errors of a share are about 0.014."""
    logits = torch.tensor([0.5, 0.3, 0.0, 0.2]).log().expand(1, 20_000, 4)
    chosen = drawing._chosen(logits, 1.0, torch.Generator().manual_seed(1))
    shares = torch.bincount(chosen.flatten(), minlength=4) / 20_000
    assert shares[2] == 0
    assert torch.allclose(shares, torch.tensor([0.5, 0.3, 0.0, 0.2]), atol=0.014)


def test_logits_that_are_no_numbers_still_give_a_token():
    """So that the loss after them tells what is wrong, and the last checkpoint is kept."""
    chosen = drawing._chosen(torch.full((1, 2, 5), torch.nan), 1.0, torch.Generator())
    assert ((chosen >= 0) & (chosen < 5)).all()
