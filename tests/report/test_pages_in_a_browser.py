"""Every page in a browser: nothing for axe-core to find, nothing on the console, nothing asked of a network."""

import io
import json
from contextlib import contextmanager
from pathlib import Path

import pytest
from click.testing import CliRunner
from PIL import Image

from dermatrust.cli.main import cli
from dermatrust.datasets.atlas import write_atlas
from dermatrust.store.folder import DatasetFolder

DATASET, ELSEWHERE = "atlas", "elsewhere"
PAGES = {
    "report": "report.html",
    "report of one run": "runs/bench/report.html",
    "report of some": "short.html",
    "alignment": "align/alignment.html",
    "judge card": "runs/judge/judge-report-card.html",
    "audit of references": "references/references-audit.html",
    "image audit": "runs/image/image.html",
    "injection test": "runs/injection/injection.html",
    "differentials": "runs/ddx/report.html",
    "benchmark to bedside": "gap/gap.html",
}
NARROW = {"width": 320, "height": 640}  # what 1280 px become at a zoom of 400 %, which WCAG 1.4.10 asks for
WIDE = {"width": 1280, "height": 900}
A4 = {"width": 703, "height": 1010}  # what its margins leave, at 96 px an inch
ZOOMED = {"width": 640, "height": 450}  # what 1280 px become at a zoom of 200 %


def commands():
    """Everything that writes a page, on a drawn dataset so small that its numbers mean nothing."""
    quiet = ("-q",)
    yield ("judge", DATASET, *quiet)
    models = ("-m", "nano/narrator-strong", "-m", "nano/narrator-weak")
    yield ("bench", DATASET, *models, "-e", "nano/evaluator", "--run-id", "bench", "--pages", "3", *quiet)
    yield ("align", DATASET, "--out", "align", "--resamples", "50", "--worst", "1")
    yield ("audit", "references", DATASET, "--out", "references", *quiet)
    yield ("audit", "judge", DATASET, "-n", "4", "--run-id", "judge", *quiet)
    yield ("audit", "image", DATASET, "-m", "nano/evaluator", "-n", "4", "--run-id", "image", *quiet)
    yield ("audit", "injection", DATASET, "-j", "lexical", "-m", "nano/evaluator", "--per-attack", "1", "-n", "4",
           "--run-id", "injection", *quiet)  # fmt: skip
    arms = ("--context", "image-only,context-only,image+context,planted-referral", "--resamples", "50", *quiet)
    for name, run in ((DATASET, "ddx"), (ELSEWHERE, "elsewhere")):
        yield ("clinic", "ddx", name, "-m", f"replay:{name}.jsonl#said/one", *arms, "--run-id", run)
    yield ("clinic", "gap", "runs/ddx", "runs/elsewhere", "--resamples", "50", "--out", "gap")
    yield ("report", "runs/bench", "runs/ddx", "gap", "align", "runs/judge", "references", "runs/image",
           "runs/injection")  # fmt: skip
    yield ("report", "runs/bench", "runs/judge", "references", "-o", "short.html")


def record_differentials(name):
    """Write what a model might say of every case in every arm: the truth second, and one name that nobody knows."""
    lines = []
    for number, case in enumerate(DatasetFolder.open(Path(name)).iter_cases()):
        for arm in ("image only", "context only", "image + context", "planted referral"):
            if (number, arm) != (3, "planted referral"):  # one is missing
                said = [{"name": "wart"}, {"name": case.label}, {"name": "Foo's disease"}][number % 3 == 0 :]
                text = json.dumps({"diagnoses": said, "cannot_tell": False}) if number else "I cannot say."
                lines.append({"case_id": case.id, "author": "said/one", "text": text, "arm": arm})
    Path(f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory):
    """A folder with every page, made before the browser is opened."""
    path = tmp_path_factory.mktemp("pages")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(path)
        write_atlas(Path(DATASET), n=12, seed=0, raters=2)
        write_atlas(Path(ELSEWHERE), n=8, seed=1)
        for name in (DATASET, ELSEWHERE):
            record_differentials(name)
        for arguments in commands():
            done = CliRunner().invoke(cli, arguments, catch_exceptions=False)
            assert done.exit_code in (0, 1), (arguments, done.output)  # 1: a rater has not scored everything
    return path


@contextmanager
def opened(browser, file, *, size=WIDE, scheme="light"):
    """Open a page offline, and fail on whatever it asks for or complains of."""
    context = browser.new_context(viewport=size, color_scheme=scheme, offline=True)
    page = context.new_page()
    asked, said = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    try:
        page.goto(file.as_uri())
        yield page
    finally:
        context.close()
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == []
    assert said == []


