import pytest

from dermatrust.errors import DataError
from dermatrust.records import DatasetCard, JudgeCard, Manifest, ModelCard
from dermatrust.store import RunFolder
from dermatrust.store.run import check_no_run

CARD = DatasetCard(name="d", version="1", source="s", licence="MIT", consent="unknown")
MANIFEST = Manifest(
    run_id="r1",
    code_version="0.1.0",
    command="bench",
    dataset=CARD,
    dataset_hash="abc",
    n_cases=3,
    models=(ModelCard(model="openai/m", family="gpt", endpoint={"url": "http://x/v1", "seed": 1, "top_p": 0.5}),),
    judges=(JudgeCard(judge="lexical", kind="lexical", family="dermatrust", version="1", rubric="r@1"),),
    prompts={"candidate@1": "f00"},
    seeds={"bootstrap": 0},
    config={"limit": None, "nested": {"ä": [1, 2.5, "x", True]}},
    started="2026-01-01T00:00:00Z",
)


def test_a_manifest_comes_back_exactly(tmp_path):
    run = RunFolder(tmp_path / "runs" / "r1")
    run.write_manifest(MANIFEST)
    assert run.read_manifest() == MANIFEST
    assert run.manifest_path.read_text(encoding="utf-8").startswith('{\n  "run_id": "r1",\n')


def test_the_files_are_where_the_design_says(tmp_path):
    run = RunFolder(tmp_path)
    names = [path.name for path in (run.manifest_path, run.replies_path, run.scores_path, run.report_path)]
    assert names == ["manifest.json", "replies.sqlite", "scores.parquet", "report.html"]
    assert run.scores_path.parent == tmp_path


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "is not valid JSON"),
        (b'{"run_id": "r1",', "is not valid JSON"),
        (b"[]", "the record"),
        (b'{"run_id": "r1"}', "has no field 'code_version'"),
        (MANIFEST.model_dump_json().replace('"n_cases":3', '"n_cases":"many"').encode(), "n_cases is 'many'"),
        (b'{"run_id": "\xff"}', "is not valid JSON"),
    ],
)
def test_a_damaged_manifest_is_one_error_that_names_it(tmp_path, content, complaint):
    (tmp_path / "manifest.json").write_bytes(content)
    with pytest.raises(DataError, match=rf"manifest\.json: {complaint}"):
        RunFolder(tmp_path).read_manifest()


def test_a_folder_without_manifest_is_not_a_run(tmp_path):
    with pytest.raises(DataError, match=r"there is no such file\. Check that .* is a run folder"):
        RunFolder(tmp_path).read_manifest()
    (tmp_path / "manifest.json").mkdir()
    with pytest.raises(DataError, match="cannot be read"):
        RunFolder(tmp_path).read_manifest()


def test_a_folder_that_holds_a_run_is_refused_for_other_results(tmp_path):
    check_no_run(tmp_path)
    RunFolder(tmp_path).write_manifest(MANIFEST)
    with pytest.raises(DataError, match=r"holds a run, whose result would be lost; .* Choose another --out\."):
        check_no_run(tmp_path)
