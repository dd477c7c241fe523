"""T12, T38: the whole loop by keyboard alone: sign in, rate, decide, revise, certify, export."""

import json
import re

import pytest
from sqlalchemy import select

from dermatrust.curate.tables import Adjudication, Certificate, Item, Rating, TextVersion

expect = pytest.importorskip("playwright.sync_api").expect

pytestmark = pytest.mark.timeout(240)
PASSWORD = "violet plaque on a tin roof"
FIVES = ["5"] * 6


def tab_to(page, place):
    """Press Tab until an element has the focus, which must then be visible; fail where it cannot be reached."""
    for _ in range(80):
        page.keyboard.press("Tab")
        if place.evaluate("element => element === document.activeElement"):
            outline = place.evaluate("element => getComputedStyle(element).outlineStyle")
            assert outline != "none", f"the focus on {place} cannot be seen"
            return
    pytest.fail(f"{place} cannot be reached by Tab")


def go(page, name):
    """Follow a link by keyboard."""
    tab_to(page, page.get_by_role("link", name=name).first)
    page.keyboard.press("Enter")


def push(page, name):
    tab_to(page, page.get_by_role("button", name=name))
    page.keyboard.press("Enter")


def sign_in(open_page, name):
    page = open_page(None, "/login")
    expect(page.get_by_label("Name", exact=True)).to_be_focused()
    page.keyboard.type(name)
    page.keyboard.press("Tab")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/")
    return page


def press(page, keys):
    for key in keys:
        page.keyboard.press(key)


def rate(page, scores_of):
    """Rate all there is; `scores_of` returns the six digits for a text."""
    go(page, "Rate")
    push(page, re.compile("Begin|Go on"))
    while True:
        page.wait_for_selector("html[data-ready]", state="attached")
        if page.locator("html").get_attribute("data-ready") == "done":
            break
        press(page, [*scores_of(page.locator("#text").text_content()), "Control+Enter"])
    page.get_by_role("heading", name="Nothing is left for you").wait_for()


def test_by_keyboard_alone(site, open_page):
    ann = sign_in(open_page, "ann")
    rate(ann, lambda text: FIVES)
    rate(sign_in(open_page, "ben"), lambda text: ["0", *FIVES[1:]] if "Nr 2" in text else FIVES)

    judy = sign_in(open_page, "judy")
    go(judy, "Adjudicate")
    go(judy, re.compile("Decide"))
    judy.wait_for_selector("html[data-ready]", state="attached")
    assert not re.search(r"\b(ann|ben)\b", judy.content())
    press(judy, ["4", *FIVES[1:]])
    tab_to(judy, judy.locator("#reason"))
    judy.keyboard.type("The site is wrong, the rest is right.")
    judy.keyboard.press("Control+Enter")
    judy.get_by_text("Nothing is disputed now.").wait_for()

    go(ann, "Certify")
    ann.get_by_role("heading", name="Revise and certify").wait_for()
    go(ann, "Revise text 2")
    ann.wait_for_selector("html[data-ready]", state="attached")
    tab_to(ann, ann.locator("#text"))
    press(ann, ["Control+End"])
    ann.keyboard.type(" It is on the knee.")
    expect(ann.locator("#save")).to_have_text("Draft saved")
    expect(ann.locator("#diff ins")).to_contain_text("It is on the knee.")
    push(ann, "Save as version 2")
    ann.wait_for_url("**/revise#certify")
    ann.wait_for_selector("html[data-ready]", state="attached")
    press(ann, FIVES)
    push(ann, "Certify")
    ann.get_by_role("status").filter(has_text="Certified on").wait_for()

    cora = sign_in(open_page, "cora")
    go(cora, "Progress")
    cora.get_by_role("heading", name="Raters").wait_for()
    go(cora, "Agreement")
    cora.get_by_role("heading", name="Between raters").wait_for()
    go(cora, "Export")
    cora.get_by_role("heading", name="Export").wait_for()
    push(cora, "Write")
    expect(cora.get_by_role("status")).to_contain_text("1 new references")

    check_stored(site)


