"""What a rater sees of an item: its images and text, and nothing that tells whose it is or what others thought."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from dermatrust.curate.access import own_assignment
from dermatrust.curate.tables import Image, ItemImage
from dermatrust.curate.texts import drafted_text
from dermatrust.curate.trail import Actor


@dataclass(frozen=True, slots=True)
class BlindItem:
    """An item as its rater may see it. An anchor and its repeat look like all others.

    Attributes:
        assignment_id: The only id there is.
        text: What is rated: the text as it came from the dataset.
        context: What the referring clinician knew: age, sex, site, symptoms, history; never the label.
        images: Width and height of each image in pixels, in order; they are asked for by number, from 1.
    """

    assignment_id: str
    text: str
    context: dict[str, Any]
    images: tuple[tuple[int, int], ...]


def blind_item(session: Session, by: Actor, assignment_id: str) -> BlindItem:
    """Return what the rater sees of an assignment.

    Raises:
        NotFoundError: The assignment is not this rater's.
    """
    item = own_assignment(session, by, assignment_id).item
    text = drafted_text(session, item.id).text
    images = tuple((image.width, image.height) for image in item_images(session, item.id))
    return BlindItem(assignment_id, text, item.case.get("context", {}), images)


def blind_image(session: Session, by: Actor, assignment_id: str, number: int) -> Image | None:
    """Return one image of an assignment by its number, or None where there is none such.

    Raises:
        NotFoundError: The assignment is not this rater's.
    """
    item = own_assignment(session, by, assignment_id).item
    return next((image for k, image in enumerate(item_images(session, item.id), start=1) if k == number), None)


def item_images(session: Session, item_id: str) -> list[Image]:
    """Return the images of an item in their order, without those that were withheld."""
    query = select(Image).join(ItemImage, ItemImage.image_id == Image.id).where(ItemImage.item_id == item_id)
    return list(session.scalars(query.where(Image.review != "withheld").order_by(ItemImage.number)))
