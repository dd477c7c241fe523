import math
from collections import Counter
from datetime import timedelta

import pytest

from dermatrust.agreement.icc import icc_statistic
from dermatrust.align.compare import Bootstrap, agreement_rows, panel_rows
from dermatrust.align.ratings import read_rating_table
from dermatrust.align.target import study_of
from dermatrust.curate.agreement import agreement, sample_size, stability
from dermatrust.curate.agreement_tables import stability_lines
from dermatrust.curate.folder_export import write_to_folder
from dermatrust.curate.progress import progress
from dermatrust.curate.rules import Rules
from dermatrust.records import DIMENSIONS, Dimension

FEW = Bootstrap(n_resamples=50)


def value(rows, statistic, measure=Dimension.SAFETY):
    scale = "as given" if statistic.startswith("ICC") else "rounded"
    (found,) = [
        row for row in rows if (row.statistic, row.measure, row.scale, row.role) == (statistic, measure, scale, "panel")
    ]
    return found.estimate


@pytest.fixture
def two_raters(open_database, bench_of):
    """Six items rated by the same two: apart on Safety by 0, 1, 0, 1, 0, 1 in the queue's order, else alike."""
    bench = bench_of(open_database("sqlite"), 6, n_raters=2)
    numbers = {item.id: item.number for item in bench.items()}
    for rater, shift in (("r1", 0), ("r2", 1)):
        while (turn := bench.next(rater)) is not None:
            number = numbers[turn.item_id]
            six = [number % 4 + 1] * 6
            six[1] += shift * (number % 2 == 0)
            bench.submit(rater, turn, six)
    return bench


def test_agreement_is_what_hand_and_the_library_say(two_raters):
    with two_raters.database.reading() as session:
        found = agreement(session, two_raters.id, FEW)
    assert (found.compared, found.n_items, found.n_compared) == ("raters", 6, 6)
    assert value(found.rows, "exact").value == 0.5
    assert value(found.rows, "within 1").value == 1.0
    assert value(found.rows, "exact", Dimension.ACCURACY).value == 1.0
    assert value(found.rows, "quadratic kappa", Dimension.ACCURACY).value == 1.0
    assert value(found.rows, "alpha, ordinal", Dimension.ACCURACY).value == 1.0
    table = [[2, 3, 4, 1, 2, 3], [2, 4, 4, 2, 2, 4]]  # Safety of items 1 to 6 by the two
    icc = value(found.rows, "ICC(2,1)")
    assert icc.value == pytest.approx(icc_statistic("ICC(2,1)")(table))
    assert (icc.n, icc.n_missing) == (6, 0)
    assert icc.low <= icc.value <= icc.high


def test_it_is_what_align_says_of_the_same_ratings_in_the_folder(open_database, bench_of):
    bench = bench_of(open_database("sqlite"), 6, texts="narratives", n_raters=2)
    bench.rate_all({"r1": 4, "r2": [4, 3, 4, 4, 4, 5]})
    with bench.database.writing() as session:
        live = agreement(session, bench.id, FEW).rows
        write_to_folder(session, bench.people["curator"], bench.id, bench.folder)
    study = study_of(read_rating_table(bench.folder))
    later = [row for row in agreement_rows(study, FEW) if row.role in ("panel", "member")] + panel_rows(study, FEW)
    assert repr(tuple(later)) == repr(live)  # by their texts, since NaN is not NaN


def test_more_raters_than_slots_are_compared_by_slots(open_database, bench_of):
    bench = bench_of(open_database("sqlite"), 6)
    while any([bench.submit(r, turn, 4) for r in ("r1", "r2", "r3") if (turn := bench.next(r)) is not None]):
        pass
    with bench.database.reading() as session:
        found = agreement(session, bench.id, FEW)
    assert (found.compared, found.n_compared) == ("slots", 6)
    assert value(found.rows, "exact").value == 1.0
    assert value(found.rows, "exact").n == 12


