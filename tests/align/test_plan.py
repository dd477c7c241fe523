import math

import numpy as np
import pytest
from click.testing import CliRunner

from dermatrust.agreement.differences import bias, mean_absolute_difference
from dermatrust.agreement.icc import icc_statistic
from dermatrust.agreement.interval import Question
from dermatrust.agreement.krippendorff_alpha import krippendorff_alpha
from dermatrust.agreement.weighted_kappa import weighted_kappa
from dermatrust.align.compare import Bootstrap
from dermatrust.align.plan import PANELS, plan_rows, worst_of
from dermatrust.align.plan_text import plan_text
from dermatrust.align.ratings import RatingTable
from dermatrust.align.target import rounded, study_of
from dermatrust.cli.plan import plan
from dermatrust.errors import DataError, UserError
from dermatrust.records import DIMENSIONS, Case, DatasetCard, Narrative, Rater, Rating
from dermatrust.store.folder import write_dataset
from dermatrust.store.jsonl import write_records

SIX = len(DIMENSIONS)
AS_IS, WITH_FIVE = PANELS.index(None), PANELS.index(5)


def a_study(kinds, *, n_patients=120, per_patient=3, seed=0, missing=0.0, noise=0.6):
    """A study whose people err about the truth by this noise and a judge by 0.5; the judge favours some patients."""
    rng = np.random.default_rng(seed)
    patients = np.repeat(np.arange(n_patients), per_patient)
    shape = (len(patients), SIX)
    truth = 3 + 0.5 * rng.standard_normal((n_patients, SIX))[patients] + 0.8 * rng.standard_normal(shape)
    scores = truth + np.array([0.5 if kind == "llm" else noise for kind in kinds])[:, None, None] * rng.standard_normal(
        (len(kinds), *shape)
    )
    judged = [k for k, kind in enumerate(kinds) if kind == "llm"]
    scores[judged] += 0.4 + 0.4 * rng.standard_normal((n_patients, SIX))[patients]
    scores = np.clip(scores, 0, 5)
    scores[rng.random(scores.shape) < missing] = math.nan
    raters = tuple(Rater(id=f"r{k}", kind=kind) for k, kind in enumerate(kinds))
    narratives = tuple(
        Narrative(id=f"n{k}", case_id=f"c{k}", text="A plaque.", author="m") for k in range(len(patients))
    )
    table = RatingTable(
        raters=raters, narratives=narratives, cases=tuple(Case(id=f"c{k}") for k in range(len(patients))),
        patients=patients, n_patients=n_patients, scores=scores, draws=np.full((2, *scores.shape), math.nan),
        places=np.zeros(scores.shape[:2], dtype=np.int64), factors={}, n_empty=0,
    )  # fmt: skip
    return study_of(table)


def rows_of(study, statistic, width, confidence=0.95):
    return [row for row in plan_rows(study, width, confidence) if row.statistic == statistic]


@pytest.mark.parametrize("statistic", ["MAE", "bias", "quadratic kappa", "ICC(2,1)", "alpha, ordinal"])
def test_a_plan_for_the_width_of_the_intervals_there_are_asks_for_the_patients_there_are(statistic):
    study = a_study(("human", "human", "human", "llm"))
    both = [np.stack([study.table.scores[3, :, d], study.target[:, d]]) for d in range(SIX)]
    asked = {
        "MAE": [Question(mean_absolute_difference, two, study.table.patients) for two in both],
        "bias": [Question(bias, two, study.table.patients) for two in both],
        "quadratic kappa": [Question(weighted_kappa(range(6)), rounded(two), study.table.patients) for two in both],
        "alpha, ordinal": [
            Question(krippendorff_alpha(range(6)), rounded(study.members[:, :, d]), study.table.patients)
            for d in range(SIX)
        ],
        "ICC(2,1)": [
            Question(icc_statistic("ICC(2,1)"), study.members[:, :, d], study.table.patients) for d in range(SIX)
        ],
    }[statistic]
    answers = Bootstrap(n_resamples=2000).answer(asked, study.table.n_patients)
    found = [answers.estimate(d) for d in range(SIX)]
    planned = [rows_of(study, statistic, one.high - one.low)[d].patients[AS_IS] for d, one in enumerate(found)]
    assert np.mean(planned) == pytest.approx(120, rel=0.06)
    assert all(abs(n - 120) < 25 for n in planned)
    assert [row.value for row in rows_of(study, statistic, 0.1)] == pytest.approx([one.value for one in found])


