import asyncio
import json
import math
from pathlib import Path

import pytest

from dermatrust.clients import AskFailed, Reply
from dermatrust.errors import DataError, ModelError
from dermatrust.protocols.find import find_protocol
from dermatrust.protocols.item import Played
from dermatrust.protocols.open_data import iter_items
from dermatrust.protocols.result import protocol_result
from dermatrust.protocols.scored import score_all, tabulate
from dermatrust.protocols.scorers.likelihood import letter_likelihoods, likeliest
from dermatrust.protocols.scripted import ScriptedAsk

BENCH = find_protocol("seed-bench-2")
ROW = BENCH.examples[0].row
(ITEM,) = BENCH.items(ROW)


def entry(*alternatives):
    top = [{"token": token, "logprob": value} for token, value in alternatives]
    return {**top[0], "top_logprobs": top}


def test_tokens_of_one_letter_are_added_up():
    reply = Reply("B", logprobs=[entry(("B", math.log(0.4)), (" A", math.log(0.3)), ("A", math.log(0.2)))])
    found = letter_likelihoods(reply, "ABCD")
    assert found == pytest.approx({"A": math.log(0.5), "B": math.log(0.4)})
    assert likeliest(found) == "A"  # though B was said


def test_the_first_token_with_a_letter_counts():
    reply = Reply("", logprobs=[entry(("\n", -0.1), ("The", -3)), entry(("C", -0.2)), entry(("D", -0.1))])
    assert letter_likelihoods(reply, "ABCD") == {"C": -0.2}
    assert letter_likelihoods(Reply("C"), "ABCD") == {}
    article = Reply("a", logprobs=[entry((" a", -0.1), ("B.", -0.4))])
    assert letter_likelihoods(article, "ABCD") == {"B": -0.4}
    assert letter_likelihoods(Reply("E", logprobs=[entry(("E", -0.1), ("A", float("-inf")))]), "ABCD") == {}


def test_the_likeliest_letter_is_graded_before_the_one_that_was_said():
    played = Played(reply="A", numbers={"A": -2.0, "B": -0.1})
    assert BENCH.score(ITEM, played).value == 1.0
    assert BENCH.score(ITEM, played).parts == {"by likelihood": 1.0}
    assert BENCH.score(ITEM, Played(reply="(B) two")).value == 1.0
    assert BENCH.score(ITEM, Played(reply="(B) two")).parts == {"by likelihood": 0.0}
    assert not BENCH.score(ITEM, Played(reply="none of them fits")).answered


def test_alternatives_are_asked_for_and_kept():
    asked = {}

    class Ask(ScriptedAsk):
        async def __call__(self, said, *, role="model", draw=0, **sampling):
            asked.update(sampling)
            return Reply("B", logprobs=[entry(("B", -0.5), ("A", -1.0))])

    played = asyncio.run(BENCH.play(ITEM, Ask(BENCH, ITEM, "")))
    assert asked == {"top_logprobs": 20}
    assert played.numbers == {"A": -1.0, "B": -0.5}


def by_options(scored, variant="options", item=ITEM):
    """Return what a server that scores texts makes of an item; `scored` has each option's tokens with their logs."""
    bench = BENCH.variant(variant)
    asked = []

    async def ask(said, **sampling):
        assert sampling == {"scores_last": True, "max_tokens": 1}
        asked.append([(turn.role, turn.text, len(turn.images)) for turn in said])
        if scored is None:
            return Reply("B")
        tokens = [("?", -9.0), *scored.get(said[-1].text, ()), ("<|end|>", -8.0)]
        return Reply("", logprobs=[{"token": token, "logprob": log} for token, log in tokens])

    played = asyncio.run(bench.play(item, ask))
    assert asked == [[("user", item.question, len(item.images)), ("assistant", text, 0)]
                     for text in item.options.values()]  # fmt: skip
    return bench.score(item, played)


LOGS = {
    "one": [("one", -1.0)], "two": [(" t", -0.5), ("wo", -0.9)], "three": [("three", -2.0)], "four": [("four", -1.2)],
}  # fmt: skip


def test_options_are_ranked_by_the_mean_over_their_tokens_or_by_the_sum():
    # one: -1.0; two: (-0.5 - 0.9) / 2 = -0.7, the highest mean, and -1.4 in all; three: -2.0; four: -1.2.
    by_mean, by_sum = by_options(LOGS), by_options(LOGS, "options-sum")
    assert (by_mean.said, by_mean.value, by_mean.parts) == ("B", 1.0, {"by likelihood": 1.0})
    assert (by_sum.said, by_sum.value, by_sum.answered) == ("A", 0.0, True)


def test_of_equally_likely_options_the_first_counts_and_where_all_are_none_does():
    twice = by_options(LOGS | {"one": [("one", -0.7)], "two": [("two", -0.7)]})
    assert (twice.said, twice.value) == ("A", 0.0)
    alike = by_options({text: [(text, -1.0)] for text in ITEM.options.values()})
    assert (alike.said, alike.value, alike.answered, alike.parts) == ("", 0.0, False, {"by likelihood": 1.0})


def test_a_server_that_scores_no_given_text_is_an_error_and_tokens_that_do_not_fit_make_an_item_missing():
    with pytest.raises(ModelError, match="does not score a given text; expected one that does, as vLLM"):
        by_options(None)
    with pytest.raises(AskFailed, match="option B"):
        by_options(LOGS | {"two": [("twofold", -1.0)]})


