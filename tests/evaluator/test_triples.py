"""Training triples: a folder that training reads as it is, with the same texts in one format."""

import shutil

import pytest
from click.testing import CliRunner

from dermatrust.cli.main import cli
from dermatrust.datasets.atlas import write_atlas
from dermatrust.datasets.check import check_dataset
from dermatrust.errors import DataError
from dermatrust.evaluator.form import read_evaluation
from dermatrust.evaluator.triples import TRIPLES, Triple, export_triples
from dermatrust.records import Certificate, iter_records
from dermatrust.store.folder import DatasetFolder
from dermatrust.store.jsonl import append_records, write_records
from dermatrust.store.layout import RATIONALES, REFERENCES
from dermatrust.train.examples import read_examples

N = 4


@pytest.fixture(scope="module")
def built(tmp_path_factory):
    folder = tmp_path_factory.mktemp("built") / "atlas"
    write_atlas(folder, n=N, seed=7, raters=2)
    reference = next(DatasetFolder.open(folder).iter_references())
    vouched = reference.model_copy(update={"certificate": Certificate(certified_by="Dr B", source="here")})
    append_records(folder / REFERENCES, [vouched])
    names = ["-m", "nano/captioner-strong", "--reasoner", "synthetic/reasoner"]
    CliRunner().invoke(cli, ["build", str(folder), *names, "--out", str(folder.parent / "runs"), "-q"])
    return folder


@pytest.fixture
def folder(built, tmp_path):
    shutil.copytree(built, tmp_path / "atlas")
    return tmp_path / "atlas"


def test_triples_are_a_dataset_that_training_reads_with_every_score_unchanged(folder, tmp_path):
    made = export_triples(DatasetFolder.open(folder), tmp_path / "out")
    assert (made.n_perfect, made.n_imperfect) == (1, N)
    rationales = DatasetFolder.open(folder).rationales()
    examples = read_examples(tmp_path / "out")
    triples = list(iter_records(tmp_path / "out" / TRIPLES, Triple))
    assert len(examples.rows) == len(triples) == N + 1
    for example, triple in zip(examples.rows, triples, strict=True):
        rationale = rationales[triple.narrative_id]
        assert example.narrative == triple.narrative
        assert dict(example.evaluation.scores) == rationale.scores
        assert example.evaluation.critique == rationale.text
        verdict = read_evaluation(triple.evaluation)
        assert (verdict.scores, verdict.critique) == (rationale.scores, rationale.text)
        assert all((tmp_path / "out" / name).is_file() for name in triple.images)
    assert check_dataset(tmp_path / "out").n_errors == 0
    assert DatasetFolder.open(tmp_path / "out").card.synthetic


def test_flagged_and_orphaned_rationales_are_left_out_and_counted(folder, tmp_path):
    one, two, *rest = DatasetFolder.open(folder).rationales().values()
    changed = [one.model_copy(update={"flags": ("new diagnosis",)}), two.model_copy(update={"narrative_id": "gone"})]
    write_records(folder / RATIONALES, [*changed, *rest])
    made = export_triples(DatasetFolder.open(folder), tmp_path / "out")
    assert (made.n_flagged, made.n_orphaned, made.n_perfect + made.n_imperfect) == (1, 1, N - 1)


def test_nothing_to_train_on_is_said(folder, tmp_path):
    (folder / RATIONALES).unlink()
    with pytest.raises(DataError, match="explains no narrative with a photograph"):
        export_triples(DatasetFolder.open(folder), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_command_says_what_was_left_out(folder, tmp_path):
    result = CliRunner().invoke(cli, ["data", "export", "triples", str(folder), str(tmp_path / "out")])
    assert result.exit_code == 0
    assert f"1 perfect and {N} imperfect triples" in result.output
    assert result.output.endswith(f"{tmp_path / 'out'}\n")