def test_nothing_is_said_before_two_have_rated(bench):
    with bench.database.reading() as session:
        assert agreement(session, bench.id, FEW) is None
        assert (stability(session, bench.id, FEW), sample_size(session, bench.id, 0.2)) == ([], [])
    bench.rate_all({"r1": 4})
    with bench.database.reading() as session:
        assert agreement(session, bench.id, FEW) is None


def test_a_rater_who_drifts_and_one_who_says_the_same_again_are_seen(open_database, bench_of, now):
    bench = bench_of(open_database("sqlite"), 12, rules=Rules(slots=2, anchor_share=0.5), n_raters=2)
    for k in range(12):
        bench.submit("r1", bench.next("r1"), 3, now + timedelta(seconds=k))
        bench.submit("r2", bench.next("r2"), 1 if k < 6 else 4, now + timedelta(seconds=k))
    later = now + timedelta(days=8)
    while (turn := bench.next("r1", later)) is not None:
        bench.submit("r1", turn, 3, later)
    with bench.database.reading() as session:
        rows = {(row.rater, row.measure): row for row in stability(session, bench.id, FEW)}
    assert rows["r1", "macro"].retest_exact.value == 1.0
    assert rows["r1", "macro"].retest_exact.n == 6
    assert rows["r2", "macro"].retest_exact.n == 0
    assert rows["r2", "macro"].drift.value > 20  # points per 100 items: three within twelve
    lines = {line.title: line for line in stability_lines(list(rows.values()))}
    assert [cell.value for cell in lines["r1"].cells[:3]] == ["1.00", "0.00", "6"]
    assert (lines["r2"].cells[3].value[0], lines["r2"].n) == ("+", "12")


def test_a_drift_through_a_handful_of_narratives_is_not_shown(open_database, bench_of, now):
    bench = bench_of(open_database("sqlite"), 9, rules=Rules(slots=2), n_raters=2)
    for k in range(9):
        for rater, score in (("r1", 3), ("r2", 1 if k < 6 else 4)):
            bench.submit(rater, bench.next(rater), score, now + timedelta(seconds=k))
    with bench.database.reading() as session:
        rows = stability(session, bench.id, FEW)
    assert next(row.drift.value for row in rows if (row.rater, row.measure) == ("r2", "macro")) > 20
    for line in stability_lines(rows):
        assert (line.cells[3].value, line.cells[3].note, line.n) == ("–", "fewer than ten", "9")


def test_a_plan_says_how_many_patients_an_interval_needs(two_raters):
    with two_raters.database.reading() as session:
        rows = sample_size(session, two_raters.id, 0.2)
    assert [row.dimension for row in rows] == list(DIMENSIONS)
    assert {row.statistic for row in rows} == {"ICC(2,1)"}
    safety = next(row for row in rows if row.dimension is Dimension.SAFETY)
    assert 0 < safety.value < 1
    assert safety.patients[0] > 6
    assert math.isclose(safety.per_patient, 1.0)


def test_progress_counts_items_slots_and_what_each_rater_did(database, bench_of, now):
    bench = bench_of(database, 3)
    bench.submit("r1", bench.next("r1"), 4, seconds=10.0)
    bench.submit("r1", bench.next("r1"), 4, now + timedelta(minutes=2), seconds=20.0, uncertain=True, reason="blurred")
    bench.next("r2")
    with database.reading() as session:
        found = progress(session, bench.id)
    assert (found.n_items, found.n_ratings, found.n_wanted) == (3, 2, 6)
    assert Counter(found.states) == Counter(open=3)
    assert Counter(found.images) == Counter(unreviewed=3)
    one, two, three = found.raters
    assert (one.name, one.n_submitted, one.n_uncertain, one.median_seconds) == ("r1", 2, 1, 15.0)
    assert one.last == now + timedelta(minutes=2)
    assert (two.n_submitted, two.n_open, three.n_open, three.last) == (0, 1, 0, None)
