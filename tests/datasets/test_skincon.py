import pytest

from dermatrust.datasets.imported import Imported
from dermatrust.datasets.skincon import CONCEPTS, with_concepts
from dermatrust.errors import DataError
from dermatrust.lexicon import load_lexicon
from dermatrust.records import Case, DatasetCard

COLUMNS = ["", "ImageID", *CONCEPTS, "Do not consider this image"]
CARD = DatasetCard(name="d", version="1", source="s", licence="CC0-1.0", consent="none", notes="Of old.")
IMPORTED = Imported(CARD, tuple(Case(id=name, concepts={"seen before": True}) for name in ("a", "b", "c")))


@pytest.fixture
def annotations(unpack):
    def write(*rows):
        usual = dict.fromkeys(COLUMNS[2:], "0")
        return unpack({"skincon.csv": (COLUMNS, [usual | row for row in rows])}) / "skincon.csv"

    return write


def test_the_48_columns_are_the_lexicons_concepts():
    assert len(CONCEPTS) == 48
    names = {concept.name for concept in load_lexicon().concepts.values()}
    assert {column.partition("(")[0] for column in CONCEPTS} <= names


def test_concepts_join_the_cases_they_were_marked_on(annotations):
    table = annotations({"ImageID": "a.jpg", "Papule": "1", "Brown(Hyperpigmentation)": "1", "Scale": ""})
    imported = with_concepts(IMPORTED, table)
    first, second, _ = imported.cases
    assert first.concepts["Papule"] is first.concepts["Brown"] is first.concepts["seen before"] is True
    assert first.concepts["Plaque"] is False
    assert "Scale" not in first.concepts  # an empty cell is missing
    assert second.concepts == {"seen before": True}
    assert imported.card.notes.startswith("Of old. Concepts: SkinCon (https://skincon-dataset.github.io")


def test_a_photograph_not_to_be_considered_has_no_concepts_and_is_counted(annotations):
    table = annotations(
        {"ImageID": "a.jpg", "Papule": "1"},
        {"ImageID": "b.jpg", "Papule": "1", "Do not consider this image": "1"},
        {"ImageID": "elsewhere.jpg", "Papule": "1"},
    )
    imported = with_concepts(Imported(CARD, tuple(Case(id=name) for name in "abc")), table)
    assert [bool(case.concepts) for case in imported.cases] == [True, False, False]
    assert imported.remarks == (
        "SkinCon: concepts on 1 of 3 cases; 1 photograph not to be considered, 1 not in this dataset.",
    )


def test_a_table_of_another_dataset_or_of_no_such_columns_is_an_error(annotations, unpack):
    with pytest.raises(DataError, match="marks no case of this dataset"):
        with_concepts(IMPORTED, annotations({"ImageID": "z.jpg"}))
    with pytest.raises(DataError, match=r"line 2: Papule is '2'; expected one of 0"):
        with_concepts(IMPORTED, annotations({"ImageID": "a.jpg", "Papule": "2"}))
    table = unpack({"other.csv": (["ImageID", "Papule"], [{"ImageID": "a.jpg"}])}, name="other") / "other.csv"
    with pytest.raises(DataError, match=r"has no column Vesicle, .*expected the columns of SkinCon"):
        with_concepts(IMPORTED, table)
