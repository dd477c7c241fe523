"""The gap between datasets: hand-worked, the known gap of made-up answers, and what may not be compared."""

import math

import numpy as np
import pytest

from dermatrust.clinic.differential_table import differential_result
from dermatrust.clinic.gap import GapRun, bedside_gap
from dermatrust.clinic.gap_text import gap_text
from dermatrust.clinic.results import CREDITS, HITS
from dermatrust.clinic.triage_table import triage_result
from dermatrust.errors import DataError
from dermatrust.records import AnswerRow, DatasetCard, Manifest, ModelCard
from dermatrust.store.answers import read_answers, write_answers

NOBODY = dict.fromkeys(AnswerRow._fields)
ARMS = ("image only", "image + context")


def a_row(case, *, model="m", arm="image only", label="psoriasis", rank=0, **more):
    said = '["psoriasis"]' if rank else "[]"
    fields = NOBODY | {
        "case_id": f"c{case}", "patient_id": f"p{case}", "label": label, "model": model, "arm": arm, "image_arm": "all",
        "text": "…", "said": said, "n_said": int(bool(rank)), "cannot_tell": False, "gives_truth_away": False,
        "exact": rank, "synonym": rank, "family": rank, "credit_1": 0.0, "credit_3": 0.0, "credit_5": 0.0,
    }  # fmt: skip
    return AnswerRow(**(fields | more))


def a_manifest(run_id="public", *, config=None, prompts=None, endpoint=None, name="Public", **more):
    card = DatasetCard(name=name, version="1", source="made up", licence="CC0-1.0", consent="nobody's", synthetic=True)
    known = {"task": "ddx", "n_levels": 0, "n_named": 5, "temperature": 0.0, "max_tokens": 9, "side_px": 64}
    fields = {"code_version": "0.1.0", "dataset_hash": f"hash of {run_id}", "n_cases": 4} | more
    return Manifest(
        run_id=run_id, command="dermatrust clinic ddx", dataset=card,
        models=(ModelCard(model="m", family="none", endpoint=endpoint or {"base_url": "http://127.0.0.1/v1"}),),
        prompts=prompts or {"differential@1": "abc"}, config=known | (config or {}), started="2026-05-03", **fields,
    )  # fmt: skip


@pytest.fixture
def make_run(tmp_path):
    def made(rows, run_id="public", **manifest):
        path = tmp_path / f"{run_id}.parquet"
        write_answers(path, rows)
        return GapRun(a_manifest(run_id, **manifest), read_answers(path))

    return made


def row_of(found, measure, dataset=1):
    return next(row for row in found.rows if row.measure == measure and row.dataset == dataset)


def test_a_hand_worked_gap(make_run):
    # Public: ranks 1, 1, 3, 0 -> top-1 2/4, top-3 3/4. Local: ranks 2, 0, 0 and a failed ask -> top-1 0, top-3 1/3.
    public = make_run([a_row(k, rank=rank) for k, rank in enumerate((1, 1, 3, 0))])
    local = make_run(
        [*(a_row(k, rank=rank) for k, rank in enumerate((2, 0, 0))),
         a_row(3, failure="timeout: no reply", exact=None, synonym=None, family=None)],
        "local",
    )  # fmt: skip
    found = bedside_gap([public, local], n_resamples=200)
    first, third = row_of(found, "top-1 synonym"), row_of(found, "top-3 synonym")
    assert (first.value.value, first.value.n, first.value.n_missing) == (0.0, 3, 1)
    assert first.gap.value == pytest.approx(-0.5)
    assert third.gap.value == pytest.approx(1 / 3 - 3 / 4)
    assert third.gap.low < third.gap.value < third.gap.high
    assert row_of(found, "top-1 synonym", dataset=0).gap is None


def test_within_the_same_diseases_another_mix_is_no_gap(make_run):
    def rows(n_easy, n_hard):
        easy = [a_row(k, rank=1, label="psoriasis") for k in range(n_easy)]
        return [*easy, *(a_row(n_easy + k, label="vitiligo") for k in range(n_hard))]

    found = bedside_gap([make_run(rows(9, 3)), make_run(rows(3, 9), "local")], n_resamples=100)
    row = row_of(found, "top-1 synonym")
    assert row.gap.value == pytest.approx(-0.5)
    assert row.within.value == pytest.approx(0.0)
    assert row.n_diseases == 2


