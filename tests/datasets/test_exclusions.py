import pytest

from dermatrust.datasets.exclusions import NOT_KEPT, without_excluded
from dermatrust.datasets.imported import Imported
from dermatrust.errors import DataError
from dermatrust.records import Case, DatasetCard, Narrative, Rating

CARD = DatasetCard(name="d", version="1", source="s", licence="CC0-1.0", consent="none")


@pytest.fixture
def imported(tmp_path):
    files = {"a": ("images/NEL/1.jpg",), "b": ("images/AAL/1.jpg", "images/AAL/2.jpg"), "c": ("images/c.jpg",)}
    cases = tuple(Case(id=case, file_names=names, label="acne") for case, names in files.items())
    references = tuple(Narrative(id=f"{c}:r", case_id=c, text="t", author="x", stream="reference") for c in files)
    narratives = tuple(Narrative(id=f"{c}:n", case_id=c, text="t", author="m") for c in files)
    ratings = tuple(Rating.all_unscored(narrative_id=f"{c}:n", rater="j", reason="no answer") for c in files)
    images = tuple((name, tmp_path / name) for names in files.values() for name in names)
    return Imported(CARD, cases, references, images, narratives, ratings)


@pytest.fixture
def listed(tmp_path):
    def write(text, name="list.csv"):
        (tmp_path / name).write_text(text)
        return tmp_path / name

    return write


def test_what_a_list_leaves_out_is_gone_with_its_records_and_kept_with_its_reason(imported, listed):
    rest = without_excluded(imported, leave_out=listed("id,reason\na,duplicate of b\n"))
    assert [case.id for case in rest.cases] == ["b", "c"]
    assert [r.case_id for r in (*rest.references, *rest.narratives)] == ["b", "c"] * 2
    assert [rating.narrative_id for rating in rest.ratings] == ["b:n", "c:n"]
    assert "images/NEL/1.jpg" not in dict(rest.images)
    assert [(x.id, x.reason, x.list) for x in rest.left_out] == [("a", "duplicate of b", "list.csv")]
    assert rest.remarks == ("list.csv: left out 1 (1 duplicate of b); kept 2 cases.",)


def test_an_image_of_several_is_left_out_alone_and_the_others_keep_their_order(imported, listed):
    rest = without_excluded(imported, leave_out=listed("image_id\n2.jpg\n"))
    assert [case.file_names for case in rest.cases][1] == ("images/AAL/1.jpg",)
    assert len(rest.cases) == 3
    assert rest.left_out[0].id == "images/AAL/2.jpg"


def test_of_two_images_of_one_name_the_folder_decides(imported, listed):
    rest = without_excluded(imported, leave_out=listed("file_name\nderm7pt/nel/1.JPG\n"))
    assert [case.id for case in rest.cases] == ["b", "c"]
    assert rest.cases[0].file_names == ("images/AAL/1.jpg", "images/AAL/2.jpg")


def test_a_list_of_what_to_keep_leaves_out_the_rest(imported, listed):
    rest = without_excluded(imported, keep_only=listed("file_name,fold\nx/AAL/2.jpg,1\nx/c.jpg,2\n"))
    assert [(case.id, case.file_names) for case in rest.cases] == [
        ("b", ("images/AAL/2.jpg",)),
        ("c", ("images/c.jpg",)),
    ]
    assert {x.id: x.reason for x in rest.left_out} == {"a": NOT_KEPT, "images/AAL/1.jpg": NOT_KEPT}


def test_ids_of_another_dataset_are_counted_and_if_all_are_it_is_an_error(imported, listed):
    rest = without_excluded(imported, leave_out=listed("id\nc\nzzz\nyyy\n"))
    assert "2 of its 3 ids not in this dataset, the first is zzz" in rest.remarks[0]
    with pytest.raises(DataError, match=r"none of its 2 ids is a case .* The first is 'zzz'"):
        without_excluded(imported, keep_only=listed("id\nzzz\nyyy\n"))


def test_a_list_without_ids_is_an_error_that_names_the_columns_it_could_have(imported, listed):
    with pytest.raises(DataError, match=r"has no column of ids; expected one of id, case_id, image_id"):
        without_excluded(imported, leave_out=listed("nummer\n1\n"))
    with pytest.raises(DataError, match=r"there is no missing.csv in it"):
        without_excluded(imported, leave_out=listed("id\na\n").with_name("missing.csv"))
