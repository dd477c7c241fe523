"""Every page in a browser: for everybody, by keyboard, without fault; and hostile texts on all of them."""

import json
from pathlib import Path

import pytest

pytestmark = pytest.mark.timeout(280)
HOSTILE = Path(__file__).parents[1] / "curate" / "web" / "hostile_texts.jsonl"
VIEWS = {
    "light": {"viewport": {"width": 1280, "height": 800}},
    "dark": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "dark"},
    "320 px": {"viewport": {"width": 320, "height": 640}},
    "200 %": {"viewport": {"width": 640, "height": 400}, "device_scale_factor": 2},
}
PAGES = (
    "/", "/runs/one", "/runs/one/model?name=strong", "/runs/one/raters", "/runs/one/cases",
    "/runs/one/case?id=case-00", "/runs/one/data", "/runs/one/methods", "/runs/none",
)  # fmt: skip


@pytest.fixture
def opened(browser):
    """Open an address in a browser that fails on whatever it complains of or asks of another host."""
    contexts, said, asked = [], [], []

    def open_page(address, **view):
        context = browser.new_context(**view)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda m: said.append(m.text) if m.type in ("error", "warning") else None)
        page.on("pageerror", lambda error: said.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(f"{address}/?key=the-key-of-the-tests")
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert [text for text in said if "404 (Not Found)" not in text] == []
    assert [url for url in asked if not url.startswith(("http://127.0.0.1:", "data:"))] == []


@pytest.mark.parametrize("view", VIEWS)
def test_axe_finds_nothing_and_nothing_is_cut_off(served, folder, opened, axe_violations, view):
    address = served(folder)
    page = opened(address, **VIEWS[view])
    found = {}
    for path in PAGES:
        page.goto(address + path)
        page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        wider = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        found[path] = [*axe_violations(page), *(["wider than the window"] if wider > 0 else [])]
    assert {path: faults for path, faults in found.items() if faults} == {}


def test_the_way_from_the_runs_to_a_case_and_back_needs_no_mouse(served, folder, opened):
    address = served(folder)
    page = opened(address)

    def follow(name, url):
        page.get_by_role("link", name=name, exact=True).first.focus()
        page.keyboard.press("Enter")
        page.wait_for_url(f"{address}{url}")

    page.goto(address)
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    follow("one", "/runs/one")
    follow("Safety", "/runs/one?by=safety")
    follow("strong", "/runs/one/model?name=strong")
    follow("Cases", "/runs/one/cases")
    page.get_by_label("Case id contains").focus()
    page.keyboard.type("case-07")
    page.keyboard.press("Enter")
    page.wait_for_url("**/cases?q=case-07*")
    follow("case-07", "/runs/one/case?id=case-07")
    assert page.get_by_role("img").count() == 1
    follow("All runs", "/")


def test_a_page_kept_as_a_file_opens_by_itself(served, folder, opened, browser, tmp_path):
    address = served(folder)
    page = opened(address)
    page.goto(f"{address}/runs/one/case?id=case-00")
    with page.expect_download() as waiting:
        page.get_by_role("link", name="Save this page as one file").click()
    waiting.value.save_as(tmp_path / "kept.html")
    context = browser.new_context(offline=True)
    kept = context.new_page()
    said, asked = [], []
    kept.on("console", lambda m: said.append(m.text))
    kept.on("request", lambda request: asked.append(request.url))
    kept.goto((tmp_path / "kept.html").as_uri())
    assert kept.get_by_role("img").count() == 1
    assert said == []
    assert all(url.startswith(("file:", "data:")) for url in asked)
    context.close()


def test_hostile_texts_are_shown_and_do_nothing(served, run_of, opened, tmp_path):
    texts = [json.loads(line) for line in HOSTILE.read_text("utf-8").splitlines()]
    names = list(dict.fromkeys(text.strip() for text in texts if text.strip()))
    everything = "\n".join(texts)
    run_of(
        tmp_path / "run", ids=names, authors=names[:2], raters=names[2:4], text=everything, critique=everything,
        category=names[4], note=everything, dataset=names[5],
    )  # fmt: skip
    address = served(tmp_path / "run")
    page = opened(address)
    for path in ("", "/raters", "/cases?order=case", "/data", "/methods"):
        page.goto(f"{address}/runs/run{path}")
        assert page.evaluate("window.__xss === undefined"), path
        assert page.evaluate("document.querySelectorAll('script').length") == 1
    page.goto(f"{address}/runs/run")
    page.get_by_role("link", name=names[0], exact=True).first.click()
    assert page.get_by_role("heading", level=1).inner_text() == names[0]
    page.goto(f"{address}/runs/run/cases?order=case")
    for k in (0, 7, 23):
        page.locator("#cases table a").nth(k).click()
        page.wait_for_url("**/case?id=*")
        assert page.evaluate("window.__xss === undefined")
        assert texts[0] in page.locator(".candidate").first.inner_text()
        page.go_back()
