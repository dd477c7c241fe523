import math
import tracemalloc

import numpy as np
import pyarrow.parquet
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dermatrust.errors import DataError
from dermatrust.records import DIMENSIONS, ScoreRow
from dermatrust.store import columns as table_columns
from dermatrust.store.scores import ScoreColumns, read_scores, write_scores

names = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=8)
on_scale = st.floats(0, 5)


@st.composite
def score_rows(draw):
    score = draw(st.none() | on_scale)
    return ScoreRow(
        case_id=draw(names), patient_id=draw(st.none() | names), category=draw(st.none() | names),
        fitzpatrick=draw(st.none() | st.integers(1, 6)), site=draw(st.none() | names),
        narrative_id=draw(st.none() | names), author=draw(names),
        refused=draw(st.booleans()), empty=draw(st.booleans()),
        rater=draw(names), dimension=draw(st.sampled_from(DIMENSIONS)), score=score, spread=draw(st.none() | on_scale),
        n_draws=draw(st.integers(0, 9)), unscored=None if score is not None else draw(names),
        reference=draw(st.none() | st.sampled_from(["certified", "draft", "label"])),
        injection_suspected=draw(st.booleans()), unfamiliar_text=draw(st.booleans()),
        writing_in_image=draw(st.booleans()),
    )  # fmt: skip


def row(number, **changes):
    fields = {
        "case_id": f"c{number}", "patient_id": f"p{number % 7}", "category": None, "fitzpatrick": None, "site": None,
        "narrative_id": f"n{number}", "author": "openai/m", "refused": False, "empty": False, "rater": "lexical",
        "dimension": DIMENSIONS[number % 6], "score": 2.5, "spread": None, "n_draws": 1, "unscored": None,
        "reference": "certified", "injection_suspected": False,
    }  # fmt: skip
    return ScoreRow(**(fields | changes))


def rows_of(columns: ScoreColumns) -> list[ScoreRow]:
    def value(name, i):
        found = getattr(columns, name)[i]
        if isinstance(found, np.generic):
            found = found.item()
        return None if isinstance(found, float) and math.isnan(found) else found

    return [ScoreRow(**{name: value(name, i) for name in ScoreRow._fields}) for i in range(len(columns))]


