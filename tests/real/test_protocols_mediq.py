"""MediQ's own files load: 1,272 and 140 cases, their facts under the key `facts`."""

from pathlib import Path

import pytest

from dermatrust.protocols.find import find_protocol
from dermatrust.protocols.open_data import iter_items

DATA = Path(__file__).parents[3] / "shared/data/protocols/mediq"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="the protocols' data are not beside this repository")


@pytest.mark.parametrize(
    ("name", "n", "n_without_facts"), [("all_dev_good.jsonl", 1272, 3), ("all_craft_md.jsonl", 140, 0)]
)
def test_every_case_has_facts_and_a_right_option(name, n, n_without_facts):
    items = list(iter_items(find_protocol("mediq"), DATA / name))
    assert len(items) == n
    assert all(item.target in item.options for item in items)
    assert sum(not item.known["facts"] for item in items) == n_without_facts
    assert all(item.fields["initial"] for item in items)
