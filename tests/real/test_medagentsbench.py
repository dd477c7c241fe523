from pathlib import Path

import pytest

from dermatrust.protocols.find import find_protocol
from dermatrust.protocols.open_data import iter_items
from dermatrust.protocols.result import protocol_result
from dermatrust.protocols.scored import score_all, tabulate

DATA = Path(__file__).parents[3] / "shared" / "data" / "protocols" / "medagentsbench"
pytestmark = pytest.mark.skipif(not DATA.is_dir(), reason="MedAgentsBench is not on this machine")
BENCH = find_protocol("medagentsbench")


@pytest.mark.parametrize(
    ("name", "accuracy", "n"), [("medqa", 52.0, 100), ("medbullets", 50.6, 89), ("mmlu-pro", 14.0, 100)]
)
@pytest.mark.parametrize("has_data", [True, False])
@pytest.mark.parametrize("variant", ["", "letters"])
def test_the_recorded_runs_come_to_the_published_accuracies(name, accuracy, n, has_data, variant):
    bench = BENCH.variant(variant) if variant else BENCH
    items = iter_items(bench, DATA / f"{name}-test_hard.jsonl") if has_data else iter(())
    recorded = bench.recorded(DATA / f"o3-mini-{name}-test_hard-zero_shot.json", items)
    result = protocol_result(bench, tabulate(score_all(bench.score, recorded)), model="o3-mini", others={})
    headline = result.rows[0]
    assert (headline.metric, headline.n, result.n_missing) == ("accuracy", n, 0)
    assert round(100 * headline.value, 1) == accuracy


def test_costs_are_those_of_the_price_table():
    recorded = BENCH.recorded(DATA / "o3-mini-medqa-test_hard-zero_shot.json", ())
    table = tabulate(score_all(BENCH.score, recorded))
    assert sum(table.parts["usd"]) == pytest.approx((29187 * 1.1 + 76568 * 4.4) / 1e6)
    assert all(seconds > 0 for seconds in table.parts["seconds"])
