"""The table by category, skin type and site."""

import numpy as np
import pytest

from dermatrust.agreement.bootstrap import cluster_bootstrap
from dermatrust.bench.table import bench_table
from dermatrust.records import DIMENSIONS

ACCURACY = DIMENSIONS[0]


@pytest.fixture(scope="module")
def table(answer, columns_of):
    """Eight cases of six patients, scored 0 to 4; patient p0 has a lesion on the arm and two on the leg."""
    sites = ["arm", "leg", "leg", "leg", "arm", None, None, None]
    types = [1, 1, 1, 6, 6, None, 3, 3]
    patients = ["p0", "p0", "p0", "p1", "p2", "p3", "p4", "p5"]
    rows = [
        row
        for author, shift in (("a", 0), ("b", 1))
        for i, about in enumerate(zip(sites, types, patients, strict=True))
        for row in answer(
            author, f"c{i}", i / 2 + shift, site=about[0], fitzpatrick=about[1], patient_id=about[2], category="acne"
        )
    ]
    return bench_table(columns_of(rows), n_resamples=500)


def level(table, factor, name, author="a"):
    (row,) = [r for r in table.subgroups_of("judge", factor) if r.level == name and r.author == author]
    return row


def test_levels_come_by_size_and_those_not_recorded_last(table):
    rows = table.subgroups_of("judge", "site")
    assert [(row.level, row.author) for row in rows] == [
        ("leg", "a"), ("leg", "b"), ("arm", "a"), ("arm", "b"), ("not recorded", "a"), ("not recorded", "b"),
    ]  # fmt: skip
    assert [row.level for row in table.subgroups_of("judge", "skin type")[::2]] == ["I", "III", "VI", "not recorded"]


def test_means_and_counts_of_a_level_worked_by_hand(table):
    leg = level(table, "site", "leg")
    assert (leg.n_cases, leg.n_patients, leg.macro.value, leg.macro.n) == (3, 2, 1.0, 3)
    assert level(table, "site", "leg", "b").macro.value == 2.0
    assert level(table, "site", "not recorded").scores[ACCURACY].value == 3.0


def test_a_level_counts_recorded_patients_and_the_cases_without(answer, columns_of):
    about = [("leg", "p"), ("leg", "p"), ("leg", None), ("arm", None), ("arm", None)]
    rows = [r for i, (site, who) in enumerate(about) for r in answer("a", f"c{i}", i, site=site, patient_id=who)]
    table = bench_table(columns_of(rows), n_resamples=50)
    found = [(r.level, r.n_cases, r.n_patients, r.n_cases_without_patient) for r in table.subgroups_of("judge", "site")]
    assert found == [("leg", 3, 1, 1), ("arm", 2, 0, 2)]
    assert all(row.macro.has_interval for row in table.subgroups_of("judge", "site"))


def test_a_level_of_one_patient_has_no_interval(table):
    one = level(table, "skin type", "I")
    assert (one.n_cases, one.n_patients, one.macro.has_interval) == (3, 1, False)
    assert one.scores[ACCURACY].value == 0.5
    assert level(table, "skin type", "VI").macro.has_interval


def test_the_only_level_of_a_factor_has_the_models_own_interval(table):
    acne, whole = level(table, "category", "acne"), next(row for row in table.rows if row.author == "a")
    assert (acne.scores, acne.macro) == (whole.scores, whole.macro)


def test_the_interval_of_a_level_is_that_of_resampling_all_patients(table):
    values = np.array([0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5])
    on_leg = np.where([False, True, True, True, False, False, False, False], values, np.nan)
    found = cluster_bootstrap(on_leg, [0, 0, 0, 1, 2, 3, 4, 5], rng=np.random.default_rng([0, 0]), n_resamples=500)
    leg = level(table, "site", "leg").scores[ACCURACY]
    assert (leg.low, leg.high) == pytest.approx((found.low[0], found.high[0]))