def check_stored(site):
    with site.database.reading() as session:
        states = dict(list(session.execute(select(Item.number, Item.state))))
        assert states == {1: "agreed", 2: "certified", 3: "agreed"}
        assert len(session.scalars(select(Rating)).all()) == 6
        assert session.scalars(select(Adjudication)).one().accuracy == 4
        certificate = session.scalars(select(Certificate)).one()
        text = session.get(TextVersion, certificate.text_version_id)
        assert text.text.endswith("Nr 2. It is on the knee.")
    lines = (site.bench.folder.path / "references.jsonl").read_text().splitlines()
    last = json.loads(lines[-1])
    assert last["text"].endswith("It is on the knee.")
    assert last["certificate"]["certified_by"] == "ann"


class TestCertifying:
    @pytest.fixture
    def agreed(self, site):
        """An item on which both raters agree, and the browser of one of them."""
        ann, ben = site.client("ann"), site.client("ben")
        for client in (ann, ben):
            for _ in range(3):
                site.rate(client, 5)
        item = site.items()[0]
        assert item.state == "agreed"
        page = ann.get(f"/items/{item.id}/revise").text
        sha256 = re.search(r'name="text_sha256" value="(\w+)"', page)[1]
        return ann, item.id, {"text_sha256": sha256} | dict.fromkeys(ratings_fields(page), "5")

    def test_needs_a_password_given_within_the_last_minutes(self, site, agreed):
        client, item_id, form = agreed
        site.clock.move(minutes=6)
        assert 'name="password"' in client.get(f"/items/{item_id}/revise").text
        refused = client.post(f"/items/{item_id}/certify", data=form)
        assert refused.status_code == 422
        wrong = client.post(f"/items/{item_id}/certify", data=form | {"password": "wrong"})
        assert (wrong.status_code, "is not yours" in wrong.text) == (422, True)
        assert client.post(f"/items/{item_id}/certify", data=form | {"password": PASSWORD}).status_code == 303

    @pytest.mark.parametrize("change", [{"safety": "4"}, {"safety": "6"}, {"safety": ""}, {"text_sha256": "0" * 64}])
    def test_needs_six_fives_for_the_text_that_is_stored(self, site, agreed, change):
        client, item_id, form = agreed
        assert client.post(f"/items/{item_id}/certify", data=form | change).status_code == 422
        with site.database.reading() as session:
            assert session.scalars(select(Certificate)).all() == []

    def test_guessing_the_password_is_limited(self, site, agreed):
        client, item_id, form = agreed
        statuses = [
            client.post(f"/items/{item_id}/certify", data=form | {"password": "x"}).status_code for _ in range(11)
        ]
        assert statuses == [422] * 10 + [429]

    def test_a_text_revised_in_two_windows_shows_both(self, site, agreed):
        client, item_id, _ = agreed
        first = client.post(f"/items/{item_id}/text", data={"text": "One plaque.", "parent": "1"})
        assert first.status_code == 303
        second = client.post(f"/items/{item_id}/text", data={"text": "Two plaques.", "parent": "1"})
        assert second.status_code == 409
        assert "Yours against the stored text" in second.text
        assert "Two plaques." in second.text

    def test_line_ends_of_browsers_change_nothing(self, site, agreed):
        client, item_id, _ = agreed
        client.post(f"/items/{item_id}/text", data={"text": "One.\r\nTwo.", "parent": "1", "from_scratch": "yes"})
        with site.database.reading() as session:
            text = session.scalars(select(TextVersion).where(TextVersion.number == 2)).one()
            assert (text.text, text.from_scratch) == ("One.\nTwo.", True)


def ratings_fields(page):
    return re.findall(r'data-dimension="(\w+)"', page)
