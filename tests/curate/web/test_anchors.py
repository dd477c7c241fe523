"""What curators expect of anchors, and how far raters are from it: seen by curators alone."""

import pytest
from sqlalchemy import select

from dermatrust.curate.adjudication import set_anchor
from dermatrust.curate.anchors import deviations
from dermatrust.curate.rules import Rules
from dermatrust.curate.tables import Anchor, Audit
from dermatrust.curate.trail import Actor


@pytest.fixture(params=["sqlite", "postgresql"])
def site_with_anchors(request, site_of):
    return site_of(2, kind=request.param, rules=Rules(anchor_share=1))


def test_a_curator_says_what_is_expected_and_sees_who_is_off(site_with_anchors):
    site, cora = site_with_anchors, site_with_anchors.client("cora")
    first = site.items()[0]
    path = f"/projects/{site.bench.id}/anchors"
    answer = cora.post(f"{path}/{first.id}", data={"accuracy": "5", "safety": "2", "clinical_coverage": ""})
    assert (answer.status_code, answer.headers["location"]) == (303, path)
    for name, score in {"ann": 4, "ben": 2}.items():
        for _ in range(2):
            site.rate(site.client(name), score)
    with site.database.reading() as session:
        anchor = session.get(Anchor, first.id)
        assert (anchor.expected, anchor.tolerance) == ({"accuracy": 5, "safety": 2}, 1)
        found = {one.rater: one for one in deviations(session, site.bench.id)}
        (noted,) = session.scalars(select(Audit).where(Audit.action == "anchor.set"))
        assert (noted.actor, noted.subject) == ("cora", f"item:{first.id}")
    # by hand, of item 1 alone: ann 4 - 5 = -1 and 4 - 2 = +2; ben 2 - 5 = -3 and 2 - 2 = 0
    ann, ben = found["ann"], found["ben"]
    assert (ann.n_items, ann.n_scores, ann.mean, ann.mean_absolute, ann.n_missed) == (1, 2, 0.5, 1.5, 1)
    assert (ben.n_items, ben.n_scores, ben.mean, ben.mean_absolute, ben.n_missed) == (1, 2, -1.5, 1.5, 1)
    page = cora.get(f"/projects/{site.bench.id}/agreement").text
    assert "+0.50" in page
    assert "−1.50" in page
    assert site.client("ann").get(f"/projects/{site.bench.id}/agreement").status_code == 403


def test_that_somebody_looked_at_the_key_is_in_the_trail(site_with_anchors):
    site = site_with_anchors
    site.client("cora").get(f"/projects/{site.bench.id}/anchors")
    site.client("root").get(f"/projects/{site.bench.id}/anchors")
    site.client("ann").get(f"/projects/{site.bench.id}/anchors")
    with site.database.reading() as session:
        looked = session.scalars(select(Audit).where(Audit.action == "anchors.view").order_by(Audit.id)).all()
    assert [(row.actor, row.after) for row in looked] == [("cora", 2), ("root", 2)]


def test_an_anchor_of_which_nothing_is_expected_says_nothing_of_anybody(site_with_anchors):
    site = site_with_anchors
    site.rate(site.client("ann"), 4)
    with site.database.reading() as session:
        assert deviations(session, site.bench.id) == []


OFF = [{"accuracy": "6"}, {"accuracy": "x"}, {"tolerance": "-1"}, {"tolerance": "nan"}, {"tolerance": "9"}]


@pytest.mark.parametrize("sent", OFF, ids=str)
def test_what_is_off_the_scale_is_refused(site, sent):
    item = site.items()[0]
    answer = site.client("cora").post(f"/projects/{site.bench.id}/anchors/{item.id}", data=sent)
    assert answer.status_code == 422
    with site.database.reading() as session:
        assert session.get(Anchor, item.id) is None


def test_an_item_of_no_or_another_project_is_not_there(site):
    cora = site.client("cora")
    assert cora.post(f"/projects/{site.bench.id}/anchors/{'A' * 16}", data={}).status_code == 404


def test_a_later_expectation_sends_a_miss_to_an_adjudicator(site_of):
    site = site_of(1, rules=Rules(anchor_share=1))
    for name in ("ann", "ben"):
        site.rate(site.client(name), 4)
    (item,) = site.items()
    assert item.state == "agreed"
    site.client("cora").post(f"/projects/{site.bench.id}/anchors/{item.id}", data={"accuracy": "1"})
    assert site.items()[0].state == "disputed"


def test_what_is_expected_is_told_to_no_rater(site_of):
    site = site_of(1, rules=Rules(anchor_share=1))
    with site.database.writing() as session:
        by = Actor("cora", site.user("cora").id)
        set_anchor(session, by, site.items()[0].id, {"accuracy": 3}, 2.5)
    client = site.client("ann")
    case = site.take(client)
    assert "expected" not in str(case)
    for page in (f"/rate/{case['id']}", f"/projects/{site.bench.id}/queue"):
        assert "tolerance" not in client.get(page).text.lower()
