import json
import math
import sys

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import balanced_accuracy_score, roc_auc_score

from dermatrust.agreement.bootstrap import KeptDraws
from dermatrust.cli.main import cli
from dermatrust.clients.replay import ReplayClient
from dermatrust.clinic import Answer
from dermatrust.clinic.answer_grid import answer_grid
from dermatrust.clinic.arms import Told
from dermatrust.clinic.baseline_table import PUBLISHED, baseline_row, malignant_labels, recorded_replies
from dermatrust.clinic.baseline_text import baseline_csv, baseline_text
from dermatrust.clinic.baselines import BASELINES, CONTEXT, EMPTY_FIELDS, FREQUENT, patient_folds, predict
from dermatrust.clinic.comparable import comparables
from dermatrust.clinic.context_features import design_matrix, field_values
from dermatrust.clinic.image_arms import parse_image_arms
from dermatrust.clinic.rows import answer_row
from dermatrust.clinic.shortcut import SAME_EMPTINESS, baseline_rows, field_rows
from dermatrust.clinic.study import Asked
from dermatrust.clinic.tasks import differential_task
from dermatrust.errors import DataError, ModelError
from dermatrust.records import Case, ClinicalContext, DatasetCard
from dermatrust.store import write_dataset
from dermatrust.store.answers import read_answers, write_answers

LABELS = ("melanoma", "psoriasis", "melanocytic nevus")


def cases(n=240, seed=0):
    """Two cases a patient; the site tells melanoma from the rest, and sex is only asked where there is one."""
    rng = np.random.default_rng(seed)
    found = []
    for k in range(n):
        label = LABELS[int(rng.integers(3))]
        site = "back" if (label == "melanoma") == (rng.random() < 0.9) else "arm"
        context = ClinicalContext(
            age=float(rng.integers(20, 90)), site=site, sex="female" if label == "melanoma" else None,
            note="a note that nobody may read: melanoma",
        )  # fmt: skip
        found.append(Case(id=f"c{k}", patient_id=f"p{k // 2}", label=label, context=context))
    return found


def test_no_patient_is_asked_about_who_was_fitted_on_and_every_case_is_asked_about_once():
    given_cases = cases()
    truth = np.array([LABELS.index(case.label) for case in given_cases])
    asked_about = []
    for fitted, asked in patient_folds(given_cases, truth, seed=1, n_folds=4):
        assert not {given_cases[k].patient_id for k in fitted} & {given_cases[k].patient_id for k in asked}
        asked_about += asked.tolist()
    assert sorted(asked_about) == list(range(len(given_cases)))


def test_the_most_frequent_is_the_most_frequent_of_the_other_folds():
    # Three of label a and one of label b among the fitted, whichever fold is asked: shares 3/4 and 1/4.
    some = [Case(id=f"{k}", label="psoriasis" if k % 4 else "melanoma") for k in range(8)]
    found = predict(FREQUENT, some, n_folds=2)
    assert found.labels == ("melanoma", "psoriasis")
    assert np.allclose(found.chances, [0.25, 0.75])


def test_the_context_is_used_and_its_figures_are_those_of_scikit_learn():
    found = predict(CONTEXT, cases(), without=("sex",))
    row = baseline_row(found, n_resamples=200)
    truth, said = found.truth, found.chances.argmax(axis=1)
    assert row.balanced_accuracy.value == pytest.approx(balanced_accuracy_score(truth, said))
    assert row.accuracy.value == pytest.approx(np.mean(truth == said))
    is_cancer = truth == found.labels.index("melanoma")
    assert row.malignancy.value == pytest.approx(
        roc_auc_score(is_cancer, found.chances[:, found.labels.index("melanoma")])
    )
    assert row.malignancy_balanced.value == pytest.approx(
        balanced_accuracy_score(is_cancer, said == found.labels.index("melanoma"))
    )
    assert row.malignancy.low > 0.7
    assert row.accuracy.n_clusters == 120
    assert row.recall["melanoma"].n == is_cancer.sum()


def test_a_mean_with_a_half_that_resamples_do_not_vary_is_no_certainty():
    some = [Case(id=f"m{k}", label="melanoma", context=ClinicalContext(age=80)) for k in range(3)]
    some += [Case(id=f"n{k}", label="psoriasis", context=ClinicalContext(age=30)) for k in range(60)]
    row = baseline_row(predict(FREQUENT, some), n_resamples=500)
    assert (row.malignancy_balanced.value, row.balanced_accuracy.value) == (0.5, 0.5)
    melanoma, psoriasis = row.recall["melanoma"], row.recall["psoriasis"]
    assert row.malignancy_balanced.high - 0.5 == pytest.approx(melanoma.high / 2)
    assert 0.5 - row.malignancy_balanced.low == pytest.approx((1 - psoriasis.low) / 2)
    assert row.balanced_accuracy.high >= row.malignancy_balanced.high  # some resamples leave the melanomas out
    alone = baseline_row(predict(FREQUENT, some[2:]), n_resamples=50)
    assert alone.malignancy_balanced.value == 0.5
    assert math.isnan(alone.malignancy_balanced.low)