def open_everything(page):
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")


def without_shadows(page):
    """Take off what says that a table scrolls: axe-core tells no contrast of text on what is no plain colour."""
    page.evaluate("for (const one of document.querySelectorAll('.scroll')) one.style.background = 'none'")


SCHEMES = [(name, scheme) for name in PAGES if name != "report of some" for scheme in ("light", "dark")]


@pytest.mark.parametrize(("name", "scheme"), SCHEMES)
def test_a_page_has_nothing_to_mend(browser, axe_violations, folder, name, scheme):
    with opened(browser, folder / PAGES[name], scheme=scheme) as page:
        open_everything(page)
        without_shadows(page)
        assert axe_violations(page) == []


@pytest.mark.parametrize("size", [NARROW, ZOOMED], ids=["320 px", "200 %"])
@pytest.mark.parametrize("name", PAGES)
def test_a_page_fits_a_narrow_window(browser, axe_violations, folder, name, size):
    with opened(browser, folder / PAGES[name], size=size) as page:
        open_everything(page)
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= size["width"], "the page itself scrolls sideways"
        if name == "report of some":  # axe-core takes many seconds for the long one
            assert axe_violations(page) == []


@pytest.mark.parametrize("name", PAGES)
def test_nothing_is_cut_off_on_paper(browser, folder, name):
    with opened(browser, folder / PAGES[name], size=A4) as page:
        page.emulate_media(media="print")
        open_everything(page)
        cut = page.evaluate(
            "[...document.querySelectorAll('table, svg, img')]"
            ".filter(one => one.getBoundingClientRect().right > innerWidth + 1)"
            ".map(one => one.caption ? one.caption.innerText : one.outerHTML.slice(0, 80))"
        )
        assert cut == []


@pytest.mark.parametrize("name", PAGES)
def test_no_table_scrolls_sideways_in_a_wide_window(browser, folder, name):
    with opened(browser, folder / PAGES[name]) as page:
        open_everything(page)
        wide = page.evaluate(
            "[...document.querySelectorAll('.scroll')].filter(one => one.scrollWidth > one.clientWidth + 1)"
            ".map(one => one.innerText.slice(0, 60))"
        )
        assert wide == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_table_that_scrolls_has_a_shadow_on_the_side_where_there_is_more(browser, folder, scheme):
    def edges():
        picture = Image.open(io.BytesIO(table.screenshot())).convert("L")
        row = [picture.getpixel((x, picture.height - 2)) for x in range(picture.width)]
        return abs(row[1] - paper) > 20, abs(row[-2] - paper) > 20

    with opened(browser, folder / PAGES["injection test"], size={"width": 400, "height": 900}, scheme=scheme) as page:
        table = page.locator(".scroll", has_text="What it does")
        paper = {"light": 255, "dark": 24}[scheme]
        page.evaluate("for (const one of document.querySelectorAll('td, th')) one.style.border = '0'")
        assert edges() == (False, True)
        table.evaluate("one => { one.scrollLeft = 60 }")
        assert edges() == (True, True)
        table.evaluate("one => { one.scrollLeft = one.scrollWidth }")
        assert edges() == (True, False)


def test_cases_are_folded_until_they_are_wanted_or_printed(browser, folder):
    heights = "[...document.querySelectorAll('article.case')].map(one => one.checkVisibility() && one.offsetHeight > 0)"
    with opened(browser, folder / PAGES["report of one run"]) as page:
        assert page.evaluate(heights) == [False] * 3
        page.locator('#cases td a, #cases th a[href="#case-2"]').first.click()
        page.wait_for_function("document.querySelectorAll('.folded')[1].open")
        assert page.evaluate(heights) == [False, True, False]
        page.emulate_media(media="print")
        assert page.evaluate(heights) == [True] * 3
    with opened(browser, folder / PAGES["report of one run"]) as page:
        page.goto(page.url + "#case-3")
        page.wait_for_function("document.querySelectorAll('.folded')[2].open")


def test_a_page_that_fetches_or_fails_is_noticed(browser, folder):
    page = folder / "bad.html"
    page.write_text("<!DOCTYPE html><html lang=en><title>x</title><img src='http://127.0.0.1:9/x.png' alt=''>")
    with pytest.raises(AssertionError, match=r"127\.0\.0\.1"), opened(browser, page):
        pass
