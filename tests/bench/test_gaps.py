"""How unequal a model is: hand-worked gaps between parts of the cases, and within one category of disease."""

import pytest

from dermatrust.bench.results import ModelGap
from dermatrust.bench.table import bench_table
from dermatrust.records import DIMENSIONS, ScoreRow
from dermatrust.store.scores import read_scores, write_scores


def row(k, dimension, *, category, skin, score):
    return ScoreRow(
        case_id=f"c{k}", patient_id=f"p{k}", category=category, fitzpatrick=skin, site="back", narrative_id=f"n{k}",
        author="m", refused=False, empty=False, rater="r", dimension=dimension, score=score, spread=None, n_draws=1,
        unscored=None if score is not None else "unreadable", reference="certified",
        injection_suspected=False,
    )  # fmt: skip


@pytest.fixture
def make(tmp_path):
    """Return a function from (category, skin type, score) of every case to the table."""

    def make(cases):
        path = tmp_path / "scores.parquet"
        write_scores(
            path,
            (row(k, d, category=c, skin=s, score=v) for k, (c, s, v) in enumerate(cases) for d in DIMENSIONS),
        )
        return bench_table(read_scores(path), n_resamples=200)

    return make


def test_the_widest_gap_and_what_the_disease_explains_of_it(make):
    # Skin type II has 20 easy cases (4) and 10 hard ones (1): 3. Type V has 10 easy ones (3) and 10 hard ones (1): 2.
    # Within easy the gap is 3 - 4, within hard 1 - 1, so within a category it is -1/2.
    cases = [("easy", 2, 4.0)] * 20 + [("hard", 2, 1.0)] * 10 + [("hard", 5, 1.0)] * 10 + [("easy", 5, 3.0)] * 10
    table = make(cases)
    (by_skin,) = (gap for gap in table.gaps if gap.factor == "skin type")
    assert (by_skin.lowest, by_skin.highest) == ("V", "II")
    assert (by_skin.at_lowest, by_skin.at_highest) == pytest.approx((2.0, 3.0))
    assert by_skin.gap.value == pytest.approx(1.0)
    assert by_skin.gap.low < 1.0 < by_skin.gap.high
    assert by_skin.gap.n == 50
    (within,) = table.within
    assert (within.level, within.beside, within.n_categories) == ("V", "II", 2)
    assert (within.n_level, within.n_beside) == (20, 30)
    assert within.difference.value == pytest.approx(-0.5)
    assert (within.difference.low, within.difference.high) == pytest.approx((-0.5, -0.5))  # no score varies in a cell


def test_a_part_of_nine_cases_has_no_gap(make):
    table = make([("a", 2, 4.0)] * 12 + [("a", 5, 1.0)] * 9)
    assert [gap for gap in table.gaps if gap.factor == "skin type"] == []
    assert table.within == ()


def test_within_a_category_ten_cases_on_a_side_are_needed(make):
    table = make([("a", 2, 4.0)] * 12 + [("a", 5, 1.0)] * 5 + [("b", 5, 1.0)] * 5)
    (within,) = table.within
    assert (within.n_level, within.n_beside, within.difference) == (5, 12, None)
    assert [gap.factor for gap in table.gaps] == ["skin type"]


def test_a_case_without_a_score_is_in_no_gap(make):
    table = make([("a", 2, 4.0)] * 12 + [("a", 5, 1.0)] * 10 + [("a", 5, None)])
    (gap,) = table.gaps
    assert gap.gap.n == 22
    assert isinstance(gap, ModelGap)
    assert gap.is_beyond_chance
