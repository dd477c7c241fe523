import json
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import precision_recall_fscore_support

from dermatrust.errors import DataError
from dermatrust.protocols import Item, Score, ScoreTable
from dermatrust.protocols.find import find_protocol
from dermatrust.protocols.item import Played
from dermatrust.protocols.open_data import iter_items
from dermatrust.protocols.scored import score_all, tabulate
from dermatrust.protocols.scorers.bleu import bleu_counts, corpus_bleu

EXAM = find_protocol("cmexam")
OPTIONS = {"A": "银屑病", "B": "湿疹", "C": "D", "D": "痤疮 重度"}


def value(reply, target="B", variant=None, options=OPTIONS, known=""):
    protocol = EXAM.variant(variant) if variant else EXAM
    item = Item(id="1", question="?", target=target, options=options, known={"explanation": known})
    return protocol.score(item, Played(reply=reply))


def test_letters_or_texts_choose_options():
    assert value("答案：B").value == 1.0
    assert value("应为湿疹").value == 1.0
    assert value("答案：A、B", "AB").value == 1.0
    assert value("银屑病和湿疹", "AB").value == 1.0
    assert value("B\nA\n解释：二者", "B").value == 1.0  # only the first line before the explanation
    assert value("B A", "AB").value == 1.0
    assert value("答案：B，解释：不是银屑病").value == 1.0


def test_none_is_unanswered():
    assert value("我不知道") == Score(value=0.0, answered=False)


def test_a_line_of_letters_is_taken_as_it_stands():
    # Option C reads "D": by the released rule the letter D chooses C too.
    assert value("D", "D").value == 1.0
    assert value("D", "D", "released-code").said == "CD"


def test_the_release_takes_the_whole_first_line_and_the_first_word():
    assert value("答案：B，解释：不是银屑病", variant="released-code").said == "AB"
    assert value("痤疮", "D", "released-code").value == 1.0
    assert value("痤疮", "D").value == 0.0
    assert value("答案：B\n解释：不是银屑病", variant="released-code").value == 1.0
    assert value("不是银屑病\n答案：B", variant="released-code").said == "AB"  # without 解释 all of it counts


def test_a_row_without_an_answer_is_right_only_in_its_own_words():
    assert value("答案：nan\n解释：", "nan").value == 1.0
    assert value("A", "nan").value == 0.0


@given(st.lists(st.tuples(st.sampled_from(["A", "B", "AB"]), st.sampled_from(["A", "B", "AB", ""])), min_size=1))
def test_weighted_figures_are_those_of_scikit_learn(pairs):
    found = ScoreTable()
    for k, (target, said) in enumerate(pairs):
        item = Item(id=str(k), question="?", target=target, options={"A": "甲", "B": "乙"})
        found.add(item, EXAM.score(item, Played(reply=said)))
    true, said = zip(*((target, said or "无答案") for target, said in pairs), strict=True)
    theirs = precision_recall_fscore_support(true, said, average="weighted", zero_division=0)
    for name, value in zip(("precision", "recall", "F1"), theirs, strict=False):
        assert EXAM.metrics[f"weighted {name}"](found, np.random.default_rng(0)).value == pytest.approx(value)


def in_batch(reply, *targets):
    rows = [{"Question": f"问{k}", "Options": "A 甲\nB 乙", "Answer": one} for k, one in enumerate(targets)]
    batched = EXAM.variant("batched")
    return [batched.score(item, Played(reply=reply)).said for item in batched.items({"questions": rows})]


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ("答案：A,解释：甲。\n答案：AB，解释：因为答案：B 也对。", ["A", "AB"]),
        ('["答案：A,解释：甲","答案：乙，解释：不是甲"]', ["A", "B"]),
        ("好的：\n1. 答案：B\n解释：……\n\n2. 答案：A\n解释：……", ["B", "A"]),
        ("答案：A,解释：甲。", ["", ""]),
        ("答案：A\n答案：B\n答案：A", ["", ""]),
        ("", ["", ""]),
    ],
)
def test_the_answers_of_a_batch_are_taken_in_order_and_all_or_none(reply, said):
    assert in_batch(reply, "A", "B") == said


