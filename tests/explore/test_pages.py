"""What the pages say: the numbers of the report, of the files as they are now."""

import json
import re
import shutil

import pytest
from click.testing import CliRunner

from dermatrust.bench.kept import keep_table
from dermatrust.bench.table import bench_table
from dermatrust.cli.main import cli
from dermatrust.store.run import RunFolder
from dermatrust.store.scores import read_scores


def table_of(html, ident):
    """Return the rows of a table as texts."""
    found = re.search(rf'<caption id="{ident}-caption">.*?</table>', html, re.DOTALL)[0]
    rows = re.findall(r"<tr>(.*?)</tr>", found, re.DOTALL)
    cells = [re.findall(r"<t[hd].*?</t[hd]>", row, re.DOTALL) for row in rows]
    return [[" ".join(re.sub(r"<[^>]+>", " ", cell).split()) for cell in row] for row in cells]


def test_its_numbers_are_those_of_the_report_of_the_same_run(client, folder, tmp_path):
    page = tmp_path / "report.html"
    done = CliRunner().invoke(cli, ["report", str(folder / "one"), "-o", str(page)], catch_exceptions=False)
    assert done.exit_code == 0
    report, live = page.read_text(), client.get("/runs/one").text
    for ident in ("headline-1", "headline-2", "dimension-macro", "dimension-safety", "difference-0-macro"):
        assert table_of(live, ident) == table_of(report, ident) != []
    data = client.get("/runs/one/data").text
    assert "All cases (24) are of one category: Eczema." in data
    assert "All cases (24) are of one category: Eczema." in report
    model = table_of(client.get("/runs/one/model?name=strong").text, "model-scores")
    assert model[1][1:8] == next(row for row in table_of(report, "headline-1") if row[0] == "strong")[1:8]


def test_models_can_be_ordered_by_any_dimension(client):
    rows = table_of(client.get("/runs/one?by=safety").text, "headline-1")[1:]
    means = [float(row[2].split()[0]) for row in rows]
    assert means == sorted(means, reverse=True)
    assert 'aria-sort="descending"><a href="?by=safety">' in client.get("/runs/one?by=safety").text
    assert client.get("/runs/one?by=beauty").status_code == 404


def test_every_page_says_from_which_run_prompt_and_code_its_numbers_are(client):
    for page in ("", "/model?name=weak", "/raters", "/cases", "/case?id=case-01", "/data", "/methods"):
        footer = client.get(f"/runs/one{page}").text.split("<footer>")[1]
        assert all(text in footer for text in ("0.1.0", "one", "candidate@1", "0123456789ab")), page


def test_a_case_shows_picture_reference_narratives_scores_critiques_and_people(client_of, run_of, tmp_path):
    from dermatrust.records import DIMENSIONS, Rating
    from dermatrust.store import append_records

    data = run_of(tmp_path / "run", text="A silvery plaque.", critique="No scale is named.")
    narrative = json.loads((tmp_path / "run" / "narratives.jsonl").read_text().splitlines()[0])
    client = client_of(tmp_path / "run")
    assert "dr-a" not in client.get("/runs/run/case?id=case-00").text
    scores = dict.fromkeys(DIMENSIONS, 3.0)
    append_records(data.path / "ratings.jsonl", [Rating(narrative_id=narrative["id"], rater="dr-a", scores=scores)])
    page = client.get("/runs/run/case?id=case-00").text
    assert page.count('<img src="data:image/jpeg;base64,') == 1
    for text in ("A red plaque.", "A silvery plaque.", "No scale is named.", "psoriasis", "dr-a", "Draft reference"):
        assert text in page


def test_without_its_dataset_or_texts_a_case_says_what_is_missing_and_shows_its_scores(client_of, run_of, tmp_path):
    data = run_of(tmp_path / "run", is_kept=False)
    data.path.rename(tmp_path / "moved")
    page = client_of(tmp_path / "run").get("/runs/run/case?id=case-00").text
    assert "--dataset FOLDER" in page
    assert "made by an earlier version" in page
    assert len(table_of(page, "kept-scores")) == 1 + 4
    found = client_of(tmp_path / "run", datasets=[tmp_path / "moved"]).get("/runs/run/case?id=case-00").text
    assert "--dataset FOLDER" not in found
    assert "<img" in found


def test_a_dataset_that_has_changed_since_is_not_taken_for_that_of_the_run(client_of, run_of, tmp_path):
    data = run_of(tmp_path / "run")
    with (data.path / "references.jsonl").open("a") as file:
        file.write('{"id":"x","case_id":"case-00","text":"Another.","author":"a","stream":"reference"}\n')
    assert "--dataset FOLDER" in client_of(tmp_path / "run").get("/runs/run/case?id=case-00").text


@pytest.mark.parametrize(("query", "n"), [
    ("", 24), ("q=CASE-0", 10), ("site=face", 8), ("site=not recorded", 8), ("skin_type=VI", 4), ("order=x", 24),
    ("category=Eczema", 24), ("category=Acne", 0), ("at_most=0", 0), ("at_most=nan", 24), ("at_most=x", 24),
    ("q=case-0&site=back", 3), ("page=99", 24), ("page=-1", 24), ("page=1e300", 24),
])  # fmt: skip
def test_cases_are_found_by_what_they_are(client, query, n):
    page = client.get(f"/runs/one/cases?{query}").text
    assert (len(table_of(page, "cases-table")) - 1 if n else page.count("No case is like that")) == (n or 1)


