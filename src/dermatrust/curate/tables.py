"""The tables of the workbench. Raters see ids of assignments only; they are random and say nothing."""

import secrets
from datetime import UTC, datetime
from typing import Annotated, Any, Literal, get_args

from sqlalchemy import BigInteger, CheckConstraint, Double, ForeignKey, Index, MetaData, SmallInteger, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from dermatrust.curate.columns import Id, Json, Moment, Text
from dermatrust.records import DIMENSIONS, Dimension

Key = Annotated[int, mapped_column(Id)]
"""The number of a row, as `columns.Id` holds it."""
Score = Annotated[int, mapped_column(SmallInteger)]
"""A whole number from 0 to 5."""
Role = Literal["rater", "adjudicator", "curator"]
"""What a person does in a project; an administrator may do everything but rate and decide."""
ItemState = Literal["open", "agreed", "disputed", "adjudicated", "certified", "released"]
"""How far an item is. `open` until it has all its ratings, which then agree or are disputed."""
AssignmentState = Literal["assigned", "draft", "submitted", "returned"]
"""How far one rater is with one item. A returned one has given its slot back and keeps its draft."""
ReviewState = Literal["unreviewed", "cleared", "withheld"]
"""Whether a person has looked at an image for faces, dates and other things that identify a patient."""

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}


def now() -> datetime:
    """Return this moment in UTC."""
    return datetime.now(UTC)


def opaque() -> str:
    """Return a new id of 96 random bits, which tells nothing and cannot be guessed."""
    return secrets.token_urlsafe(12)


def one_of(column: str, literal: Any) -> CheckConstraint:
    """Return a constraint that a column holds one of a type's values."""
    values = ", ".join(f"'{value}'" for value in get_args(literal))
    return CheckConstraint(f"{column} IN ({values})", name=column)


class Base(DeclarativeBase):
    """All tables."""

    metadata = MetaData(naming_convention=NAMING)
    type_annotation_map = {
        str: Text, int: BigInteger, float: Double, datetime: Moment, Any: Json,
    }  # fmt: skip


class User(Base):
    """A person with an account."""

    __tablename__ = "user"
    id: Mapped[Key] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    """Signs in with it, and stands as rater in exported ratings."""
    password_hash: Mapped[str | None]
    is_admin: Mapped[bool] = mapped_column(default=False)
    kind: Mapped[str] = mapped_column(default="human")
    """As in `raters.jsonl`: "simulated" for a program that takes a person's place."""
    qualification: Mapped[str | None]
    years: Mapped[float | None]
    totp_secret: Mapped[str | None]
    created_at: Mapped[datetime] = mapped_column(default=now)
    disabled_at: Mapped[datetime | None]


class LoginSession(Base):
    """A signed-in browser. Of its token only the SHA-256 is kept."""

    __tablename__ = "session"
    token_sha256: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[Key] = mapped_column(ForeignKey("user.id"), index=True)
    csrf_secret: Mapped[str]
    created_at: Mapped[datetime] = mapped_column(default=now)
    seen_at: Mapped[datetime] = mapped_column(default=now)
    authenticated_at: Mapped[datetime] = mapped_column(default=now)
    """When the password was last given; certifying needs it fresh."""
    ended_at: Mapped[datetime | None]


class LoginFailure(Base):
    """A failed try to sign in, for the limits per account and per address."""

    __tablename__ = "login_failure"
    id: Mapped[Key] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(index=True)
    address: Mapped[str] = mapped_column(index=True)
    failed_at: Mapped[datetime] = mapped_column(default=now)


class ApiToken(Base):
    """A bearer token of the scoring API. Only its SHA-256 is kept."""

    __tablename__ = "api_token"
    id: Mapped[Key] = mapped_column(primary_key=True)
    token_sha256: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    user_id: Mapped[Key | None] = mapped_column(ForeignKey("user.id"))
    scopes: Mapped[Any]
    created_at: Mapped[datetime] = mapped_column(default=now)
    expires_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
    used_at: Mapped[datetime | None]


class Project(Base):
    """One queue of items from one dataset folder, with its rules."""

    __tablename__ = "project"
    id: Mapped[Key] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    folder: Mapped[str]
    """Of the dataset: images are read from it, and their hash is checked."""
    dataset_hash: Mapped[str]
    card: Mapped[Any]
    """The dataset's card; a synthetic one is called so on every page."""
    rubric: Mapped[str]
    """Name and hash of the rubric that raters are shown."""
    rules: Mapped[Any]
    """See `rules.Rules`."""
    seed: Mapped[int]
    created_at: Mapped[datetime] = mapped_column(default=now)


