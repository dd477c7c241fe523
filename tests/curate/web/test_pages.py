"""T12, T13, T37: every page in light and dark, narrow and enlarged: without fault; and hostile texts on all of them."""

import json
from pathlib import Path

import pytest

from dermatrust.curate.app import ROUTERS
from dermatrust.curate.projects import Picked, create_project, read_images, set_member
from dermatrust.curate.routes_import import uploads_of
from dermatrust.curate.rules import Rules
from dermatrust.curate.tables import User
from dermatrust.curate.trail import Actor
from dermatrust.curate.uploads import Report
from dermatrust.datasets.image_reviews import sha256_of
from dermatrust.records import DIMENSIONS, ClinicalContext, ImageReview, Narrative
from dermatrust.store.jsonl import append_records

pytestmark = pytest.mark.timeout(280)
VIEWS = {
    "light": {"viewport": {"width": 1280, "height": 800}},
    "dark": {"viewport": {"width": 1280, "height": 800}, "color_scheme": "dark"},
    "320 px": {"viewport": {"width": 320, "height": 640}},
    "200 %": {"viewport": {"width": 640, "height": 400}, "device_scale_factor": 2},
}
WHO = {
    "/login": None, "/welcome": None, "/": "ann", "/guideline": "ann", "/help": "ann", "/account": "ann",
    "/people": "root", "/projects/{project_id}/queue": "ann", "/projects/{project_id}/certify": "ann",
    "/projects/{project_id}/disputes": "judy", "/projects/{project_id}/progress": "cora",
    "/projects/{project_id}/agreement": "cora", "/projects/{project_id}/anchors": "cora",
    "/projects/{project_id}/images": "cora", "/projects/{project_id}/assign": "cora",
    "/import": "cora", "/import/{upload_id}": "cora",
    "/projects/{project_id}/export": "cora", "/rate/{assignment_id}": "ben", "/items/{item_id}/revise": "ann",
    "/items/{item_id}/adjudicate": "judy",
}  # fmt: skip
NO_PAGES = ("/static/{version}/{name}", "/favicon.ico", "/rate/{assignment_id}/images/{number}",
            "/items/{item_id}/images/{number}", "/projects/{project_id}/images/{image_id}")  # fmt: skip


@pytest.fixture
def site(site_of):
    """Four references, so that one has a place left when everybody has worked."""
    return site_of(4)


def fill(site):
    """Let people work, so that no page is empty, and return what the paths name."""
    ann, ben = site.client("ann"), site.client("ben")
    for _ in range(4):
        site.rate(ann, 5)
    site.rate(ben, 5)
    site.rate(ben, 1, uncertain=True, reason="hidden by hair")
    case = site.take(ben)
    item_of = {item.state: item.id for item in site.items()}
    places = {"project_id": site.bench.id, "assignment_id": case["id"], "upload_id": upload_of(site), **item_of}
    keep_one(site)
    expect_something(site, item_of["agreed"])
    return places


def expect_something(site, item_id):
    """Make an anchor of an item, and let something be found on a photograph, so that these pages are not empty."""
    answer = site.client("cora").post(f"/projects/{site.bench.id}/anchors/{item_id}", data={"accuracy": "5"})
    assert answer.status_code == 303
    folder = site.bench.folder
    name = next(folder.iter_cases()).file_names[0]
    found = {"file_name": name, "sha256": sha256_of(folder, name), "verdict": "to be looked at"}
    append_records(folder.path / "image_reviews.jsonl", [ImageReview(**found, found=("face", "lettering"))])


def upload_of(site, said="photographs"):
    """Return the id of an upload of the curator's that was looked at."""
    upload = uploads_of(site.app.state.workbench).begin(site.user("cora").id)
    noted = ((f"images/{said}", said),)
    upload.say(Report("dataset", said, ((said, 1_234),), (), noted, (said,), ("references",), is_synthetic=True))
    return upload.id


