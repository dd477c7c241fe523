"""From a dataset folder to a table of ratings: who, what, in which order, and what is wrong with a file."""

import math
import time

import numpy as np
import pytest

from dermatrust.align.ratings import read_rating_table
from dermatrust.errors import DataError
from dermatrust.records import DIMENSIONS, Case, ClinicalContext, Narrative, Rater
from dermatrust.store import DatasetFolder, append_records

NAN = math.nan


@pytest.fixture
def read(tmp_path, folder_of):
    """Write a folder and read its table."""

    def build(ratings, *panel, adjudicators=(), expected=False, **folder):
        path = folder_of(tmp_path / "d", ratings, **folder)
        return read_rating_table(DatasetFolder.open(path), panel, adjudicators=adjudicators, expected=expected)

    return build


def refused(read, *arguments, **more):
    with pytest.raises(DataError) as caught:
        read(*arguments, **more)
    return str(caught.value)


def test_scores_stand_where_they_belong_whatever_the_order_of_the_file(read, rated):
    table = read(
        [rated("b", "c2/m", 4), rated("a", "c1/m", [0, 1, 2, 3, 4, 5]), rated("b", "c1/m", [None, 1, None, 1, 1, 1])],
        narratives=[Narrative(id=f"c{k}/m", case_id=f"c{k}", author="m", text="A plaque.") for k in (1, 2)],
    )
    assert table.names == ("b", "a")
    assert [narrative.id for narrative in table.narratives] == ["c1/m", "c2/m"]
    expected = [[[NAN, 1, NAN, 1, 1, 1], [4] * 6], [[0, 1, 2, 3, 4, 5], [NAN] * 6]]
    np.testing.assert_array_equal(table.scores, expected)
    assert table.places.tolist() == [[1, 0], [0, -1]]


def test_registered_raters_come_first_and_those_who_rated_nothing_not_at_all(read, rated):
    raters = [Rater(id="Dr A", kind="human"), Rater(id="Dr Away", kind="human"), Rater(id="eye", kind="evaluator")]
    table = read([rated("new", "c/m", 1), rated("eye", "c/m", 2), rated("Dr A", "c/m", 3)], raters=raters)
    assert [(rater.id, rater.kind) for rater in table.raters] == [
        ("Dr A", "human"), ("eye", "evaluator"), ("new", "llm"),
    ]  # fmt: skip
    assert table.scores[:, 0, 0].tolist() == [3, 2, 1]
    assert table.unregistered == ("new",)


def test_who_is_named_and_not_registered_is_a_person(read, rated):
    ratings = [rated(name, "c/m", 1) for name in ("a", "b", "c", "judge")]
    table = read(ratings, "a", "judge", adjudicators=["b"], raters=[Rater(id="judge", kind="lexical")])
    assert {rater.id: rater.kind for rater in table.raters} == {
        "judge": "lexical", "a": "human", "b": "human", "c": "llm",
    }  # fmt: skip
    assert table.unregistered == ("c",)


def test_draws_are_averaged_and_the_first_two_kept(read, rated):
    # Draws are numbered 2, 0, 5 in the file; the mean is over what each dimension has.
    table = read(
        [
            rated("a", "c1/m", 5, draw=2), rated("a", "c1/m", [1, None, 1, 1, 1, 1], draw=0),
            rated("a", "c1/m", 0, draw=5), rated("a", "c2/m", 3),
        ]
    )  # fmt: skip
    assert table.scores[0, 0].tolist() == [2, 2.5, 2, 2, 2, 2]
    np.testing.assert_array_equal(table.draws[0, 0, 0], [1, NAN, 1, 1, 1, 1])
    assert table.draws[1, 0, 0].tolist() == [5] * 6
    assert np.isnan(table.draws[:, 0, 1]).all()  # rated once
    assert table.places.tolist() == [[0, 1]]  # a repeat takes no place of its own


