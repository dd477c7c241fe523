from pathlib import Path

import pytest

from dermatrust.protocols.find import find_protocol
from dermatrust.protocols.item import Played
from dermatrust.protocols.open_data import iter_items
from dermatrust.protocols.result import protocol_result
from dermatrust.protocols.scored import score_all, tabulate

FILE = Path(__file__).parents[3] / "shared" / "data" / "protocols" / "cmexam" / "val.csv"
pytestmark = pytest.mark.skipif(not FILE.is_file(), reason="CMExam is not on this machine")
EXAM = find_protocol("cmexam")


def own_answers(exam):
    played = ((item, Played(reply=exam.gold_reply(item))) for item in iter_items(exam, FILE))
    return tabulate(score_all(exam.score, played))


def test_counts_and_own_answers():
    table = own_answers(EXAM)
    assert len(table.ids) == 6_811
    assert table.tags["answers"].count("several") == 211
    result = protocol_result(EXAM, table, model="own answers", others={})
    assert result.rows[0].value == 1.0
    assert result.n_unanswered == 0


def test_the_released_matching_misses_the_three_rows_that_it_must():
    # Two have options whose whole text is a letter of another option; one has no answer.
    assert sum(own_answers(EXAM.variant("released-code")).values) == 6_808
