"""The registry of raters, and ratings with the lines they stand in."""

import pytest

from dermatrust.errors import DataError
from dermatrust.records import DIMENSIONS, Case, DatasetCard, Rater, Rating
from dermatrust.store import DatasetFolder, append_records, write_dataset

CARD = DatasetCard(name="d", version="1", source="s", licence="MIT", consent="unknown")
RATERS = [Rater(id="judge", kind="llm", family="x"), Rater(id="Dr A", kind="human", years=3, adjudicates=True)]


@pytest.fixture
def folder(tmp_path):
    write_dataset(tmp_path / "d", CARD, [Case(id="c")])
    return tmp_path / "d"


def test_raters_come_in_the_order_of_the_file(folder):
    append_records(folder / "raters.jsonl", RATERS)
    assert list(DatasetFolder.open(folder).iter_raters()) == RATERS


def test_a_dataset_need_not_know_its_raters(folder):
    assert list(DatasetFolder.open(folder).iter_raters()) == []
    (folder / "raters.jsonl").touch()
    assert list(DatasetFolder.open(folder).iter_raters()) == []


def test_the_registry_does_not_change_what_a_run_depends_on(folder):
    before = DatasetFolder.open(folder).content_hash()
    append_records(folder / "raters.jsonl", RATERS)
    assert DatasetFolder.open(folder).content_hash() == before


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (RATERS[0].to_line(), "line 4: has the id 'judge' of line 1; expected ids that differ."),
        ('{"id": "x", "kind": "llm", "colour": "red"}', "line 4: has a field 'colour' this record does not know."),
        ('{"id": "x"}', "line 4: has no field 'kind'. Add it."),
        ("judge", "line 4: is not valid JSON"),
    ],
)
def test_a_bad_line_is_named(folder, line, said):
    append_records(folder / "raters.jsonl", RATERS)
    with (folder / "raters.jsonl").open("a", encoding="utf-8") as file:
        file.write(f"\n{line}\n")
    raters = DatasetFolder.open(folder).iter_raters()
    assert [next(raters), next(raters)] == RATERS
    with pytest.raises(DataError) as caught:
        next(raters)
    assert f"{folder}/raters.jsonl {said}" in str(caught.value)


def test_ratings_come_with_their_lines_blank_ones_counted(folder):
    ratings = [Rating(narrative_id="n", rater="r", scores=dict.fromkeys(DIMENSIONS, k), draw=k) for k in (0, 1)]
    path = folder / "ratings.jsonl"
    path.write_text("\n".join(["", ratings[0].to_line(), " ", "", ratings[1].to_line(), ""]), encoding="utf-8")
    dataset = DatasetFolder.open(folder)
    assert list(dataset.iter_placed_ratings()) == [(f"{path} line 2", ratings[0]), (f"{path} line 5", ratings[1])]
    assert list(dataset.iter_ratings()) == ratings


def test_without_ratings_there_is_nothing_to_place(folder):
    assert list(DatasetFolder.open(folder).iter_placed_ratings()) == []