def test_a_rater_without_a_single_score_is_there(read, rated):
    table = read([rated("a", "c1/m", None), rated("a", "c2/m", None), rated("b", "c1/m", 1)])
    assert table.names == ("a", "b")
    assert np.isnan(table.scores[0]).all()
    assert table.places[0].tolist() == [0, 1]  # it did rate them, though nothing could be read


def test_expected_scores_are_taken_where_they_are_told(read, rated):
    weighed = rated("a", "c/m", [4, 4, None, 4, 4, 4], expected={DIMENSIONS[1]: 3.25})
    assert read([weighed], expected=True).scores[0, 0, :2].tolist() == [4, 3.25]


def test_without_expected_they_are_not(read, rated):
    assert read([rated("a", "c/m", 4, expected={DIMENSIONS[1]: 3.25})]).scores[0, 0, :2].tolist() == [4, 4]


def test_patients_are_numbered_and_a_case_without_one_is_its_own(read, rated):
    # A case called like a patient is not of that patient.
    cases = [
        Case(id="c1", patient_id="p"), Case(id="p"), Case(id="c3", patient_id="p"), Case(id="c4"), Case(id="not rated"),
    ]  # fmt: skip
    table = read([rated("a", f"{case}/m", 1) for case in ("c1", "p", "c3", "c4")], cases=cases)
    assert table.patients.tolist() == [0, 1, 0, 2]
    assert (table.n_patients, table.n_cases_without_patient) == (3, 2)


def test_narratives_without_text_are_left_out_with_their_ratings(read, rated):
    texts = {"c1/m": "A plaque.", "c2/m": " \n", "c3/m": ""}
    narratives = [Narrative(id=i, case_id=i[:2], author="m", text=text) for i, text in texts.items()]
    table = read([rated(r, i, 0) for i in reversed(texts) for r in "ab"], narratives=narratives)
    assert [narrative.id for narrative in table.narratives] == ["c1/m"]
    assert table.n_empty == 2
    assert table.places.tolist() == [[0], [0]]


def test_factors(read, rated):
    texts = [
        ("c1/a", "one"), ("c1/b", "one two three"), ("c2/a", "one two"), ("c3/b", "one two three four"),
        ("c4/a", "one two"), ("c5/a", "one"),
    ]  # fmt: skip
    narratives = [Narrative(id=i, case_id=i[:2], author=i[3], text=text) for i, text in texts]
    cases = [
        Case(id="c1", category="eczema", label="atopic eczema", fitzpatrick=6), Case(id="c2", label="naevus"),
        Case(id="c3", context=ClinicalContext(site="arm"), fitzpatrick=1), Case(id="c4"), Case(id="c5"),
    ]  # fmt: skip
    references = [
        Narrative(id="r1", case_id="c1", author="Dr", text="Eczema.", stream="reference"),
        Narrative(id="r2", case_id="c2", author="source", text="Naevus.", stream="label"),
        Narrative(id="r3", case_id="c3", author="source", text="Naevus.", stream="label"),
        Narrative(id="r4", case_id="c3", author="Dr", text="Naevus.", stream="reference"),  # revised: the last one wins
    ]
    table = read([rated("j", i, 1) for i, _ in texts], narratives=narratives, cases=cases, references=references)
    unknown = "not recorded"
    assert table.factors == {
        "category": ("eczema", "eczema", "naevus", unknown, unknown, unknown),
        "skin type": ("VI", "VI", unknown, "I", unknown, unknown),
        "site": (unknown, unknown, unknown, "arm", unknown, unknown),
        "author": ("a", "b", "a", "b", "a", "a"),
        "reference": (
            "written, not certified", "written, not certified", "from the label", "written, not certified", "none",
            "none",
        ),
        # 1, 1, 2, 2, 3, 4 words: a third is at most 1 2/3, another at most 2 1/3.
        "length": (
            "shortest third", "longest third", "middle third", "longest third", "middle third", "shortest third",
        ),
    }  # fmt: skip


