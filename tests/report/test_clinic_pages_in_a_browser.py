"""Pages of clinical studies in a browser, with everything they can show; none of them needs a model to have run."""

import pytest

from dermatrust.protocols.several import ProtocolRuns
from dermatrust.report import write_trust_report
from dermatrust.report.clinic_page import write_clinic_page

from . import drawn_study
from .conftest import build_manifest
from .protocol_study import a_run
from .test_pages_in_a_browser import A4, open_everything, opened, without_shadows

PHONE = {"width": 390, "height": 844}
PAGES = ("ddx", "triage", "stress", "baseline", "gap", "protocols")


@pytest.fixture(scope="module", autouse=True)
def pages(tmp_path_factory):
    """A folder with every page, made before the browser is opened."""
    pytest.importorskip("sklearn")
    folder = tmp_path_factory.mktemp("pages")
    studies = {
        "ddx": drawn_study.drawn_differentials(folder),
        "triage": drawn_study.drawn_triage(folder),
        "stress": drawn_study.drawn_stress(folder),
        "baseline": drawn_study.drawn_baselines(),
        "gap": drawn_study.drawn_gap(folder),
    }
    for name, result in studies.items():
        write_clinic_page(folder / f"{name}.html", result, manifest=build_manifest(list(drawn_study.MODELS), []))
    write_trust_report(folder / "protocols.html", [ProtocolRuns(_protocol_runs())])
    return folder


def _protocol_runs():
    names = ("nano/narrator-weak", "http://localhost:8000/v1#a-model-with-a-long-name-7b-instruct", "openai/gpt-5")
    runs = [a_run(name, right=70 - 30 * k, wrong=20, silent=10, failed=30 * k) for k, name in enumerate(names)]
    alone = a_run("openai/gpt-5", right=10, wrong=3, name="medqa", method="self-consistency:5", others={"judge": "m/j"})
    return (*runs, alone)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_has_nothing_to_mend(browser, axe_violations, pages, name, scheme):
    with opened(browser, pages / f"{name}.html", scheme=scheme) as page:
        open_everything(page)
        without_shadows(page)
        assert axe_violations(page) == []


@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_a_phone(browser, pages, name):
    with opened(browser, pages / f"{name}.html", size=PHONE) as page:
        open_everything(page)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]


def test_intervals_of_the_ladder_stand_on_one_line(browser, pages):
    with opened(browser, pages / "ddx.html") as page:
        open_everything(page)
        heights = page.evaluate(
            "[...document.querySelectorAll('.grouped td .interval')]"
            ".map(one => one.getBoundingClientRect().height / parseFloat(getComputedStyle(one).fontSize))"
        )
        assert len(heights) > 100
        assert max(heights) < 2


def test_no_word_of_a_table_of_whole_cases_is_broken_on_a_phone(browser, pages):
    with opened(browser, pages / "triage.html", size=PHONE) as page:
        open_everything(page)
        page.evaluate(
            "document.querySelectorAll('.confusion th').forEach(one => { one.style.overflowWrap = 'normal'; })"
        )
        cut = page.evaluate(
            "[...document.querySelectorAll('.confusion th')].filter(one => one.scrollWidth > one.clientWidth)"
            ".map(one => one.textContent)"
        )
        assert cut == []


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_cut_off_on_paper_and_what_is_folded_is_printed(browser, pages, name):
    with opened(browser, pages / f"{name}.html", size=A4) as page:
        page.emulate_media(media="print")
        page.evaluate("dispatchEvent(new Event('beforeprint'))")
        found = page.evaluate(
            "[...document.querySelectorAll('table, svg')].map(one => [one.getBoundingClientRect().right, "
            "one.checkVisibility(), (one.caption || one.querySelector('title')).textContent])"
        )
        assert len(found) >= 3
        assert [title for right, visible, title in found if right > A4["width"] + 1 or not visible] == []
