"""The chapter of published benchmarks: every number is a result's, and what cannot be compared is not."""

import json
import math
import re
import sys
from dataclasses import replace
from html import unescape

import pytest

from dermatrust.cli.main import main
from dermatrust.errors import DataError
from dermatrust.protocols.result import NOT_RECORDED, Asked, MetricRow, ProtocolResult
from dermatrust.protocols.several import ProtocolRuns, places
from dermatrust.report import write_trust_report
from dermatrust.report.protocol_runs import figure_text, protocol_context
from dermatrust.store.result import read_result, write_result

from .protocol_study import ASKED, a_run
from .shown import words

HOSTILE = "<script>alert('x')</script>"


def several():
    return (
        a_run("m/best", right=90, wrong=10),
        a_run("m/next", right=82, wrong=13, silent=5),
        a_run("m/last", right=30, wrong=40, silent=4, unjudged=20, failed=6, others={}),
    )


@pytest.fixture
def page(tmp_path):
    def written(*runs):
        write_trust_report(tmp_path / "report.html", [ProtocolRuns(runs)])
        return (tmp_path / "report.html").read_text(encoding="utf-8")

    return written


def rows_of(html, ident):
    """Return the rows of a table, each with the heading that it stands under."""
    table = re.search(rf'id="{ident}-caption"(.*?)</table>', html, re.DOTALL).group(1)
    rows, heading = [], ""
    for row in re.findall(r"<tr>(.*?)</tr>", table, re.DOTALL)[1:]:
        cells = [(kind, words(cell)) for kind, cell in re.findall(r"<(t[hd])(?: [^>]*)?>(.*?)</t[hd]>", row, re.DOTALL)]
        heading = cells[0][1] if cells[0][0] == "th" else heading
        rows.append([heading, *(text for kind, text in cells if kind == "td")])
    return rows


def boards_of(*runs):
    return protocol_context(ProtocolRuns(runs))["boards"]


def test_every_figure_is_in_the_result_and_every_figure_of_the_result_is_on_the_page(page):
    runs = several()
    html = page(*runs)
    shown = []
    for ident in ("metrics", "by-1", "by-1-others"):
        for heading, model, figure, n, *_ in rows_of(html, f"protocol-1-{ident}"):
            shown.append((model, heading, figure, n))
    wanted = []
    for run in runs:
        for row in run.rows:
            ends = "" if math.isnan(row.low) else f" [{figure_text(row.low)}, {figure_text(row.high)}]"
            level = row.level if row.metric == "accuracy" else f"{row.level}: {row.metric}"
            heading = level if row.tag else row.metric
            wanted.append((run.model, heading, figure_text(row.value) + ends, f"{row.n}"))
    assert sorted(shown) == sorted(wanted)
    assert len(wanted) == 3 * 3 * 3


def test_what_became_of_the_items_adds_up(page):
    counts = {row[0]: row[1:] for row in rows_of(page(*several()), "protocol-1-counts")}
    assert counts["m/best"] == ["100", "0 of 100", "0 of 100", "0 of 100", "none"]
    assert counts["m/next"] == ["100", "5 of 100", "0 of 100", "0 of 100", "none"]
    reasons = "20 × a judge did not answer; 6 × server error: HTTP 500"
    assert counts["m/last"] == ["100", "4 of 100", "20 of 100", "6 of 100", reasons]


def test_models_that_intervals_do_not_set_apart_share_a_place(page):
    html = page(*several())
    places_shown = {row[1]: row[4] for row in rows_of(html, "protocol-1-metrics") if row[0] == "accuracy"}
    assert places_shown == {"m/best": "1 (shared)", "m/next": "1 (shared)", "m/last": "3"}
    (board,) = boards_of(*several())
    assert board.finding == (
        "Highest is m/best: accuracy 0.900 (interval 0.826 to 0.945), "
        "which is not set apart by its interval from m/next."
    )
    (apart,) = boards_of(several()[0], several()[2])
    assert apart.finding.endswith("which is apart from all others.")


def test_one_model_alone_has_no_place_and_no_column_of_models(page):
    html = page(several()[0])
    assert rows_of(html, "protocol-1-metrics")[0] == ["accuracy", "0.900 [0.826, 0.945]", "100"]
    assert ">Place<" not in html


@pytest.mark.parametrize(
    "change",
    [
        {"variant": "released-code"},
        {"method": "few-shot:3"},
        {"version": 2},
        {"others": {"judge": "m/judge"}},
        {"asked": replace(ASKED, data_hash="other")},
        {"asked": replace(ASKED, limit=50)},
        {"asked": replace(ASKED, prompt_hash="other")},
        {"asked": replace(ASKED, settings={"pool": "other"})},
        {"n_items": 99},
    ],
)
def test_runs_that_asked_something_else_are_not_compared(change):
    first, second = a_run("m/one", right=50, wrong=50), a_run("m/two", right=90, wrong=10)
    assert [len(board.counts) for board in boards_of(first, second)] == [2]
    assert [len(board.counts) for board in boards_of(first, replace(second, **change))] == [1, 1]