def test_labels_that_the_lexicon_does_not_know_are_no_other_kind_than_cancer():
    labels = ["melanoma", "basal cell carcinoma", "blorptitis"] * 8
    row = baseline_row(
        predict(FREQUENT, [Case(id=str(k), label=label) for k, label in enumerate(labels)]), n_resamples=50
    )
    assert math.isnan(row.malignancy_balanced.value)


def test_what_only_emptiness_gives_away_is_told_apart():
    rows = {(row.name, row.about): row for row in baseline_rows(cases(), n_resamples=100)}
    assert rows[EMPTY_FIELDS, "all"].malignancy.value == 1.0
    assert rows[CONTEXT, "all"].malignancy.value > 0.99
    inside = rows[CONTEXT, SAME_EMPTINESS]
    assert set(cases()[0].context.model_fields_set) >= {"sex"}
    assert math.isnan(inside.malignancy.value)  # none of these is a melanoma any more
    assert math.isnan(inside.malignancy_balanced.value)
    assert [row.about for row in field_rows(cases(), n_resamples=20)][-1] == "age"


def test_a_note_is_no_field():
    assert "note" not in field_values(cases(2)[0].context)


def test_the_same_seed_gives_the_same_and_another_seed_other_folds():
    first, again, other = (predict(CONTEXT, cases(), seed=seed).chances for seed in (3, 3, 4))
    assert np.array_equal(first, again)
    assert not np.array_equal(first, other)


def test_chances_add_up_to_one_even_where_a_fold_never_saw_a_label():
    some = [*cases(60), Case(id="rare", label="scabies", context=ClinicalContext(age=3))]
    for name in BASELINES:
        assert np.allclose(predict(name, some).chances.sum(axis=1), 1)


def test_replies_are_read_as_any_models_are():
    found = predict(CONTEXT, cases())
    replies = list(recorded_replies(found, longest=2))
    task = differential_task()
    for reply, chances in zip(replies, found.chances, strict=True):
        answer = task.read(
            Answer(reply["case_id"], reply["author"], reply["arm"], reply["image_arm"], text=reply["text"])
        )
        assert answer.diagnoses[0] == found.labels[int(chances.argmax())]
        assert answer.confidence == pytest.approx(chances.max(), abs=1e-5)
        assert len(json.loads(reply["text"])["diagnoses"]) == 2


def test_a_study_gives_a_baseline_the_figures_that_it_has_as_a_baseline(tmp_path):
    asked, task = {case.id: case for case in cases()}, differential_task()
    (nothing,) = parse_image_arms(["all"])
    for name in (CONTEXT, FREQUENT):
        found = predict(name, list(asked.values()))
        rows = []
        for reply in recorded_replies(found):
            answer = task.read(Answer(reply["case_id"], name, reply["arm"], reply["image_arm"], text=reply["text"]))
            case, told = asked[answer.case_id], Told(ClinicalContext())
            rows.append(answer_row(Asked(case, reply["arm"], nothing, told, case, False, None), answer, task))
        write_answers(tmp_path / "a.parquet", rows)
        grid = answer_grid(read_answers(tmp_path / "a.parquet"))
        (study,) = comparables(grid, KeptDraws(0), n_resamples=50)
        row = baseline_row(found, n_resamples=50)
        assert study.balanced.value == pytest.approx(row.balanced_accuracy.value)
        assert study.cancer_balanced.value == pytest.approx(row.malignancy_balanced.value)


@given(
    st.lists(st.dictionaries(st.sampled_from("abc"), st.one_of(st.floats(-9, 9), st.sampled_from("xyz"))), min_size=1)
)
def test_designs_are_finite_and_say_where_a_field_is_missing(rows):
    matrix, fields = design_matrix(rows, np.arange(len(rows)))
    assert matrix.shape == (len(rows), len(fields))
    assert np.isfinite(matrix).all()


def test_what_cannot_be_predicted_is_refused():
    with pytest.raises(ModelError, match="is no baseline"):
        predict("baseline/oracle", cases())
    with pytest.raises(DataError, match="have 1 label"):
        predict(FREQUENT, [Case(id="a", label="psoriasis")])
    with pytest.raises(DataError, match="are of 2 patients"):
        predict(FREQUENT, cases(4))
    with pytest.raises(DataError, match="hold no label with 5 cases; expected a label with a case for each fold"):
        predict(FREQUENT, [Case(id=str(k), label=LABELS[k % 2]) for k in range(6)])
    with pytest.raises(DataError, match="have no field 'colour'"):
        predict(CONTEXT, cases(), without=("colour",))
    with pytest.raises(DataError, match="no context that a baseline could use"):
        predict(CONTEXT, cases(), without=("age", "site", "sex"))


