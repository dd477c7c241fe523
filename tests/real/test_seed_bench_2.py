from collections import Counter
from pathlib import Path

import pytest

from dermatrust.protocols.find import find_protocol
from dermatrust.protocols.result import protocol_result
from dermatrust.protocols.scored import score_all, tabulate

FILE = Path(__file__).parents[3] / "shared" / "data" / "protocols" / "seed_bench_2" / "GPT-4V.json"
pytestmark = pytest.mark.skipif(not FILE.is_file(), reason="SEED-Bench-2 is not on this machine")
BENCH = find_protocol("seed-bench-2")
DIMENSIONS = (
    "77.5 73.9 70.6 61.8 56.8 56.9 74.2 78.5 81.4 91.8 97.4 45.3 71.9 66.1 71.1 43.9 68.2 89.3 64.8 65.7 51.7 63.4 "
    "29.2 59.2"
)  # in the order of their numbers


@pytest.mark.parametrize("variant", ["", "letters"])
def test_the_recorded_letters_come_to_the_released_figures(variant):
    bench = BENCH.variant(variant) if variant else BENCH
    table = tabulate(score_all(bench.score, bench.recorded(FILE, ())))
    repeated = [name for name, n in Counter(table.ids).items() if n > 1]
    assert (len(table.ids), len(set(table.ids)), len(repeated)) == (23_192, 23_184, 8)
    result = protocol_result(bench, table, model="GPT-4V", others={})
    overall = next(row for row in result.rows if row.metric == "accuracy" and not row.tag)
    assert round(100 * overall.value, 2) == 67.87
    dimensions = [row for row in result.rows if row.metric == "accuracy" and row.tag == "dimension"]
    assert " ".join(f"{100 * row.value:.1f}" for row in dimensions) == DIMENSIONS
    assert [row.level[:2] for row in dimensions] == [f"{number:02}" for number in range(1, 25)]


def test_without_blanks_around_right_answers_it_is_a_little_more():
    trimmed = BENCH.variant("trimmed")
    table = tabulate(score_all(trimmed.score, trimmed.recorded(FILE, ())))
    assert round(100 * sum(table.values) / len(table.values), 2) == 67.92
