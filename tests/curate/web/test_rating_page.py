"""T12, T38-T42: the rating page in a browser: keys, type-ahead, lost connections, two windows."""

import html
import re

import pytest
from sqlalchemy import func, select

from dermatrust.curate.tables import Draft, Rating
from dermatrust.judge.rubric import load_rubric
from dermatrust.records import DIMENSIONS

expect = pytest.importorskip("playwright.sync_api").expect
NAMES = [dimension.value for dimension in DIMENSIONS]


def ready(page):
    page.wait_for_selector("html[data-ready]", state="attached")
    return page


def says(page, place, text):
    """Wait until the line of what is saved, or of what is scored, says something."""
    expect(page.locator(f"#{place}")).to_have_text(re.compile(text))


def ratings(site):
    """Return what was submitted: the six scores of each rating, in order."""
    with site.database.reading() as session:
        rows = session.scalars(select(Rating).order_by(Rating.id)).all()
        return [[row.scores[name] for name in row.scores] for row in rows]


def only(site):
    with site.database.reading() as session:
        rating = session.scalars(select(Rating)).one()
        session.expunge_all()
        return rating


def begin(page):
    page.get_by_role("button", name="Begin").press("Enter")
    return ready(page)


@pytest.fixture
def rating(site, open_page):
    """A page of the first case."""
    return begin(open_page("ann", f"/projects/{site.bench.id}/queue"))


def chosen(page):
    return {
        box.get_attribute("name"): int(box.get_attribute("value")) for box in page.locator("[type=radio]:checked").all()
    }


def saved(page):
    says(page, "save", "^Saved$")


def type_all(page, keys):
    for key in keys:
        page.keyboard.press(key)


class TestKeys:
    def test_six_digits_and_ctrl_enter_submit_and_bring_the_next_case(self, site, rating):
        type_all(rating, "432105")
        said = rating.locator("#status").text_content()
        assert said == (
            "All six set: Accuracy 4, Safety 3, Medical Groundedness 2, Clinical Coverage 1, Reasoning Coherence 0, "
            "Description Precision 5."
        )
        rating.keyboard.press("Control+Enter")
        says(rating, "place", "^Case 2$")
        ready(rating)
        assert ratings(site) == [[4, 3, 2, 1, 0, 5]]
        assert chosen(rating) == {}

    @pytest.mark.parametrize(
        ("keys", "expected"),
        [
            (["Backquote"], {"accuracy": 0}),
            (["Numpad3", "Numpad0"], {"accuracy": 3, "safety": 0}),
            (["j", "j", "2"], {"medical_groundedness": 2}),
            (["ArrowDown", "1", "ArrowUp", "ArrowUp", "5"], {"accuracy": 5, "safety": 1}),
            (["3", "4", "Control+z"], {"accuracy": 3}),
            (["3", "k", "1", "Control+z"], {"accuracy": 3}),
            (["3", "k", "1", "Control+z", "Control+z"], {}),
            (["6", "x", "9"], {}),
            (["1", "2", "3", "4", "5", "0", "3", "3"], dict(zip(NAMES, [1, 2, 3, 4, 5, 0], strict=True))),
            (["j", "1", "2", "3", "4", "5", "0"], dict(zip(NAMES, [0, 1, 2, 3, 4, 5], strict=True))),
        ],
    )  # fmt: skip
    def test_do_what_the_help_page_says(self, rating, keys, expected):
        type_all(rating, keys)
        assert chosen(rating) == expected

    @pytest.mark.parametrize("place", ["input[name=safety][value='2']", ".stage", "#scores", "#uncertain", "#explain"])
    def test_digits_work_wherever_the_focus_is(self, rating, place):
        if "input" in place:
            rating.locator(place).check()
        rating.locator(place).evaluate("element => element.focus()")
        type_all(rating, "4")
        assert 4 in chosen(rating).values()

    def test_do_nothing_in_a_text_box_but_ctrl_enter(self, site, rating):
        type_all(rating, "432105")
        rating.keyboard.press("u")
        rating.keyboard.type("j4u 0?k`")
        assert rating.locator("#reason").input_value() == "j4u 0?k`"
        assert chosen(rating)["accuracy"] == 4
        rating.keyboard.press("Control+z")
        assert chosen(rating)["description_precision"] == 5  # in a text box it undoes the writing
        rating.locator("#reason").fill("hidden by hair")
        rating.keyboard.press("Control+Enter")
        says(rating, "place", "^Case 2$")
        found = only(site)
        assert (found.uncertain, found.reason) == (True, "hidden by hair")

    def test_question_mark_opens_and_closes_the_anchors_of_the_current_dimension(self, rating):
        type_all(rating, ["j", "?"])
        dialog = rating.get_by_role("dialog", name="Safety")
        assert "No foreseeable harm" in dialog.text_content()
        rating.keyboard.press("3")
        assert chosen(rating) == {}
        rating.keyboard.press("?")
        assert not dialog.is_visible()
        rating.keyboard.press("3")
        assert chosen(rating) == {"safety": 3}

    def test_arrows_to_the_sides_choose_as_in_any_group_of_buttons(self, rating):
        rating.locator("input[name=accuracy][value='2']").check()
        rating.keyboard.press("ArrowRight")
        assert chosen(rating) == {"accuracy": 3}