def keep_one(site):
    """Let a rater have something that can be taken back."""
    carl = site.add("carl", "rater")
    free = [item.id for item in site.items() if item.state == "open"]
    sent = {"item": free, "rater": str(carl.id), "days": "7"}
    assert "1 kept" in site.client("cora").post(f"/projects/{site.bench.id}/assign", data=sent).text


def address(path, places):
    """Return the path with what it names: a text to revise is agreed upon, one to decide is disputed."""
    return path.format(item_id=places.get("agreed" if "revise" in path else "disputed"), **places)


def test_every_page_is_looked_at():
    pages = {route.path for router in ROUTERS for route in router.routes if "GET" in route.methods}
    assert pages == {*WHO, *NO_PAGES}


@pytest.mark.parametrize("view", VIEWS)
def test_axe_finds_nothing_and_nothing_is_cut_off(site, open_page, axe_violations, view):
    places, found, pages = fill(site), {}, {}
    for path, who in WHO.items():
        page = pages.get(who) or pages.setdefault(who, open_page(who, "/login", **VIEWS[view]))
        page.goto(address(path, places))
        page.wait_for_load_state("load")
        if path.startswith(("/rate", "/items")):
            page.wait_for_selector("html[data-ready]", state="attached")
        page.evaluate("document.querySelectorAll('details').forEach((one) => { one.open = true })")  # the most there is
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found[path, "width"] = page.evaluate("document.documentElement.scrollWidth")
        found |= {(path, k): fault for k, fault in enumerate(axe_violations(page))}
        small = page.evaluate(
            """[...document.querySelectorAll("button, input, select, textarea, a.button, nav a")]
               .map((e) => [e.outerHTML.slice(0, 80), e.closest("label")?.matches(".tick") ? e.closest("label") : e])
               .map(([html, e]) => [html, e.getBoundingClientRect()])
               .filter(([, box]) => box.width && (box.width < 24 || box.height < 24)).map(([html]) => html)"""
        )
        found |= {(path, f"small {k}"): html for k, html in enumerate(small)}
        broken = page.evaluate(
            """[...document.querySelectorAll(".tag")].filter((e) => !/\\s/.test(e.textContent.trim()))
               .filter((e) => e.getBoundingClientRect().height > 2 * parseFloat(getComputedStyle(e).fontSize))
               .map((e) => e.textContent)"""
        )
        found |= {(path, f"broken {k}"): word for k, word in enumerate(broken)}
    assert not found


@pytest.mark.parametrize("height", [640, 800])
@pytest.mark.parametrize("path", ["/rate/{assignment_id}", "/items/{item_id}/adjudicate", "/items/{item_id}/revise"])
def test_what_has_the_focus_is_not_covered(site, open_page, path, height):
    """WCAG 2.2, 2.4.11: the button that stays at the foot of the window hides no text box that is written in."""
    who = "ben" if path.startswith("/rate") else WHO[path]
    page = open_page(who, address(path, fill(site)), viewport={"width": 1280, "height": height})
    page.wait_for_selector("html[data-ready]", state="attached")
    if path.startswith("/rate"):
        page.keyboard.press("u")
    for box in page.locator("form textarea:visible").all():
        page.evaluate("scrollTo(0, 0)")
        box.evaluate("element => { element.blur(); element.focus() }")
        covered = box.evaluate(
            """(element) => { const box = element.getBoundingClientRect();
               return [4, box.height / 2].filter(
                 (down) => document.elementFromPoint(box.left + box.width / 2, box.top + down) !== element) }"""
        )
        assert covered == []


@pytest.mark.parametrize("view", ["light", "dark"])
def test_axe_finds_nothing_in_dialogs_and_after_keys(site, open_page, axe_violations, view):
    places = fill(site)
    page = open_page("ben", f"/rate/{places['assignment_id']}", **VIEWS[view])
    page.wait_for_selector("html[data-ready]", state="attached")
    for key in ("4", "3", "u"):
        page.keyboard.press(key)
    page.get_by_role("button", name="Brightness").click()
    assert axe_violations(page) == []
    page.locator("#scores").click()
    page.keyboard.press("?")
    assert page.get_by_role("dialog").is_visible()
    assert axe_violations(page) == []


