"""The first tables, and triggers that keep what must never change."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
ID = sa.BigInteger().with_variant(sa.Integer, "sqlite")
SIX = (
    "accuracy", "safety", "medical_groundedness", "clinical_coverage", "reasoning_coherence", "description_precision",
)  # fmt: skip
KEPT = ("audit", "text_version", "rating", "adjudication", "certificate")
"""Tables whose rows are written once and stay."""
meta = sa.MetaData(naming_convention=NAMING)


def key(**more: Any) -> sa.Column[Any]:
    """Return the numbered primary key."""
    return sa.Column("id", ID, primary_key=True, **more)


def text(name: str, *parts: Any, **more: Any) -> sa.Column[Any]:
    """Return a column of text that must be there unless it is nullable."""
    return sa.Column(name, sa.Text, *parts, **({"nullable": False} | more))


def whole(name: str, **more: Any) -> sa.Column[Any]:
    """Return a column of whole numbers."""
    return sa.Column(name, sa.BigInteger, **({"nullable": False} | more))


def real(name: str, **more: Any) -> sa.Column[Any]:
    """Return a column of numbers."""
    return sa.Column(name, sa.Double, **({"nullable": False} | more))


def truth(name: str) -> sa.Column[Any]:
    """Return a column of true or false."""
    return sa.Column(name, sa.Boolean, nullable=False)


def moment(name: str, **more: Any) -> sa.Column[Any]:
    """Return a column of moments."""
    return sa.Column(name, sa.DateTime(timezone=True), **({"nullable": False} | more))


def to(name: str, target: str, **more: Any) -> sa.Column[Any]:
    """Return a column that points at another table's key."""
    kind = sa.Text if target in ("item.id", "image.id", "assignment.id") else ID
    return sa.Column(name, kind, sa.ForeignKey(target), **({"nullable": False} | more))


def one_of(column: str, *values: str) -> sa.CheckConstraint:
    """Return a constraint that a column holds one of these values."""
    listed = ", ".join(f"'{value}'" for value in values)
    return sa.CheckConstraint(f"{column} IN ({listed})", name=column)


def six() -> tuple[Any, ...]:
    """Return the columns of six scores, and that they are from 0 to 5."""
    columns = [sa.Column(name, sa.SmallInteger, nullable=False) for name in SIX]
    return (*columns, *(sa.CheckConstraint(f"{name} BETWEEN 0 AND 5", name=name) for name in SIX))


