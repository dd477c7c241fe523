"""The curator's page of photographs: look at those that may identify somebody, and clear or withhold them."""

from itertools import islice
from typing import Annotated, Literal

from fastapi import APIRouter, Form, Request
from fastapi.responses import Response

from dermatrust.curate.gate import Bench, Curator, Place, Workbench
from dermatrust.curate.image_reviews import reviewed_images
from dermatrust.curate.pages import go, page
from dermatrust.curate.photographs import photograph
from dermatrust.curate.problems import NotFoundError
from dermatrust.curate.projects import review_image
from dermatrust.curate.tables import Image

router = APIRouter(include_in_schema=False)
_AT = "/projects/{project_id}/images"
_MOST_SHOWN = 24


@router.get(_AT)
def show_images(request: Request, bench: Bench, place: Curator) -> Response:
    """Show the photographs that nobody has looked at, flagged ones first, and then those that were."""
    with bench.database.reading() as session:
        rows = reviewed_images(session, place.project)
        session.expunge_all()
    n_flagged = sum(bool(row.found) and row.image.review == "unreviewed" for row in rows)
    n_open = sum(row.image.review == "unreviewed" for row in rows)
    shown = list(islice(rows, _MOST_SHOWN))
    return page(request, "images.html", rows=shown, n_images=len(rows), n_flagged=n_flagged, n_open=n_open)


@router.get(f"{_AT}/{{image_id}}")
def show_image(request: Request, bench: Bench, place: Curator, image_id: str) -> Response:
    """Return a photograph of the project, withheld ones too: a curator may change their mind."""
    return photograph(bench, place.project, _image(bench, place, image_id))


@router.post(f"{_AT}/{{image_id}}")
def review(
    request: Request, bench: Bench, place: Curator, image_id: str,
    verdict: Annotated[Literal["cleared", "withheld"], Form()],
) -> Response:  # fmt: skip
    """Store what a curator says of a photograph; nobody is shown a withheld one any more."""
    _image(bench, place, image_id)
    with bench.database.writing() as session:
        review_image(session, place.actor, image_id, verdict, bench.clock())
    return go(request, f"/projects/{place.project.id}/images")


def _image(bench: Workbench, place: Place, image_id: str) -> Image:
    with bench.database.reading() as session:
        image = session.get(Image, image_id)
        session.expunge_all()
    if image is None or image.project_id != place.project.id:
        raise NotFoundError(f"image {image_id}", "there is none such")
    return image
