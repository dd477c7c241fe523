"""`dermatrust report`: runs, studies and audits on one page, or one line that says why not."""

import re
from dataclasses import replace

import pytest
from click.testing import CliRunner

from dermatrust.audit.references import ReferenceAudit
from dermatrust.bench.results import Estimate
from dermatrust.cli.main import cli
from dermatrust.datasets.atlas import write_atlas
from dermatrust.errors import DataError
from dermatrust.store.result import RESULT, read_result, write_result


def run(*arguments):
    return CliRunner().invoke(cli, arguments, catch_exceptions=True)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """An audit of references, a report card of judges and an alignment study of one drawn dataset."""
    path = tmp_path_factory.mktemp("report")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(path)
        write_atlas(path / "a", n=12, seed=0, raters=2)
        for arguments in (
            ("judge", "a", "-q"),
            ("audit", "references", "a", "--out", "references", "-q"),
            ("audit", "references", "a", "--out", "again", "-q"),
            ("audit", "judge", "a", "-n", "3", "--run-id", "judge", "-q"),
            ("align", "a", "--out", "align", "--resamples", "50"),
        ):
            done = run(*arguments)
            assert done.exit_code == 0, done.output
    return path


@pytest.fixture
def here(folder, monkeypatch):
    monkeypatch.chdir(folder)
    return folder


def test_a_report_without_models_says_what_it_has_and_what_would_add_the_rest(here):
    done = run("report", "references", "align", "runs/judge")
    assert done.exit_code == 0, done.output
    page = (here / "report.html").read_text("utf-8")
    chapters = re.findall(r'<div class="chapter" id="([^"]+)">', page)
    assert chapters == ["judge-report-card", "alignment-with-people", "audit-of-references"]
    assert page.count("<h1>") == 1
    idents = re.findall(r' id="([^"]+)"', page)
    assert len(idents) == len(set(idents))
    assert "None of its numbers says anything about clinical performance" in page
    assert "<code>dermatrust bench DATASET -m MODEL</code>" in page
    assert "<code>dermatrust audit injection" in page
    assert "<code>dermatrust align" not in page
    assert "confusion" in page
    assert "a report quotes no case" in page
    assert "<img" not in page


def test_a_chapter_of_a_run_says_when_and_by_which_run_it_was_made(here):
    done = run("report", "runs/judge", "references", "-o", "run.html")
    assert done.exit_code == 0, done.output
    page = (here / "run.html").read_text("utf-8")
    assert "<dt>Run</dt><dd>judge</dd>" in page
    assert "<dt>Date</dt>" in page


def test_a_chapter_shows_the_numbers_of_its_own_page(here):
    def numbers(file):
        text = re.sub(r'<section id="align-worst".*?</section>', "", (here / file).read_text("utf-8"), flags=re.S)
        return re.findall(r'<td class="number[^"]*">(.*?)</td>', text, flags=re.S)

    run("report", "align", "-o", "one.html")
    assert len(numbers("one.html")) > 200
    assert numbers("one.html") == numbers("align/alignment.html")


def test_the_page_is_named_by_out_as_elsewhere_and_by_the_old_word(here):
    for option in ("--out", "-o", "--output"):
        done = run("report", "references", option, f"page{option}.html")
        assert done.exit_code == 0, done.output
        assert (here / f"page{option}.html").stat().st_size > 10_000
    said = run("report", "--help").output
    assert "--out " in said
    assert "--output" not in said


def test_two_of_a_kind_are_refused(here):
    done = run("report", "references", "again")
    assert isinstance(done.exception, DataError)
    assert str(done.exception) == (
        "again: is a second audit of references, beside references; expected one of a kind. Make a report of each."
    )


def test_synthetic_and_real_are_never_on_one_page(here):
    audit = read_result(here / "references" / RESULT, ReferenceAudit)
    real = audit.card.model_copy(update={"synthetic": False, "name": "photographs"})
    (here / "real").mkdir(exist_ok=True)
    write_result(here / "real" / RESULT, replace(audit, card=real))
    done = run("report", "align", "real")
    assert isinstance(done.exception, DataError)
    assert "real: is of photographs, which is not synthetic" in str(done.exception)


def test_a_folder_that_is_neither_is_refused(here):
    (here / "empty").mkdir(exist_ok=True)
    (judged,) = (here / "runs").glob("judge-*")  # the ratings of `judge` are in the dataset
    for name in ("empty", "a", f"runs/{judged.name}"):
        done = run("report", name)
        assert isinstance(done.exception, DataError)
        assert f"{name}: holds nothing that a report shows; expected the folder of a finished `bench`, `run`, " in str(
            done.exception
        )
    assert "nowhere: does not exist; expected the folder" in str(run("report", "nowhere").exception)
    write_result(here / "empty" / RESULT, Estimate(1.0, 0.0, 2.0, n=1, n_missing=0))
    done = run("report", "empty")
    assert "holds 'Estimate'" in str(done.exception)
    (here / "empty" / RESULT).unlink()