class TestSubmitting:
    @pytest.mark.parametrize("keys", ["", "4", "43210"])
    def test_is_refused_unless_all_six_are_set(self, site, rating, keys):
        type_all(rating, keys)
        rating.keyboard.press("Control+Enter")
        said = rating.locator("#status").text_content()
        assert said.startswith("Not submitted.")
        assert "Description Precision" in said
        assert ratings(site) == []

    def test_is_refused_where_uncertainty_has_no_reason(self, site, rating):
        type_all(rating, "432105u")
        rating.keyboard.press("Control+Enter")
        assert "why you are uncertain" in rating.locator("#status").text_content()
        assert ratings(site) == []

    def test_records_brightness_and_contrast_and_resets_them_for_the_next_case(self, site, rating):
        rating.get_by_role("button", name="Brightness").click()
        rating.get_by_role("slider", name="Brightness").fill("150")
        assert "brightness(150%)" in rating.locator(".stage img").get_attribute("style")
        type_all(rating, "444444")
        rating.keyboard.press("Control+Enter")
        says(rating, "place", "^Case 2$")
        assert only(site).viewer == {"brightness": 150, "contrast": 100, "adjusted": True}
        assert rating.get_by_role("slider", name="Brightness").count() == 0
        rating.wait_for_selector(".stage img")
        assert "filter" not in (rating.locator(".stage img").get_attribute("style") or "")

    def test_ends_with_a_page_that_says_so(self, site, rating):
        for k in (1, 2, 3):
            says(rating, "place", f"^Case {k}$")
            type_all(rating, "444444")
            rating.keyboard.press("Control+Enter")
        rating.get_by_role("heading", name="Nothing is left for you").wait_for()
        assert len(ratings(site)) == 3


def test_type_ahead_never_lands_on_the_wrong_dimension(site_of, open_page_of):
    """T39: twenty cases, their keys sent at once: twenty of twenty exact."""
    site = site_of(20)
    page = begin(open_page_of(site, "ann", f"/projects/{site.bench.id}/queue"))
    wanted = [[(case * 7 + k * k) % 6 for k in range(6)] for case in range(20)]
    page.evaluate(
        """cases => {
            const press = (key) => document.body.dispatchEvent(new KeyboardEvent("keydown", {bubbles: true, ...key}));
            for (const six of cases) {
                for (const n of six) press({key: `${n}`, code: `Digit${n}`});
                press({key: "Enter", code: "Enter", ctrlKey: true});
            }
        }""",
        wanted,
    )
    page.get_by_role("heading", name="Nothing is left for you").wait_for(timeout=60_000)
    assert ratings(site) == wanted


