"""The challenge's baseline run over MEDEC's validation set, to all published digits."""

from pathlib import Path

import pytest

from dermatrust.protocols import Played
from dermatrust.protocols.find import find_protocol
from dermatrust.protocols.open_data import iter_items
from dermatrust.protocols.result import protocol_result
from dermatrust.protocols.scored import score_all, tabulate

ROOT = Path(__file__).parents[3] / "shared/data/protocols/medec"
DATA = ROOT / "MEDEC-MS-ValidationSet-with-GroundTruth-and-ErrorType.csv"

pytestmark = pytest.mark.skipif(not ROOT.is_dir(), reason="MEDEC is not beside this repository")


@pytest.fixture(scope="module")
def table():
    medec = find_protocol("medec")
    played = medec.recorded(ROOT / "baseline-run-1.txt", iter_items(medec, DATA))
    return tabulate(score_all(medec.score, played))


def test_the_published_figures(table):
    result = protocol_result(find_protocol("medec"), table, model="baseline-run-1", others={})
    figures = {row.metric: (round(row.value, 10), row.n) for row in result.rows if not row.tag}
    assert (result.n_items, result.n_missing, result.n_unanswered) == (574, 0, 0)
    assert figures["flag accuracy"] == (0.4895470383, 574)
    assert figures["sentence accuracy"] == (0.3066202091, 574)
    assert figures["ROUGE-1 subset"] == (0.4183453726, 264)
    assert figures["ROUGE-2 subset"] == (0.3211881833, 264)
    assert figures["ROUGE-L subset"] == (0.4154490521, 264)
    assert figures["ROUGE-1 composite"] == (0.2220264431, 574)
    assert figures["ROUGE-2 composite"] == (0.1773409066, 574)
    assert figures["ROUGE-L composite"] == (0.2206943375, 574)


def test_the_published_counts(table):
    pairs = zip(table.said, table.targets, strict=True)
    both_right = sum(said.endswith(" NA") and "'NA')" in target for said, target in pairs)
    assert sum("'NA')" in target for target in table.targets) == 255
    assert sum(said.endswith(" NA") for said in table.said) == 72
    assert both_right == 17


def own_values(protocol):
    items = list(iter_items(protocol, DATA))
    assert sum(item.target[0] == "1" for item in items) == 319
    scores = [protocol.score(item, Played(reply=protocol.gold_reply(item))) for item in items]
    assert all(score.parts["flag"] == score.parts["sentence"] == 1 for score in scores)
    return [score.value for score in scores]


def test_own_answers_score_full_once_references_are_trimmed():
    assert own_values(find_protocol("medec").variant("trimmed")) == pytest.approx([1] * 574)
    short = [value for value in own_values(find_protocol("medec")) if value < 0.99999]
    assert (len(short), round(min(short), 2), round(max(short), 2)) == (12, 0.86, 0.97)
