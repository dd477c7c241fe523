"""The order of models and of narratives, and whether a rater may stand in for a person."""

import itertools
import math

import numpy as np
import pytest
from scipy.stats import kendalltau

from dermatrust.agreement.alternative_annotator import alternative_annotator_test
from dermatrust.align.compare import Bootstrap
from dermatrust.align.models import ranking_rows, replacement_rows
from dermatrust.align.target import study_of
from dermatrust.records import DIMENSIONS

SAFETY = DIMENSIONS[1]


def of(rows, rater, measure):
    (row,) = [row for row in rows if (row.rater, row.measure) == (rater, measure)]
    return row


@pytest.fixture(scope="module")
def noisy(table_of):
    """Four models on eighteen cases of six patients, three cases each; a few scores are missing."""
    rng = np.random.default_rng(0)
    truth = rng.integers(0, 6, (72, 6)).astype(float)
    truth[3::4] = np.clip(truth[3::4] - 2, 0, 5)
    rows = {}
    for name in ("Dr A", "Dr B", "judge", "eye"):
        scores = np.clip(truth + rng.integers(-2, 3, truth.shape), 0, 5)
        rows[name] = [[None if rng.random() < 0.03 else float(s) for s in six] for six in scores]
    places = range(72)
    cases, authors = [f"c{k // 4}" for k in places], ["wxyz"[k % 4] for k in places]
    return study_of(table_of(rows, cases=cases, patients=[k // 12 for k in places], authors=authors))


def test_the_order_of_models_is_scipys(noisy):
    rows = ranking_rows(noisy, Bootstrap(n_resamples=9))
    authors = np.array(noisy.table.factors["author"])
    for place, name in ((2, "judge"), (3, "eye")):
        for d, measure in enumerate((*DIMENSIONS, "macro")):
            both = noisy.table.scores[place], noisy.target
            given, wanted = (one.mean(axis=1) if measure == "macro" else one[:, d] for one in both)
            known = ~np.isnan(given + wanted)
            means = [[one[known & (authors == a)].mean() for a in "wxyz"] for one in (given, wanted)]
            found = of(rows, name, measure).tau
            assert found.value == pytest.approx(kendalltau(*np.round(means, 9)).statistic)
            assert (found.n, found.n_missing) == (known.sum(), 72 - known.sum())


def test_pairs_within_a_case_are_those_of_a_loop(noisy):
    rows = ranking_rows(noisy, Bootstrap(n_resamples=9))
    case_of = [case.id for case in noisy.table.cases]
    given, wanted = noisy.table.scores[2, :, 1], noisy.target[:, 1].round(9)
    alike, n, n_missing = 0.0, 0, 0
    for i, j in itertools.combinations(range(72), 2):
        if case_of[i] == case_of[j] and abs(wanted[i] - wanted[j]) > 0:
            if math.isnan(given[i] + given[j]):
                n_missing += 1
                continue
            n += 1
            order = np.sign(given[i] - given[j]) * np.sign(wanted[i] - wanted[j])
            alike += (1 + order) / 2
    found = of(rows, "judge", SAFETY).pairwise
    assert found.value == pytest.approx(alike / n)
    assert (found.n, found.n_missing) == (n, n_missing)
    assert n_missing > 0


def test_the_interval_of_pairs_draws_a_patients_cases_together(table_of):
    # Patient 0 has a case with its pair ordered alike and one reversed; patient 1 one of each too. However patients
    # are drawn the share is a half; cases drawn by themselves would spread it from 0 to 1.
    scores = {"Dr A": [1, 2] * 4, "judge": [1, 2, 2, 1] * 2}
    table = table_of(scores, cases=list("aabbccdd"), patients=[0] * 4 + [1] * 4, authors=["m", "n"] * 4)
    found = of(ranking_rows(study_of(table), Bootstrap(n_resamples=100)), "judge", SAFETY).pairwise
    assert (found.low, found.value, found.high) == (0.5, 0.5, 0.5)
    assert found.n == 4


def test_the_interval_of_pairs_spreads_between_patients(table_of):
    scores = {"Dr A": [1, 2] * 4, "judge": [1, 2, 1, 2, 2, 1, 2, 1]}
    table = table_of(scores, cases=list("aabbccdd"), patients=[0] * 4 + [1] * 4, authors=["m", "n"] * 4)
    found = of(ranking_rows(study_of(table), Bootstrap(n_resamples=100)), "judge", SAFETY).pairwise
    assert (found.low, found.value, found.high) == (0, 0.5, 1)


def test_targets_that_differ_by_how_they_were_added_are_tied(table_of):
    # Three people give 0.1, 0.2 and 0.3 in one order and in the other.
    people = {"Dr A": [0.1, 0.3], "Dr B": [0.2, 0.2], "Dr C": [0.3, 0.1]}
    study = study_of(table_of(people | {"judge": [1, 2]}, cases=["a", "a"], authors=["m", "n"]))
    assert study.target[0, 1] != study.target[1, 1]
    found = of(ranking_rows(study, Bootstrap(n_resamples=9)), "judge", SAFETY)
    assert found.pairwise.n == 0
    assert math.isnan(found.tau.value)


def test_one_model_has_no_order(table_of, quick):
    assert ranking_rows(study_of(table_of({"Dr A": [1, 2], "judge": [1, 2]})), quick) == []


def test_a_model_the_panel_did_not_rate_is_not_asked_about(table_of, quick):
    scores = {"Dr A": [1, 2, 3, None], "judge": [1, 2, 3, 0]}
    rows = ranking_rows(study_of(table_of(scores, authors=list("abcz"))), quick)
    found = of(rows, "judge", SAFETY).tau
    assert (found.value, found.n, found.n_missing) == (1, 3, 1)
    assert ranking_rows(study_of(table_of({"Dr A": [1, None], "judge": [1, 2]}, authors=list("ab"))), quick) == []


def test_a_model_the_rater_did_not_rate_leaves_its_order_open(table_of, quick):
    rows = ranking_rows(study_of(table_of({"Dr A": [1, 2, 3], "judge": [1, 2, None]}, authors=list("abc"))), quick)
    assert math.isnan(of(rows, "judge", SAFETY).tau.value)


def test_narratives_of_different_cases_are_no_pair(table_of, quick):
    rows = ranking_rows(study_of(table_of({"Dr A": [1, 2], "judge": [1, 2]}, authors=list("ab"))), quick)
    found = of(rows, "judge", "macro").pairwise
    assert math.isnan(found.value)
    assert (found.n, found.n_missing) == (0, 0)


def test_a_macro_score_needs_all_six(table_of, quick):
    # With Safety missing on the judge's second narrative only the first and third have a mean of six.
    scores = {"Dr A": [1, 2, 3], "judge": [1, [5, None, 5, 5, 5, 5], 3]}
    rows = ranking_rows(study_of(table_of(scores, cases=["a"] * 3, authors=["m", "m", "n"])), quick)
    assert (of(rows, "judge", "macro").tau.n, of(rows, "judge", "macro").pairwise.n) == (2, 1)
    assert of(rows, "judge", DIMENSIONS[0]).pairwise.n == 3


class TestReplacement:
    def test_it_is_the_test_of_the_panel_on_each_dimension(self, noisy):
        rows = replacement_rows(noisy, epsilon=0.15)
        assert [(row.rater, row.measure) for row in rows] == [
            (rater, measure) for rater in ("judge", "eye") for measure in (*DIMENSIONS, "macro")
        ]
        expected = alternative_annotator_test(noisy.members[:, :, 1], noisy.table.scores[2, :, 1], epsilon=0.15)
        assert of(rows, "judge", SAFETY).outcome == expected
        macro = alternative_annotator_test(noisy.members.mean(axis=2), noisy.table.scores[3].mean(axis=1), epsilon=0.15)
        assert of(rows, "eye", "macro").outcome == macro

    def test_epsilon_is_how_much_worse_it_may_be(self, table_of):
        # The doctors agree; the judge is off on 4 of 40, so each doctor leads by 0.1: below 0.2 and not below 0.1.
        study = study_of(table_of({"Dr A": [3] * 40, "Dr B": [3] * 40, "judge": [2] * 4 + [3] * 36}))
        passed = {e: of(replacement_rows(study, epsilon=e), "judge", "macro").outcome.passes for e in (0.1, 0.2, 0.3)}
        assert passed == {0.1: False, 0.2: True, 0.3: True}
        assert of(replacement_rows(study), "judge", "macro").outcome.passes

    @pytest.mark.parametrize(("n", "n_patients", "verdict"), [(1, 1, "too few"), (5, 5, "too few"), (40, 5, "too few"),
                                                              (6, 6, "yes"), (40, 6, "yes")])  # fmt: skip
    def test_too_few_patients_are_no_verdict(self, table_of, n, n_patients, verdict):
        scores = {name: [3] * n for name in ("Dr A", "Dr B", "Dr C", "judge")}
        scores["far"] = [0] * n
        rows = replacement_rows(study_of(table_of(scores, patients=[k % n_patients for k in range(n)])))
        assert of(rows, "judge", "macro").verdict == verdict
        assert of(rows, "far", SAFETY).verdict == ("no" if verdict == "yes" else "too few")

    def test_only_patients_whom_others_rated_too_count(self, table_of):
        scores = {"Dr A": [3] * 9, "Dr B": [3] * 3 + [None] * 6, "judge": [3] * 9}
        rows = replacement_rows(study_of(table_of(scores, patients=list(range(9)))))
        assert of(rows, "judge", "macro").verdict == "too few"

    def test_a_panel_of_one_has_nobody_to_replace(self, table_of):
        assert replacement_rows(study_of(table_of({"Dr A": [1, 2], "judge": [1, 2]}))) == []

    def test_a_rater_without_scores_wins_nothing(self, table_of):
        study = study_of(table_of({"Dr A": [1, 2], "Dr B": [1, 2], "judge": [None, None]}))
        outcome = of(replacement_rows(study), "judge", "macro").outcome
        assert math.isnan(outcome.winning_rate)
        assert not outcome.passes
