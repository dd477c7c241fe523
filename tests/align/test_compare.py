"""Raters against their target: errors by hand, as the bench and other software have them, and what is missing."""

import math
from itertools import groupby

import krippendorff
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import kendalltau, linregress, pearsonr, spearmanr
from sklearn.metrics import cohen_kappa_score, mean_absolute_error, root_mean_squared_error
from statsmodels.stats.inter_rater import fleiss_kappa

from dermatrust.agreement.bootstrap import cluster_bootstrap
from dermatrust.agreement.gwet_ac import gwet_ac
from dermatrust.agreement.icc import intraclass_correlation
from dermatrust.align.compare import Bootstrap, agreement_rows, difference_rows, panel_rows
from dermatrust.align.ratings import read_rating_table
from dermatrust.align.target import rounded, study_of
from dermatrust.bench.play import Sample
from dermatrust.bench.rows import score_rows
from dermatrust.bench.table import bench_table
from dermatrust.records import DIMENSIONS, Case, Dimension, Narrative, Rater
from dermatrust.store import DatasetFolder
from dermatrust.store.scores import read_scores, write_scores

NAN = math.nan
ACCURACY, SAFETY = DIMENSIONS[:2]


def estimates(rows, role, rater="", scale="as given"):
    """Return the estimates of one rater: statistic to measure to estimate."""
    chosen = [row for row in rows if (row.role, row.rater, row.scale) == (role, rater, scale)]
    return {
        name: {row.measure: row.estimate for row in found} for name, found in groupby(chosen, lambda r: r.statistic)
    }


@pytest.fixture(scope="module")
def hand_worked(table_of):
    """Three narratives of two patients; Dr B left out the second, and the evaluator did too."""
    scores = {"Dr A": [3, 1, 4], "Dr B": [4, None, 5], "judge": [4, 2, 5], "eye": [3, None, 5]}
    return agreement_rows(study_of(table_of(scores, patients=[0, 0, 1])), Bootstrap(n_resamples=50))


@pytest.mark.parametrize(
    ("role", "rater", "given", "whole", "n", "n_missing"),
    [
        # Means of the panel 3.5, 1, 4.5, rounded 4, 1, 5. The judge |4-3.5|, |2-1|, |5-4.5|; rounded 0, 1, 0.
        ("automatic", "judge", 2 / 3, 1 / 3, 3, 0),
        # The evaluator |3-3.5|, -, |5-4.5|; rounded 1, -, 0.
        ("automatic", "eye", 0.5, 0.5, 2, 1),
        # Each doctor against the other: |3-4|, nobody, |4-5|.
        ("member", "Dr A", 1, 1, 2, 1),
        ("member", "Dr B", 1, 1, 2, 1),
        ("panel", "", 1, 1, 4, 2),
        # The other patient's mean, 4.5, 4.5 and (3.5 + 1) / 2 = 2.25: |4.5-3.5|, |4.5-1|, |2.25-4.5|; rounded 5, 5, 2
        # against 4, 1, 5.
        ("mean", "", 6.75 / 3, 8 / 3, 3, 0),
    ],
)
def test_errors_by_hand(hand_worked, role, rater, given, whole, n, n_missing):
    for scale, error in (("as given", given), ("rounded", whole)):
        found = estimates(hand_worked, role, rater, scale)["MAE"]
        assert [found[measure].value for measure in (*DIMENSIONS, "macro")] == pytest.approx([error] * 7)
        assert {(one.n, one.n_missing) for one in found.values()} == {(n, n_missing)}


def test_bias_is_above_nought_where_the_rater_is_more_generous(hand_worked):
    found = {r: estimates(hand_worked, "automatic", r)["bias"][SAFETY].value for r in ("judge", "eye")}
    assert found == pytest.approx({"judge": (0.5 + 1 + 0.5) / 3, "eye": 0})
    assert estimates(hand_worked, "member", "Dr A")["bias"][SAFETY].value == -1


