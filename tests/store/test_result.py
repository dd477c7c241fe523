"""`result.json`: what was found comes back as it was, and what is none is refused in one line."""

import json
import math
from collections import Counter
from dataclasses import dataclass

import pytest

from dermatrust.bench.results import Estimate
from dermatrust.errors import DataError
from dermatrust.records import Dimension
from dermatrust.store.result import read_kind, read_result, write_result


@dataclass(frozen=True, slots=True)
class Found:
    by_dimension: dict[Dimension, Estimate]
    reasons: Counter[str]
    points: tuple[tuple[float, float, int], ...]
    either: Estimate | str


NAN = float("nan")
FOUND = Found(
    by_dimension={Dimension.SAFETY: Estimate(0.1 + 0.2, -0.0, 1 / 3, n=3, n_missing=0)},
    reasons=Counter(unreadable=2),
    points=((1.0, -0.5, 7),),
    either="not measured: ü",
)


def test_a_result_comes_back_as_it_was(tmp_path):
    path = tmp_path / "new" / "result.json"
    write_result(path, FOUND)
    assert (read_kind(path), read_result(path, Found)) == ("Found", FOUND)


def test_what_is_undefined_comes_back_undefined_from_json_that_any_program_reads(tmp_path):
    path = tmp_path / "result.json"
    write_result(path, Estimate(2.0, NAN, NAN, n=1, n_missing=0))
    json.loads(path.read_text("utf-8"), parse_constant=pytest.fail)
    found = read_result(path, Estimate)
    assert (found.value, math.isnan(found.low), found.has_interval) == (2.0, True, False)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"{", "Invalid JSON"),
        (b'{"kind": "Found", "result": {"points": 1}}', "result.by_dimension: Field required"),
        (b"[]", "is no result"),
    ],
)
def test_another_file_is_refused_in_one_line(tmp_path, content, problem):
    path = tmp_path / "result.json"
    path.write_bytes(content)
    with pytest.raises(DataError, match=problem) as caught:
        read_result(path, Found)
    assert "\n" not in str(caught.value)
    with pytest.raises(DataError, match="cannot be read"):
        read_kind(tmp_path / "absent.json")