@pytest.mark.parametrize("statistic", ["MAE", "bias", "quadratic kappa", "ICC(2,1)", "alpha, ordinal"])
def test_a_plan_for_five_raters_from_three_is_that_from_five(statistic):
    people = ("human",) * 5
    from_three = rows_of(a_study((*people[:3], "llm"), n_patients=2000, noise=1.2), statistic, 0.1)
    from_five = rows_of(a_study((*people, "llm"), n_patients=2000, noise=1.2, seed=1), statistic, 0.1)
    wanted = np.mean([row.patients[AS_IS] for row in from_five])
    assert np.mean([row.patients[WITH_FIVE] for row in from_three]) == pytest.approx(wanted, rel=0.1)
    assert np.mean([row.patients[AS_IS] for row in from_three]) > 1.12 * wanted


def test_a_target_of_fewer_people_where_some_did_not_rate_counts_as_less_steady():
    some, all_ = (a_study(("human",) * 3 + ("llm",), noise=1.2, missing=missing) for missing in (0.3, 0.0))
    with_five = [np.mean([row.patients[WITH_FIVE] for row in rows_of(one, "bias", 0.1)]) for one in (some, all_)]
    as_is = [np.mean([row.patients[AS_IS] for row in rows_of(one, "bias", 0.1)]) for one in (some, all_)]
    assert as_is[0] > 1.3 * as_is[1]
    assert with_five[0] < 0.8 * as_is[0]


@pytest.mark.parametrize("statistic", ["quadratic kappa", "alpha, ordinal"])
def test_half_the_width_takes_four_times_the_patients_and_raters_help(statistic):
    study = a_study(("human", "human", "human", "llm"), missing=0.1)
    for wide, narrow in zip(rows_of(study, statistic, 0.1), rows_of(study, statistic, 0.05), strict=True):
        assert all(abs(4 * a - b) <= 4 for a, b in zip(wide.patients, narrow.patients, strict=True))
        assert list(narrow.patients[1:]) == sorted(narrow.patients[1:], reverse=True)
        assert (wide.spread, wide.n_narratives) == (None, narrow.n_narratives)


def test_kappa_and_alpha_are_not_planned_where_they_are_not_defined():
    study = a_study(("human", "human", "llm"))
    study.table.scores[:, :, 0] = 3.0
    for statistic in ("quadratic kappa", "alpha, ordinal"):
        assert rows_of(study_of(study.table), statistic, 0.2)[0].patients == (None,) * len(PANELS)


def test_the_worst_of_the_six_is_the_most_any_needs():
    rows = rows_of(a_study(("human", "human", "llm")), "bias", 0.2)
    assert len(rows) == SIX
    assert worst_of(rows) == tuple(max(row.patients[k] for row in rows) for k in range(len(PANELS)))


def test_a_single_person_says_nothing_of_larger_panels():
    study = a_study(("human", "llm"))
    rows = plan_rows(study, 0.2, 0.95)
    assert {row.statistic for row in rows} == {"MAE", "bias", "quadratic kappa"}
    assert all(row.patients[AS_IS] > 2 and row.patients[1:] == (None,) * 4 for row in rows)
    assert worst_of(rows)[1:] == (None,) * 4
    assert "–" in plan_text(rows, 0.2, 0.95)


def test_an_adjudicators_target_is_as_steady_whatever_the_panel():
    base = a_study(("human", "human", "human", "llm"))
    settled = study_of(base.table, panel=["r0", "r1"], adjudicators=["r2"])
    rows = [row for row in plan_rows(settled, 0.2, 0.95) if row.statistic == "bias"]
    assert all(len(set(row.patients)) == 1 for row in rows)


def test_a_dimension_nobody_rated_is_unknown():
    study = a_study(("human", "human", "llm"))
    study.table.scores[2, :, 0] = math.nan
    rows = rows_of(study, "MAE", 0.2)
    assert rows[0].patients == (None,) * len(PANELS)
    assert None not in rows[1].patients
    assert worst_of(rows) == (None,) * len(PANELS)


@pytest.mark.parametrize("change", ["all agree", "all are constant", "the judge is constant", "the judge is 0.1 above"])
def test_nothing_is_planned_by_what_does_not_vary(change):
    study = a_study(("human", "human", "llm"))
    scores = study.table.scores
    if change == "all agree":
        scores[:] = scores[0]
    elif change == "all are constant":
        scores[:] = np.array([3.0, 4.0, 3.3])[:, None, None]
    elif change == "the judge is constant":
        scores[2] = 4.0
    else:
        scores[:2] = scores[0]
        scores[2] = scores[0] + 0.1
    rows = plan_rows(study_of(study.table), 0.2, 0.95)
    still = {"the judge is constant": {"MAE", "bias", "ICC(2,1)", "alpha, ordinal"},
             "the judge is 0.1 above": {"quadratic kappa"}}.get(change, set())  # fmt: skip
    assert {row.statistic for row in rows if set(row.patients) != {None}} == still
    if not still:
        table = plan_text(rows, 0.2, 0.95).split("\n\n")[1].splitlines()[2:]
        assert {tuple(line.split()[-len(PANELS) :]) for line in table} == {("–",) * len(PANELS)}
        assert {line.split()[-8] for line in table[:-1]} == {"–"}