def test_keys_typed_ahead_of_a_refusal_are_dropped(site, rating):
    rating.expected.append("Failed to load resource")
    rating.route("**/submit", lambda route: route.fulfill(status=503, json={"problem": "Busy."}))
    type_all(rating, ["4", "4", "4", "4", "4", "4", "Control+Enter", "1", "1", "1"])
    says(rating, "status", "^Not submitted")
    assert set(chosen(rating).values()) == {4}
    assert ratings(site) == []


class TestOffline:
    """T41."""

    def test_scores_survive_ten_saves_without_a_connection_and_a_new_load(self, site, rating):
        rating.expected += ["ERR_INTERNET_DISCONNECTED", "409"]  # both loads may send what was kept
        rating.context.set_offline(True)
        for key in "4321054321":
            rating.keyboard.press(key)
            if key == "5":
                rating.keyboard.press("j")
        says(rating, "save", "Not saved")
        assert "Kept in this browser" in rating.locator("#save").text_content()
        held = chosen(rating)
        rating.keyboard.press("Control+Enter")
        says(rating, "status", "^Not submitted")
        rating.context.set_offline(False)
        ready(rating.goto(rating.url) and rating)
        assert chosen(rating) == held
        saved(rating)
        assert rating.evaluate("Object.keys(localStorage).length") == 0
        rating.keyboard.press("Control+Enter")
        says(rating, "place", "^Case 2$")
        assert ratings(site) == [[held[name] for name in NAMES]]

    def test_a_connection_that_comes_back_saves_by_itself(self, site, rating):
        rating.expected.append("ERR_INTERNET_DISCONNECTED")
        rating.context.set_offline(True)
        type_all(rating, "43")
        says(rating, "save", "Not saved")
        rating.context.set_offline(False)
        saved(rating)

    def test_an_answer_that_got_lost_leads_to_no_second_rating_and_no_question(self, site, rating):
        rating.expected.append("ERR_FAILED")

        def lose(route):
            route.fetch()
            route.abort()

        rating.route("**/submit", lose, times=1)
        type_all(rating, "444444")
        saved(rating)
        rating.keyboard.press("Control+Enter")
        says(rating, "status", "^Not submitted")
        rating.keyboard.press("Control+Enter")
        says(rating, "place", "^Case 2$")
        assert len(ratings(site)) == 1

    def test_a_draft_whose_answer_got_lost_is_no_conflict(self, site, rating):
        rating.expected += ["ERR_FAILED", "409"]

        def lose(route):
            route.fetch()
            route.abort()

        rating.route("**/draft", lose, times=1)
        type_all(rating, "4")
        says(rating, "save", "Not saved")
        saved(rating)
        assert not rating.get_by_role("dialog").is_visible()

    def test_a_session_that_ended_loses_nothing_and_says_nothing_false(self, site, rating, open_page):
        rating.expected.append("401")
        type_all(rating, "43")
        saved(rating)
        site.clock.move(minutes=31)
        type_all(rating, "21")
        says(rating, "save", "signed out")
        assert rating.get_by_role("link", name="Sign in again").is_visible()
        cookie = {"name": "__Host-sid", "value": site.token("ann"), "url": "https://127.0.0.1/"}
        rating.context.add_cookies([cookie | {"secure": True, "httpOnly": True, "sameSite": "Lax"}])
        rating.goto(f"/projects/{site.bench.id}/queue")
        rating.get_by_role("button", name="Begin").click()
        ready(rating)
        assert list(chosen(rating).values()) == [4, 3, 2, 1]
        saved(rating)

    def test_signing_out_wipes_what_the_browser_kept(self, rating):
        rating.expected.append("ERR_FAILED")
        rating.route("**/draft", lambda route: route.abort())
        type_all(rating, "4")
        says(rating, "save", "Not saved")
        assert rating.evaluate("Object.keys(localStorage).length") == 1
        rating.get_by_role("button", name="Sign out").click()
        rating.get_by_role("heading", name="Sign in").wait_for()
        assert rating.evaluate("Object.keys(localStorage).length") == 0

    def test_nothing_is_kept_where_the_workbench_was_started_so(self, site_of, open_page_of):
        site = site_of(keeps_drafts=False)
        page = begin(open_page_of(site, "ann", f"/projects/{site.bench.id}/queue"))
        page.expected.append("ERR_FAILED")
        page.route("**/draft", lambda route: route.abort())
        type_all(page, "4")
        says(page, "save", "Not saved")
        assert "Keep this page open" in page.locator("#save").text_content()
        assert page.evaluate("Object.keys(localStorage).length") == 0


