import pytest

from dermatrust.datasets.own_differential import read_differential
from dermatrust.errors import DataError


def weights(cell):
    return {item.diagnosis: pytest.approx(item.weight) for item in read_differential(cell, "t.csv line 2")}


def test_weights_are_made_to_add_up_to_1_whatever_their_unit():
    assert weights("eczema: 0.6; psoriasis: 0.2") == {"eczema": 0.75, "psoriasis": 0.25}
    assert weights("eczema:60%;psoriasis:40 %") == {"eczema": 0.6, "psoriasis": 0.4}


def test_an_order_weighs_by_inverse_rank():
    # 1, 1/2, 1/3 over 11/6
    assert weights("a; b; c") == {"a": 6 / 11, "b": 3 / 11, "c": 2 / 11}


def test_dermatologists_have_the_same_say_however_much_they_write():
    assert weights("a; b | b") == {"b": (1 / 3 + 1) / 2, "a": 1 / 3}
    assert weights("a: 8; b: 2 | b | ") == {"b": 0.6, "a": 0.4}


def test_the_heaviest_comes_first_and_names_keep_their_words():
    items = read_differential("SCC/SCCIS: 1; lupus: acute: 3", "t.csv line 2")
    assert [item.diagnosis for item in items] == ["lupus: acute", "SCC/SCCIS"]


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("a: 0.5; b", "t.csv line 2: the differential gives 'b' no weight, and others one; expected a weight for each"),
        ("a: 0; b: 1", "the differential gives 'a' the weight 0"),
        ("a; b; a", "names a diagnosis twice"),
    ],
)
def test_what_cannot_be_meant_is_an_error(cell, message):
    with pytest.raises(DataError, match=message):
        read_differential(cell, "t.csv line 2")
