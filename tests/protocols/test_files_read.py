import hashlib
import json
from itertools import chain

import pytest

from dermatrust.errors import DataError
from dermatrust.protocols.files_read import FilesRead, content_hash
from dermatrust.protocols.find import find_protocol
from dermatrust.protocols.open_data import iter_items
from dermatrust.protocols.read_rows import read_json, read_rows

OPTIONS = {"A": "acne", "B": "eczema"}


def row(question):
    return {"question": question, "options": OPTIONS, "answer_idx": "B"}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "test.jsonl").write_text(json.dumps(row("Itchy?")))
    (tmp_path / "train.jsonl").write_text(json.dumps(row("Sore?")) + "\n" + json.dumps(row("Hot?")))
    return tmp_path


def files_of(protocol, path, limit=None):
    files = FilesRead()
    assert list(iter_items(protocol, path, limit=limit, files=files))
    return files


def test_the_hash_of_one_file_is_its_own_and_of_several_that_of_theirs(folder):
    path, beside = folder / "test.jsonl", folder / "train.jsonl"
    bench = find_protocol("open-medlm")
    alone = files_of(bench.variant("zero-shot"), path)
    assert alone.content_hash(path) == hashlib.sha256(path.read_bytes()).hexdigest()
    both = files_of(bench, path)
    assert set(both.paths) == {path, beside}
    digests = [hashlib.sha256(one.read_bytes()).hexdigest() for one in (path, beside)]
    assert both.content_hash(path) == hashlib.sha256("\n".join(digests).encode()).hexdigest()


def test_a_changed_file_beside_changes_the_hash_and_another_folder_does_not(folder, tmp_path_factory):
    bench, path = find_protocol("open-medlm"), folder / "test.jsonl"
    before = files_of(bench, path).content_hash(path)
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    for name in ("test.jsonl", "train.jsonl"):
        (elsewhere / name).write_bytes((folder / name).read_bytes())
    moved = elsewhere / "test.jsonl"
    assert files_of(bench, moved).content_hash(moved) == before
    (elsewhere / "train.jsonl").write_text(json.dumps(row("Cold?")))
    assert files_of(bench, moved).content_hash(moved) != before


def test_exemplars_and_the_files_of_an_index_count(tmp_path):
    calc = find_protocol("medcalc-bench")
    variant = next(name for name, own in calc.variants.items() if "read" in own)
    example = dict(calc.examples[0].row)
    (tmp_path / "rows.jsonl").write_text(json.dumps(example))
    from dermatrust.protocols.recorded.medcalc_bench import EXEMPLARS

    said = {"step_by_step_thinking": "So.", "answer": "1"}
    solved = {str(int(example["Calculator ID"])): {"Response": said, "Patient Note": "A note."}}
    (tmp_path / EXEMPLARS).parent.mkdir(exist_ok=True)
    (tmp_path / EXEMPLARS).write_text(json.dumps(solved))
    path = tmp_path / "rows.jsonl"
    assert set(files_of(calc.variant(variant), path).paths) == {path, tmp_path / EXEMPLARS}


def test_cases_in_a_folder_all_count(tmp_path):
    bench = find_protocol("medr-bench")
    for name, example in zip(("PMC1", "PMC2"), bench.examples * 2, strict=False):
        (tmp_path / f"{name}.json").write_text(json.dumps({name: {**example.row, "id": name}}))
    files = files_of(bench, tmp_path)
    before = files.content_hash(tmp_path)
    assert [path.name for path in files.paths] == ["PMC1.json", "PMC2.json"]
    (tmp_path / "PMC2.json").write_text(json.dumps({"PMC2": {**bench.examples[0].row, "id": "PMC2", "more": 1}}))
    assert files_of(bench, tmp_path).content_hash(tmp_path) != before


def test_what_is_read_meanwhile_for_something_else_does_not_count(folder):
    files = FilesRead()
    for where, _ in files.noted(read_rows(folder / "train.jsonl")):
        assert where
        assert read_json(folder / "test.jsonl")  # a reader of recorded outputs does such things
        assert list(read_rows(folder / "test.jsonl"))
    assert [path.name for path in files.paths] == ["train.jsonl"]


def test_readers_that_take_turns_note_their_own(folder):
    first, second = FilesRead(), FilesRead()
    pairs = zip(
        chain(first.noted(read_rows(folder / "test.jsonl")), first.noted(read_rows(folder / "test.jsonl"))),
        second.noted(read_rows(folder / "train.jsonl")),
        strict=True,
    )
    assert len(list(pairs)) == 2
    assert [path.name for path in (*first.paths, *second.paths)] == ["test.jsonl", "train.jsonl"]


def test_a_large_file_is_hashed_whole(tmp_path):
    content = bytes(range(256)) * 9000
    (tmp_path / "large").write_bytes(content)
    assert content_hash(tmp_path / "large") == hashlib.sha256(content).hexdigest()


def test_rows_of_a_file_that_changes_meanwhile_have_no_hash(folder):
    path, beside = folder / "test.jsonl", folder / "train.jsonl"
    for one, change in (
        (path, lambda: path.write_text(json.dumps(row("Other?")))),
        (beside, lambda: beside.write_text(json.dumps(row("Other?")))),
        (beside, beside.unlink),
    ):
        files = files_of(find_protocol("open-medlm"), path)
        change()
        with pytest.raises(DataError, match=rf"{one.name}: has changed while it was read\. Run the same command again"):
            files.content_hash(path)


def test_a_reader_that_is_left_half_way_leaves_nothing_noting(folder):
    files, others = FilesRead(), FilesRead()
    rows = files.noted(read_rows(folder / "train.jsonl"))
    next(rows)
    read_json(folder / "test.jsonl")  # read by somebody else meanwhile
    rows.close()
    list(others.noted(read_rows(folder / "test.jsonl")))
    assert [one.name for one in files.paths] == ["train.jsonl"]
    assert [one.name for one in others.paths] == ["test.jsonl"]
