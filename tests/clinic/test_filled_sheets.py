"""Sheets that people filled in: read back, or refused with one line that says where; and how far people agree."""

import csv
import json
import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from dermatrust.cli.main import cli
from dermatrust.clinic.filled_sheets import KeyItem, read_adjudicated, read_key, read_sheet
from dermatrust.clinic.human_files import KEY, SHEET, listed_names
from dermatrust.clinic.people import PLACE, agreement_of_people
from dermatrust.clinic.people_text import people_csv, people_text
from dermatrust.errors import DataError

NAMES = ("acne", "BCC", "basal cell carcinoma", "wart")
RANKS = (3, 1, 4, 2)
N = 6
EXACT = (1, 0, 4, 0, 0, math.nan)
SYNONYM = (1, 1, 1, 0, 2, math.nan)


def item(number, *, names=NAMES, ranks=RANKS):
    place = number - 1
    decided = {"exact": EXACT[place], "synonym": SYNONYM[place]}
    about = (f"case-{number}", "secret/m", "image only", "all")
    return KeyItem(f"s{number:04d}", f"c{number:04d}", about, names, ranks, decided, 1.0)


ITEMS = tuple(item(number) for number in range(1, N + 1))


def written(path, head, rows, **dialect):
    with path.open("w", encoding=dialect.pop("encoding", "utf-8"), newline="") as file:
        writer = csv.writer(file, **dialect)
        writer.writerow(head)
        writer.writerows(rows)
    return path


@pytest.fixture
def key(tmp_path):
    rows = [
        [
            one.item, one.case, *one.about, "first", 1, json.dumps(one.names), json.dumps(one.ranks),
            *("" if math.isnan(one.decided[rung]) else int(one.decided[rung]) for rung in ("exact", "synonym")), "",
        ]
        for one in ITEMS
    ]  # fmt: skip
    return written(tmp_path / "sample-key.csv", KEY, rows)


def sheet(path, cells, *, names=NAMES, **dialect):
    rows = [[f"s{number:04d}", "BCC", listed_names(names), cell, ""] for number, cell in enumerate(cells, 1)]
    return written(path, SHEET, rows, **dialect)


def test_a_key_is_read_as_it_was_written(key):
    found = read_key(key)
    assert [replace(one, decided={}) for one in found] == [replace(one, decided={}) for one in ITEMS]
    assert [one.decided["exact"] for one in found] == pytest.approx(EXACT, nan_ok=True)
    assert [one.decided["synonym"] for one in found] == pytest.approx(SYNONYM, nan_ok=True)


def test_marks_are_read_as_the_best_rank_and_nothing_is_missing(tmp_path):
    # "2" is BCC at rank 1, "3" rank 4, "1, 4" ranks 3 and 2.
    found = read_sheet(sheet(tmp_path / "a.csv", ["2", "3", "1, 4", "0", "", " none "]), ITEMS)
    assert found.tolist()[:4] == [1, 4, 2, 0]
    assert math.isnan(found[4])
    assert found[5] == 0


@pytest.mark.parametrize("cell", ["1, 4", "1,4", "4;1", "1 4", "1 and 4", "1 und 4", "1/4", "1, 4.", " 1 ,4 "])
def test_numbers_may_be_joined_in_any_usual_way(tmp_path, cell):
    assert read_sheet(sheet(tmp_path / "a.csv", [cell]), ITEMS)[0] == 2


@pytest.mark.parametrize("dialect", [{"delimiter": ";"}, {"delimiter": "\t"}, {"encoding": "utf-8-sig"}])
def test_a_spreadsheet_of_any_language_may_have_saved_it(tmp_path, dialect):
    assert read_sheet(sheet(tmp_path / "a.csv", ["2", "0"], **dialect), ITEMS).tolist()[:2] == [1, 0]


