"""Moving a project from a database of its own into the workbench's: in pages, so that nobody waits long for a turn."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from dermatrust.curate import tables
from dermatrust.curate.columns import Id
from dermatrust.curate.copying import continue_numbers, pages
from dermatrust.curate.exchange import KINDS, PERSON
from dermatrust.curate.problems import ConflictError
from dermatrust.curate.trail import Actor, record


def move_project(source: Session, target: Session, by: Actor) -> tables.Project:
    """Copy the only project of a database, and all that belongs to it, into another; all of it or nothing.

    `import_project` checks every line and takes its time, which nobody has while others wait to save. So a file goes
    into a database of its own first, and this copies the rows, which by then are known to fit each other. Of people
    the names, and what a project's file says besides; those the target knows stay as they are there.

    Args:
        source: Of a database that holds what `import_project` stored, and nothing else.
        target: Of `Database.writing`: when it fails nothing is left.
        by: Who takes it in.

    Returns:
        The project, in the target.

    Raises:
        ConflictError: The target holds the project, or rows of it, already.
    """
    shift = {kind.__tablename__: _last_number(target, kind.__table__) for kind in KINDS}
    people = _people(source, target)
    try:
        for kind in KINDS:
            if kind is not tables.User:
                _copy(source, target, kind.__table__, shift, people)
        continue_numbers(target)
    except IntegrityError:
        raise ConflictError("the project", "is here already, or a part of it", "one that is not here") from None
    brought = source.scalars(select(tables.Project)).one()
    project = target.get_one(tables.Project, brought.id + shift["project"])
    noted = source.scalars(select(tables.Audit.after).where(tables.Audit.action == "project.import")).one()
    record(target, by, "project.import", f"project:{project.id}", after=noted)
    return project


def _last_number(session: Session, table: Any) -> int:
    """Return the largest number that rows of a table have, 0 where the database does not number them."""
    number = table.columns.get("id")
    return 0 if number is None or not isinstance(number.type, Id) else session.scalar(select(func.max(number))) or 0


def _people(source: Session, target: Session) -> dict[int, int]:
    """Return the target's number of each person of the source; who is not known there is added."""
    found = {}
    for person in source.scalars(select(tables.User).order_by(tables.User.id)):
        known = target.scalar(select(tables.User).where(tables.User.name == person.name))
        if known is None:
            known = tables.User(**{name: getattr(person, name) for name in PERSON})
            target.add(known)
            target.flush()
        found[person.id] = known.id
    return found


def _copy(
    source: Session, target: Session, table: Any, shift: Mapping[str, int], people: Mapping[int, int]
) -> None:  # fmt: skip
    """Copy the rows of a table, each with the numbers that it and those it names have in the target."""
    named = {column.name: key.column.table.name for column in table.columns for key in column.foreign_keys}
    if "id" in table.columns:
        named["id"] = table.name
    for rows in pages(source, table):
        for row in rows:
            for name, of in named.items():
                if row[name] is not None:
                    row[name] = people[row[name]] if of == "user" else _moved(row[name], shift[of])
        target.execute(insert(table), rows)


def _moved(key: Any, by: int) -> Any:
    return key + by if isinstance(key, int) else key
