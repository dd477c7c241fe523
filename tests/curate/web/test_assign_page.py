"""Assigning by hand: over HTTP, and by keyboard alone in a browser."""

import re

import pytest
from sqlalchemy import select

from dermatrust.curate.tables import Assignment, Audit, User

from .test_loop import go, push, sign_in, tab_to

expect = pytest.importorskip("playwright.sync_api").expect


def assignments(site):
    with site.database.reading() as session:
        query = select(Assignment, User.name).join(User, User.id == Assignment.rater_id)
        found = [(name, one.item_id, one.state) for one, name in session.execute(query)]
        session.expunge_all()
    return found


def chosen(site, numbers, raters, **more):
    items = [item.id for item in site.items() if item.number in numbers]
    return {"item": items, "rater": [str(site.user(name).id) for name in raters], "days": "7", **more}


@pytest.fixture(params=["sqlite", "postgresql"])
def both(request, site_of):
    return site_of(4, kind=request.param)


def test_kept_shown_and_taken_back(both):
    site, cora, at = both, both.client("cora"), f"/projects/{both.bench.id}/assign"
    page = cora.post(at, data=chosen(site, [1, 2, 3], ["ann", "ben"])).text
    assert "6 kept." in page
    assert page.count("kept until 09 Mar") == 6
    back = re.findall(rf'action="({at}/[^"]+)"', page)[0].replace("&amp;", "&")
    assert "Taken back" in cora.post(back).text
    assert sorted(state for _, _, state in assignments(site)) == ["assigned"] * 5 + ["returned"]
    assert "has been begun, or is no longer kept" in cora.post(back).text
    again = cora.post(at, data=chosen(site, [2, 4], ["ann"])).text
    assert "1 kept; 1 could not be:" in again
    assert "narrative 2, ann: has it already" in again
    with site.database.reading() as session:
        views = session.scalars(select(Audit).where(Audit.action == "assign.view")).all()
    assert {row.actor for row in views} == {"cora"}


def test_a_rater_is_told_nothing_of_it(site):
    plain = site.client("ann").get(f"/projects/{site.bench.id}/queue").text
    site.client("cora").post(f"/projects/{site.bench.id}/assign", data=chosen(site, [1, 2], ["ann"]))
    ann = site.client("ann")

    def body(text):
        return re.sub(r"[0-9a-f]{64}", "", text.split("</header>")[1])

    assert body(plain) == body(ann.get(f"/projects/{site.bench.id}/queue").text)
    case = site.take(ann)
    page = ann.get(f"/rate/{case['id']}").text
    assert not re.search(r"\b(kept|cora|assigned)\b", page.split("<main")[1])


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", [1, 2, 3, 4]),
        ("?ids=2-3", [2, 3]),
        ("?ids=c4", [4]),
        ("?ids=drafter", []),
        ("?site=nowhere", []),
        ("?state=certified", []),
        ("?state=&page=2", []),
    ],
)
def test_filters(both, query, shown):
    page = both.client("cora").get(f"/projects/{both.bench.id}/assign{query}").text
    assert [int(k) for k in re.findall(r">Narrative (\d+)<", page)] == shown
    assert "drafter" not in re.sub(r'(value="|ids=)drafter', "", page)  # nobody assigns by who wrote it


@pytest.mark.parametrize("query", ["?state=none", "?page=0", "?page=x", f"?ids={'x' * 401}", "?page=9999999"])
def test_filters_that_are_none(site, query):
    assert site.client("cora").get(f"/projects/{site.bench.id}/assign{query}").status_code == 422


OFF = [
    {"rater": []}, {"item": []}, {"days": "0"}, {"days": "91"}, {"days": "x"}, {"days": "²"}, {"days": ""},
    {"rater": ["0"]}, {"rater": ["9" * 19]}, {"rater": ["9" * 40]}, {"rater": ["x"]}, {"rater": ["-1"]},
]  # fmt: skip


@pytest.mark.parametrize("sent", OFF, ids=str)
def test_what_makes_no_sense_keeps_nothing(site, sent):
    answer = site.client("cora").post(f"/projects/{site.bench.id}/assign", data=chosen(site, [1], ["ann"]) | sent)
    assert answer.status_code == 422
    assert assignments(site) == []


@pytest.mark.parametrize("item", ["A" * 16, "", "\0", "x" * 5_000])
def test_an_item_that_is_not_there(site, item):
    answer = site.client("cora").post(
        f"/projects/{site.bench.id}/assign", data=chosen(site, [1], ["ann"], item=[item])
    )  # fmt: skip
    assert answer.status_code in (404, 422)
    assert assignments(site) == []


@pytest.mark.timeout(240)
def test_by_keyboard_alone(site_of, open_page_of):
    site = site_of(4)
    cora = sign_in(lambda *where: open_page_of(site, *where), "cora")
    go(cora, "Assign")
    cora.wait_for_selector("html[data-ready]", state="attached")
    tab_to(cora, cora.get_by_label("Number or case"))
    cora.keyboard.type("1-3")
    cora.keyboard.press("Enter")
    cora.wait_for_url("**/assign?ids=1-3*")
    cora.wait_for_selector("html[data-ready]", state="attached")
    tab_to(cora, cora.get_by_label("Choose all that are shown"))
    cora.keyboard.press("Space")
    tab_to(cora, cora.get_by_label("Narrative 2", exact=True))
    cora.keyboard.press("Space")
    expect(cora.locator("#status")).to_have_text("2 narratives")
    tab_to(cora, cora.get_by_label("ann", exact=True))
    cora.keyboard.press("Space")
    expect(cora.locator("#status")).to_have_text("2 narratives for 1 rater")
    push(cora, "Keep")
    expect(cora.get_by_text("2 kept.")).to_be_visible()
    push(cora, "Take back narrative 3 from ann")
    expect(cora.get_by_text("Taken back.")).to_be_visible()
    numbers = {item.id: item.number for item in site.items()}
    states = {numbers[item_id]: (name, state) for name, item_id, state in assignments(site)}
    assert states == {1: ("ann", "assigned"), 3: ("ann", "returned")}


def test_enter_on_a_choice_takes_nothing_back(site, open_page):
    """What Enter does in a form's field is its first button's work; that must not be `Take back`."""
    site.client("cora").post(f"/projects/{site.bench.id}/assign", data=chosen(site, [1], ["ann"]))
    page = open_page("cora", f"/projects/{site.bench.id}/assign")
    page.expected.append("422")
    page.get_by_label("Narrative 2", exact=True).check()
    page.keyboard.press("Enter")
    page.get_by_role("alert").wait_for()
    assert [state for _, _, state in assignments(site)] == ["assigned"]


@pytest.mark.parametrize("width", [320, 1024, 1280])
def test_the_raters_fit_into_their_card(site, open_page, width):
    """With a long name and four digits in each column."""
    site.add("dr-papadopoulos-venkatesan", "rater")
    page = open_page("cora", f"/projects/{site.bench.id}/assign", viewport={"width": width, "height": 800})
    page.evaluate("document.querySelectorAll('.aside td').forEach((cell) => { cell.textContent = '1234' })")
    wide, room = page.locator(".aside .scroll").evaluate("element => [element.scrollWidth, element.clientWidth]")
    assert wide <= room