def test_letters_that_were_ranked_by_likelihood_elsewhere_are_graded(tmp_path):
    assert replay(tmp_path / "x.json", LINES, variant="options").values == [1.0, 0.0, 0.0]


def test_options_that_are_images_are_shown_after_the_questions_own():
    (item,) = BENCH.items(BENCH.examples[1].row)
    assert [str(image) for image in item.images] == ["a.jpg", "b.jpg", "c.jpg", "d.jpg", "e.jpg", "f.jpg"]
    assert item.options == {"A": "image 3", "B": "image 4", "C": "image 5", "D": "image 6"}
    assert item.question == "Which one after [image 1] and [image 2]?"
    assert item.tags == {"dimension": "25 text-to-image generation", "level": "L3"}


def test_a_question_is_of_the_dimension_of_its_type_and_figures_go_by_level():
    rows = [ROW | {"question_id": "1_1", "question_type_id": 5}, ROW | {"question_id": "2_7"}]
    assert [item.tags["dimension"] for row in rows for item in BENCH.items(row)] == [
        "05 instance counting", "02 instance identity",
    ]  # fmt: skip
    table = tabulate(score_all(BENCH.score, [(item, Played(reply="B")) for row in rows for item in BENCH.items(row)]))
    levels = [row for row in protocol_result(BENCH, table, model="", others={}).rows if row.tag == "level"]
    assert {(row.level, row.n) for row in levels if row.metric == "accuracy"} == {("L1", 2)}


def replay(path, lines, items=(), variant=None):
    path.write_text("".join(f"{json.dumps(line)},\n" for line in lines))
    bench = BENCH.variant(variant) if variant else BENCH
    return tabulate(score_all(bench.score, bench.recorded(path, items)))


LINES = [
    {"question_id": "1_1", "prediction": "B", "gt_answer": "B"},
    {"question_id": "12_4", "prediction": "A", "gt_answer": "A "},
    {"question_id": "1_1", "prediction": "C", "gt_answer": "B"},
]


def test_repeats_count_and_blanks_in_the_right_answer_cost_unless_trimmed(tmp_path):
    assert replay(tmp_path / "x.json", LINES).values == [1.0, 0.0, 0.0]
    assert replay(tmp_path / "x.json", LINES, variant="trimmed").values == [1.0, 1.0, 0.0]
    assert replay(tmp_path / "x.json", LINES).tags["dimension"][1] == "12 chart understanding"


def test_with_data_the_first_of_an_id_counts_and_the_datas_answer(tmp_path):
    data = tmp_path / "questions.json"
    data.write_text(json.dumps({"questions": [ROW], "question_type": {"Scene Understanding": 1}}))
    table = replay(tmp_path / "x.json", [{**LINES[2], "gt_answer": "C"}], iter_items(BENCH, data))
    assert (table.ids, table.values) == (["1_1"], [0.0])


@pytest.mark.parametrize("line", ["{", "[1]", '{"question_id": "1_1"}'])
def test_other_lines_are_refused_with_their_place(tmp_path, line):
    path = tmp_path / "x.json"
    path.write_text(line)
    with pytest.raises(DataError, match="line 1"):
        list(BENCH.recorded(path, ()))


def test_a_file_without_right_answers_needs_the_questions(tmp_path):
    with pytest.raises(DataError, match="--data"):
        replay(tmp_path / "x.json", [{"question_id": "1_1", "prediction": "B"}])


def test_a_file_without_questions_is_refused(tmp_path: Path):
    path = tmp_path / "x.json"
    path.write_text("[]")
    with pytest.raises(DataError, match="questions"):
        list(BENCH.read(path))


def test_rows_are_read_from_the_published_file_and_from_lines(tmp_path):
    (whole := tmp_path / "q.json").write_text(json.dumps({"questions": [ROW]}))
    (lines := tmp_path / "q.jsonl").write_text(json.dumps(ROW) + "\n")
    assert [*iter_items(BENCH, lines)] == [*iter_items(BENCH, whole)]
    whole.write_text(json.dumps([ROW]))
    with pytest.raises(DataError, match=r'has no list "questions"; expected .* or its rows as \.jsonl'):
        list(iter_items(BENCH, whole))


@pytest.mark.parametrize("answer", ["Z", "", "AB"])
def test_a_right_answer_that_no_option_has_is_refused(answer):
    with pytest.raises(DataError, match=f"its answer is '{answer}'; expected A, B, C or D"):
        BENCH.items({**ROW, "answer": answer})


@pytest.mark.parametrize("nothing", ["", "  ", None])
def test_an_option_without_text_is_not_shown_and_a_right_one_refused(nothing):
    (item,) = BENCH.items({**ROW, "choice_d": nothing})
    assert item.options == {"A": "one", "B": "two", "C": "three"}
    assert "D." not in item.turns()[0].text
    assert BENCH.score(item, Played(reply="D")).value == 0.0
    assert by_options(LOGS, item=item).said == "B"
    (pictures,) = BENCH.items({**BENCH.examples[1].row, "choice_d": nothing})
    assert [str(image) for image in pictures.images] == ["a.jpg", "b.jpg", "c.jpg", "d.jpg", "e.jpg"]
    with pytest.raises(DataError, match="its right option, B, has no text"):
        BENCH.items({**ROW, "choice_b": nothing})
