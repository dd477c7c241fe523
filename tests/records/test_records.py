import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dermatrust.errors import DataError, UserError
from dermatrust.records import DIMENSIONS, Case, DatasetCard, Dimension, Narrative, Rating, Unscored, iter_records

SIX = dict.fromkeys((d.value for d in DIMENSIONS), 3)
storable_text = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"))


def rating_line(**changes):
    return json.dumps({"narrative_id": "n", "rater": "r", "scores": SIX} | changes)


def test_the_six_dimensions_have_their_published_names():
    assert [d.title for d in DIMENSIONS] == [
        "Accuracy", "Safety", "Medical Groundedness", "Clinical Coverage", "Reasoning Coherence",
        "Description Precision",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (
            rating_line(scores=SIX | {"accuracy": 5.5}),
            "scores.accuracy is 5.5; expected a number from 0 to 5.",
        ),
        (rating_line(scores=SIX | {"accuracy": -1}), "scores.accuracy is -1"),
        (rating_line(scores=SIX | {"accuracy": "high"}), "is 'high'; expected a number from 0 to 5."),
        (rating_line(scores=SIX | {"accuracy": 9, "safety": 9}), "from 0 to 5 (and 1 more error)."),
        (rating_line(scores=SIX | {"beauty": 3}), "scores.beauty is not a name we know here; expected one of accuracy"),
        (rating_line(scores=3), "scores is 3; expected an object with named fields."),
        (rating_line(draw=-1), "draw is -1; expected a whole number of at least 0."),
        (rating_line(critique=7), "critique is 7; expected text."),
        (rating_line(scores={"accuracy": 3}), "line 7: says nothing about safety"),
        (rating_line(unscored={"safety": {"reason": "missing"}}), "line 7: safety is both scored and unscored"),
        (rating_line(unscored={"safety": {"reason": "because"}}), "'because'; expected one of missing, out of range"),
        (rating_line(rater=""), "rater is '': is empty"),
        (rating_line(surprise=1), "has a field 'surprise' this record does not know"),
        ('{"narrative_id": "n"', "line 7: is not valid JSON (EOF while parsing an object at character 20)."),
        ('{"narrative_id": "n"\n', "line 7: is not valid JSON (EOF while parsing an object)."),
        ('{"rater": "r"}', "has no field 'narrative_id'"),
        ("[1, 2]", "the record is"),
        ('{"narrative_id": "n\\u0000", "rater": "r"}', "cannot be stored as text"),
        ('{"narrative_id": "n\\ud800", "rater": "r"}', "is not valid JSON"),
        (rating_line().replace("3", "NaN", 1), "ratings.jsonl line 7"),
    ],
)
def test_a_bad_rating_says_where_and_what(line, said):
    with pytest.raises(DataError) as caught:
        Rating.from_line(line, where="ratings.jsonl line 7")
    assert str(caught.value).startswith("ratings.jsonl line 7: ")
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_an_unknown_licence_lists_the_known_ones():
    fields = {"name": "x", "version": "1", "source": "s", "licence": "WTFPL", "consent": "c"}
    with pytest.raises(DataError, match=r"card.yaml: licence is 'WTFPL': not a licence we know; use one of Apache-2.0"):
        DatasetCard.from_fields(fields, where="card.yaml")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"fitzpatrick": "VII"}, "fitzpatrick is 'VII'; expected a whole number from 1 to 6."),
        ({"fitzpatrick": 7}, "fitzpatrick is 7; expected a whole number from 1 to 6."),
        ({"fitzpatrick": 2.5}, "fitzpatrick is 2.5; expected a whole number from 1 to 6."),
        ({"context": {"age": 300}}, "context.age is 300; expected a number from 0 to 120."),
        ({"context": {"symptoms": {"itch": "perhaps"}}}, "context.symptoms.itch is 'perhaps'; expected true or false."),
        ({"context": "old"}, "context is 'old'; expected an object with named fields."),
        ({"file_names": "a.jpg"}, "file_names is 'a.jpg'; expected a list."),
        ({"differential": [{"diagnosis": "x", "weight": 0}]}, "weight is 0; expected a number above 0 and up to 1."),
        ({"urgency_from_lexicon": True}, "urgency_from_lexicon is true, but there is no urgency."),
        ({"urgency": "soon"}, "urgency is 'soon'; expected one of emergent, urgent, routine."),
    ],
)
def test_a_bad_case_says_what_its_field_may_hold(fields, said):
    with pytest.raises(DataError) as caught:
        Case.from_fields({"id": "c"} | fields, where="m.jsonl line 1")
    assert str(caught.value).endswith(said)
    assert "Input" not in str(caught.value)


@pytest.mark.parametrize("name", ["/etc/passwd", "../x.jpg", "images/../../x.jpg", "a\\b.jpg"])
def test_an_image_lies_inside_the_dataset_folder(name):
    with pytest.raises(DataError, match="not a path inside"):
        Case.from_fields({"id": "c", "file_names": [name]}, where="metadata.jsonl line 1")