class Member(Base):
    """What a person does in a project."""

    __tablename__ = "member"
    __table_args__ = (one_of("role", Role),)
    project_id: Mapped[Key] = mapped_column(ForeignKey("project.id"), primary_key=True)
    user_id: Mapped[Key] = mapped_column(ForeignKey("user.id"), primary_key=True, index=True)
    role: Mapped[str]


class Item(Base):
    """A text about a case that is rated and certified, by itself or as one of several of its case."""

    __tablename__ = "item"
    __table_args__ = (
        one_of("state", ItemState),
        UniqueConstraint("project_id", "source_id"),
        Index(None, "project_id", "state"),
    )
    id: Mapped[str] = mapped_column(primary_key=True, default=opaque)
    project_id: Mapped[Key] = mapped_column(ForeignKey("project.id"))
    number: Mapped[int]
    """Place in the queue as filled, from 1."""
    source_id: Mapped[str]
    """Id of the narrative or reference in the dataset."""
    source_sha256: Mapped[str]
    """Of the whole source record."""
    source: Mapped[Any]
    """The source record: author, stream, prompt; never shown to a rater."""
    case_id: Mapped[str] = mapped_column(index=True)
    case: Mapped[Any]
    """The case record: label, context and subgroup fields; a rater sees of it what the rules allow."""
    state: Mapped[str] = mapped_column(default="open")
    note: Mapped[str | None]
    """Why it is in the queue, e.g. what an audit found."""


class Image(Base):
    """An image of the dataset, known by its hash."""

    __tablename__ = "image"
    __table_args__ = (one_of("review", ReviewState), UniqueConstraint("project_id", "file_name"))
    id: Mapped[str] = mapped_column(primary_key=True, default=opaque)
    project_id: Mapped[Key] = mapped_column(ForeignKey("project.id"))
    file_name: Mapped[str]
    sha256: Mapped[str] = mapped_column(index=True)
    n_bytes: Mapped[int]
    width: Mapped[int]
    height: Mapped[int]
    media_type: Mapped[str]
    review: Mapped[str] = mapped_column(default="unreviewed")
    reviewer_id: Mapped[Key | None] = mapped_column(ForeignKey("user.id"))
    reviewed_at: Mapped[datetime | None]


