"""A whole project as JSONL, one row a line, and back: byte for byte the same after a trip through any database.

Rows are known by what they are called, never by a database's own numbers: people by name, texts by item and number, the
dataset by its hash and not by where it lies. Passwords, sessions and the audit trail stay where they are.
"""

import json
import math
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, NoReturn

from sqlalchemy import BigInteger, Boolean, Column, Double, Select, SmallInteger, literal, select, union_all
from sqlalchemy import Text as SqlText
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from dermatrust.curate import tables
from dermatrust.curate.access import require
from dermatrust.curate.columns import Id, Json, Moment, Text
from dermatrust.curate.problems import RefusedError
from dermatrust.curate.tables import Base
from dermatrust.curate.trail import Actor, record
from dermatrust.errors import DataError, shown
from dermatrust.records import canonical_json, iter_lines
from dermatrust.store.atomic import write_text

FORMAT = {"dermatrust_project": 1}
PERSON = ("name", "kind", "qualification", "years")
"""What a file says of a person."""
KINDS: tuple[type[Base], ...] = (
    tables.Project, tables.User, tables.Member, tables.Image, tables.Item, tables.ItemImage, tables.TextVersion,
    tables.Anchor, tables.Assignment, tables.Draft, tables.Rating, tables.Adjudication, tables.Certificate,
)  # fmt: skip
"""The tables that travel, in the order in which they need each other."""
_BY_NAME: dict[str, type[Base]] = {kind.__tablename__: kind for kind in KINDS}
Fields = dict[str, Any]


def export_project(session: Session, by: Actor, project_id: int, path: Path) -> int:
    """Write a project to a file, and return its number of lines.

    Raises:
        NotFoundError: There is no such project, or the person is no member.
        RefusedError: The person is no curator there.
        DataError: The file cannot be written.
    """
    require(session, by, project_id, "curator")
    lines = list(project_lines(session, project_id))
    write_text(path, "".join(f"{line}\n" for line in lines))
    record(session, by, "project.export", f"project:{project_id}", after={"lines": len(lines), "file": path.name})
    return len(lines)


def project_lines(session: Session, project_id: int) -> Iterator[str]:
    """Yield the lines of a project; the same project gives the same lines, whatever database it is in."""
    yield canonical_json(FORMAT)
    names = {user.id: user.name for user in session.scalars(select(tables.User))}
    items = select(tables.Item.id).where(tables.Item.project_id == project_id)
    numbers = {
        version.id: [version.item_id, version.number]
        for version in session.scalars(select(tables.TextVersion).where(tables.TextVersion.item_id.in_(items)))
    }
    queries = _queries(project_id)
    rows = {kind: list(session.scalars(queries[kind])) for kind in KINDS if kind is not tables.User}
    said = {kind: [_said(row, names, numbers) for row in found] for kind, found in rows.items()}
    people = {person for found in said.values() for fields in found for person in _people(fields)}
    users = session.scalars(select(tables.User).where(tables.User.name.in_(people)))
    said[tables.User] = [{name: getattr(user, name) for name in PERSON} for user in users]
    for project in said[tables.Project]:
        project["folder"] = f"dataset:{project['dataset_hash']}"  # its path is this machine's business
    for kind in KINDS:
        lines = [(one.get("number", 0), canonical_json({"table": kind.__tablename__} | one)) for one in said[kind]]
        yield from (line for _, line in sorted(lines))  # by number: a text comes after the one it was made from


def import_project(session: Session, by: Actor, path: Path) -> tables.Project:
    """Take in a project from a file. People it names and the database does not know can do nothing until let in.

    What the file says of the project's folder is no folder that can be read; those of older versions name one.

    Args:
        session: Of `Database.writing`: when it fails nothing is left.
        by: Who takes it in.
        path: The file.

    Raises:
        DataError: A line is not what `export_project` writes, or is in the database already; the message names it.
    """
    reader = _Reader(session)
    n_lines = 0
    for n_lines, (where, line) in enumerate(iter_lines(path), start=1):
        fields = _parsed(line, where)
        if n_lines == 1:
            if fields != FORMAT:
                raise DataError(where, "is not the beginning of a project", canonical_json(FORMAT))
        else:
            reader.add(fields, where)
    if reader.project is None:
        raise DataError(str(path), "holds no project")
    after = {"name": reader.project.name, "lines": n_lines, "file": path.name}
    record(session, by, "project.import", f"project:{reader.project.id}", after=after)
    return reader.project


