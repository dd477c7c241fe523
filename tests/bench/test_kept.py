import numpy as np
import pytest

from dermatrust.bench.kept import keep_table, kept_table
from dermatrust.bench.table import bench_table
from dermatrust.errors import DataError
from dermatrust.store.run import RunFolder
from dermatrust.store.scores import read_scores, write_scores

KINDS = {"judge": "llm"}


@pytest.fixture
def write(tmp_path, answer):
    """Write the scores of five cases by two models, one of them missing."""

    def written(highest):
        rng, folder = np.random.default_rng(0), RunFolder(tmp_path)
        six = [[round(float(one), 1) for one in rng.uniform(0, highest, 6)] for _ in range(10)]
        six[3][2] = "unreadable"
        rows = [row for k, scores in enumerate(six) for row in answer("ab"[k % 2], f"c{k // 2}", scores)]
        write_scores(folder.scores_path, rows)
        return folder

    return written


@pytest.fixture
def run(write):
    return write(5)


def test_a_table_comes_back_to_the_last_digit(run):
    table = bench_table(read_scores(run.scores_path), n_resamples=50, seed=3, kinds=KINDS)
    keep_table(run, table)
    assert repr(kept_table(run, seed=3, kinds=KINDS)) == repr(table)  # NaN is unlike itself, its text is not


def test_a_table_of_other_scores_seed_kinds_or_version_does_not(run, write, monkeypatch):
    keep_table(run, bench_table(read_scores(run.scores_path), n_resamples=50, seed=3, kinds=KINDS))
    assert kept_table(run, seed=4, kinds=KINDS) is None
    assert kept_table(run, seed=3, kinds={"judge": "human"}) is None
    with monkeypatch.context() as patch:
        patch.setattr("dermatrust.bench.kept.__version__", "another")
        assert kept_table(run, seed=3, kinds=KINDS) is None
    assert kept_table(run, seed=3, kinds=KINDS) is not None
    write(4)
    assert kept_table(run, seed=3, kinds=KINDS) is None


@pytest.mark.parametrize("content", [None, "", "{", '{"kind": "KeptTable", "result": {}}'])
def test_no_table_or_a_damaged_one_is_none(run, content):
    if content is not None:
        run.kept_table_path.write_text(content)
    assert kept_table(run, seed=0, kinds=KINDS) is None


def test_without_scores_there_is_nothing_it_could_be_of(run):
    table = bench_table(read_scores(run.scores_path), n_resamples=50, kinds=KINDS)
    keep_table(run, table)
    run.scores_path.unlink()
    with pytest.raises(DataError, match="cannot be read"):
        kept_table(run, seed=0, kinds=KINDS)
