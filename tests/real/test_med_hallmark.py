"""The gold classes of the Med-HallMark release."""

from pathlib import Path

import pytest

from dermatrust.protocols.find import find_protocol
from dermatrust.protocols.open_data import iter_items
from dermatrust.protocols.result import protocol_result
from dermatrust.protocols.scored import score_all, tabulate

ROOT = Path(__file__).parents[3] / "shared/data/protocols/med_hallmark"
CONVENTIONAL = ROOT / "Conventional..json"

pytestmark = pytest.mark.skipif(not ROOT.is_dir(), reason="Med-HallMark is not beside this repository")


def result_of(protocol, file):
    table = tabulate(score_all(protocol.score, protocol.recorded(file, ())))
    result = protocol_result(protocol, table, model="gold", others={})
    return result, {row.metric: row.value for row in result.rows}


def test_medihall_of_the_gold_classes():
    result, figures = result_of(find_protocol("med-hallmark"), CONVENTIONAL)
    by_hand = (0 * 215 + 0.2 * 76 + 0.4 * 151 + 0.6 * 12 + 0.8 * 42 + 1 * 3) / 499
    assert (result.n_items, result.n_missing) == (499, 0)
    assert figures["MediHall"] == pytest.approx(by_hand, abs=1e-12)
    assert round(figures["MediHall"], 4) == 0.2393
    assert figures["correct"] == pytest.approx(3 / 499)


def test_the_released_script_takes_prompt_induced_errors_for_unread():
    _, figures = result_of(find_protocol("med-hallmark").variant("released-code"), CONVENTIONAL)
    assert figures["MediHall"] == pytest.approx((0.2 * 76 + 0.4 * 151 + 0.8 * 42 + 3) / 499, abs=1e-12)


def test_all_counterfactual_errors_are_induced_by_the_prompt():
    result, figures = result_of(find_protocol("med-hallmark"), ROOT / "Counterfactual..json")
    assert (result.n_items, figures["MediHall"]) == (111, pytest.approx(0.6))


def test_the_judge_of_judges_is_asked_about_every_case_and_shown_no_class():
    judged = find_protocol("med-hallmark").variant("judge")
    items = list(iter_items(judged, CONVENTIONAL))
    targets = [item.target for item in items]
    assert [targets.count(label) for label in ("catastrophic", "critical", "attribute", "minor")] == [215, 76, 151, 42]
    without_truth = sum("RIGHT ANSWER" not in item.question for item in items)
    assert without_truth == 135