@pytest.mark.parametrize(
    ("order", "column", "is_falling"), [("lowest", 4, False), ("highest", 4, True), ("apart", 5, True)]
)
def test_cases_stand_in_the_order_asked_for(client, order, column, is_falling):
    rows = table_of(client.get(f"/runs/one/cases?order={order}").text, "cases-table")[1:]
    numbers = [float(row[column]) for row in rows]
    assert numbers == sorted(numbers, reverse=is_falling)


def test_many_cases_come_in_pages_that_keep_the_filter(client_of, run_of, tmp_path):
    run_of(tmp_path / "run", ids=[f"c{k:03}" for k in range(120)], authors=("m",), raters=("lexical",))
    client = client_of(tmp_path / "run")
    seen = []
    for page in (1, 2, 3):
        html = client.get(f"/runs/run/cases?order=case&page={page}&q=c").text
        seen += [row[0] for row in table_of(html, "cases-table")[1:]]
        assert f"Page {page} of 3" in html
    assert seen == [f"c{k:03}" for k in range(120)]
    assert "cases?order=case&amp;q=c&amp;page=2" in client.get("/runs/run/cases?order=case&q=c").text


def test_a_run_that_changes_is_read_anew(client_of, run_of, tmp_path):
    run_of(tmp_path / "run")
    client = client_of(tmp_path)
    assert "middling" not in client.get("/runs/run").text
    shutil.rmtree(tmp_path / "run-data")
    shutil.rmtree(tmp_path / "run")
    run_of(tmp_path / "run", authors=("strong", "middling"))
    assert "middling" in client.get("/runs/run").text


def test_what_is_damaged_is_named_and_breaks_nothing(client_of, run_of, tmp_path):
    for name in ("good", "cut", "unfinished", "broken"):
        run_of(tmp_path / "runs" / name)
        shutil.rmtree(tmp_path / "runs" / f"{name}-data")
    cut = tmp_path / "runs" / "cut" / "scores.parquet"
    cut.write_bytes(cut.read_bytes()[:-200])
    (tmp_path / "runs" / "unfinished" / "scores.parquet").unlink()
    (tmp_path / "runs" / "broken" / "manifest.json").write_text('{"run_id": 3')
    client = client_of(tmp_path / "runs")
    listed = client.get("/").text
    assert "is not valid JSON" in listed
    assert "has not finished" in listed
    assert client.get("/runs/good").status_code == 200
    assert (answer := client.get("/runs/cut")).status_code == 422
    assert "is cut off" in answer.text
    assert client.get("/runs/unfinished").status_code == 422


def test_two_runs_of_one_name_have_addresses_of_their_own(client_of, run_of, tmp_path):
    run_of(tmp_path / "a" / "run", authors=("first",))
    run_of(tmp_path / "b" / "run", authors=("second",))
    client = client_of(tmp_path / "a" / "run", tmp_path / "b" / "run")
    assert "first" in client.get("/runs/run").text
    assert "second" in client.get("/runs/run-2").text


@pytest.mark.parametrize(
    "page", ["", "/model?name=strong", "/raters", "/cases", "/case?id=case-00", "/data", "/methods"]
)
def test_every_page_can_be_kept_as_one_file_that_fetches_nothing(client, page):
    answer = client.get(f"/runs/one{page}{'&' if '?' in page else '?'}file=1")
    assert re.fullmatch(r'attachment; filename="one-[a-z]+\.html"', answer.headers["content-disposition"])
    assert "sha256-" in answer.text
    assert "<style>" in answer.text
    assert re.findall(r'(?:src|href)="(?!data:|#)[^"]*"', answer.text) == []


def test_a_file_holds_no_picture_that_may_not_leave_the_machine(client_of, run_of, tmp_path):
    run_of(tmp_path / "run", may_leave=False, synthetic=False)
    client = client_of(tmp_path / "run")
    assert "<img" in client.get("/runs/run/case?id=case-00").text
    kept = client.get("/runs/run/case?id=case-00&file=1").text
    assert "<img" not in kept
    assert re.search(r"may not leave this machine. SHA-256 [0-9a-f]{64}", kept)
    assert "Confidential." in kept


def test_the_table_a_run_keeps_is_shown_without_resampling_it_again(client_of, run_of, tmp_path, monkeypatch):
    run_of(tmp_path / "run")
    resampled = client_of(tmp_path / "run").get("/runs/run").text
    folder = RunFolder(tmp_path / "run")
    keep_table(folder, bench_table(read_scores(folder.scores_path), kinds={"lexical": "lexical", "judge": "llm"}))
    monkeypatch.setattr("dermatrust.explore.runs.bench_table", lambda *args, **kwargs: pytest.fail("resampled again"))
    assert client_of(tmp_path / "run").get("/runs/run").text == resampled


def test_flagged_ratings_are_counted_by_rater_and_model_where_there_are_any(client_of, run_of, tmp_path):
    run_of(tmp_path / "plain")
    run_of(tmp_path / "run", unfamiliar=("case-01", "case-07"))
    client = client_of(tmp_path)
    for page in ("", "/raters"):
        assert "never met" not in client.get(f"/runs/plain{page}").text
        text = client.get(f"/runs/run{page}").text
        assert 'unfamiliar_text<span class="interval">by judge</span>' in text
        assert re.search(r'<bdi>[^<]*weak</bdi></th><td class="number">2 of 24</td>', text)
        assert "injection_suspected" not in text.replace("unfamiliar_text", "")
