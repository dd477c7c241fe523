"""MEDEC by hand: the ways in which NA counts, quotation marks, submissions, and further measures."""

import csv

import pytest

from dermatrust.protocols import Played
from dermatrust.protocols.find import find_protocol
from dermatrust.protocols.open_data import iter_items
from dermatrust.protocols.published.medec import with_measures
from dermatrust.protocols.result import protocol_result
from dermatrust.protocols.scored import score_all, tabulate
from dermatrust.protocols.scorers.correction_line import read_correction

MEDEC = find_protocol("medec")
ERROR, RIGHT = (MEDEC.items(example.row)[0] for example in MEDEC.examples)


def parts(item, reply, protocol=MEDEC):
    return protocol.score(item, Played(reply=reply)).parts


def test_both_find_no_error_is_one_and_one_alone_is_zero():
    assert parts(RIGHT, "0 -1 NA") == {
        "flag": 1, "sentence": 1, "R1F composite": 1, "R2F composite": 1, "RLF composite": 1,
    }  # fmt: skip
    assert parts(RIGHT, "1 1 It is eczema.")["R1F composite"] == 0
    assert parts(ERROR, "0 -1 NA")["R1F composite"] == 0
    assert "R1F" not in parts(ERROR, "0 -1 NA")  # nothing to compare: not in the subset


def test_a_correction_is_compared_in_both_subset_and_composite():
    found = parts(ERROR, "1 1 It was eczema.")  # 2 of 3 words
    assert found["flag"] == found["sentence"] == 1
    assert found["R1F"] == found["R1F composite"] == pytest.approx(2 / 3)


def test_flag_zero_makes_the_correction_na_and_leaves_the_sentence():
    assert read_correction("0 4 It is eczema.") == ("0", "4", "NA")
    assert parts(RIGHT, "0 4 NA")["sentence"] == 0
    assert parts(RIGHT, "0 4 NA")["R1F composite"] == 1


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ('1 5 ""It is eczema.""', ("1", "5", "It is eczema.")),
        ('1 5 "', ("1", "5", '"')),
        ("1 5 2 mg of it.", ("1", "5", "2 mg of it.")),
        ("I think so:\n1  5   It\tis eczema.\n", ("1", "5", "It is eczema.")),
        ("1 5", None),
        ("CORRECT", None),
        ("", None),
    ],
)
def test_lines(reply, said):
    assert read_correction(reply) == said


def test_blank_notes_of_the_other_hospital_are_no_items():
    assert MEDEC.items(dict(MEDEC.examples[0].row) | {"Sentences": ""}) == ()


def test_a_submission(tmp_path):
    path = tmp_path / "run.txt"
    path.write_text('ms-0 1 1 "It is eczema."\n\nnot a line\nMS-1 0 -1 NA\n')
    table = tabulate(score_all(MEDEC.score, MEDEC.recorded(path, [ERROR, RIGHT])))
    assert table.values == [pytest.approx(1), 0]  # the second line's capitals are not of the form: wrong, not missing
    assert table.answered == [True, False]


def test_the_subset_and_the_composite_have_different_denominators():
    played = [(ERROR, Played(reply="1 1 It was eczema.")), (RIGHT, Played(reply="0 -1 NA"))]
    result = protocol_result(MEDEC, tabulate(score_all(MEDEC.score, played)), model="", others={})
    figures = {row.metric: (row.value, row.n) for row in result.rows if not row.tag}
    assert figures["ROUGE-1 subset"] == (pytest.approx(2 / 3), 1)
    assert figures["ROUGE-1 composite"] == (pytest.approx((2 / 3 + 1) / 2), 2)


def test_further_measures_are_clipped_and_averaged_with_rouge():
    more = with_measures(MEDEC, {"BERTScore": lambda said, reference: -0.2, "BLEURT": lambda said, reference: 1.3})
    found = parts(ERROR, "1 1 It was eczema.", more)
    assert (found["BERTScore"], found["BLEURT"]) == (0, 1)
    assert found["aggregate"] == pytest.approx((2 / 3 + 0 + 1) / 3)
    assert parts(RIGHT, "0 -1 NA", more)["aggregate composite"] == 1
    assert {"BLEURT subset", "aggregate composite"} <= set(more.metrics)


def test_blanks_at_the_end_of_a_reference_cost_the_right_answer_unless_trimmed():
    (item,) = MEDEC.items(dict(MEDEC.examples[0].row) | {"Corrected Sentence": "It is eczema. "})
    assert parts(item, MEDEC.gold_reply(item))["R1F"] == pytest.approx(2 * 3 / (3 + 4))  # an empty word more
    assert parts(item, MEDEC.gold_reply(item), MEDEC.variant("trimmed"))["R1F"] == pytest.approx(1)


def test_a_correction_of_na_counts_as_none_whatever_the_flag_and_a_missing_line_as_neither():
    assert parts(RIGHT, "1 3 NA") == {"flag": 0, "sentence": 0, "R1F composite": 1, "R2F composite": 1,
                                      "RLF composite": 1}  # fmt: skip
    assert parts(ERROR, "1 1 NA")["R1F composite"] == 0
    assert parts(RIGHT, "")["R1F composite"] == 0
    assert parts(RIGHT, '1 3 "NA"')["R1F composite"] == 1
    assert parts(ERROR, "01 1 It is eczema.")["flag"] == 0  # flags are compared as they are written


def test_of_two_lines_the_later_counts_unless_it_is_malformed(tmp_path):
    path = tmp_path / "run.txt"
    path.write_text("ms-0 0 -1 NA\nms-0 1 1 It is eczema.\nms-0 x\nms-9 1 1 of no note\n")
    ((_, played),) = MEDEC.recorded(path, [ERROR])
    assert played.reply == "1 1 It is eczema."


def test_blank_rows_of_the_released_table_are_left_out(tmp_path):
    path = tmp_path / "MEDEC-MS-TestSet-with-GroundTruth-and-ErrorType.csv"
    rows = [dict(example.row) | {"Error Sentence": "", "Corrected Text": ""} for example in MEDEC.examples]
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows([*rows, *({name: "" for name in rows[0]},) * 3])
    assert [item.id for item in iter_items(MEDEC, path)] == ["ms-0", "ms-1"]