def test_differences_that_do_not_vary_plan_no_smaller_panel_either():
    study = a_study(("human", "human", "human", "llm"))
    study.table.scores[3] = study.table.scores[:3].mean(axis=0) + 0.1
    for statistic in ("MAE", "bias"):
        assert {row.patients for row in rows_of(study_of(study.table), statistic, 0.2)} == {(None,) * len(PANELS)}


def test_nothing_to_plan_by():
    with pytest.raises(DataError, match="neither an automatic rater nor two people"):
        plan_rows(a_study(("human",)), 0.2, 0.95)


def test_the_text_names_width_raters_and_worst():
    text = plan_text(plan_rows(a_study(("human", "human", "llm")), 0.25, 0.9), 0.25, 0.9)
    assert text.startswith("Patients for a 90 % interval that is 0.25 wide, both sides together\n")
    assert text.count("worst of the six") == 5
    assert "Bias of r2 against the panel's mean, points" in text
    assert {len(line) for line in text.split("\n\n")[1].splitlines()[1:]} == {
        len(text.split("\n\n")[1].splitlines()[1])
    }


@pytest.fixture
def dataset(tmp_path):
    study = a_study(("human", "human", "llm"), n_patients=20)
    card = DatasetCard(name="s", version="1", source="s", licence="private", consent="none", synthetic=True)
    cases = [Case(id=f"c{k}", patient_id=f"p{k // 3}") for k in range(60)]
    write_dataset(tmp_path / "set", card, cases, (), ())
    write_records(tmp_path / "set/narratives.jsonl", study.table.narratives)
    write_records(tmp_path / "set/raters.jsonl", study.table.raters)
    given = [
        Rating(narrative_id=f"n{k}", rater=f"r{r}", scores=dict(zip(DIMENSIONS, np.clip(row, 0, 5), strict=True)))
        for r, rows in enumerate(study.table.scores)
        for k, row in enumerate(rows)
    ]
    write_records(tmp_path / "set/ratings.jsonl", given)
    return tmp_path / "set"


def run(*arguments):
    return CliRunner().invoke(plan, [str(argument) for argument in arguments])


def test_the_command_plans_by_a_dataset(dataset):
    result = run(dataset, "--width", 0.2)
    assert result.exit_code == 0, result.output + repr(result.exception)
    assert result.stdout.startswith("synthetic dataset: ")
    assert "Mean absolute error of r2 against the panel's mean" in result.stdout
    other = run(dataset, "--width", 0.2, "--panel", "r0", "--panel", "r2")
    assert "Mean absolute error of r1 against" in other.stdout


def test_the_command_plans_by_numbers():
    assert run("--width", 0.2, "--icc", 0.7, "--raters", 3).stdout.split() == ["3", "raters", "68", "patients"]
    assert len(run("--width", 0.2, "--icc", 0.7).stdout.splitlines()) == 4
    assert run("--width", 0.2, "--sd-between", 0.5).stdout == "97 patients\n"
    whole = run("--width", 0.2, "--sd-between", 0.5, "--sd-within", 0.8, "--per-patient", 4, "--confidence", 0.95)
    assert whole.stdout == "158 patients\n"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--width", 0.2), "do not say what spreads how far"),
        (("--width", 0.2, "--icc", 0.7, "--sd-between", 1), "say it more than once"),
        (("set", "--width", 0.2, "--icc", 0.7), "say it more than once"),
        (("--width", 0, "--icc", 0.7), "--width: is 0; expected a number of at least 0.001"),
        (("--width", 0.2, "--icc", 1), "--icc: is 1; expected a number from 0 to below 1"),
        (("--width", 0.2, "--icc", 0.5, "--confidence", 95), "--confidence: is 95; expected a number above 0"),
        (("--width", 0.2, "--icc", 0.5, "--per-patient", 2), "--per-patient: does not go with"),
        (("--width", 0.2, "--icc", 0.5, "--adjudicator", "a"), "--adjudicator: does not go with"),
        (("--width", 0.2, "--sd-between", 0.5, "--raters", 3), "--raters: does not go with"),
        (("--width", 0.2, "--sd-between", 0), "--sd-between: is 0 and so is --sd-within"),
        (("--width", 0.2, "--sd-between", -1), "--sd-between: is -1"),
        (("--width", 0.2, "--sd-between", 1, "--sd-within", -1), "--sd-within: is -1"),
        (("--width", 0.2, "--sd-between", 1, "--per-patient", 0.5), "--per-patient: is 0.5; expected"),
    ],
)
def test_the_command_refuses(arguments, said):
    result = run(*arguments)
    assert isinstance(result.exception, UserError), result.output
    assert said in str(result.exception)