PAYLOAD_FILE = Path(__file__).with_name("hostile_texts.jsonl")
"""Texts that break out of one or another place of a page where they are not escaped; each sets `window.__xss`."""
PAYLOADS = [json.loads(line) for line in PAYLOAD_FILE.read_text(encoding="utf-8").splitlines()]


def test_hostile_texts_do_nothing_on_any_page(site_of, open_page_of):
    """T13."""
    assert len(PAYLOADS) >= 60
    site = site_of(1)
    hostile = "\n".join(PAYLOADS)
    hostile_everywhere(site, hostile)
    client, ben = site.client("ann"), site.client("ben")
    site.rate(client, 5, uncertain=True, reason=hostile[:1_900], note=hostile)
    case = site.take(ben)
    ben.put(f"/rate/{case['id']}/draft", json={"version": 0, "reason": hostile, "note": hostile, "uncertain": True})
    places = {"project_id": site.bench.id, "assignment_id": case["id"]}
    visit(site, open_page_of, "/rate/{assignment_id}", places)
    site.rate(ben, 1, uncertain=True, reason=hostile, note=hostile)
    item_id = next(item.id for item in site.items() if item.project_id == site.bench.id)
    places |= {"disputed": item_id, "agreed": item_id, "upload_id": upload_of(site, hostile)}
    for path in WHO:
        if not path.startswith("/rate") and not path.endswith("/revise"):
            visit(site, open_page_of, path, places)
    judy = site.client("judy")
    decision = {"reason": hostile, **dict.fromkeys((dimension.value for dimension in DIMENSIONS), "5")}
    assert judy.post(f"/items/{item_id}/adjudicate", data=decision).status_code == 303
    revised = client.post(f"/items/{item_id}/text", data={"text": hostile + " more", "parent": "1"})
    assert revised.status_code == 303
    visit(site, open_page_of, "/items/{item_id}/revise", places)


def hostile_everywhere(site, hostile):
    """Put a hostile text wherever a dataset or an administrator could put one, in a project that is now the site's."""
    folder = site.bench.folder
    case = next(folder.iter_cases())
    context = {"sex": hostile, "site": hostile, "note": hostile, "history": {hostile: hostile, "reported": hostile}}
    case = case.model_copy(update={"label": hostile, "context": ClinicalContext(**context)})
    text = Narrative(id=hostile, case_id=case.id, text=hostile, author=hostile, stream="reference")
    card = folder.card.model_copy(update={"name": hostile, "synthetic": True})
    picked = [Picked(text, case, hostile)]
    images = read_images(folder, picked)
    folder.card = card
    by = Actor(hostile)
    with site.database.writing() as session:
        rules = Rules(anchor_share=1)
        site.bench.id = create_project(session, by, hostile, folder, picked, images, rules=rules).id
        for name, role in {"ann": "rater", "ben": "rater", "judy": "adjudicator", "cora": "curator"}.items():
            set_member(session, by, site.bench.id, site.user(name).id, role)
        session.add(User(name=hostile))


def visit(site, open_page_of, path, places):
    who = WHO[path] if not path.startswith("/rate") else "ben"
    page = open_page_of(site, who, address(path, places))
    page.wait_for_load_state("load")
    if path.startswith(("/rate", "/items")):
        page.wait_for_selector("html[data-ready]", state="attached")
    assert page.evaluate("window.__xss") is None, path
    assert (
        page.evaluate("document.querySelectorAll('[onerror],[onload],iframe,object,embed,base,main script').length")
        == 0
    ), path
    assert page.locator("header .bar").is_visible(), path
