from collections import Counter
from pathlib import Path

import pytest

from dermatrust.protocols.find import find_protocol
from dermatrust.protocols.item import Played
from dermatrust.protocols.open_data import iter_items

FILE = Path(__file__).parents[3] / "shared" / "data" / "protocols" / "casimedicos" / "test_sample.json"
pytestmark = pytest.mark.skipif(not FILE.is_file(), reason="the CasiMedicos sample is not on this machine")
BENCH = find_protocol("medexpqa")


def test_the_sample_loads_in_four_languages():
    items = list(iter_items(BENCH, FILE))
    languages = Counter(item.tags["language"] for item in items)
    assert set(languages) == {"en", "es", "fr", "it"}
    assert len(set(languages.values())) == 1
    assert all(item.target in item.options for item in items)
    assert all(BENCH.score(item, Played(reply=BENCH.gold_reply(item))).value == 1.0 for item in items)


def test_the_whole_explanation_stands_in_the_prompt():
    grounded = BENCH.variant("explanation")
    rows = [row for _, row in grounded.read(FILE)]
    for row, item in zip(rows, iter_items(grounded, FILE), strict=True):
        assert row["full_answer"] in item.prompt