def test_one_disease_under_two_names_is_one(make_run):
    public = make_run([a_row(0, rank=1, label="plaque psoriasis"), a_row(1, rank=1)])
    local = make_run([a_row(0, label="psoriasis vulgaris"), a_row(1, label="qwertz"), a_row(2, label=None)], "local")
    found = bedside_gap([public, local], n_resamples=50)
    assert row_of(found, "top-1 synonym").n_diseases == 1
    assert (found.datasets[1].n_diagnoses, found.datasets[1].n_unknown) == (2, 2)


def test_the_known_gap_of_made_up_answers_is_in_its_interval(make_run):
    held = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        runs = [
            make_run([a_row(k, rank=int(rng.random() < chance)) for k in range(150)], name)
            for name, chance in (("public", 0.6), ("local", 0.4))
        ]
        gap = row_of(bedside_gap(runs, n_resamples=300, seed=seed), "top-1 synonym").gap
        held += gap.low <= -0.2 <= gap.high
    assert held >= 34  # 38 expected; fewer than 34 has a chance of 1 %


def test_triage_counts_an_answer_without_a_level_as_wrong_and_no_answer_not_at_all(make_run):
    # Pressing: said emergent, routine, nothing, failed -> sensitivity 1/3. Routine: two of four.
    said = [("emergent", "emergent"), ("urgent", "routine"), ("urgent", None), ("urgent", None), ("routine", "routine"),
            ("routine", "urgent"), ("routine", "emergent"), ("routine", "routine")]  # fmt: skip
    rows = [
        a_row(k, true_urgency=truth, urgency=level, failure="timeout" if k == 3 else None)
        for k, (truth, level) in enumerate(said)
    ]
    rows[2] = rows[2]._replace(urgency="urgent", cannot_tell=True)  # what stands beside "cannot tell" does not count
    config = {"task": "triage", "n_levels": 3, "n_named": 0}
    runs = [make_run(rows, config=config), make_run(rows, "local", config=config)]
    found = bedside_gap(runs, n_resamples=100)
    values = {measure: row_of(found, measure).value for measure in found.measures}
    assert values["sensitivity"].value == pytest.approx(1 / 3)
    assert values["specificity"].value == pytest.approx(1 / 2)
    assert values["balanced accuracy"].value == pytest.approx(5 / 12)
    assert [values[m].value for m in ("right level", "under-triage", "over-triage")] == pytest.approx(
        [3 / 7, 1 / 7, 2 / 7]
    )
    assert values["sensitivity"].n == 3
    assert all(row.within is None for row in found.rows)


def test_only_what_every_run_has_is_compared_and_the_rest_is_named(make_run):
    public = make_run([a_row(k, arm=arm) for k in range(3) for arm in ARMS])
    local = make_run([a_row(k, rank=1) for k in range(3)], "local")
    found = bedside_gap([public, local], n_resamples=20)
    assert found.settings == (("m", "image only", "all"),)
    assert found.left_out == ("public alone, or not every run, has m / image + context / all.",)
    with pytest.raises(DataError, match="no model in the same arm"):
        bedside_gap([public, make_run([a_row(0, model="other")], "local")])
    many = make_run([a_row(0, model=f"m{k:02}") for k in range(38)])
    with pytest.raises(DataError) as refused:
        bedside_gap([many, local])
    assert "one of m00 / image only / all, m01" in str(refused.value)
    assert "m03 / image only / all and 34 more. It has m / image only / all." in str(refused.value)


def differing(run, **changes):
    return GapRun(run.manifest.model_copy(update=changes), run.answers)


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"prompts": {"differential@1": "def"}}, "the prompt is differential@1 (def), not differential@1 (abc)"),
        ({"config": {"temperature": 1.0}}, "the temperature is 1.0, not 0.0"),
        ({"endpoint": {"base_url": "http://127.0.0.1:9/v1"}}, "m is asked at another endpoint"),
    ],
)
def test_what_differs_besides_the_cases_is_refused_or_said(make_run, changes, what):
    rows = [a_row(k) for k in range(3)]
    runs = [make_run(rows), make_run(rows, "local", name="Local", **changes)]
    with pytest.raises(DataError) as error:
        bedside_gap(runs, n_resamples=20)
    assert what in str(error.value)
    (warning,) = bedside_gap(runs, allow_differences=True, n_resamples=20).warnings
    assert what in warning


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"config": {"task": "triage"}}, "another task"),
        ({"config": {"n_named": 3}}, "another number of diagnoses asked for than public: 3, not 5"),
        ({"dataset_hash": "hash of public"}, "is of the same cases as public"),
        ({"config": {"task": None}}, "no run of clinic"),
    ],
)
def test_what_can_never_be_compared_is_refused_for_good(make_run, changes, what):
    rows = [a_row(k) for k in range(3)]
    with pytest.raises(DataError, match=what):
        bedside_gap([make_run(rows), make_run(rows, "local", **changes)], allow_differences=True)


