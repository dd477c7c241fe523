"""Published benchmarks in the explorer: the chapter of the report, live, of whatever lies in the folders now."""

import re
from dataclasses import replace

import pytest

from dermatrust.explore.runs import Runs
from dermatrust.protocols.several import ProtocolRuns
from dermatrust.report.chapters import chapters
from dermatrust.store.result import write_result

from ..report.protocol_study import a_run  # noqa: TID252  # tests are no package, so there is no other way to name it

HOSTILE = "<script>window.__xss=1</script>"
VIEWS = {"light": {}, "dark": {"color_scheme": "dark"}, "narrow": {"viewport": {"width": 320, "height": 640}}}


def put(folder, name, result):
    (folder / name).mkdir(parents=True, exist_ok=True)
    write_result(folder / name / "result.json", result)
    return result


@pytest.fixture
def folder(tmp_path, run_of):
    path = tmp_path / "runs"
    run_of(path / "one")
    put(path, "best", a_run("m/best", right=90, wrong=10))
    put(path, "next", a_run(HOSTILE, right=82, wrong=13, silent=5, failed=3))
    put(path, "qa", a_run("m/best", right=9, wrong=1, name="medqa"))
    return path


def test_the_page_is_the_chapter_of_the_report_and_every_page_leads_to_it(client_of, folder):
    client = client_of(folder)
    page = client.get("/benchmarks")
    assert page.status_code == 200
    results, problems = Runs([folder]).benchmarks()
    assert len(results) == 3
    assert not problems
    (chapter,) = chapters([ProtocolRuns(tuple(results))])
    assert str(chapter.html).partition("<section")[2].rpartition("</section>")[0] in page.text
    assert "0.900" in page.text
    assert HOSTILE not in page.text
    assert 'href="/benchmarks" aria-current="page"' in page.text
    for other in ("/", "/runs/one", "/runs/one/cases"):
        assert 'href="/benchmarks"' in client.get(other).text
    assert "3 runs of published benchmarks" in client.get("/").text
    assert "cannot be shown" not in client.get("/").text
    assert client.get("/studies/best").status_code == 404


PAGES = ("/", "/benchmarks", *(f"/runs/one{place}" for place in ("", "/raters", "/cases", "/data", "/methods")))


@pytest.mark.parametrize("path", PAGES)
def test_a_page_reads_the_folders_once(client_of, folder, monkeypatch, path):
    client, read, n_reads = client_of(folder), Runs._folders, []
    monkeypatch.setattr(Runs, "_folders", lambda runs: (n_reads.append(1), read(runs))[1])
    for asked in (1, 2):
        assert client.get(path).status_code == 200
        assert len(n_reads) == asked


def test_what_is_put_there_later_is_shown_and_of_two_alike_one_is(client_of, folder):
    client = client_of(folder)
    assert "0.123" not in client.get("/benchmarks").text
    put(folder, "third", a_run("m/third", right=123, wrong=877))
    put(folder, "twin", a_run("m/best", right=50, wrong=50))
    page = client.get("/benchmarks").text
    assert "0.123" in page
    assert "Not shown: twin asked m/best the same as best" in page
    assert "0.500" not in page


def test_a_damaged_one_is_told_and_the_others_are_shown(client_of, folder):
    whole = (folder / "qa" / "result.json").read_text()
    (folder / "qa" / "result.json").write_text(whole.replace('"n_items"', '"n_itemz"'))
    page = client_of(folder).get("/benchmarks").text
    assert re.search(r"Not shown: [^<]*qa", page)
    assert "0.900" in page


def test_without_any_there_is_no_link_and_no_page(client_of, tmp_path, run_of):
    run_of(tmp_path / "runs" / "one")
    client = client_of(tmp_path / "runs")
    assert "/benchmarks" not in client.get("/").text
    assert client.get("/benchmarks").status_code == 404


def test_data_that_may_not_leave_are_named_and_a_file_fetches_nothing(client_of, folder):
    client = client_of(folder)
    assert "Confidential." not in client.get("/benchmarks").text
    file = client.get("/benchmarks?file=1")
    assert file.headers["content-disposition"] == 'attachment; filename="published-benchmarks.html"'
    assert re.findall(r'(?:src|href)="(?!data:|#|https://)[^"]*"', file.text) == []
    run = a_run("m/best", right=90, wrong=10)
    put(folder, "best", replace(run, card=run.card.model_copy(update={"may_leave_machine": False})))
    assert "Confidential." in client.get("/benchmarks").text
    assert "Confidential." in client.get("/benchmarks?file=1").text


def test_without_the_key_nothing_is_shown(client_of, folder):
    assert "m/best" not in client_of(folder, key="").get("/benchmarks").text


@pytest.mark.timeout(280)
@pytest.mark.parametrize("view", VIEWS)
def test_axe_finds_nothing_and_nothing_is_cut_off(served, folder, browser, axe_violations, view):
    address = served(folder)
    context = browser.new_context(**VIEWS[view])
    try:
        page = context.new_page()
        page.goto(f"{address}/?key=the-key-of-the-tests")
        page.get_by_role("link", name="Benchmarks", exact=True).first.click()
        page.wait_for_url("**/benchmarks")
        page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert axe_violations(page) == []
        assert wider <= 0
    finally:
        context.close()