def test_tables_of_one_protocol_that_cannot_be_compared_are_numbered():
    first, second = a_run("m/one", right=50, wrong=50), a_run("m/two", right=90, wrong=20)
    boards = boards_of(first, second, a_run("m/one", right=1, name="medqa"))
    assert [board.title for board in boards] == ["medirt, table 1 of 2", "medirt, table 2 of 2", "medqa"]


def recorded(model="o.jsonl", right=50, wrong=50, **more):
    """Return what `dermatrust replay` makes of outputs: it knows the data, and nothing of the prompt."""
    asked = Asked(ASKED.data, ASKED.data_hash, ASKED.limit)
    return a_run(model, right=right, wrong=wrong, **({"asked": asked, "is_recorded": True} | more))


def test_recorded_outputs_stand_beside_runs_on_the_same_data_and_are_marked(page):
    runs = a_run("m/one", right=90, wrong=10), recorded(right=95, wrong=5), recorded("m/one", right=10, wrong=90)
    (board,) = boards_of(*runs)
    assert [one.model for one in board.counts] == ["o.jsonl (recorded)", "m/one", "m/one (recorded)"]
    assert board.finding.startswith("Highest is o.jsonl (recorded): accuracy 0.950")
    assert "Their prompt may have been another" in board.notices[-1]
    assert dict(board.facts)["Asked"].endswith("prompt fedcba987654")  # that of the runs, which is known
    assert ["accuracy", "o.jsonl (recorded)", "0.950 [0.888, 0.978]", "100", "1 (shared)"] in rows_of(
        page(*runs), "protocol-1-metrics"
    )


def test_what_a_record_lacks_is_no_failed_ask(page):
    run, record = a_run("m/one", right=95, failed=5), recorded(right=90, wrong=4, failed=6)
    record = replace(record, missing={NOT_RECORDED: 6})
    assert (record.n_missing, record.n_failed, record.n_not_recorded) == (6, 0, 6)

    def shown(*runs):
        html = page(*runs)
        titles = re.search(r"counts-caption.*?<thead>(.*?)</thead>", html, re.DOTALL)[1]
        return re.findall(r">([^<]+)</th>", titles)[2:], rows_of(html, "protocol-1-counts")

    titles, rows = shown(run, record)
    assert titles == ["Not answered", "Verdict missing", "Ask failed", "Not recorded", "Why missing"]
    assert rows == [
        ["m/one", "100", "0 of 100", "0 of 100", "5 of 100", "–", "5 × server error: HTTP 500"],
        ["o.jsonl (recorded)", "100", "0 of 100", "0 of 100", "–", "6 of 100", "6 × not recorded"],
    ]
    assert shown(record)[0] == ["Not answered", "Verdict missing", "Not recorded", "Why missing"]
    assert shown(run)[0] == ["Not answered", "Verdict missing", "Ask failed", "Why missing"]


@pytest.mark.parametrize(
    "change",
    [
        {"others": {"judge": "m/judge"}},
        {"variant": "released-code"},
        {"method": "few-shot:3"},
        {"version": 2},
        {"n_items": 99},
        {"asked": replace(ASKED, data_hash="other")},
        {"asked": replace(ASKED, data_hash="")},
        {"asked": replace(ASKED, limit=50)},
    ],
)
def test_recorded_outputs_of_something_else_stand_alone(change):
    run = replace(a_run("m/one", right=50, wrong=50), **change)
    assert [len(board.counts) for board in boards_of(run, recorded())] == [1, 1]


def test_recorded_outputs_that_could_belong_to_two_boards_or_know_no_data_stand_alone():
    first, second = a_run("m/one", right=50, wrong=50), a_run("m/two", right=50, wrong=50)
    second = replace(second, asked=replace(ASKED, prompt_hash="other"))
    assert sorted(len(board.counts) for board in boards_of(first, second, recorded(), recorded("p.jsonl"))) == [1, 1, 2]
    nameless = recorded(asked=Asked())
    assert [len(board.counts) for board in boards_of(replace(first, asked=replace(ASKED, data_hash="")), nameless)] == [
        1,
        1,
    ]


def test_two_runs_of_one_model_are_refused():
    with pytest.raises(DataError, match=r"two runs of 'o\.jsonl'"):
        boards_of(several()[0], recorded(), recorded())
    with pytest.raises(DataError, match="two runs of 'm/best' on the same data"):
        boards_of(several()[0], several()[0])