def test_rows_stand_in_the_order_of_the_table(hand_worked):
    order = [key for key, _ in groupby(hand_worked, lambda row: (row.role, row.rater))]
    automatic = [("automatic", "judge"), ("automatic", "eye")]
    assert order == [*automatic, ("panel", ""), ("member", "Dr A"), ("member", "Dr B"), ("mean", "")]
    keys = [(row.role, row.rater, row.scale, row.statistic, row.measure) for row in hand_worked]
    assert len(set(keys)) == len(keys)


def test_the_macro_mean_weighs_dimensions_alike_whatever_is_missing(table_of):
    # Errors: Accuracy 1 and 3, mean 2 of two; Safety 0 of one; the other four 1. Macro (2 + 0 + 4) / 6.
    scores = {"Dr A": [0, 0], "judge": [[1, 0, 1, 1, 1, 1], [3, None, 1, 1, 1, 1]]}
    found = estimates(agreement_rows(study_of(table_of(scores)), Bootstrap(n_resamples=9)), "automatic", "judge")
    assert found["MAE"][ACCURACY].value == 2
    assert found["MAE"]["macro"].value == pytest.approx(1)
    assert (found["MAE"]["macro"].n, found["MAE"]["macro"].n_missing) == (1, 1)
    assert found["RMSE"]["macro"].value == pytest.approx((math.sqrt(5) + 4) / 6)


def test_a_dimension_nobody_scored_leaves_no_macro_mean(table_of):
    scores = {"Dr A": [0, 0], "judge": [[1, None, 1, 1, 1, 1]] * 2}
    found = estimates(agreement_rows(study_of(table_of(scores)), Bootstrap(n_resamples=9)), "automatic", "judge")
    assert math.isnan(found["MAE"]["macro"].value)
    assert math.isnan(found["MAE"][SAFETY].value)
    assert (found["MAE"][SAFETY].n, found["MAE"][SAFETY].n_missing) == (0, 2)
    assert found["MAE"][ACCURACY].value == 1


