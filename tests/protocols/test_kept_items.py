from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dermatrust.protocols import Item
from dermatrust.protocols import kept_items as kept_items_module
from dermatrust.protocols.kept_items import KeptItems

texts = st.text(max_size=8)
items = st.builds(
    Item, id=texts, question=texts, target=texts | st.integers() | st.lists(texts, max_size=2),
    options=st.dictionaries(texts, texts, max_size=3), system=texts, group=texts,
    images=st.lists(st.binary(max_size=40) | st.builds(Path, st.just("a.jpg")), max_size=2).map(tuple),
    known=st.dictionaries(texts, st.none() | st.floats(allow_nan=False), max_size=2),
)  # fmt: skip


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(items, max_size=7), st.integers(1, 4), st.integers(1, 100))
def test_items_come_back_as_they_were_as_often_as_wanted(tmp_path, given_items, most_items, in_memory):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kept_items_module, "_MOST_ITEMS", most_items)
        patch.setattr(kept_items_module, "_MOST_BYTES", 30)
        patch.setattr(kept_items_module, "_IN_MEMORY", in_memory)
        kept = KeptItems(iter(given_items), tmp_path / "not" / "there")
    assert len(kept) == len(given_items)
    assert list(kept) == given_items
    assert [pair for pair in zip(kept, kept, strict=True)] == [(one, one) for one in given_items]
    assert not list(tmp_path.iterdir())


def test_what_goes_wrong_while_reading_is_passed_on(tmp_path):
    def broken():
        yield Item(id="1", question="Which?", target="A")
        raise ValueError("row 2")

    with pytest.raises(ValueError, match="row 2"):
        KeptItems(broken(), tmp_path)
