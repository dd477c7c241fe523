"""Making a project from a dataset folder: its items with opaque ids, its images by their hashes, its members."""

import hashlib
import io
import random
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal, get_args

from PIL import Image as Picture
from sqlalchemy import select
from sqlalchemy.orm import Session

from dermatrust.curate.access import require
from dermatrust.curate.problems import ConflictError, NotFoundError, RefusedError
from dermatrust.curate.rules import Rules
from dermatrust.curate.tables import (
    Anchor,
    Image,
    Item,
    ItemImage,
    Member,
    Project,
    ReviewState,
    Role,
    TextVersion,
    User,
    opaque,
)
from dermatrust.curate.trail import Actor, record
from dermatrust.errors import DataError
from dermatrust.judge.rubric import load_rubric
from dermatrust.records import Case, Narrative
from dermatrust.store.folder import DatasetFolder

Texts = Literal["references", "narratives"]
"""What is rated: references, to be certified, or candidate narratives, whose judges are to be checked."""
MOST_PIXELS, LONGEST_SIDE = 40_000_000, 16_384
_SHOWN = ("JPEG", "PNG", "WEBP")
"""Kinds of images that every browser shows."""


@dataclass(frozen=True, slots=True)
class Picked:
    """One text that comes into a project.

    Attributes:
        text: The narrative or reference.
        case: What it is about.
        note: Why it was picked, "" where nothing is said.
    """

    text: Narrative
    case: Case
    note: str = ""


def pick(folder: DatasetFolder, texts: Texts, queue: Mapping[str, str] | None = None) -> list[Picked]:
    """Return the texts of a dataset that come into a project, in the order of the queue, then of the file.

    Args:
        folder: The dataset.
        texts: Whether its references or its candidate narratives are rated.
        queue: Ids of the cases wanted, each with a note, as `read_queue` returns them; all cases where none is given.

    Raises:
        DataError: The dataset cannot be read, lacks a case of the queue, or has no text of these cases.
    """
    cases = {case.id: case for case in folder.iter_cases()}
    notes = dict.fromkeys(cases, "") if queue is None else queue
    for case_id in notes:
        if case_id not in cases:
            raise DataError("the list of cases", f"names case {case_id!r}, which {folder.path} does not have")
    found: dict[str, list[Narrative]] = {case_id: [] for case_id in notes}
    for text in folder.iter_references() if texts == "references" else folder.iter_narratives():
        if text.case_id in found and text.text.strip():  # nothing can be said of an empty text
            found[text.case_id].append(text)
    picked = [Picked(text, cases[case_id], notes[case_id]) for case_id, own in found.items() for text in own]
    if not picked:
        raise DataError(str(folder.path), f"has no {texts} of these cases")
    return picked


def create_project(
    session: Session, by: Actor, name: str, folder: DatasetFolder, picked: Iterable[Picked],
    images: Mapping[str, Image], *, rules: Rules | None = None, seed: int = 0,
) -> Project:  # fmt: skip
    """Make a project of these texts, and choose its anchors.

    Args:
        session: Of `Database.writing`.
        by: Who makes it.
        name: What it is called.
        folder: The dataset.
        picked: Its texts, from `pick`.
        images: From `read_images`, which takes its time and therefore comes before the transaction.
        rules: How it works.
        seed: Of the raters' orders and of the choice of anchors.

    Raises:
        ConflictError: There is a project of this name.
    """
    rules = rules or Rules()
    if session.scalar(select(Project.id).where(Project.name == name)) is not None:
        raise ConflictError("the project", f"{name!r} exists", "another name")
    project = Project(
        name=name, folder=str(folder.path.resolve()), dataset_hash=folder.content_hash(),
        card=folder.card.model_dump(mode="json"), rubric=load_rubric().name_and_hash,
        rules=rules.model_dump(mode="json"), seed=seed,
    )  # fmt: skip
    session.add(project)
    session.flush()
    for image in images.values():
        image.project_id = project.id
        session.add(image)
    session.flush()
    items = [_add_item(session, project.id, number, one, images) for number, one in enumerate(picked, start=1)]
    anchors = random.Random(seed).sample(items, round(rules.anchor_share * len(items)))  # noqa: S311  # no secret
    session.add_all(Anchor(item_id=item.id, expected={}, tolerance=rules.anchor_tolerance) for item in anchors)
    after = {"name": name, "items": len(items), "anchors": len(anchors), "rules": project.rules, "seed": seed}
    record(session, by, "project.create", f"project:{project.id}", after=after)
    return project


def follow_folder(session: Session, by: Actor, project: Project, folder: DatasetFolder) -> bool:
    """Let a project take its photographs from another folder where its own is gone: moved, or restored elsewhere.

    Photographs are known by their hashes, so that a folder with others in it shows none.

    Args:
        session: Of `Database.writing`.
        by: Who says so.
        project: The project.
        folder: Where its dataset is now.

    Returns:
        Whether it had to.
    """
    here = str(folder.path.resolve())
    if project.folder == here or Path(project.folder).is_dir():
        return False
    record(
        session, by, "project.move", f"project:{project.id}", before={"folder": project.folder}, after={"folder": here}
    )
    project.folder = here
    return True