@pytest.fixture(scope="module")
def noisy(table_of):
    """A panel of three, two automatic raters, 40 narratives of 13 patients, with holes; scores to a half."""
    rng = np.random.default_rng(3)
    truth = rng.integers(0, 11, (40, 6)) / 2
    rows = {}
    for name, spread in (("Dr A", 1), ("Dr B", 2), ("Dr C", 1), ("judge", 2), ("eye", 3)):
        scores = np.clip(truth + rng.integers(-spread, spread + 1, (40, 6)) / 2, 0, 5)
        rows[name] = [[None if rng.random() < 0.1 else float(s) for s in six] for six in scores]
    return study_of(table_of(rows, patients=[k // 3 for k in range(39)] + [12]))


def test_statistics_are_other_softwares(noisy):
    rows = agreement_rows(noisy, Bootstrap(n_resamples=9))
    given, whole = (estimates(rows, "automatic", "judge", scale) for scale in ("as given", "rounded"))
    for d, dimension in enumerate(DIMENSIONS):
        judge, target = noisy.table.scores[3, :, d], noisy.target[:, d]
        known = ~np.isnan(judge + target)
        judge, target = judge[known], target[known]
        assert given["MAE"][dimension].value == pytest.approx(mean_absolute_error(target, judge))
        assert given["RMSE"][dimension].value == pytest.approx(root_mean_squared_error(target, judge))
        assert given["Pearson"][dimension].value == pytest.approx(pearsonr(judge, target).statistic)
        apart, limit = judge - target, 1.96 * np.std(judge - target, ddof=1)
        assert given["bias"][dimension].value == pytest.approx(apart.mean())
        assert given["lower limit"][dimension].value == pytest.approx(apart.mean() - limit)
        assert given["upper limit"][dimension].value == pytest.approx(apart.mean() + limit)
        assert given["slope"][dimension].value == pytest.approx(linregress((judge + target) / 2, apart).slope)
        covariance = np.cov(judge, target, ddof=0)
        lin = 2 * covariance[0, 1] / (np.trace(covariance) + apart.mean() ** 2)
        assert given["CCC"][dimension].value == pytest.approx(lin)
        assert given["within 1"][dimension].value == pytest.approx(np.mean(abs(apart) <= 1))
        judge, target = rounded(judge).astype(int), rounded(target).astype(int)
        expected = {
            "MAE": mean_absolute_error(target, judge),
            "exact": np.mean(judge == target),
            "within 1": np.mean(abs(judge - target) <= 1),
            "quadratic kappa": cohen_kappa_score(judge, target, labels=range(6), weights="quadratic"),
            "linear kappa": cohen_kappa_score(judge, target, labels=range(6), weights="linear"),
            "Spearman": spearmanr(judge, target).statistic,
            "tau-b": kendalltau(judge, target).statistic,
        }
        assert {name: whole[name][dimension].value for name in expected} == pytest.approx(expected)
        assert {(whole[name][dimension].n, whole[name][dimension].n_missing) for name in expected} == {
            (known.sum(), 40 - known.sum())
        }


def test_intervals_are_those_of_the_cluster_bootstrap(noisy):
    found = estimates(agreement_rows(noisy, Bootstrap(5, 300, 0.9)), "automatic", "judge")["MAE"]
    errors = np.abs(noisy.table.scores[3] - noisy.target)
    patients = noisy.table.patients
    expected = cluster_bootstrap(errors, patients, rng=np.random.default_rng(5), n_resamples=300, confidence=0.9)
    assert [found[d].low for d in DIMENSIONS] == pytest.approx(expected.low.tolist())
    assert [found[d].high for d in DIMENSIONS] == pytest.approx(expected.high.tolist())


def test_the_pooled_panels_interval_takes_each_patient_as_a_whole(noisy):
    found = estimates(agreement_rows(noisy, Bootstrap(5, 300)), "panel")["MAE"][SAFETY]
    errors = np.abs(noisy.members - noisy.others)[:, :, 1].ravel()
    expected = cluster_bootstrap(errors, [*noisy.table.patients] * 3, rng=np.random.default_rng(5), n_resamples=300)
    assert (found.low, found.high) == pytest.approx((expected.low[0], expected.high[0]))
    assert (found.n, found.n + found.n_missing) == (expected.n[0], 120)


def test_a_guess_that_hardly_varies_is_asked_for_errors_alone(hand_worked):
    assert list(estimates(hand_worked, "mean")) == ["MAE", "RMSE", "within 1"]
    assert list(estimates(hand_worked, "mean", scale="rounded")) == ["MAE", "exact", "within 1"]


def test_a_panel_of_one_is_not_compared_with_itself(table_of, quick):
    rows = agreement_rows(study_of(table_of({"Dr A": [1, 2], "judge": [1, 2]})), quick)
    assert {row.role for row in rows} == {"automatic", "mean"}


def test_with_nobody_automatic_the_panel_and_the_mean_are_left(table_of, quick):
    study = study_of(table_of({"Dr A": [1, 2], "Dr B": [1, 2]}))
    assert {row.role for row in agreement_rows(study, quick)} == {"panel", "member", "mean"}
    assert difference_rows(study, quick) == []


def test_one_patient_has_values_and_no_interval(table_of, quick):
    table = table_of({"Dr A": [1, 2], "judge": [2, 4]}, patients=[0, 0])
    rows = agreement_rows(study_of(table), quick)
    one = estimates(rows, "automatic", "judge")["MAE"]["macro"]
    assert (one.value, one.has_interval) == (1.5, False)
    assert math.isnan(estimates(rows, "mean")["MAE"]["macro"].value)  # nobody else to guess from


class TestThePanelItself:
    def test_alpha_and_icc_of_members_who_agree_are_one(self, table_of, quick):
        table = table_of({"Dr A": [1, 2, 3], "Dr B": [1, 2, 3], "judge": [5, 0, 5]})
        rows = panel_rows(study_of(table), quick)
        assert [row.estimate.value for row in rows] == pytest.approx([1.0] * len(rows))
        assert len(rows) == (3 + 5 + 2) * 7

    def test_numbers_are_other_softwares(self, noisy, quick):
        found = {(row.statistic, row.measure): row.estimate for row in panel_rows(noisy, quick) if not row.rater}
        for d, dimension in enumerate(DIMENSIONS):
            given, whole = noisy.members[:, :, d], rounded(noisy.members[:, :, d])
            for level in ("ordinal", "interval", "nominal"):
                alpha = krippendorff.alpha(whole, level_of_measurement=level, value_domain=range(6))
                assert found[f"alpha, {level}", dimension].value == pytest.approx(alpha)
            complete = ~np.isnan(given).any(axis=0)
            counts = np.array([(whole[:, complete] == k).sum(axis=0) for k in range(6)]).T
            assert found["Fleiss kappa", dimension].value == pytest.approx(fleiss_kappa(counts))
            assert found["AC2", dimension].value == pytest.approx(gwet_ac(range(6), "quadratic")(whole))
            for kind in ("ICC(2,1)", "ICC(2,k)", "ICC(3,1)"):
                assert found[kind, dimension].value == pytest.approx(intraclass_correlation(given, kind).value)
                assert (found[kind, dimension].n, found[kind, dimension].n_missing) == (complete.sum(), sum(~complete))

    def test_every_two_members_are_compared_rounded(self, noisy, quick):
        rows = panel_rows(noisy, quick)
        pairs = {row.rater: row.estimate for row in rows if (row.statistic, row.measure) == ("exact", SAFETY)}
        assert list(pairs) == ["Dr A and Dr B", "Dr A and Dr C", "Dr B and Dr C"]
        first, second = rounded(noisy.members[[0, 2], :, 1])
        known = ~np.isnan(first + second)
        expected = np.mean(first[known] == second[known])
        assert pairs["Dr A and Dr C"].value == pytest.approx(expected)
        assert pairs["Dr A and Dr C"].n == known.sum()

    def test_which_numbers_there_are(self, noisy, quick):
        names = {(row.statistic, row.scale) for row in panel_rows(noisy, quick) if row.role == "panel"}
        assert names == {
            *((f"ICC({kind})", "as given") for kind in ("2,1", "2,k", "3,1")),
            *((f"alpha, {metric}", "rounded") for metric in ("ordinal", "interval", "nominal")),
            ("AC2", "rounded"), ("Fleiss kappa", "rounded"),
        }  # fmt: skip

    def test_one_member_has_nobody_to_agree_with(self, table_of, quick):
        assert panel_rows(study_of(table_of({"Dr A": [1, 2], "judge": [1, 2]})), quick) == []


class TestWhoseErrorIsSmaller:
    def test_only_what_both_scored_counts(self, table_of, quick):
        # Errors of the judge 1, 0, 4 and of the evaluator 2, 2, -: (1 + 0 - 2 - 2) / 2.
        table = table_of({"Dr A": [0, 0, 0], "judge": [1, 0, 4], "eye": [2, 2, None], "third": [0, 0, 0]})
        rows = difference_rows(study_of(table), quick)
        assert [key for key, _ in groupby(rows, lambda row: (row.first, row.second))] == [
            ("judge", "eye"), ("judge", "third"), ("eye", "third"),
        ]  # fmt: skip
        found = {(r.first, r.second): r.estimate for r in rows if r.measure == "macro"}
        assert found["judge", "eye"].value == pytest.approx(-1.5)
        assert (found["judge", "eye"].n, found["judge", "eye"].n_missing) == (2, 1)
        assert found["judge", "third"].value == pytest.approx(5 / 3)

    def test_it_is_the_difference_of_the_rows_where_nothing_is_missing(self, table_of, quick):
        rng = np.random.default_rng(0)
        study = study_of(table_of({name: rng.integers(0, 6, 20).tolist() for name in ("Dr A", "judge", "eye")}))
        rows = agreement_rows(study, quick)
        errors = [estimates(rows, "automatic", name)["MAE"][SAFETY].value for name in ("judge", "eye")]
        (found,) = [row for row in difference_rows(study, quick) if row.measure == SAFETY]
        assert found.estimate.value == pytest.approx(errors[0] - errors[1])


raw = st.integers(0, 10).map(lambda k: k / 2) | st.none()


@settings(max_examples=20)
@given(st.lists(st.tuples(*[raw] * 4), min_size=2, max_size=8), st.integers(1, 3))
def test_errors_are_those_of_plain_numpy_whatever_is_missing(table_of, rows, n_patients):
    names = ("Dr A", "Dr B", "judge", "eye")
    patients = [k % n_patients for k in range(len(rows))]
    table = table_of({name: [row[k] for row in rows] for k, name in enumerate(names)}, patients=patients)
    found = agreement_rows(study_of(table), Bootstrap(n_resamples=2))
    array = np.array(rows, dtype=float)
    people = [[score for score in row[:2] if not math.isnan(score)] for row in array]
    for k, name in enumerate(names[2:], start=2):
        errors = [
            abs(row[k] - np.mean(p)) for row, p in zip(array, people, strict=True) if p and not math.isnan(row[k])
        ]
        one = estimates(found, "automatic", name)["MAE"][SAFETY]
        assert (one.n, one.n_missing) == (len(errors), len(rows) - len(errors))
        assert one.value == pytest.approx(np.mean(errors) if errors else NAN, nan_ok=True)


def test_errors_as_given_are_those_of_the_bench_on_the_same_ratings(tmp_path, folder_of, rated):
    """Repeats, holes, a narrative without text, several narratives of a patient, cases without one."""
    rng = np.random.default_rng(7)
    cases = [Case(id=f"c{k:02}", patient_id=None if k % 4 == 0 else f"p{k // 3}") for k in range(14)]
    narratives = [
        Narrative(id=f"{case.id}/{m}", case_id=case.id, author=m, text="" if case.id == "c03" and m == "b" else "Text.")
        for case in cases
        for m in "ab"
    ]
    kinds = {"judge": "llm", "eye": "evaluator", "Dr A": "human", "Dr B": "human", "sim": "simulated"}

    def six():
        return [None if rng.random() < 0.15 else float(rng.integers(0, 11)) / 2 for _ in DIMENSIONS]

    ratings = [
        rated(rater, one.id, six(), draw=k)
        for one in narratives
        for rater in kinds
        for k in range(2 if rater == "judge" else 1)
    ]  # fmt: skip
    raters = [Rater(id=name, kind=kind) for name, kind in kinds.items()]
    path = folder_of(tmp_path / "d", ratings, narratives=narratives, cases=cases, raters=raters)
    ours = agreement_rows(study_of(read_rating_table(DatasetFolder.open(path))), Bootstrap(n_resamples=9))

    of = {one.id: {name: [r for r in ratings if (r.narrative_id, r.rater) == (one.id, name)] for name in kinds}
          for one in narratives}  # fmt: skip
    by_id = {case.id: case for case in cases}
    samples = [Sample(by_id[one.case_id], one.author, None, one, "", of[one.id]) for one in narratives]
    write_scores(tmp_path / "scores.parquet", (row for sample in samples for row in score_rows(sample)))
    bench = bench_table(read_scores(tmp_path / "scores.parquet"), n_resamples=9, kinds=kinds).alignment

    assert [(row.role, row.rater) for row in bench.rows if row.role != "member"] == [
        ("automatic", "judge"), ("automatic", "eye"), ("panel", ""), ("mean", ""),
    ]  # fmt: skip
    for row in bench.rows:
        found = estimates(ours, row.role, row.rater)["MAE"]
        for measure in (*DIMENSIONS, "macro"):
            theirs = row.estimate(Dimension(measure) if measure != "macro" else measure)
            assert found[measure].value == pytest.approx(theirs.value, abs=1e-12)
            assert (found[measure].n, found[measure].n_missing) == (theirs.n, theirs.n_missing)
