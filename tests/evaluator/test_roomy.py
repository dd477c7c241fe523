"""The keys and values kept while drawing: what Transformers' own cache keeps, whatever is done in which order."""

import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from transformers.cache_utils import DynamicLayer

from dermatrust.evaluator.drawing import _ROOM, _Roomy

ADDED = st.tuples(st.just("add"), st.integers(1, _ROOM + 2))
CHOSEN = st.tuples(st.just("choose"), st.integers(0, 3))


@example([("add", 1), ("choose", 0), ("add", 1)], 0)
@settings(max_examples=100)
@given(st.lists(ADDED | CHOSEN, min_size=1, max_size=12), st.integers(0, 2**16))
def test_it_keeps_what_a_plain_cache_keeps(deeds, seed):
    generator = torch.Generator().manual_seed(seed)
    ours, plain = _Roomy(), DynamicLayer()
    n_rows = 4
    for deed, n in [("add", 3), *deeds]:
        if deed == "add":
            keys, values = (torch.randn(n_rows, 2, n, 4, generator=generator) for _ in range(2))
            for mine, its in zip(ours.update(keys, values), plain.update(keys, values), strict=True):
                assert torch.equal(mine, its)
        elif deed == "choose" and n < n_rows > 1:
            chosen = torch.arange(n_rows) != n
            n_rows -= 1
            ours.batch_select_indices(chosen.nonzero()[:, 0])
            plain.batch_select_indices(chosen.nonzero()[:, 0])
        assert ours.get_seq_length() == plain.get_seq_length()
        assert torch.equal(ours.keys, plain.keys)
        assert torch.equal(ours.values, plain.values)


def test_a_step_writes_its_own_and_copies_nothing():
    layer = _Roomy()
    layer.update(*torch.zeros(2, 1, 1, 5, 4))
    layer.update(*torch.ones(2, 1, 1, 1, 4))
    before = layer.keys.data_ptr()
    for _ in range(_ROOM):
        layer.update(*torch.ones(2, 1, 1, 1, 4))
    assert layer.keys.data_ptr() == before
    layer.update(*torch.ones(2, 1, 1, 1, 4))  # now the room is full
    assert layer.keys.data_ptr() != before
    assert layer.keys.sum() == 4 * (_ROOM + 2)


def test_what_was_returned_before_is_not_written_over_by_another_cache():
    first, second = _Roomy(), _Roomy()
    for layer, value in ((first, 1.0), (second, 2.0)):
        for _ in range(3):
            layer.update(*torch.full((2, 1, 1, 1, 4), value))
    assert first.keys.unique().tolist() == [1.0]
    assert second.values.unique().tolist() == [2.0]
