import pytest
from hypothesis import given
from hypothesis import strategies as st

from dermatrust.errors import DataError
from dermatrust.records import DatasetCard
from dermatrust.records.cards import KNOWN_LICENCES
from dermatrust.store.card import read_card, write_card

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40) | st.sampled_from(
    [
        "1.0",
        "2024-05-01",
        "yes",
        "null",
        "~",
        "0x10",
        "1e3",
        "- a",
        "a: b",
        "#x",
        "é",
        "line\nline",
        "\u2028",
        "\x85",
        "\ufeff",
    ]
)
cards = st.builds(
    DatasetCard,
    name=texts.filter(str.strip), version=texts.filter(str.strip), source=texts, consent=texts,
    licence=st.sampled_from(KNOWN_LICENCES), may_leave_machine=st.booleans(), citation=texts, synthetic=st.booleans(),
    notes=texts,
)  # fmt: skip
PLAIN = "name: d\nversion: 1.0\nsource: s\nlicence: MIT\nconsent: unknown\n"


@given(cards)
def test_a_card_comes_back_exactly(tmp_path_factory, card):
    path = tmp_path_factory.mktemp("card") / "card.yaml"
    write_card(path, card)
    assert read_card(path) == card


def test_a_card_written_by_hand_may_use_what_yaml_takes_for_numbers_and_dates(tmp_path):
    (tmp_path / "card.yaml").write_text(PLAIN.replace("1.0", "2024-05-01") + "may_leave_machine: yes\n")
    card = read_card(tmp_path / "card.yaml")
    assert (card.version, card.may_leave_machine, card.citation) == ("2024-05-01", True, "")


def test_images_stay_on_this_machine_unless_the_card_says_otherwise(tmp_path):
    (tmp_path / "card.yaml").write_text(PLAIN)
    assert read_card(tmp_path / "card.yaml").may_leave_machine is False


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (PLAIN.replace("MIT", "WTFPL"), r"licence is 'WTFPL': not a licence we know; use one of Apache-2\.0, MIT"),
        (PLAIN.replace("licence: MIT\n", ""), "has no field 'licence'"),
        (PLAIN + "license: MIT\n", "has a field 'license' this record does not know"),
        (PLAIN + "may_leave_machine: perhaps\n", "may_leave_machine is 'perhaps'"),
        (PLAIN.replace("name: d", "name: ' '"), "name is ' ': is empty"),
        (PLAIN.replace("name: d", "name:"), "name is None"),
        (PLAIN.replace("name: d", "name: yes"), "name is True"),
        (PLAIN + 'notes: "a\\0b"\n', "notes is .* cannot be stored"),
        (PLAIN + 'notes: "a\\ud800b"\n', "notes is .* cannot be stored"),
        ("name: [\n", "is not valid YAML .line 2"),
        ("name: \x07\n", "is not valid YAML"),
        ("name: 2024-99-99\n", "is not valid YAML"),
        ("!!python/object:os.system x\n", "is not valid YAML .line 1"),
        ("- a\n- b\n", "is not a list of fields"),
        ("", "is not a list of fields"),
    ],
)
def test_a_bad_card_is_one_error_with_file_and_field(tmp_path, content, complaint):
    (tmp_path / "card.yaml").write_text(content)
    with pytest.raises(DataError, match=rf"card\.yaml: {complaint}"):
        read_card(tmp_path / "card.yaml")


def test_bytes_that_are_not_utf8(tmp_path):
    (tmp_path / "card.yaml").write_bytes(b"name: \xff\xff\n")
    with pytest.raises(DataError, match="not valid YAML"):
        read_card(tmp_path / "card.yaml")


def test_no_card(tmp_path):
    with pytest.raises(DataError, match=r"card\.yaml: there is no such file"):
        read_card(tmp_path / "card.yaml")
    with pytest.raises(DataError, match="cannot be read"):
        read_card(tmp_path)