def read_images(folder: DatasetFolder, picked: Iterable[Picked]) -> dict[str, Image]:
    """Return what is known of every image of these texts by file name: hash, size and kind. Nothing is stored yet.

    An image that was cleared or withheld in the dataset, and is the same still, is so here.

    Raises:
        DataError: An image is missing, is none, is too large, or is of a kind that browsers do not show.
    """
    names = dict.fromkeys(name for one in picked for name in one.case.file_names)
    images = {name: _described(name, folder.image_path(name)) for name in names}
    for name, review in folder.image_reviews().items():
        is_same = name in images and images[name].sha256 == review.sha256
        if is_same and review.verdict != "to be looked at":
            images[name].review = review.verdict
    return images


def image_bytes(project: Project, image: Image) -> bytes:
    """Return the bytes of an image as they were when the project was made.

    Raises:
        NotFoundError: The file is gone or has changed since.
    """
    try:
        content = (Path(project.folder) / image.file_name).read_bytes()
    except OSError:
        content = b""
    if hashlib.sha256(content).hexdigest() != image.sha256:
        raise NotFoundError(f"image {image.id}", "its file is gone or has changed since the project was made")
    return content


def set_member(session: Session, by: Actor, project_id: int, user_id: int, role: Role | None) -> None:
    """Give a person a role in a project, or take it away with None.

    Raises:
        NotFoundError: There is no such project or person.
        RefusedError: There is no such role.
    """
    if session.get(Project, project_id) is None or session.get(User, user_id) is None:
        raise NotFoundError(f"project {project_id}, user {user_id}", "there is none such")
    if role is not None and role not in get_args(Role):
        raise RefusedError("the role", f"is {role!r}", f"one of {', '.join(get_args(Role))}")
    member = session.get(Member, (project_id, user_id))
    before = member.role if member else None
    if member is not None and role is None:
        session.delete(member)
    elif member is not None and role is not None:
        member.role = role
    elif role is not None:
        session.add(Member(project_id=project_id, user_id=user_id, role=role))
    if role != before:
        subject = f"project:{project_id}"
        record(session, by, "member.set", subject, before={"user": user_id, "role": before},
               after={"user": user_id, "role": role})  # fmt: skip


def review_image(session: Session, by: Actor, image_id: str, review: ReviewState, at: datetime) -> None:
    """Note that a curator has looked at an image for what identifies a patient; nobody is shown a withheld one.

    Raises:
        NotFoundError: There is no such image, or the person is no member of its project.
        RefusedError: The person is no curator there.
    """
    image = session.get(Image, image_id)
    if image is None:
        raise NotFoundError(f"image {image_id}", "there is none such")
    require(session, by, image.project_id, "curator")
    before, image.review, image.reviewer_id, image.reviewed_at = image.review, review, by.user_id, at
    record(session, by, "image.review", f"image:{image_id}", before={"review": before}, after={"review": review})


def rules_of(project: Project) -> Rules:
    """Return the rules of a project."""
    return Rules.from_fields(project.rules, where=f"project {project.id}")


def _add_item(session: Session, project_id: int, number: int, one: Picked, images: Mapping[str, Image]) -> Item:
    source, case = one.text.to_line(), one.case
    item = Item(
        project_id=project_id, number=number, source_id=one.text.id,
        source_sha256=hashlib.sha256(source.encode()).hexdigest(),
        source=one.text.model_dump(mode="json", exclude={"text"}, exclude_defaults=True),
        case_id=case.id, case=case.model_dump(mode="json", exclude_defaults=True), note=one.note or None,
    )  # fmt: skip
    session.add(item)
    session.flush()
    for place, name in enumerate(case.file_names, start=1):
        session.add(ItemImage(item_id=item.id, number=place, image_id=images[name].id))
    text = one.text.text
    session.add(
        TextVersion(item_id=item.id, number=1, text=text, sha256=text_sha256(text), edit_distance=0, from_scratch=False)
    )
    return item


def text_sha256(text: str) -> str:
    """Return the hash by which a text is known."""
    return hashlib.sha256(text.encode()).hexdigest()


def _described(name: str, path: Path) -> Image:
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(str(path), f"cannot be read ({error.strerror})") from None
    try:
        with warnings.catch_warnings(action="ignore"), Picture.open(io.BytesIO(content), formats=_SHOWN) as picture:
            width, height, kind = picture.width, picture.height, picture.get_format_mimetype()
    except (OSError, ValueError, SyntaxError, Picture.DecompressionBombError):
        raise DataError(str(path), "is not an image that can be shown", f"one of {', '.join(_SHOWN)}") from None
    if width * height > MOST_PIXELS or max(width, height) > LONGEST_SIDE:
        size = f"at most {MOST_PIXELS // 1_000_000} megapixels and {LONGEST_SIDE} pixels a side"
        raise DataError(str(path), f"is {width} x {height} pixels", size)
    image = Image(
        file_name=name, sha256=hashlib.sha256(content).hexdigest(), n_bytes=len(content), width=width, height=height,
        media_type=kind,
    )  # fmt: skip
    image.id = opaque()
    return image
