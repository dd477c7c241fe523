import json

import pytest

from dermatrust.errors import DataError
from dermatrust.protocols.find import find_protocol
from dermatrust.protocols.item import Played
from dermatrust.protocols.open_data import iter_items
from dermatrust.protocols.published import medexpqa
from dermatrust.protocols.scored import score_all, tabulate

BENCH = find_protocol("medexpqa")
ROW = {
    "lang": "it", "full_question": "Caso?", "correct_option": 4, "options": {"4": "d", "1": "a", "5": None},
    "full_answer": "La quattro.", "full_answer_no_ref": "La [].",
    "explanations": {"1": {"exist": True, "text": "non la uno"}, "4": {"exist": True, "text": "la quattro"},
                     "5": {"exist": False, "text": "niente"}},
}  # fmt: skip
(ITEM,) = BENCH.items(ROW)


def value(reply, variant=None):
    score = (BENCH.variant(variant) if variant else BENCH).score(ITEM, Played(reply=reply))
    return score.value, score.answered


def test_options_come_in_order_without_empty_ones():
    assert ITEM.options == {"1": "a", "4": "d"}
    assert "1. a\n4. d" in ITEM.prompt
    assert ITEM.prompt.endswith("L'opzione corretta è: ")


@pytest.mark.parametrize(
    ("reply", "plain", "released"),
    [
        ("L'opzione corretta è: 4. d", (1.0, True), (1.0, True)),
        ("L'opzione corretta è: 1. a", (0.0, True), (0.0, True)),
        ("4. d", (1.0, True), (0.0, False)),
        ("**4**", (1.0, True), (0.0, False)),
        ("La risposta è 4", (0.0, False), (0.0, False)),
        ("La opción correcta es: 4", (0.0, False), (0.0, False)),  # another language's words
        ("L'opzione corretta è: d", (0.0, False), (0.0, True)),
        ("44", (0.0, False), (0.0, False)),
    ],
)
def test_the_number_after_the_closing_words_counts(reply, plain, released):
    assert value(reply) == plain
    assert value(reply, "released-code") == released


def prompt(variant, **more):
    (item,) = BENCH.variant(variant).items(ROW | more)
    return item.prompt


def test_grounding_is_given_by_condition():
    assert "La quattro." in prompt("explanation")
    assert "La []." in prompt("explanation-hidden")
    wrong = prompt("explanation-of-wrong")
    assert "non la uno" in wrong
    assert "la quattro" not in wrong
    assert "niente" not in wrong
    assert "La quattro." not in ITEM.prompt
    assert medexpqa.USE["it"] in wrong
    assert medexpqa.USE["it"] not in ITEM.prompt


def test_snippets_are_whole_each_once_and_within_the_budget_that_the_question_leaves(monkeypatch):
    own = len(medexpqa.TEMPLATES["it"]) + len("Caso?") + len("ad")
    monkeypatch.setitem(medexpqa.BUDGETS, 7, (own + 20) / 4)
    snippets = [{"content": "x" * 12}, {"content": "x" * 12}, {"content": "y" * 8}, {"content": "z"}]
    row = ROW | {"rag": {"clinical_case_options": {"MedCorp": {"RRF-2": snippets}}}}
    assert medexpqa.retrieved(7)(row) == ["x" * 12, "y" * 8]
    assert len(medexpqa.retrieved(32)(row)) == 3
    assert medexpqa.BUDGETS[32] == 8_000


def test_the_kind_of_question_is_told():
    (item,) = BENCH.items(ROW | {"type": "DERMATOLOGIA"})
    assert "DERMATOLOGIA: Caso?" in item.prompt


def test_the_released_code_takes_all_but_the_right_explanation():
    text = "Non la uno. La quattro, certo. Fine. Quattro."
    right = {"exist": True, "text": "", "char_ranges": [[12, 30], [20, 28]]}  # the second is of the shortened text
    found = prompt("released-code+explanation-of-wrong", full_answer=text, explanations={"4": right})
    assert "Non la uno.   Fine.  \n\nCaso?" in found
    assert prompt("explanation-of-wrong") != found


def recorded(tmp_path, rows, name="test.it.casimedicos.rag.predictions.jsonl", items=(), variant="released-code"):
    path = tmp_path / name
    path.write_text(json.dumps(rows, indent=4))
    protocol = BENCH.variant(variant)
    return tabulate(score_all(protocol.score, protocol.recorded(path, items)))


def prediction(text, gold="4 d", question="Caso?\nL'opzione corretta è: "):
    return {"question": question, "gold_answer": gold, "prediction": text}


def test_the_authors_predictions_hold_the_prompt_and_the_right_answer(tmp_path):
    rows = [
        prediction("Caso?\nL'opzione corretta è: 4. d\nL'opzione corretta è: 1"),  # the first counts
        prediction("Caso?\nL'opzione corretta è: 1. a"),
        prediction("Caso? 4"),
        prediction("Caso?\nL'opzione corretta è: "),
    ]
    table = recorded(tmp_path, rows)
    assert table.values == [1, 0, 0, 0]
    assert table.answered == [True, True, False, False]
    assert table.tags["language"] == ["it"] * 4
    assert recorded(tmp_path, rows, "predictions.json").values == [1, 0, 0, 0]  # by its question
    assert recorded(tmp_path, rows[:1], items=[ITEM, BENCH.items({**ROW, "full_question": "Altro?"})[0]]).values[0] == 1


@pytest.mark.parametrize(
    ("rows", "name", "items", "fault"),
    [
        ({"a": 1}, "x.json", (), "holds no predictions"),
        ([{"prediction": "x"}], "x.json", (), "holds no predictions"),
        ([prediction("x", question="")], "x.json", (), "does not say its language"),
        ([prediction("x", gold="1 a")], "x.it.json", (ITEM,), "of another question"),
    ],
)
def test_other_files_are_refused(tmp_path, rows, name, items, fault):
    with pytest.raises(DataError, match=fault):
        recorded(tmp_path, rows, name, items)


def test_a_row_without_what_a_condition_needs_is_refused():
    with pytest.raises(DataError, match="rag"):
        BENCH.variant("rag-7").items(ROW)


def test_a_file_with_one_list_a_language(tmp_path):
    path = tmp_path / "x.json"
    path.write_text(json.dumps({"IT": [ROW], "FR": [{**ROW, "lang": "fr"}]}))
    assert [item.tags["language"] for item in iter_items(BENCH, path)] == ["it", "fr"]
    path.write_text(json.dumps([ROW]))
    assert len(list(iter_items(BENCH, path))) == 1
