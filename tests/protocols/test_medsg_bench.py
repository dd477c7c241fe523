"""MedSG-Bench by hand: which box of a reply counts, what its numbers mean, and the script's files."""

import json

import pytest

from dermatrust.errors import DataError
from dermatrust.protocols import Played
from dermatrust.protocols.find import find_protocol
from dermatrust.protocols.result import protocol_result
from dermatrust.protocols.scored import score_all, tabulate
from dermatrust.protocols.scorers.boxes import first_box

BENCH = find_protocol("medsg-bench")
RELEASED = BENCH.variant("released-code")
ROW = BENCH.examples[0].row
(ITEM,) = BENCH.items(ROW)


@pytest.mark.parametrize(
    ("reply", "box"),
    [
        ("[1.5, 2.5, 3.5, 4.5] and (1,2),(3,4)", (1, 2, 3, 4)),
        ("(9.5,9.5),(9.6,9.6) and [1.5, 2.5, 3.5, 4.5]", (1.5, 2.5, 3.5, 4.5)),
        ("(9.5,9.5,9.6,9.6) and (1.5,2.5),(3.5,4.5)", (1.5, 2.5, 3.5, 4.5)),
        ("[9, 9, 9, 9] and (1.5, 2.5, 3.5, 4.5)", (1.5, 2.5, 3.5, 4.5)),
        ("<box>9 9 9 9</box> and [1,2,3,4]", (1, 2, 3, 4)),
        ("<box>1 2 3 4</box>", (1, 2, 3, 4)),
        ('[{"bbox_2d": [1, 2, 3, 4], "label": "?"}, {"bbox_2d": [5, 6, 7, 8]}]', (1, 2, 3, 4)),
        ("(1,2),(3,4),(5,6),(7,8)", (1, 2, 3, 4)),
        ("(1.5,2),(3,4)", None),
        ("(1, 2, 3, 4)", None),
        ("[-1, 2, 3, 4]", None),
    ],
)
def test_the_cascade_of_forms(reply, box):
    assert first_box(reply, "forms") == box
    assert first_box(reply) is not None


def test_a_box_of_no_released_form_counts_here_alone_and_so_do_turned_corners():
    for reply in ("(84, 84, 168, 168)", "(168,168),(84,84)"):
        assert BENCH.score(ITEM, Played(reply=reply)).value == 1
        assert RELEASED.score(ITEM, Played(reply=reply)).value == 0
    assert not RELEASED.score(ITEM, Played(reply="(84, 84, 168, 168)")).answered


@pytest.mark.parametrize(
    ("reply", "box"),
    [
        ("84, 84, 168, 168", (84, 84, 168, 168)), ("(84，84)(168，168)", (84, 84, 168, 168)),
        ("[161, 346, 187,", (161, 34, 6, 187)),  # as the script's pattern goes back over digits
        ("-84 84 168 168", (-84, 84, 168, 168)), ("84 and 84", None),
    ],
)  # fmt: skip
def test_any_four_numbers_as_the_script_reads_some_models(reply, box):
    assert first_box(reply, "any numbers") == box


def test_thresholds_are_reached_by_equality():
    # 84 x 84 against its left half: 1 / 2.
    score = BENCH.score(ITEM, Played(reply="(84,84),(126,168)"))
    assert (score.value, score.parts) == (0.5, {"at 0.3": 1, "at 0.5": 1, "at 0.7": 0})


@pytest.mark.parametrize(
    ("variant", "reply"),
    [
        ("per-mille", "(250,250),(500,500)"), ("per-mille", "[0.25, 0.25, 0.5, 0.5]"),
        ("per-mille-y-first", "[250, 250, 500, 500]"),
    ],
)  # fmt: skip
def test_thousandths_and_shares_of_the_side(variant, reply):
    assert BENCH.variant(variant).score(ITEM, Played(reply=reply)).value == 1


@pytest.mark.parametrize("more", [{"size": [672, 168]}, {"extra_json": '{"size": [672, 168]}'}])
def test_an_image_may_have_a_size_of_its_own(more):
    (item,) = BENCH.items(ROW | more)
    # x from 84 to 168 of 672 is 125 to 250, y of 168 is 500 to 1000.
    assert BENCH.variant("per-mille").score(item, Played(reply="(125,500),(250,1000)")).value == 1
    assert BENCH.variant("per-mille-y-first").score(item, Played(reply="(500,125),(1000,250)")).value == 1
    assert BENCH.variant("per-mille").gold_reply(item) == "<|box_start|>(125.0,500.0),(250.0,1000.0)<|box_end|>"


def test_one_question_on_the_same_images_may_have_two_boxes():
    rows = [{key: value for key, value in ROW.items() if key != "id"} | {"answer": [1, 2, 3, k]} for k in (4, 5)]
    assert len({item.id for row in rows for item in BENCH.items(row)}) == 2


SAID = [
    {"task": "patch", "question": "?", "answer": "[0,0,10,10]", "filter_answer": [0, 0, 10, 10], "iou": 1.0,
     "groundtruth": [0, 0, 10, 10]},
    {"task": "patch", "question": "?", "answer": "nowhere", "filter_answer": [], "iou": 0, "groundtruth": [0, 0, 9, 9]},
    {"patch": {"IOU@0.7": 1, "IOU@0.5": 1, "IOU@0.3": 1, "AVE_IOU": 1.0, "TOTAL": 2}},
]  # fmt: skip
OTHER = [{"task": "concept", "question": "?", "answer": "(0,0),(10,5)", "groundtruth": [0, 0, 10, 10]}]


def figures_of(path):
    result = protocol_result(BENCH, tabulate(score_all(BENCH.score, BENCH.recorded(path, ()))), model="", others={})
    return {(row.metric, row.level): row.value for row in result.rows}, result


def test_the_files_of_the_script_one_by_one_or_all_together(tmp_path):
    for name, rows in (("a.json", SAID), ("b.json", OTHER)):
        (tmp_path / name).write_text(json.dumps(rows))
    figures, result = figures_of(tmp_path / "a.json")
    assert (result.n_items, result.n_unanswered, figures["mean IoU", ""]) == (2, 1, 0.5)
    figures, _ = figures_of(tmp_path)
    assert figures["mean IoU", ""] == pytest.approx(1.5 / 3)  # over items, not over tasks
    assert figures["accuracy at 0.5", ""] == pytest.approx(2 / 3)
    assert figures["accuracy at 0.7", "concept"] == 0


def test_a_reply_that_the_script_cut_counts_by_the_box_it_had_read(tmp_path):
    boxes = [0, 0, 10, 5], [[0, 0, 10, 10], [1, 2, 3, 4]], [], [0.0] * 4
    rows = [OTHER[0] | {"answer": "<", "filter_answer": box} for box in boxes]
    (tmp_path / "a.json").write_text(json.dumps(rows))
    for protocol in (BENCH, BENCH.variant("per-mille"), RELEASED):
        scores = [protocol.score(*one) for one in protocol.recorded(tmp_path / "a.json", ())]
        assert [(score.value, score.answered) for score in scores] == [(0.5, 1), (1, 1), (0, 0), (0, 0)]


def test_other_files_hold_no_record(tmp_path):
    (tmp_path / "a.json").write_text('[{"task": "patch"}]')
    with pytest.raises(DataError, match="holds no record"):
        figures_of(tmp_path)