def test_it_says_what_it_measures_what_it_is_not_for_and_what_was_asked(page):
    text = words(page(a_run("m/best", right=1, name="medqa", asked=replace(ASKED, limit=1, settings={"pool": "abc"}))))
    assert "Measures Recall and application of exam-style medical knowledge. Text only." in text
    assert "Not for Claims about imaging, safety or dermatology: few items concern the skin." in text
    assert "medqa not verified" in text
    assert "rows.jsonl, the first 1 row of it, SHA-256 0123456789ab" in text
    assert "1 item; version 1 of the protocol; prompt fedcba987654" in text
    assert "Method pool abc" in text
    assert words(page(a_run("m/best", right=1, name="medexpqa"))).count("verified in part") == 1


@pytest.mark.parametrize(
    ("run", "said"),
    [
        (a_run("nano/narrator-weak", right=5), "Trained on drawn pictures alone"),
        (a_run("scripted", right=5), "Answered by a script, not by a model"),
        (a_run("m", right=5, others={"judge": "scripted/judge"}), "says nothing about any model: scripted/judge."),
        (a_run("outputs.jsonl", right=5, is_recorded=True), "Scored from recorded outputs"),
        (a_run("replay:o.jsonl#m", right=5), "Scored from recorded outputs"),
        (a_run("m", right=5, failed=1), "Items are missing of m"),
    ],
)
def test_what_is_no_model_or_not_whole_is_told(run, said):
    (board,) = boards_of(run)
    assert len(board.notices) == 1
    assert said in board.notices[0]
    assert not boards_of(a_run("m/real", right=5))[0].notices


def test_a_run_of_which_nothing_could_be_scored_says_so(page):
    (board,) = boards_of(a_run("m", right=0, failed=3))
    assert board.finding == "Nothing could be scored."
    assert board.chart is None
    assert rows_of(page(a_run("m", right=0, failed=3)), "protocol-1-metrics")[0] == ["accuracy", "–", "0"]


def test_a_level_that_only_one_model_has_is_a_dash_for_the_other(page):
    runs = a_run("m/one", right=4, topics=("skin",)), a_run("m/two", right=4, topics=("skin", "bone"))
    lines = rows_of(page(*runs), "protocol-1-by-1")
    assert ["bone", "m/one", "–", "0"] in lines


def test_a_figure_beyond_0_and_1_is_in_the_table_and_not_drawn():
    run = a_run("m", right=2)
    beyond = replace(run, rows=(MetricRow("cost", "", "", 12.5, 10.0, 150.0, 2),))
    (board,) = boards_of(beyond)
    assert board.chart is None
    assert (board.metrics[0].figures[0].value, board.metrics[0].figures[0].interval) == ("12.500", "[10.000, 150.0]")


def test_places_of_hand_worked_intervals():
    ends = [(0.8, 0.9), (0.85, 0.95), (0.5, 0.84), (0.1, 0.2), (math.nan, math.nan)]
    rows = [MetricRow("a", "", "", (low + high) / 2, low, high, 10) for low, high in ends]
    assert places(rows) == [1, 1, 2, 4, 0]  # the third meets the first, and is below the second alone


def test_names_are_text(page):
    run = replace(a_run(HOSTILE, right=2, failed=1), missing={HOSTILE: 1}, others={"judge": HOSTILE})
    html = page(run)
    assert HOSTILE not in html
    assert HOSTILE in unescape(html)


def test_a_result_of_before_is_shown_with_what_it_has(tmp_path, page):
    write_result(tmp_path / "result.json", a_run("m", right=3))
    held = json.loads((tmp_path / "result.json").read_text())
    for name in ("card", "facts", "asked", "is_recorded"):
        del held["result"][name]
    (tmp_path / "result.json").write_text(json.dumps(held))
    old = read_result(tmp_path / "result.json", ProtocolResult)
    assert old.asked == Asked()
    text = words(page(old))
    assert "medirt not recorded" in text
    assert "prompt not recorded" in text


def test_the_command_puts_folders_of_protocols_on_one_page(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    for k, run in enumerate(several()):
        write_result(tmp_path / f"run{k}" / "result.json", run)
    monkeypatch.setattr(sys, "argv", ["dermatrust", "report", "run0", "run1", "run2"])
    with pytest.raises(SystemExit) as caught:
        main()
    assert not caught.value.code, capsys.readouterr().err
    html = (tmp_path / "report.html").read_text()
    assert "Published benchmarks: <bdi>medirt</bdi>" in html
    assert len(rows_of(html, "protocol-1-counts")) == 3
    monkeypatch.setattr(sys, "argv", ["dermatrust", "report", "run0", "run0"])
    with pytest.raises(SystemExit) as caught:
        main()
    assert caught.value.code == 2
    assert "two runs of 'm/best'" in capsys.readouterr().err