@given(rows=st.lists(score_rows(), max_size=12))
@settings(max_examples=60)
def test_rows_come_back_exactly_and_in_order(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("scores") / "scores.parquet"
    assert write_scores(path, iter(rows)) == len(rows)
    assert rows_of(read_scores(path)) == rows


@pytest.mark.parametrize("later", [["unfamiliar_text", "writing_in_image"], ["writing_in_image"]])
def test_a_file_of_an_earlier_version_lacks_the_flags_it_did_not_know(tmp_path, later):
    path = tmp_path / "scores.parquet"
    write_scores(path, [row(1, **dict.fromkeys(later, True)), row(2)])
    whole = pyarrow.parquet.read_table(path)
    pyarrow.parquet.write_table(whole.drop_columns(later), path)
    assert rows_of(read_scores(path)) == [row(1), row(2)]
    pyarrow.parquet.write_table(whole.drop_columns(["injection_suspected"]), path)
    with pytest.raises(DataError, match="has no column 'injection_suspected'"):
        read_scores(path)


@given(rows=st.lists(score_rows(), max_size=12))
@settings(max_examples=30)
def test_pyarrow_reads_the_same_values(tmp_path_factory, rows):
    path = tmp_path_factory.mktemp("scores") / "scores.parquet"
    write_scores(path, rows)
    found = pyarrow.parquet.read_table(path).to_pylist()
    assert [ScoreRow(**fields) for fields in found] == rows
    assert pyarrow.parquet.read_metadata(path).metadata[b"dermatrust"] == b"scores/3"


def test_columns_have_the_types_that_statistics_expect(tmp_path):
    path = tmp_path / "scores.parquet"
    write_scores(path, [row(0, fitzpatrick=3), row(1, score=None, unscored="missing")])
    columns = read_scores(path)
    assert columns.score.dtype == columns.fitzpatrick.dtype == np.float64
    assert columns.n_draws.dtype == np.int64
    assert columns.refused.dtype == columns.empty.dtype == columns.injection_suspected.dtype == np.bool_
    assert columns.author.dtype == columns.unscored.dtype == object
    assert columns.score[0] == 2.5
    assert np.isnan(columns.score[1])
    assert columns.unscored.tolist() == [None, "missing"]
    assert columns.dimension.tolist() == ["accuracy", "safety"]
    assert columns.author[0] is columns.author[1]


def test_no_rows_is_a_table_without_rows(tmp_path):
    write_scores(tmp_path / "scores.parquet", [])
    columns = read_scores(tmp_path / "scores.parquet")
    assert len(columns) == 0
    assert columns.score.dtype == np.float64
    assert columns.author.dtype == object


def test_row_groups_are_written_as_they_come(tmp_path, monkeypatch):
    monkeypatch.setattr(table_columns, "ROWS_PER_GROUP", 10)
    write_scores(tmp_path / "scores.parquet", map(row, range(25)))
    assert pyarrow.parquet.ParquetFile(tmp_path / "scores.parquet").num_row_groups == 3
    assert read_scores(tmp_path / "scores.parquet").case_id.tolist() == [f"c{i}" for i in range(25)]


def test_writing_takes_no_more_memory_for_more_rows(tmp_path, monkeypatch):
    monkeypatch.setattr(table_columns, "ROWS_PER_GROUP", 2_000)
    peaks = []
    for n_rows in (6_000, 30_000):
        tracemalloc.start()
        write_scores(tmp_path / "scores.parquet", map(row, range(n_rows)))
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.1 * peaks[0]  # two groups: the one being written and the one being read


def test_what_the_rows_raise_reaches_the_caller_and_the_old_file_stays(tmp_path):
    def broken():
        yield row(1)
        raise KeyError("boom")

    path = tmp_path / "scores.parquet"
    write_scores(path, [row(0)])
    with pytest.raises(KeyError, match="boom"):
        write_scores(path, broken())
    assert read_scores(path).case_id.tolist() == ["c0"]
    assert [file.name for file in tmp_path.iterdir()] == ["scores.parquet"]


@pytest.mark.parametrize("changes", [{"score": None}, {"unscored": "missing"}])
def test_a_missing_score_without_reason_or_a_score_with_one_is_a_bug(tmp_path, changes):
    with pytest.raises(ValueError, match="needs a score or the reason"):
        write_scores(tmp_path / "scores.parquet", [row(0, **changes)])


def test_damage_is_one_error_that_names_the_file(tmp_path, capfd):
    path = tmp_path / "scores.parquet"
    write_scores(path, map(row, range(100)))
    whole = path.read_bytes()
    footer = len(whole) - 8 - int.from_bytes(whole[-8:-4], "little")
    damaged = {
        "there is no such file": None,
        "is not a Parquet file": b"",
        "not a Parquet file; expected a scores file": b"a,b\n1,2\n",
        "is cut off": whole[:-100],
        "is damaged": whole[: footer + 20] + b"\xff" * 20 + whole[footer + 40 :],
        r"is damaged \(": whole[:20] + b"\xff" * 60 + whole[80:],
    }
    for message, content in damaged.items():
        path.unlink(missing_ok=True) if content is None else path.write_bytes(content)
        with pytest.raises(DataError, match=rf"scores\.parquet: .*{message}"):
            read_scores(path)
    capfd.readouterr()  # the Rust reader writes about its panic to standard error


def test_another_format_is_refused_with_what_it_is(tmp_path):
    table = pyarrow.table({"score": [1.0]})
    pyarrow.parquet.write_table(table, tmp_path / "a.parquet")
    with pytest.raises(DataError, match=r"has format None; expected 'scores/3'"):
        read_scores(tmp_path / "a.parquet")
    pyarrow.parquet.write_table(table.replace_schema_metadata({"dermatrust": "scores/3"}), tmp_path / "b.parquet")
    with pytest.raises(DataError, match="has no column 'case_id'"):
        read_scores(tmp_path / "b.parquet")


def test_a_folder_is_not_a_scores_file(tmp_path):
    with pytest.raises(DataError, match="cannot be read"):
        read_scores(tmp_path)
