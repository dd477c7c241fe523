"""Photographs that may identify somebody: a curator looks, and what they say holds here and in the dataset folder."""

import hashlib

import pytest
from sqlalchemy import select

from dermatrust.curate.tables import Audit, Image
from dermatrust.records import ImageReview
from dermatrust.store.folder import DatasetFolder
from dermatrust.store.jsonl import append_records


@pytest.fixture(params=["sqlite", "postgresql"])
def flagged(request, site_of):
    """A workbench, and the row of its first photograph, on which lettering was found."""
    site = site_of(3, kind=request.param)
    with site.database.reading() as session:
        image = session.scalars(select(Image).order_by(Image.file_name.desc())).first()
        session.expunge_all()
    found = ImageReview(
        file_name=image.file_name, sha256=image.sha256, verdict="to be looked at", found=("lettering",)
    )  # fmt: skip
    append_records(site.bench.folder.path / "image_reviews.jsonl", [found])
    return site, image


def test_the_flagged_one_comes_first_and_a_sign_off_goes_into_the_dataset(flagged):
    site, image = flagged
    cora, at = site.client("cora"), f"/projects/{site.bench.id}"
    page = cora.get(f"{at}/images").text
    assert page.index("a date or a name?") < page.index("not looked at")
    assert page.index(image.id) < min(page.index(other) for other in ids(site) if other != image.id)
    assert cora.post(f"{at}/images/{image.id}", data={"verdict": "cleared"}).status_code == 303
    assert "cleared by cora" in cora.get(f"{at}/images").text
    assert "what was said of 1 photographs" in cora.post(f"{at}/export/folder").text
    assert "what was said" not in cora.post(f"{at}/export/folder").text  # nothing doubles
    stored = DatasetFolder.open(site.bench.folder.path).image_reviews()[image.file_name]
    assert (stored.verdict, stored.found, stored.reviewer) == ("cleared", ("lettering",), "cora")
    assert stored.sha256 == hashlib.sha256((site.bench.folder.path / image.file_name).read_bytes()).hexdigest()
    with site.database.reading() as session:
        (noted,) = session.scalars(select(Audit).where(Audit.action == "image.review"))
        assert (noted.actor, noted.after) == ("cora", {"review": "cleared"})


def test_a_withheld_photograph_is_shown_to_no_rater(flagged):
    site, _ = flagged
    for image_id in ids(site):
        site.client("cora").post(f"/projects/{site.bench.id}/images/{image_id}", data={"verdict": "withheld"})
        assert site.client("cora").get(f"/projects/{site.bench.id}/images/{image_id}").status_code == 200
    ann = site.client("ann")
    case = site.take(ann)
    assert case["images"] == []
    assert ann.get(f"/rate/{case['id']}/images/1").status_code == 404


@pytest.mark.parametrize("verdict", ["unreviewed", "", "released"])
def test_there_are_two_verdicts(site, verdict):
    (first, *_) = ids(site)
    answer = site.client("cora").post(f"/projects/{site.bench.id}/images/{first}", data={"verdict": verdict})
    assert answer.status_code == 422


def test_a_photograph_that_is_not_there(site):
    for call in (site.client("cora").get, site.client("cora").post):
        more = {"data": {"verdict": "cleared"}} if call.__name__ == "post" else {}
        assert call(f"/projects/{site.bench.id}/images/{'A' * 16}", **more).status_code == 404


def test_a_project_takes_over_what_its_dataset_says_of_the_same_file(site):
    from dermatrust.curate.projects import pick, read_images

    folder = site.bench.folder
    before = read_images(folder, pick(folder, "references"))
    one, other, *_ = before
    known = {"verdict": "withheld", "reviewer": "Dr A"}
    reviews = [
        ImageReview(file_name=one, sha256=before[one].sha256, **known),
        ImageReview(file_name=other, sha256="0" * 64, **known),
    ]
    append_records(folder.path / "image_reviews.jsonl", reviews)
    after = read_images(folder, pick(folder, "references"))
    assert (after[one].review, after[other].review) == ("withheld", None)  # the table's default comes at storing


def ids(site):
    with site.database.reading() as session:
        return list(session.scalars(select(Image.id).order_by(Image.file_name)))
