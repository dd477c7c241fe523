import json

import pytest

from dermatrust.errors import DataError
from dermatrust.protocols.find import find_protocol
from dermatrust.protocols.indexed_rows import Place, places
from dermatrust.protocols.item import Played
from dermatrust.protocols.open_data import iter_items

BENCH = find_protocol("adrd-bench-unified")
OPTIONS = {"A": "a", "B": "b"}
HALLU = {"Question": "Why?", "Knowledge": ["This.", "That."], "Ground Truth": "So.", "Hallucinated Answer": "Not so."}


@pytest.fixture
def index(tmp_path):
    def write(name, rows):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n".join(json.dumps(row) for row in rows))

    write("MedQA/test.jsonl", [{"question": f"q{k}", "options": OPTIONS, "answer_idx": "AB"[k % 2]} for k in range(4)])
    write("MedHallu/train.jsonl", [HALLU])
    path = tmp_path / "ADRD_Unified.json"
    listed = [
        {"Benchmark Name": "MedQA", "Total Number": 2, "Dataset": {"test": {"Number": 2, "Indices": [3, 1]}}},
        {"Benchmark Name": "MedHallu", "Total Number": 1, "Dataset": {"train": {"Number": 1, "Indices": [0]}}},
    ]
    path.write_text(json.dumps({"data": listed}))
    return path


def test_the_rows_that_the_index_names_are_asked(index):
    assert places(index) == [Place("MedQA", "test", 3), Place("MedQA", "test", 1), Place("MedHallu", "train", 0)]
    items = list(iter_items(BENCH, index))
    assert [item.id for item in items] == ["MedQA test 1", "MedQA test 3", "MedHallu train 0 0", "MedHallu train 0 1"]
    assert [item.question for item in items[:2]] == ["q1", "q3"]
    assert [item.target for item in items] == ["B", "B", "No", "Yes"]
    assert items[2].group == items[3].group
    assert "This.\nThat." in items[2].question


def test_numbers_may_count_from_one(index):
    counted = BENCH.variant("from-one")
    with pytest.raises(DataError, match="no row 0"):
        list(counted.read(index))
    rows = counted.read(index)
    assert [next(rows)[1]["row"]["question"] for _ in range(2)] == ["q0", "q2"]


def test_rows_that_are_not_there_are_named(index):
    row = {"question": "q", "options": OPTIONS, "answer_idx": "A"}
    (index.parent / "MedQA" / "test.jsonl").write_text(json.dumps(row))
    with pytest.raises(DataError, match="no row 1"):
        list(iter_items(BENCH, index))
    (index.parent / "MedQA" / "test.jsonl").unlink()
    with pytest.raises(DataError, match="does not hold the rows of test"):
        list(iter_items(BENCH, index))


def test_another_file_is_no_index(tmp_path):
    path = tmp_path / "x.json"
    path.write_text("[1]")
    with pytest.raises(DataError, match=r"ADRD_Unified\.json"):
        places(path)


def test_errors_and_made_up_answers_are_told_with_yes_or_no():
    row = {"benchmark": "MEDEC", "split": "test", "number": 1, "row": {"Text": "A note.", "Error Flag": "0"}}
    (item,) = BENCH.items(row)
    assert BENCH.score(item, Played(reply="Answer: No")).value == 1.0
    assert not BENCH.score(item, Played(reply="Answer: A")).answered
