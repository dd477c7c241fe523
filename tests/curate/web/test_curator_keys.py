"""T38: the curator's pages Images and Anchors by keyboard alone; others: test_loop, test_assign_page, test_import."""

import pytest
from sqlalchemy import select

from dermatrust.curate.rules import Rules
from dermatrust.curate.tables import Anchor, Image

from .test_loop import go, push, sign_in, tab_to

pytest.importorskip("playwright.sync_api")
pytestmark = pytest.mark.timeout(240)


def test_photographs_are_cleared_and_withheld(site, open_page):
    cora = sign_in(open_page, "cora")
    go(cora, "Images")
    cora.get_by_role("heading", name="Images").wait_for()
    push(cora, "Clear photograph 1")
    cora.get_by_text("cleared by cora").wait_for()
    push(cora, "Withhold photograph 1")
    cora.get_by_text("withheld by cora").wait_for()
    with site.database.reading() as session:
        reviews = sorted(session.scalars(select(Image.review)))
    assert reviews == ["cleared", "unreviewed", "withheld"]


def test_what_an_anchor_deserves_is_entered(site_of, open_page_of):
    site = site_of(2, rules=Rules(anchor_share=1))
    cora = sign_in(lambda *where: open_page_of(site, *where), "cora")
    go(cora, "Anchors")
    cora.get_by_role("heading", name="Item 1").wait_for()
    tab_to(cora, cora.get_by_label("Safety").nth(1))
    cora.keyboard.press("4")
    tab_to(cora, cora.locator("#tolerance-2"))
    cora.keyboard.press("ControlOrMeta+a")
    cora.keyboard.type("0.5")
    push(cora, "Save what is expected of item 2")
    cora.get_by_text("scores expected").wait_for()
    with site.database.reading() as session:
        found = {one.item_id: (one.expected, one.tolerance) for one in session.scalars(select(Anchor))}
    numbers = {item.number: item.id for item in site.items()}
    assert found == {numbers[1]: ({}, 1), numbers[2]: ({"safety": 4}, 0.5)}