def test_a_batch_holds_five_rows_and_asks_the_same_for_each(tmp_path):
    path = tmp_path / "rows.jsonl"
    rows = [{"Question": f"问{k}", "Options": "A 甲\nB 乙", "Answer": "A"} for k in range(7)]
    path.write_text("\n".join(json.dumps(row) for row in rows))
    items = list(iter_items(EXAM.variant("batched"), path))
    assert [len({item.prompt for item in part}) for part in (items[:5], items[5:])] == [1, 1]
    assert [item.id for item in items] == [item.id for item in iter_items(EXAM, path)]
    assert "4. 题目：问3\n选项：A. 甲\nB. 乙" in items[0].prompt
    assert "6. " not in items[0].prompt


def test_the_tables_of_the_scripts(tmp_path):
    path = tmp_path / "out.csv"
    path.write_text('选项,答案,答案解析,model_result\n"A 甲\nB 乙",A,因为,答案: A. \n"A 甲\nB 乙",B,因为,\n')
    for variant in (EXAM, EXAM.variant("released-code")):
        table = tabulate(score_all(variant.score, variant.recorded(path, ())))
        assert (table.targets, table.values, table.said) == (["A", "B"], [1, 0], ["A", ""])
    path.write_text(
        'Question,Options,Answer,Explanation,raw_prediction\n?,"A 甲\nB 乙",AB,因为,"答案：AB，解释：皆是"\n'
    )
    explained = EXAM.variant("explanations")
    table = tabulate(score_all(explained.score, explained.recorded(path, ())))
    assert (table.values, table.parts["bleu said"]) == ([1], [2])
    path.write_text("a,b\n1,2\n")
    with pytest.raises(DataError):
        list(EXAM.recorded(path, ()))


def test_options_are_parted_by_breaks_written_out_or_real():
    for options in ("A 甲\nB 乙 丙", r"A 甲\nB 乙 丙"):
        (item,) = EXAM.items({"Question": "?", "Options": options, "Answer": "A", "Explanation": ""})
        assert item.options == {"A": "甲", "B": "乙 丙"}


def table(pairs):
    found = ScoreTable()
    for k, (said, reference) in enumerate(pairs):
        found.add(Item(id=str(k), question="", target=""), Score(value=1.0, parts=bleu_counts(said, reference)))
    return found


def bleu(pairs, order):
    return corpus_bleu(order)(table(pairs), np.random.default_rng(0))


def test_corpus_bleu_by_hand():
    # 2 of 3 characters match (the second a is clipped), 1 of 2 pairs; said is longer, so nothing is taken off.
    assert bleu([("aab", "ab")], 1).value == pytest.approx(2 / 3)
    assert bleu([("aab", "ab")], 2).value == pytest.approx(math.sqrt(2 / 3 * 1 / 2))
    assert bleu([("aab", "ab")], 4).value == 0.0
    assert bleu([("ab", "abcd")], 1).value == pytest.approx(math.exp(1 - 4 / 2))
    found = bleu([("abcde", "abcde"), ("abcde", "abcxe")], 1)
    assert found.value == pytest.approx(9 / 10)
    assert found.low <= found.value <= found.high
    assert found.n == 2


words = st.text("abc", min_size=1, max_size=9)


@given(st.lists(st.tuples(words, words), min_size=1, max_size=5))
def test_corpus_bleu_is_that_of_sacrebleu(pairs):
    sacrebleu = pytest.importorskip("sacrebleu")
    said, reference = ([" ".join(pair[k]) for pair in pairs] for k in (0, 1))
    theirs = sacrebleu.BLEU(tokenize="none", smooth_method="none", force=True).corpus_score(said, [reference])
    assert 100 * bleu(pairs, 4).value == pytest.approx(theirs.score, abs=1e-6)


def test_explanations_are_counted_after_their_marker():
    graded = value("答案：B\n解释：乙丙", known="乙丙丁", variant="explanations")
    assert graded.value == 1.0
    assert graded.parts["bleu said"] == 2
    assert graded.parts["bleu 2"] == 1
    # Characters: precision 1, recall 2 / 3; pairs of them: precision 1, recall 1 / 2.
    rouge = [graded.parts[name] for name in ("ROUGE-1", "ROUGE-2", "ROUGE-L")]
    assert rouge == pytest.approx([0.8, 2 / 3, 0.8], abs=1e-6)
    assert value("B", known="", variant="explanations").parts == {}


def test_items_without_an_explanation_are_missing_from_bleu():
    found = corpus_bleu(1)(ScoreTable(), np.random.default_rng(0))
    assert math.isnan(found.value)
    assert found.n == 0