def test_recorded_replies_and_a_second_version_are_remarked_on(make_run):
    rows = [a_row(k) for k in range(3)]
    first, second = ({"kind": "replay", "file": name} for name in "ab")
    runs = [make_run(rows, endpoint=first), make_run(rows, "local", endpoint=second, code_version="0.2.0")]
    said = " ".join(bedside_gap(runs, n_resamples=20).warnings)
    assert "recorded elsewhere" in said
    assert "dermatrust 0.2.0, public by 0.1.0" in said
    assert "both of Public" in said


def test_one_run_alone_and_one_patient_alone(make_run):
    public, alone = make_run([a_row(k, rank=1) for k in range(3)]), make_run([a_row(0)], "local")
    with pytest.raises(DataError, match="was given 1 run"):
        bedside_gap([public])
    gap = row_of(bedside_gap([public, alone], n_resamples=20), "top-1 synonym").gap
    assert gap.value == -1
    assert math.isnan(gap.low)


def test_the_same_seed_gives_the_same_page(make_run):
    rows = [a_row(k, rank=k % 4) for k in range(12)]
    runs = [make_run(rows), make_run(rows[:7], "local")]
    first, again = (repr(bedside_gap(runs, n_resamples=50)) for _ in range(2))  # NaN equals nothing
    assert first == again


@pytest.mark.parametrize("kind", ["ddx", "triage"])
def test_a_value_has_the_interval_that_its_own_study_gives_it(make_run, kind):
    rng = np.random.default_rng(4)
    runs = []
    for run_id, n in (("public", 23), ("ward", 9)):
        rows = []
        for case in range(n):
            for model, p in (("m", 0.4), ("never", 0.0), ("always", 1.0)):
                rank = int(rng.random() < p) * int(rng.integers(1, 5))
                credit = {f"credit_{k}": 0.5 for k in (1, 3, 5)}
                true = ("emergent", "urgent", "routine")[case % 3]
                said = true if model == "always" else "routine" if model == "never" else "urgent"
                levels = {"true_urgency": true, "urgency": said}
                rows.append(a_row(case, model=model, rank=rank, patient_id=f"p{case // 2}", **credit, **levels))
        n_levels = {"ddx": 0, "triage": 3}[kind]
        runs.append(make_run(rows, run_id, config={"task": kind, "n_levels": n_levels}))
    found = bedside_gap(runs, n_resamples=200, seed=3)
    for number, run in enumerate(runs):
        study = {"ddx": differential_result, "triage": triage_result}[kind](
            run.answers, run.manifest.dataset, n_resamples=200, seed=3
        )
        for model in ("m", "never", "always"):
            cell = study.cell(model, "image only", "all")
            for measure in {"ddx": HITS + CREDITS, "triage": ("sensitivity", "specificity", "balanced accuracy")}[kind]:
                here = next(r.value for r in found.rows if (r.model, r.measure, r.dataset) == (model, measure, number))
                there = cell.measures[measure]
                assert (here.value, here.low, here.high) == pytest.approx((there.value, there.low, there.high))
                assert here.n == there.n or measure == "balanced accuracy"  # there of all cases, here of the rarer


def test_datasets_with_the_same_case_names_are_drawn_apart(make_run):
    rows = [a_row(k, rank=k % 2) for k in range(12)]
    one, two = make_run(rows), make_run(rows, "local", name="Local")
    (value, _), (other, gap) = [
        (row.value, row.gap) for row in bedside_gap([one, two], n_resamples=100).rows if row.measure == "top-1 exact"
    ]
    assert value.value == other.value
    assert gap.low < 0 < gap.high  # with the same draws for both it would have no width


def test_two_datasets_of_one_name_are_told_apart_by_their_runs_in_the_terminal_too(make_run):
    rows = [a_row(k, rank=k % 4) for k in range(12)]
    text = gap_text(bedside_gap([make_run(rows), make_run(rows[:7], "local")], n_resamples=50))
    assert "points of percent from Public (public)" in text
    assert "Public (local)" in text
    other = gap_text(bedside_gap([make_run(rows), make_run(rows[:7], "local", name="Ours")], n_resamples=50))
    assert "Ours" in other
    assert "(" not in other
