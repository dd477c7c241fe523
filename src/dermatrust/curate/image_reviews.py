"""Which photographs of a project a curator still has to look at, and the sign-offs that go with its dataset folder."""

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select
from sqlalchemy.orm import Session

from dermatrust.curate.tables import Image, Project, User
from dermatrust.errors import DataError
from dermatrust.records import ImageFlag, ImageReview
from dermatrust.store.folder import DatasetFolder
from dermatrust.store.jsonl import append_records
from dermatrust.store.layout import IMAGE_REVIEWS


@dataclass(frozen=True, slots=True)
class Reviewed:
    """One photograph, as the page of images shows it.

    Attributes:
        image: Its row.
        found: What was found on it when its dataset was made or looked at.
        reviewer: Who looked, None where nobody has.
    """

    image: Image
    found: tuple[ImageFlag, ...]
    reviewer: str | None


def reviewed_images(session: Session, project: Project) -> list[Reviewed]:
    """Return the photographs of a project: those flagged and not yet looked at, then the others not looked at, by name.

    Where the dataset folder is gone or its reviews cannot be read, nothing is known of what was found.
    """
    known = _known(project)
    names = {user.id: user.name for user in session.scalars(select(User))}
    images = session.scalars(select(Image).where(Image.project_id == project.id)).all()
    rows = [Reviewed(one, _found(known.get(one.file_name), one), names.get(one.reviewer_id or 0)) for one in images]
    return sorted(rows, key=lambda row: (row.image.review != "unreviewed", not row.found, row.image.file_name))


def new_sign_offs(session: Session, project_id: int, folder: DatasetFolder) -> list[ImageReview]:
    """Return what curators said of photographs and the dataset folder does not hold as its last word."""
    known = folder.image_reviews()
    query = select(Image, User.name).join(User, User.id == Image.reviewer_id)
    query = query.where(Image.project_id == project_id, Image.review != "unreviewed").order_by(Image.file_name)
    new = []
    for image, reviewer in session.execute(query):
        before = known.get(image.file_name)
        at = image.reviewed_at.isoformat(timespec="seconds") if image.reviewed_at else None
        own = ImageReview(
            file_name=image.file_name, sha256=image.sha256, found=_found(before, image), reviewer=reviewer,
            verdict="cleared" if image.review == "cleared" else "withheld", reviewed_at=at,
        )  # fmt: skip
        new += [own] if own != before else []
    return new


def write_sign_offs(session: Session, project_id: int, folder: DatasetFolder) -> int:
    """Add a project's sign-offs to its dataset folder, and return how many are new; written again, nothing doubles.

    Raises:
        DataError: The folder cannot be read or written.
    """
    new = new_sign_offs(session, project_id, folder)
    if new:
        append_records(folder.path / IMAGE_REVIEWS, new)
    return len(new)


def _known(project: Project) -> dict[str, ImageReview]:
    try:
        return DatasetFolder.open(Path(project.folder)).image_reviews()
    except DataError:
        return {}


def _found(review: ImageReview | None, image: Image) -> tuple[ImageFlag, ...]:
    """Return what was found on this very file."""
    return review.found if review is not None and review.sha256 == image.sha256 else ()
