import json
from collections import Counter
from pathlib import Path

import pytest

from dermatrust.protocols.find import find_protocol
from dermatrust.protocols.indexed_rows import places
from dermatrust.protocols.item import Played
from dermatrust.protocols.open_data import iter_items
from dermatrust.protocols.read_rows import read_rows

DATA = Path(__file__).parents[3] / "shared" / "data" / "protocols" / "adrd_bench"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="ADRD-Bench is not on this machine")
BENCH = find_protocol("adrd-bench")
UNIFIED = find_protocol("adrd-bench-unified")
MEDEC = DATA.parent / "medec" / "MEDEC-MS-ValidationSet-with-GroundTruth-and-ErrorType.csv"


@pytest.mark.parametrize(
    ("name", "n", "answers"),
    [
        ("ADRD_Caregiving_Multiple_Choice.json", 29, {"C": 13, "B": 6, "E": 5, "D": 4, "A": 1}),
        ("ADRD_Caregiving_True_or_False.json", 120, {"Yes": 73, "No": 47}),
    ],
)
def test_counts_and_own_answers(name, n, answers):
    items = list(iter_items(BENCH, DATA / name))
    assert len(items) == n
    assert Counter(item.target for item in items) == answers
    assert all(BENCH.score(item, Played(reply=BENCH.gold_reply(item))).value == 1.0 for item in items)


@pytest.mark.skipif(not MEDEC.is_file(), reason="MEDEC is not on this machine")
def test_the_index_counts_from_zero_as_medec_shows(tmp_path):
    named = [place.number for place in places(DATA / "ADRD_Unified.json") if place[:2] == ("MEDEC", "validation")]
    part = {"Benchmark Name": "MEDEC", "Dataset": {"validation": {"Number": len(named), "Indices": named}}}
    (tmp_path / "MEDEC").mkdir()
    (tmp_path / "MEDEC" / "validation.csv").symlink_to(MEDEC)
    (tmp_path / "ADRD_Unified.json").write_text(json.dumps({"data": [part]}))
    about = {}
    for variant in (UNIFIED, UNIFIED.variant("from-one")):
        texts = [row["row"]["Text"].lower() for _, row in variant.read(tmp_path / "ADRD_Unified.json")]
        about[len(about)] = sum("dementia" in text or "alzheimer" in text for text in texts)
    assert (named, about) == ([32, 33, 77], {0: 2, 1: 0})
    everywhere = [row["Text"].lower() for _, row in read_rows(MEDEC)]
    assert sum("dementia" in text or "alzheimer" in text for text in everywhere) == 2


def test_the_unified_index_names_1438_rows():
    found = places(DATA / "ADRD_Unified.json")
    assert len(found) == len(set(found)) == 1_438
    assert Counter(place.benchmark for place in found) == {
        "PubMedQA": 12, "HEAD-QA": 43, "MedBullets": 18, "MedMCQA": 1_193, "MedQA": 119, "MEDEC": 37, "MedHallu": 16,
    }  # fmt: skip