class TestTwoWindows:
    """T42."""

    @pytest.fixture
    def two(self, rating):
        other = rating.context.new_page()
        rating.expected.append("409")
        ready(other.goto(rating.url) and other)
        return rating, other

    @pytest.mark.parametrize(("button", "kept"), [("Keep what is here", 1), ("Take what is stored", 5)])
    def test_that_differ_show_both_and_store_what_is_chosen(self, site, two, button, kept):
        one, other = two
        type_all(other, "5")
        saved(other)
        one.bring_to_front()
        type_all(one, "1")
        dialog = one.get_by_role("dialog", name="This case was changed in another window")
        dialog.wait_for()
        assert "Accuracy15differs" in dialog.text_content().replace("\n", "").replace(" ", "")
        dialog.get_by_role("button", name=button).click()
        saved(one)
        assert chosen(one) == {"accuracy": kept}
        with site.database.reading() as session:
            assert session.scalars(select(Draft)).one().content["scores"] == {"accuracy": kept}

    def test_that_both_submit_store_one_rating(self, site, two):
        one, other = two
        type_all(other, "555555")
        saved(other)
        type_all(other, ["Control+Enter"])
        says(other, "place", "^Case 2$")
        one.expected.append("422")
        one.bring_to_front()
        type_all(one, ["1", "1", "1", "1", "1", "1", "Control+Enter"])
        says(one, "status", "^Not submitted")
        with site.database.reading() as session:
            assert session.scalar(select(func.count()).select_from(Rating)) == 1
        assert ratings(site) == [[5] * 6]


class TestImages:
    def test_zoom_and_pan_stay_from_image_to_image(self, rating):
        rating.wait_for_selector(".stage img")
        before = rating.locator(".stage img").get_attribute("style")
        type_all(rating, ["+", "+", "Shift+ArrowRight"])
        style = rating.locator(".stage img").get_attribute("style")
        assert style != before
        assert "scale(2.25)" in style
        rating.evaluate("document.querySelector('.thumbs button').click()")
        rating.wait_for_timeout(100)
        assert rating.locator(".stage img").get_attribute("style") == style
        type_all(rating, "=")
        assert "scale(1)" in rating.locator(".stage img").get_attribute("style")

    def test_are_shown(self, rating):
        rating.wait_for_selector(".stage img")
        assert rating.evaluate("document.querySelector('.stage img').naturalWidth") == 8


@pytest.mark.parametrize("height", [900, 700])
def test_submit_is_in_sight_with_the_reason_open(site, open_page, height):
    page = begin(open_page("ann", f"/projects/{site.bench.id}/queue", viewport={"width": 1400, "height": height}))
    page.get_by_label("I am uncertain").check()
    page.get_by_label("Why?").fill("The border is out of the picture.")
    page.evaluate("scrollTo(0, 0)")
    box = page.get_by_role("button", name="Submit and next").bounding_box()
    assert box["y"] + box["height"] <= height


def test_what_the_scores_mean_says_how_the_rubric_is_read_here(site, rating):
    rating.keyboard.press("?")
    dialog = rating.get_by_role("dialog")
    expect(dialog).to_contain_text("you give whole points")
    expect(dialog).to_contain_text("You are shown no reference")
    guideline = site.client("ann").get("/guideline").text
    assert "you give whole points" in guideline
    assert all(rule in html.unescape(guideline) for rule in load_rubric().rules)  # the rubric itself stays as it is


def test_an_administrator_is_told_how_to_rate(site):
    assert "give yourself the role of a rater" in site.client("root").get("/").text
    assert "role of a rater" not in site.client("cora").get("/").text