class ItemImage(Base):
    """Which images an item shows, in which order."""

    __tablename__ = "item_image"
    item_id: Mapped[str] = mapped_column(ForeignKey("item.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    image_id: Mapped[str] = mapped_column(ForeignKey("image.id"))


class TextVersion(Base):
    """One text of an item. Never changed; a revision is a new row."""

    __tablename__ = "text_version"
    __table_args__ = (UniqueConstraint("item_id", "number"),)
    id: Mapped[Key] = mapped_column(primary_key=True)
    item_id: Mapped[str] = mapped_column(ForeignKey("item.id"))
    number: Mapped[int]
    text: Mapped[str]
    sha256: Mapped[str]
    author_id: Mapped[Key | None] = mapped_column(ForeignKey("user.id"))
    """None for the text as it came from the dataset."""
    parent_id: Mapped[Key | None] = mapped_column(ForeignKey("text_version.id"))
    edit_distance: Mapped[float]
    """Share of words that differ from the parent, 0 to 1."""
    from_scratch: Mapped[bool]
    written_at: Mapped[datetime] = mapped_column(default=now)


class Assignment(Base):
    """One rater's turn at one item; round 1 is the first, round 2 the hidden repeat of an anchor."""

    __tablename__ = "assignment"
    __table_args__ = (
        one_of("state", AssignmentState),
        CheckConstraint("(state = 'returned') = (slot IS NULL)", name="slot"),
        UniqueConstraint("item_id", "round", "slot"),
        UniqueConstraint("item_id", "round", "rater_id"),
        Index(None, "rater_id", "state"),
    )
    id: Mapped[str] = mapped_column(primary_key=True, default=opaque)
    item_id: Mapped[str] = mapped_column(ForeignKey("item.id"))
    rater_id: Mapped[Key] = mapped_column(ForeignKey("user.id"))
    round: Mapped[int]
    slot: Mapped[int | None]
    state: Mapped[str] = mapped_column(default="assigned")
    place: Mapped[int]
    """How many items this rater had been shown before, plus 1; 0 while a curator keeps it and it was not shown yet."""
    assigned_at: Mapped[datetime] = mapped_column(default=now)
    lease_until: Mapped[datetime]


class SixScores:
    """The columns of six scores."""

    accuracy: Mapped[Score]
    safety: Mapped[Score]
    medical_groundedness: Mapped[Score]
    clinical_coverage: Mapped[Score]
    reasoning_coherence: Mapped[Score]
    description_precision: Mapped[Score]

    @property
    def scores(self) -> dict[Dimension, int]:
        """The six by dimension."""
        return {dimension: getattr(self, dimension.value) for dimension in DIMENSIONS}


def on_the_scale() -> tuple[CheckConstraint, ...]:
    """Return the constraints of six scores."""
    return tuple(CheckConstraint(f"{d.value} BETWEEN 0 AND 5", name=d.value) for d in DIMENSIONS)


class Draft(Base):
    """What a person has entered so far. `version` counts the saves; a save must name the one it follows."""

    __tablename__ = "draft"
    user_id: Mapped[Key] = mapped_column(ForeignKey("user.id"), primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    """Kind and id of what it is about, e.g. "assignment:3fQ…", or "item:3fQ…" for a revised text."""
    version: Mapped[int]
    content: Mapped[Any]
    saved_at: Mapped[datetime] = mapped_column(default=now)


class Rating(SixScores, Base):
    """What a rater submitted, blind. Never changed, whatever happens to the text later."""

    __tablename__ = "rating"
    __table_args__ = on_the_scale()
    id: Mapped[Key] = mapped_column(primary_key=True)
    assignment_id: Mapped[str] = mapped_column(ForeignKey("assignment.id"), unique=True)
    text_version_id: Mapped[Key] = mapped_column(ForeignKey("text_version.id"))
    uncertain: Mapped[bool]
    reason: Mapped[str | None]
    """Why the rater is uncertain."""
    note: Mapped[str | None]
    seconds: Mapped[float]
    """From the first view to the submit, without pauses."""
    viewer: Mapped[Any]
    """Brightness, contrast and whatever else changed what was seen."""
    rubric: Mapped[str]
    frozen_at: Mapped[datetime] = mapped_column(default=now)


class Adjudication(SixScores, Base):
    """The scores that settle what raters disagree about. Their own rows stay."""

    __tablename__ = "adjudication"
    __table_args__ = on_the_scale()
    id: Mapped[Key] = mapped_column(primary_key=True)
    item_id: Mapped[str] = mapped_column(ForeignKey("item.id"), unique=True)
    adjudicator_id: Mapped[Key] = mapped_column(ForeignKey("user.id"))
    text_version_id: Mapped[Key] = mapped_column(ForeignKey("text_version.id"))
    assignment_ids: Mapped[Any]
    """Of the ratings as they were shown: A, B, …"""
    disputes: Mapped[Any]
    """What had to be settled, in words."""
    reason: Mapped[str]
    decided_at: Mapped[datetime] = mapped_column(default=now)


class Certificate(Base):
    """A person's word that one text deserves 5 on all six dimensions."""

    __tablename__ = "certificate"
    id: Mapped[Key] = mapped_column(primary_key=True)
    text_version_id: Mapped[Key] = mapped_column(ForeignKey("text_version.id"), unique=True)
    rater_id: Mapped[Key] = mapped_column(ForeignKey("user.id"))
    text_sha256: Mapped[str]
    authenticated_at: Mapped[datetime]
    certified_at: Mapped[datetime] = mapped_column(default=now)


class Anchor(Base):
    """An item that every rater of the project gets, and gets again: it shows who is off and who is steady."""

    __tablename__ = "anchor"
    item_id: Mapped[str] = mapped_column(ForeignKey("item.id"), primary_key=True)
    expected: Mapped[Any]
    """Scores by dimension where they are known, else empty: then it serves as a retest only."""
    tolerance: Mapped[float]
    """By how many points a score may differ from the expected one."""


class Audit(Base):
    """One thing that happened. The database itself refuses to change or delete a row."""

    __tablename__ = "audit"
    id: Mapped[Key] = mapped_column(primary_key=True, autoincrement=False)
    """1, 2, 3, … without a gap."""
    at: Mapped[str]
    """In UTC, as ISO 8601 writes it: the hash is of these very characters."""
    actor: Mapped[str]
    """Name of the person or program."""
    action: Mapped[str]
    subject: Mapped[str]
    """Kind and id of what it was done to, e.g. "item:3fQ…"."""
    before: Mapped[Any | None]
    after: Mapped[Any | None]
    request_id: Mapped[str | None]
    previous: Mapped[str]
    sha256: Mapped[str]


class AuditEnd(Base):
    """How long the audit is and how it ends: without it the last rows could be cut off unseen."""

    __tablename__ = "audit_end"
    id: Mapped[Key] = mapped_column(primary_key=True, autoincrement=False)
    length: Mapped[int]
    sha256: Mapped[str]