def test_a_lone_surrogate_in_a_value_is_one_clear_error():
    with pytest.raises(DataError, match=r"m.jsonl line 1: "):
        Case.from_fields({"id": "a\ud800"}, where="m.jsonl line 1")


@given(
    st.builds(
        Narrative,
        id=storable_text.filter(str.strip),
        case_id=st.just("c"),
        text=storable_text,
        author=st.just("a"),
        stream=st.sampled_from(["candidate", "reference", "regular", "label"]),
    )
)
def test_narratives_survive_the_trip_through_a_line(narrative):
    line = narrative.to_line()
    assert "\n" not in line
    assert Narrative.from_line(line, where="x") == narrative


@given(st.dictionaries(st.sampled_from(DIMENSIONS), st.floats(0, 5)))
def test_ratings_survive_the_trip_through_a_line(scores):
    rest = {d: Unscored(reason="missing", raw="…") for d in DIMENSIONS if d not in scores}
    rating = Rating(narrative_id="n", rater="r", scores=scores, unscored=rest)
    again = Rating.from_line(rating.to_line(), where="x")
    assert again == rating
    assert all(math.copysign(1, again.scores[d]) == math.copysign(1, scores[d]) for d in scores)


def test_an_evaluators_rating_survives_with_what_it_weighed():
    rest = {d: {"reason": "missing"} for d in DIMENSIONS if d != Dimension.SAFETY}
    fields = {"narrative_id": "n", "rater": "r", "scores": {"safety": 4}, "unscored": rest}
    line = json.dumps(fields | {"probabilities": {"safety": 0.75}, "expected": {"safety": 3.5}})
    rating = Rating.from_line(line, where="x")
    assert (rating.probabilities, rating.expected) == ({Dimension.SAFETY: 0.75}, {Dimension.SAFETY: 3.5})
    assert Rating.from_line(rating.to_line(), where="x") == rating


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"probabilities": {"safety": 0.5}}, "safety has a probability or expected value without a score"),
        ({"expected": {"safety": 2.0}}, "safety has a probability or expected value without a score"),
        ({"probabilities": {"accuracy": 1.5}}, "accuracy"),
        ({"expected": {"accuracy": 5.5}}, "accuracy"),
        ({"expected": {"accuracy": float("nan")}}, "accuracy"),
    ],
)
def test_what_an_evaluator_weighed_is_checked(more, said):
    rest = {d: {"reason": "missing"} for d in DIMENSIONS[1:]}
    fields = {"narrative_id": "n", "rater": "r", "scores": {"accuracy": 3}, "unscored": rest} | more
    with pytest.raises(DataError, match=said):
        Rating.from_fields(fields, where="ratings.jsonl line 1")


def test_ratings_without_probabilities_have_no_such_fields():
    rating = Rating.all_unscored(narrative_id="n", rater="r", reason="no answer")
    assert "probabilities" not in rating.to_line()
    assert (rating.probabilities, rating.expected) == ({}, {})


def test_all_unscored_says_why_for_each_dimension():
    rating = Rating.all_unscored(narrative_id="n", rater="r", reason="no answer", raw="timeout")
    assert rating.scores == {}
    assert rating.unscored[Dimension.SAFETY] == Unscored(reason="no answer", raw="timeout")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b'{"id": "a"}\n\n{"id": 5}\n', "line 3: id is 5"),
        (b'{"id": "a"}\n\xff\n', "line 2: byte 0 is 0xff; expected UTF-8"),
        (b'{"id": "' + b"a" * 5_000_000 + b'"}\n', "line 1: is over 4 MB long"),
    ],
)
def test_a_bad_line_is_named_by_file_and_number(tmp_path, content, said):
    path = tmp_path / "metadata.jsonl"
    path.write_bytes(content)
    with pytest.raises(DataError) as caught:
        list(iter_records(path, Case))
    assert said in str(caught.value)
    assert str(caught.value).startswith(str(path))


def test_a_user_error_reads_as_one_sentence():
    assert str(UserError("here", "is odd")) == "here: is odd."
    assert str(UserError("here", "is odd", "even", "Change it.")) == "here: is odd; expected even. Change it."


@pytest.mark.parametrize(
    ("known", "group"),
    [({"fitzpatrick": 1}, "I-II"), ({"fitzpatrick": 2}, "I-II"), ({"fitzpatrick": 3}, "III-IV"),
     ({"fitzpatrick": 6}, "V-VI"), ({"fitzpatrick_group": "V-VI"}, "V-VI"), ({}, None)],
)  # fmt: skip
def test_the_skin_group_follows_from_the_type_or_is_all_that_is_known(known, group):
    assert Case(id="c", **known).skin_group == group


def test_a_skin_type_outside_its_group_is_an_error():
    with pytest.raises(DataError, match="here: fitzpatrick 5 is not in the group I-II"):
        Case.from_fields({"id": "c", "fitzpatrick": 5, "fitzpatrick_group": "I-II"}, where="here")
    assert Case(id="c", fitzpatrick=1, fitzpatrick_group="I-II").skin_group == "I-II"
