import json
import typing

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dermatrust.bench.results import EVALUATORS, JUDGES, PANEL
from dermatrust.errors import DataError
from dermatrust.records import Rater, RaterKind

names = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\x00"), max_size=9).filter(str.strip)
KINDS = typing.get_args(RaterKind)


@given(
    st.builds(
        Rater, id=names, kind=st.sampled_from(KINDS), qualification=st.none() | names,
        years=st.none() | st.floats(0, 80), adjudicates=st.booleans(), family=st.none() | names,
    )
)  # fmt: skip
def test_raters_survive_the_trip_through_a_line(rater):
    line = rater.to_line()
    assert Rater.from_line(line, where="raters.jsonl line 1") == rater
    assert "\n" not in line


def test_what_is_not_known_is_not_written():
    assert json.loads(Rater(id="Dr A", kind="human").to_line()) == {"id": "Dr A", "kind": "human"}
    assert not Rater(id="Dr A", kind="human").adjudicates


def test_every_kind_has_its_side():
    assert set(KINDS) == {*JUDGES, *EVALUATORS, *PANEL}


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"kind": "physician"}, "kind is 'physician'; expected one of human, simulated, llm, lexical, evaluator."),
        ({"id": " "}, "id is ' ': is empty."),
        ({"years": -1}, "years is -1; expected a number from 0 to 80."),
        ({"years": 81}, "years is 81; expected a number from 0 to 80."),
        ({"adjudicates": "sometimes"}, "adjudicates is 'sometimes'; expected true or false."),
        ({"qualification": ""}, "qualification is '': is empty."),
        ({"role": "x"}, "has a field 'role' this record does not know. Remove it or fix its name."),
    ],
)
def test_a_bad_rater_says_where_and_what(fields, said):
    line = json.dumps({"id": "Dr A", "kind": "human"} | fields)
    with pytest.raises(DataError) as caught:
        Rater.from_line(line, where="raters.jsonl line 3")
    assert str(caught.value) == f"raters.jsonl line 3: {said}"


@pytest.mark.parametrize("field", ["id", "kind"])
def test_name_and_kind_are_needed(field):
    line = json.dumps({name: "human" for name in ("id", "kind") if name != field})
    with pytest.raises(DataError, match=f"has no field '{field}'"):
        Rater.from_line(line, where="raters.jsonl line 1")