sa.Table(
    "user", meta, key(), text("name", unique=True), text("password_hash", nullable=True), truth("is_admin"),
    text("kind"), text("qualification", nullable=True), real("years", nullable=True),
    text("totp_secret", nullable=True), moment("created_at"), moment("disabled_at", nullable=True),
)  # fmt: skip
sa.Table(
    "session", meta, text("token_sha256", primary_key=True), to("user_id", "user.id", index=True),
    text("csrf_secret"), moment("created_at"), moment("seen_at"), moment("authenticated_at"),
    moment("ended_at", nullable=True),
)  # fmt: skip
sa.Table(
    "login_failure", meta, key(), text("account", index=True), text("address", index=True), moment("failed_at")
)  # fmt: skip
sa.Table(
    "api_token", meta, key(), text("token_sha256", unique=True), text("name"), to("user_id", "user.id", nullable=True),
    text("scopes"), moment("created_at"), moment("expires_at", nullable=True), moment("revoked_at", nullable=True),
    moment("used_at", nullable=True),
)  # fmt: skip
sa.Table(
    "project", meta, key(), text("name", unique=True), text("folder"), text("dataset_hash"), text("card"),
    text("rubric"), text("rules"), whole("seed"), moment("created_at"),
)  # fmt: skip
sa.Table(
    "member", meta, to("project_id", "project.id", primary_key=True),
    to("user_id", "user.id", primary_key=True, index=True), text("role"),
    one_of("role", "rater", "adjudicator", "curator"),
)  # fmt: skip
sa.Table(
    "item", meta, text("id", primary_key=True), to("project_id", "project.id"), whole("number"), text("source_id"),
    text("source_sha256"), text("source"), text("case_id", index=True), text("case"), text("state"),
    text("note", nullable=True),
    one_of("state", "open", "agreed", "disputed", "adjudicated", "certified", "released"),
    sa.UniqueConstraint("project_id", "source_id"), sa.Index(None, "project_id", "state"),
)  # fmt: skip
sa.Table(
    "image", meta, text("id", primary_key=True), to("project_id", "project.id"), text("file_name"),
    text("sha256", index=True), whole("n_bytes"), whole("width"), whole("height"), text("media_type"),
    text("review"), to("reviewer_id", "user.id", nullable=True), moment("reviewed_at", nullable=True),
    one_of("review", "unreviewed", "cleared", "withheld"), sa.UniqueConstraint("project_id", "file_name"),
)  # fmt: skip
sa.Table(
    "item_image", meta, to("item_id", "item.id", primary_key=True),
    whole("number", primary_key=True, autoincrement=False), to("image_id", "image.id"),
)  # fmt: skip
sa.Table(
    "text_version", meta, key(), to("item_id", "item.id"), whole("number"), text("text"), text("sha256"),
    to("author_id", "user.id", nullable=True), to("parent_id", "text_version.id", nullable=True),
    real("edit_distance"), truth("from_scratch"), moment("written_at"), sa.UniqueConstraint("item_id", "number"),
)  # fmt: skip
sa.Table(
    "assignment", meta, text("id", primary_key=True), to("item_id", "item.id"), to("rater_id", "user.id"),
    whole("round"), whole("slot", nullable=True), text("state"), whole("place"), moment("assigned_at"),
    moment("lease_until"), one_of("state", "assigned", "draft", "submitted", "returned"),
    sa.CheckConstraint("(state = 'returned') = (slot IS NULL)", name="slot"),
    sa.UniqueConstraint("item_id", "round", "slot"), sa.UniqueConstraint("item_id", "round", "rater_id"),
    sa.Index(None, "rater_id", "state"),
)  # fmt: skip
sa.Table(
    "draft", meta, to("user_id", "user.id", primary_key=True), text("subject", primary_key=True), whole("version"),
    text("content"), moment("saved_at"),
)  # fmt: skip
sa.Table(
    "rating", meta, key(), to("assignment_id", "assignment.id", unique=True),
    to("text_version_id", "text_version.id"), *six(), truth("uncertain"), text("reason", nullable=True),
    text("note", nullable=True), real("seconds"), text("viewer"), text("rubric"), moment("frozen_at"),
)  # fmt: skip
sa.Table(
    "adjudication", meta, key(), to("item_id", "item.id", unique=True), to("adjudicator_id", "user.id"),
    to("text_version_id", "text_version.id"), *six(), text("assignment_ids"), text("disputes"), text("reason"),
    moment("decided_at"),
)  # fmt: skip
sa.Table(
    "certificate", meta, key(), to("text_version_id", "text_version.id", unique=True), to("rater_id", "user.id"),
    text("text_sha256"), moment("authenticated_at"), moment("certified_at"),
)  # fmt: skip
sa.Table("anchor", meta, to("item_id", "item.id", primary_key=True), text("expected"), real("tolerance"))
sa.Table(
    "audit", meta, key(autoincrement=False), text("at"), text("actor"), text("action"), text("subject"),
    text("before", nullable=True), text("after", nullable=True), text("request_id", nullable=True),
    text("previous"), text("sha256"),
)  # fmt: skip
sa.Table("audit_end", meta, key(autoincrement=False), whole("length"), text("sha256"))

SQLITE_TRIGGER = """
CREATE TRIGGER {table}_keeps_{event} BEFORE {event} ON {table} BEGIN
  SELECT RAISE(ABORT, 'rows of {table} are never changed');
END"""
POSTGRESQL_FUNCTION = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION 'rows of %% are never changed', TG_TABLE_NAME; END $$"""
POSTGRESQL_TRIGGER = """
CREATE TRIGGER {table}_keeps BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"""


def upgrade() -> None:
    """Make the tables and the triggers."""
    connection = op.get_bind()
    meta.create_all(connection)
    if connection.dialect.name == "sqlite":
        for table in KEPT:
            for event in ("UPDATE", "DELETE"):
                connection.exec_driver_sql(SQLITE_TRIGGER.format(table=table, event=event))
    else:
        connection.exec_driver_sql(POSTGRESQL_FUNCTION)
        for table in KEPT:
            connection.exec_driver_sql(POSTGRESQL_TRIGGER.format(table=table))