def test_lines_may_be_in_any_order_and_what_is_not_there_is_missing(tmp_path):
    rows = [["s0003", "0"], ["s0001", "2"], ["", ""]]
    found = read_sheet(written(tmp_path / "a.csv", ("item", "numbers_that_name_it"), rows), ITEMS)
    assert (found[0], found[2], np.isnan(found).sum()) == (1, 0, 4)


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("5", r'numbers_that_name_it of s0002 is \'5\'; expected numbers from 1 to 4 joined by commas such as "1, 4"'),
        ("1.4", "may have made a date or a decimal"),
        ("01.04.2026", "is '01.04.2026'"),
        ("0, 2", "is '0, 2'"),
        ("BCC", "is 'BCC'"),
        ("-1", "is '-1'"),
        ("²", "is '²'"),
    ],
)
def test_a_bad_cell_is_named_with_its_line(tmp_path, cell, said):
    with pytest.raises(DataError, match=said) as caught:
        read_sheet(sheet(tmp_path / "a.csv", ["1", cell]), ITEMS)
    assert "a.csv line 3" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_what_is_no_sheet_of_this_sample_is_refused(tmp_path):
    def refused(path):
        with pytest.raises(DataError) as caught:
            read_sheet(path, ITEMS)
        return str(caught.value)

    assert "nothing is filled in" in refused(sheet(tmp_path / "a.csv", ["", ""]))
    assert "has no column numbers_that_name_it" in refused(written(tmp_path / "b.csv", ("item", "list"), []))
    head = ("item", "numbers_that_name_it")
    assert "'s9999' is no item of the key" in refused(written(tmp_path / "c.csv", head, [["s9999", "1"]]))
    assert "in the sheet twice" in refused(written(tmp_path / "d.csv", head, [["s0001", "1"], ["s0001", "2"]]))
    swapped = sheet(tmp_path / "e.csv", ["1"], names=("BCC", "acne", "basal cell carcinoma", "wart"))
    assert "not the one that was drawn" in refused(swapped)
    assert "is a spreadsheet" in refused(tmp_path / "f.xlsx")
    assert "there is no such file" in refused(tmp_path / "g.csv")
    (tmp_path / "h.csv").write_bytes("item,numbers_that_name_it,remark\ns0001,1,überall\n".encode("latin-1"))
    assert "not UTF-8" in refused(tmp_path / "h.csv")


@pytest.mark.parametrize("broken", ["3", '["a"]', "", "[2, 3, 1, 4", '"abcd"'])
def test_a_changed_key_is_refused(tmp_path, broken):
    row = ["s0001", "c0001", "a", "m", "image only", "all", "first", "1", json.dumps(NAMES), broken, "1", "1", "1"]
    with pytest.raises(DataError, match="no item of a key"):
        read_key(written(tmp_path / "k.csv", KEY, [row]))
    with pytest.raises(DataError, match="holds no answer"):
        read_key(written(tmp_path / "l.csv", KEY, []))


@pytest.mark.parametrize("weight", ["", "0.5", "nan", "inf", "many"])
def test_a_weight_that_stands_for_no_answers_is_refused(tmp_path, weight):
    row = ["s0001", "c0001", "a", "m", "image only", "all", "first", weight, '["acne"]', "[1]", "1", "1", "1"]
    with pytest.raises(DataError, match="line 2: is no item of a key"):
        read_key(written(tmp_path / "k.csv", KEY, [row]))


def test_a_person_beside_the_rungs_by_hand():
    person = np.array([1.0, 1.0, 0.0, 0.0, math.nan, 1.0])
    rows = {(row.beside, row.on): row for row in agreement_of_people(ITEMS, {"ann": person}, n_resamples=50)}
    # Beside synonym four are decided: 1-1, 1-1, 0-1, 0-0. Agreement 3/4, by chance 1/2 * 3/4 + 1/2 * 1/4 = 1/2.
    first = rows["synonym", "top-1"]
    assert (first.n, first.n_missing) == (4, 2)
    assert (first.both, first.only_person, first.only_beside, first.neither) == (2, 0, 1, 1)
    assert first.kappa.value == pytest.approx(0.5)
    # Beside exact: 1-1, 1-0, 0-0 (rank 4), 0-0: agreement 3/4, by chance 1/2 * 1/4 + 1/2 * 3/4 = 1/2.
    assert rows["exact", "top-1"].kappa.value == pytest.approx(0.5)
    assert rows["exact", "top-5"].only_beside == 1
    assert rows["exact", "place"].both is None
    assert {beside for beside, _ in rows} == {"exact", "synonym"}


