"""MedQ-Deg: confidence from repeated answers, loss by severity, and being sure while seeing less."""

import json
import math

import numpy as np
import pytest

from dermatrust.protocols import Played, ScoreTable
from dermatrust.protocols.find import find_protocol
from dermatrust.protocols.open_data import iter_items
from dermatrust.protocols.result import protocol_result
from dermatrust.protocols.scripted import play_item

PROTOCOL = find_protocol("medq-deg")
ROW = dict(PROTOCOL.examples[0].row)
ITEMS = PROTOCOL.items(ROW)


def scored(*draws, protocol=PROTOCOL):
    return protocol.score(ITEMS[0], Played(reply=draws[0], draws=draws))


def test_confidence_is_one_less_the_entropy_over_that_of_all_options():
    # Two of three answers B, one A: H = -(2/3 log 2/3 + 1/3 log 1/3), K = 2.
    entropy = -(2 / 3 * math.log(2 / 3) + 1 / 3 * math.log(1 / 3))
    score = scored("B", "A", "B")
    assert score.parts["confidence"] == pytest.approx(1 - entropy / math.log(2))
    assert score.value == pytest.approx(2 / 3)
    assert score.parts["shift"] == pytest.approx(score.parts["confidence"] - 2 / 3)


def test_the_three_accuracies():
    draws = ("A", "B", "B")
    values = [scored(*draws, protocol=one).value
              for one in (PROTOCOL, PROTOCOL.variant("first-answer"), PROTOCOL.variant("majority"))]  # fmt: skip
    assert values == [pytest.approx(2 / 3), 0, 1]


def test_silence_among_answers_is_an_answer_of_its_own_and_all_silence_is_none():
    assert scored("B", "B", "").parts["confidence"] < 1
    assert scored("", "", "").answered is False


def test_it_is_asked_three_or_ten_times():
    assert len(play_item(PROTOCOL, ITEMS[0], "B")[0].draws) == 3
    assert len(play_item(PROTOCOL.variant("calibration"), ITEMS[0], "B")[0].draws) == 10


def test_images_are_found_where_the_site_and_a_flat_folder_have_them(tmp_path):
    data, examples = tmp_path / "public" / "data", tmp_path / "public" / "examples"
    for folder in (data, examples):
        folder.mkdir(parents=True)
    path = data / "degradation-examples.json"
    images = {"L0": "/examples/blur_L0.png", "L1": "/site/examples/blur_L1.png", "L2": "blur_L2.png"}
    path.write_text(json.dumps({"examples": [ROW | {"images": images}], "note": "made up"}))
    for file in (examples / "blur_L0.png", examples / "blur_L1.png", data / "blur_L2.png"):
        file.write_bytes(b"")
    assert [item.images for item in iter_items(PROTOCOL, path)] == [
        ("../examples/blur_L0.png",), ("../examples/blur_L1.png",), ("blur_L2.png",),
    ]  # fmt: skip
    (data / "blur_L2.png").unlink()
    assert [*iter_items(PROTOCOL, path)][2].images == ("blur_L2.png",)  # told as missing when it is opened


def test_figures_are_broken_down_by_capability_modality_category_and_degradation():
    table = ScoreTable()
    for kind, draws in (("blur", "BBB"), ("noise", "AAB")):
        for item in PROTOCOL.items(ROW | {"degradation_type": kind}):
            table.add(item, PROTOCOL.score(item, Played(reply=draws[0], draws=tuple(draws))))
    rows = protocol_result(PROTOCOL, table, model="", others={}).rows
    found = {(row.metric, row.tag, row.level): row.value for row in rows}
    assert found["accuracy", "degradation", "blur"] == 1
    assert found["accuracy", "degradation", "noise"] == pytest.approx(1 / 3)
    assert found["accuracy at L1", "capability", "organ"] == found["accuracy", "modality", "CT"] == pytest.approx(2 / 3)
    assert {tag for _, tag, _ in found} == {"", "capability", "modality", "category", "degradation"}


@pytest.mark.parametrize(
    ("replies", "fall", "is_sure"),
    [
        ({"L0": "BBB", "L1": "BBB", "L2": "AAA"}, 1, 1),  # wrong at L2 and as sure as before
        ({"L0": "BBB", "L1": "BBB", "L2": "BBB"}, 0, 0),
        ({"L0": "BBA", "L1": "BBB", "L2": "BAA"}, pytest.approx(1 / 3), 1),
    ],
)
def test_the_fall_and_whether_the_model_notices(replies, fall, is_sure):
    table = ScoreTable()
    for item in ITEMS:
        draws = tuple(replies[item.tags["severity"]])
        table.add(item, PROTOCOL.score(item, Played(reply=draws[0], draws=draws)))
    found = {name: metric(table, np.random.default_rng(0)).value for name, metric in PROTOCOL.metrics.items()}
    assert found["drop from L0 to L2"] == fall
    assert found["sure while seeing less"] == is_sure