class _Reader:
    """Takes in one line after the other, remembering what rows are called."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._users: dict[str, int] = {}
        self._versions: dict[str, int] = {}
        self.project: tables.Project | None = None

    def add(self, fields: Fields, where: str) -> None:
        kind = _BY_NAME.get(str(fields.pop("table", None)))
        if kind is None or (kind is tables.Project) != (self.project is None):
            raise DataError(where, "is no row that can stand here", f"one of {', '.join(_BY_NAME)}, the project first")
        columns = _columns(kind)
        if fields.keys() != columns.keys():
            wrong = min(fields.keys() ^ columns.keys())
            what = f"has a field {shown(wrong)} too many" if wrong in fields else f"has no field {wrong!r}"
            raise DataError(where, what, f"the fields {', '.join(columns)}")
        values = {name: self._value(columns[name], value, f"{where}, {name}") for name, value in fields.items()}
        if kind is tables.User and (known := self._known(values["name"])) is not None:
            self._users[values["name"]] = known
            return
        self._store(kind, values, where)

    def _known(self, name: str) -> int | None:
        return self._session.scalar(select(tables.User.id).where(tables.User.name == name))

    def _store(self, kind: type[Base], values: Fields, where: str) -> None:
        if "project_id" in kind.__table__.columns:
            assert self.project is not None
            values["project_id"] = self.project.id
        row = kind(**values)
        try:
            self._session.add(row)
            self._session.flush()
        except RefusedError as error:
            raise DataError(where, f"{error.where} {error.what}") from None
        except DBAPIError as error:
            reason = str(error.orig).splitlines()[0]
            raise DataError(where, f"does not fit the rows before it or in the database ({reason})") from None
        if isinstance(row, tables.Project):
            self.project = row
        elif isinstance(row, tables.User):
            self._users[row.name] = row.id
        elif isinstance(row, tables.TextVersion):
            self._versions[canonical_json([row.item_id, row.number])] = row.id

    def _value(self, column: Column[Any], value: Any, where: str) -> Any:
        target = _target(column)
        if value is None:
            return None if column.nullable else _unfit(where, value, "a value")
        if target == "user":
            known = self._users.get(value) if isinstance(value, str) else None
            return known if known is not None else _unfit(where, value, "a person of the file")
        if target == "text_version":
            known = self._versions.get(canonical_json(value))
            return known if known is not None else _unfit(where, value, "a text of the file")
        return _READERS[type(column.type)](value, where)


def _queries(project_id: int) -> Mapping[type[Base], Select[Any]]:
    items = select(tables.Item.id).where(tables.Item.project_id == project_id)
    turns = select(tables.Assignment.id).where(tables.Assignment.item_id.in_(items))
    versions = select(tables.TextVersion.id).where(tables.TextVersion.item_id.in_(items))
    subjects = union_all(
        select(literal("assignment:", SqlText) + tables.Assignment.id).where(tables.Assignment.item_id.in_(items)),
        *(select(literal(f"{prefix}:", SqlText) + tables.Item.id).where(tables.Item.project_id == project_id)
          for prefix in ("item", "decision")),
    )  # fmt: skip
    wanted: dict[type[Base], Any] = {
        tables.Project: tables.Project.id == project_id,
        tables.Rating: tables.Rating.assignment_id.in_(turns),
        tables.Certificate: tables.Certificate.text_version_id.in_(versions),
        tables.Draft: tables.Draft.subject.in_(subjects),
    }
    for kind in KINDS:
        columns = kind.__table__.columns
        if kind not in wanted and kind is not tables.User:
            own = columns["project_id"] == project_id if "project_id" in columns else columns["item_id"].in_(items)
            wanted[kind] = own
    return {kind: select(kind).where(condition) for kind, condition in wanted.items()}


def _columns(kind: type[Base]) -> dict[str, Column[Any]]:
    """Return the columns that stand in a line: all but the database's own numbers."""
    columns = {column.key: column for column in kind.__table__.columns if isinstance(column, Column)}
    if kind is tables.User:
        return {name: columns[name] for name in PERSON}
    left_out = {"project_id"}
    if "id" in columns and isinstance(columns["id"].type, Id):
        left_out.add("id")
    return {name: column for name, column in columns.items() if name not in left_out}


def _target(column: Column[Any]) -> str:
    """Return which table's numbers a column holds, "" where it holds none."""
    return next((key.column.table.name for key in column.foreign_keys), "")


def _said(row: Base, names: Mapping[int, str], numbers: Mapping[int, list[Any]]) -> Fields:
    fields = {}
    for name, column in _columns(type(row)).items():
        value = getattr(row, name)
        if value is not None and _target(column) in ("user", "text_version"):
            value = names[value] if _target(column) == "user" else numbers[value]
        fields[name] = value.isoformat(timespec="microseconds") if isinstance(value, datetime) else value
    return fields


def _people(fields: Fields) -> Iterator[str]:
    for name in ("user_id", "rater_id", "author_id", "reviewer_id", "adjudicator_id"):
        if fields.get(name) is not None:
            yield fields[name]


def _parsed(line: bytes, where: str) -> Fields:
    def refuse(name: str) -> NoReturn:
        raise ValueError(f"{name} is not JSON")

    try:
        fields = json.loads(line, parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        raise DataError(where, f"is not JSON ({error})") from None
    if not isinstance(fields, dict):
        raise DataError(where, "is not an object with named fields")
    return fields


def _unfit(where: str, value: Any, expected: str) -> NoReturn:
    raise DataError(where, f"is {shown(value)}", expected)


def _text(value: Any, where: str) -> str:
    return value if isinstance(value, str) else _unfit(where, value, "text")


def _whole(value: Any, where: str) -> int:
    if type(value) is not int or not -(2**63) <= value < 2**63:
        _unfit(where, value, "a whole number that a database holds")
    number: int = value
    return number


def _number(value: Any, where: str) -> float:
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
    return float(value) if is_number else _unfit(where, value, "a number")


def _truth(value: Any, where: str) -> bool:
    return value if isinstance(value, bool) else _unfit(where, value, "true or false")


def _moment(value: Any, where: str) -> datetime:
    try:
        moment = datetime.fromisoformat(value)
    except (TypeError, ValueError):
        _unfit(where, value, "a date and time")
    return moment if moment.tzinfo is not None else _unfit(where, value, "a date and time with its zone")


def _json(value: Any, _where: str) -> Any:
    return value


_READERS: dict[type, Callable[[Any, str], Any]] = {
    Text: _text, BigInteger: _whole, SmallInteger: _whole, Double: _number, Boolean: _truth, Moment: _moment,
    Json: _json,
}  # fmt: skip