def test_a_label_that_nobody_knows_is_neither_malignant_nor_benign():
    assert np.isnan(malignant_labels(["qwertz"])).all()


def test_the_text_names_n_and_says_that_published_figures_are_no_comparison():
    rows = baseline_rows(cases(), n_resamples=50)
    text = baseline_text(rows)
    assert "no comparison" in text
    assert all(one.value in text for one in PUBLISHED)
    assert "10.1159/000550153" in text
    lines = baseline_csv(rows).splitlines()
    assert len(lines) == 1 + len(rows) * (4 + len(LABELS))


@pytest.fixture
def folder(tmp_path):
    card = DatasetCard(
        name="drawn", version="1", source="drawn", licence="CC0-1.0", consent="nobody", synthetic=True,
        may_leave_machine=True,
    )  # fmt: skip
    write_dataset(tmp_path / "drawn", card, cases(60), (), ())
    return tmp_path / "drawn"


def test_the_command_prints_the_baselines_and_writes_table_and_replies(folder, tmp_path):
    replies, table = tmp_path / "replies.jsonl", tmp_path / "table.csv"
    arguments = ["clinic", "baseline", str(folder), "--fields", "--resamples", "20", "--folds", "3"]
    done = CliRunner().invoke(cli, [*arguments, "--replies", str(replies), "--csv", str(table)])
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("synthetic dataset")
    assert "baseline/context, site" in done.stdout
    assert table.read_text().startswith("baseline,cases,measure")
    assert ReplayClient(replies, model=CONTEXT).name == CONTEXT
    assert len(replies.read_text().splitlines()) == 60 * len(BASELINES)
    out = tmp_path / "baseline"
    assert CliRunner().invoke(cli, [*arguments, "--out", str(out)]).exit_code == 0
    assert "each asked about patients it has not learnt from" in (out / "report.html").read_text("utf-8")
    whole = CliRunner().invoke(cli, ["report", str(out), "-o", str(tmp_path / "whole.html")])
    assert whole.exit_code == 0, whole.output
    assert 'id="without-a-photograph"' in (tmp_path / "whole.html").read_text("utf-8")
    begin = ["clinic", "ddx", str(folder), "--context", "context-only", "-q", "--out", str(tmp_path / "runs")]
    scored = CliRunner().invoke(cli, [*begin, "-m", f"replay:{replies}#{CONTEXT}", "--resamples", "20"])
    assert scored.exit_code == 0, scored.output
    assert "60 of 60" in scored.stdout


def test_without_scikit_learn_the_command_says_what_to_install(folder, monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    done = CliRunner().invoke(cli, ["clinic", "baseline", str(folder)])
    assert isinstance(done.exception, ModelError)
    assert "pip install 'dermatrust[clinic]'" in str(done.exception)


def test_few_cases_of_many_labels_are_no_reason_to_warn():
    few = [Case(id=str(k), patient_id=str(k), label=f"d{k % 20}", context=ClinicalContext(age=k)) for k in range(44)]
    assert predict(CONTEXT, few, n_folds=2).chances.shape == (44, 20)  # warnings are errors here


def test_a_recall_of_none_or_all_has_a_width_and_of_one_patient_no_interval():
    some = [Case(id=f"{k}", patient_id=f"p{k}", label="psoriasis") for k in range(9)]
    some += [Case(id=f"m{k}", patient_id=f"q{k}", label="melanoma") for k in range(4)]
    some += [Case(id="one", patient_id="r", label="acne")]
    row = baseline_row(predict(FREQUENT, some, n_folds=2), n_resamples=50)
    everything, nothing, one = (row.recall[label] for label in ("psoriasis", "melanoma", "acne"))
    assert [found.n for found in (everything, nothing, one)] == [9, 4, 1]
    # Wilson's intervals of 9 of 9, and of 0 of 4.
    assert (everything.value, everything.low, everything.high) == pytest.approx((1.0, 0.7009, 1.0), abs=1e-4)
    assert (nothing.value, nothing.low, nothing.high) == pytest.approx((0.0, 0.0, 0.4899), abs=1e-4)
    assert math.isnan(one.low)
    assert "acne (1)" in baseline_text([row])


def test_every_published_figure_has_a_reference():
    assert PUBLISHED
    assert all("https://" in one.source for one in PUBLISHED)


def test_rare_labels_make_no_warning(recwarn):
    some = [
        Case(id=f"{k}", label=f"label {k // 2}", context=ClinicalContext(age=20.0 + k, sex="female")) for k in range(8)
    ]
    predict(CONTEXT, some, n_folds=2)
    assert [str(one.message) for one in recwarn] == []