def test_texts_of_one_length_are_not_parted(read, rated):
    assert set(read([rated("j", f"c{k}/m", 1) for k in range(7)]).factors["length"]) == {"shortest third"}


class TestWhatIsWrongWithAFile:
    def test_a_rating_of_no_narrative_names_its_line(self, tmp_path, folder_of, rated):
        path = folder_of(tmp_path / "d", [rated("a", "c/m", 1)])
        with (path / "ratings.jsonl").open("a", encoding="utf-8") as file:
            file.write("\n   \n" + rated("a", "c/x", 1).to_line() + "\n")
        with pytest.raises(DataError) as caught:
            read_rating_table(DatasetFolder.open(path))
        said = f"{path}/ratings.jsonl line 4: rates narrative 'c/x'; expected one of narratives.jsonl."
        assert str(caught.value) == said

    def test_the_same_draw_twice(self, read, rated):
        said = refused(read, [rated("a", "c/m", 1), rated("b", "c/m", 1), rated("a", "c/m", 2)])
        assert said.endswith(
            "ratings.jsonl line 3: is a second rating of 'c/m' by 'a'; expected one for each draw. Number repeats by "
            "`draw`, or remove one."
        )

    def test_the_same_draw_twice_of_a_narrative_without_text(self, read, rated):
        narratives = [Narrative(id=i, case_id="c", author="m", text=text) for i, text in (("c/m", "x"), ("c/n", ""))]
        said = refused(read, [rated("a", i, 0) for i in ("c/n", "c/m", "c/n")], narratives=narratives)
        assert "line 3: is a second rating of 'c/n' by 'a'" in said

    def test_no_file_of_ratings(self, read):
        said = refused(read, [], cases=[Case(id="c")], narratives=[])
        assert "ratings.jsonl: there is no such file. Rate some with `dermatrust judge`" in said

    def test_an_empty_dataset(self, read):
        assert "ratings.jsonl: there is no such file" in refused(read, [], cases=[], narratives=[])

    def test_ratings_of_narratives_without_text_alone(self, read, rated):
        narratives = [Narrative(id="c/m", case_id="c", author="m", text="")]
        said = refused(read, [rated("a", "c/m", 0)], narratives=narratives)
        assert "ratings.jsonl: holds no rating of a narrative with text. Rate some" in said

    @pytest.mark.parametrize(
        ("panel", "adjudicators", "said"),
        [
            (["a", "Dr X"], [], "--panel: 'Dr X' rated no narrative with text; expected one of a, b."),
            ([], ["Dr X"], "--adjudicator: 'Dr X' rated no narrative with text; expected one of a, b."),
            (["a"], ["b", "a"], "--adjudicator: 'a' is named with --panel too. Name each rater once"),
        ],
    )
    def test_names_that_cannot_be(self, read, rated, panel, adjudicators, said):
        raters = [Rater(id="Dr X", kind="human")]  # to be registered is not to have rated
        ratings = [rated("a", "c/m", 1), rated("b", "c/m", 1)]
        assert said in refused(read, ratings, *panel, adjudicators=adjudicators, raters=raters)

    def test_a_registry_with_an_id_twice(self, tmp_path, folder_of, rated):
        path = folder_of(tmp_path / "d", [rated("a", "c/m", 1)])
        append_records(path / "raters.jsonl", [Rater(id="a", kind=kind) for kind in ("human", "llm")])
        with pytest.raises(DataError, match=r"raters.jsonl line 2: has the id 'a' of line 1; expected ids that differ"):
            read_rating_table(DatasetFolder.open(path))


def test_six_thousand_ratings_are_read_in_two_seconds(tmp_path, folder_of, rated):
    raters = [f"r{k}" for k in range(10)]
    ratings = [rated(rater, f"c{k}/m", k % 6) for k in range(600) for rater in raters]
    dataset = DatasetFolder.open(folder_of(tmp_path / "d", ratings))
    start = time.process_time()
    table = read_rating_table(dataset)
    assert time.process_time() - start < 2
    assert table.scores.shape == (10, 600, 6)