@given(st.lists(st.tuples(*[st.sampled_from([math.nan, 0, 1, 2, 3, 4, 5, 6])] * 3), min_size=1, max_size=30))
def test_kappas_are_those_of_scikit_learn_and_do_not_depend_on_who_stands_first(triples):
    one, two, model = (np.array(column, float) for column in zip(*triples, strict=True))
    key = [
        KeyItem(f"s{k}", f"c{k}", (), (), (), {"exact": math.nan, "synonym": math.nan}, 1.0) for k in range(len(one))
    ]
    rows = agreement_of_people(key, {"a": one, "b": two}, model, n_resamples=5)
    turned = agreement_of_people(key, {"b": two, "a": one}, model, n_resamples=5)
    back = {(row.person, row.beside, row.on): row for row in turned}
    assert len(rows) == 4 * (2 * 3 + 1)
    for row in rows:
        x, y = {"a": one, "b": two}[row.person], {"b": two, "adjudicator": model}.get(row.beside)
        if y is None:
            assert row.n == 0
            assert math.isnan(row.kappa.value)
            continue
        here = ~np.isnan(x + y)
        assert (row.n, row.n_missing) == (here.sum(), (~here).sum())
        k = 0 if row.on == PLACE else int(row.on.removeprefix("top-"))
        levels = np.array([3, 0, 1, 1, 2, 2, 3])  # of rank 0 to 6
        table = [levels[v[here].astype(int)] if not k else (v[here] > 0) & (v[here] <= k) for v in (x, y)]
        if len(np.unique(np.concatenate(table))) < 2:
            assert math.isnan(row.kappa.value)
            continue
        weights = "quadratic" if not k else None
        assert row.kappa.value == pytest.approx(
            cohen_kappa_score(*table, weights=weights, labels=range(4 if not k else 2))
        )
        if row.beside == "b":
            assert back["b", "a", row.on].kappa.value == pytest.approx(row.kappa.value)


def test_full_agreement_has_an_interval_with_a_width():
    person = np.array([1.0, 0, 1, 0, 1, 0])
    rows = agreement_of_people(ITEMS, {"a": person, "b": person.copy()}, n_resamples=50)
    kappa = next(row.kappa for row in rows if row.beside == "b" and row.on == "top-1")
    assert kappa.value == kappa.high == 1
    assert 0 < kappa.low < 1


def test_the_adjudicator_is_read_by_what_the_key_says(tmp_path):
    head = ("case_id", "model", "arm", "image_arm", "rank", "n_draws", "n_read", "n_same")
    rows = [[*one.about, rank, 1, 1, 1] for one, rank in zip(ITEMS, (1, 0, "", 2), strict=False)]
    rows.append(["other", "secret/m", "image only", "all", 1, 1, 1, 1])
    found = read_adjudicated(written(tmp_path / "adjudicated.csv", head, rows), ITEMS)
    assert found.tolist()[:2] == [1, 0]
    assert np.isnan(found[[2, 4, 5]]).all()
    with pytest.raises(DataError, match="about none of the answers"):
        read_adjudicated(written(tmp_path / "other.csv", head, rows[-1:]), ITEMS)
    rows[0][4] = "x"
    with pytest.raises(DataError, match="rank is 'x'"):
        read_adjudicated(written(tmp_path / "bad.csv", head, rows), ITEMS)


def test_text_and_csv_show_n_and_what_is_missing(tmp_path):
    rows = agreement_of_people(ITEMS, {"ann": np.array([1.0, 1, 0, 0, math.nan, 1])}, n_resamples=50)
    text = people_text(rows, N)
    assert "4 of 6" in text
    assert "not the study's" in text
    found = list(csv.DictReader(people_csv(rows).splitlines()))
    assert [row["on"] for row in found[:4]] == ["top-1", "top-3", "top-5", "place"]
    assert (found[0]["n"], found[0]["n_missing"], found[3]["both"]) == ("4", "2", "")


def test_the_command_reads_sheets_of_several_people(key, tmp_path):
    ann = sheet(tmp_path / "ann.csv", ["2", "2", "0", "0", "", "2"])
    (tmp_path / "run").mkdir()
    head = ("case_id", "model", "arm", "image_arm", "rank", "n_draws", "n_read", "n_same")
    written(tmp_path / "run" / "adjudicated.csv", head, [[*one.about, 1, 1, 1, 1] for one in ITEMS])
    (tmp_path / "else").mkdir()
    ben = sheet(tmp_path / "else" / "ann.csv", ["0", "2", "0", "1", "2", "2"])
    more = ["--run", str(tmp_path / "run"), "--csv", str(tmp_path / "people.csv"), "--resamples", "20"]
    done = CliRunner().invoke(cli, ["clinic", "sheets", str(key), str(ann), str(ben), *more])
    assert done.exit_code == 0, done.output
    assert "adjudicator" in done.stdout
    assert str(ben) in done.stdout
    assert len(Path(tmp_path / "people.csv").read_text().splitlines()) == 1 + 4 * (2 * 3 + 1) + 3 * 4
    assert "Led back to the study" in done.stdout
    twice = CliRunner().invoke(cli, ["clinic", "sheets", str(key), str(ann), str(ann)])
    assert "given twice" in str(twice.exception)
    bare = CliRunner().invoke(cli, ["clinic", "sheets", str(key), str(ann), "--run", str(tmp_path / "else")])
    assert "has no adjudicated.csv" in str(bare.exception)
