"""A project's ratings, raters, narratives and certified references as the records of a dataset folder."""

from collections.abc import Iterable, Iterator

from sqlalchemy import select
from sqlalchemy.orm import Session

from dermatrust.curate import tables
from dermatrust.records import Case, Certificate, Narrative, Rater, Rating


def rating_records(session: Session, project_id: int) -> list[Rating]:
    """Return all ratings and decisions, in the order in which they were given; repeats of an anchor as second draws.

    A repeat whose first rating is missing cannot be: it is only given to who has rated the anchor before.
    """
    query = (
        select(tables.Rating, tables.Assignment.round, tables.Item.source_id, tables.User.name)
        .join(tables.Assignment, tables.Assignment.id == tables.Rating.assignment_id)
        .join(tables.Item, tables.Item.id == tables.Assignment.item_id)
        .join(tables.User, tables.User.id == tables.Assignment.rater_id)
        .where(tables.Item.project_id == project_id)
    )
    found = [
        (row.frozen_at, _rating(row, source_id, name, row.rubric, draw=round_ - 1, said=_said(row)))
        for row, round_, source_id, name in session.execute(query)
    ]
    project = session.get_one(tables.Project, project_id)
    for row, item, name in _decisions(session, project_id):
        found.append((row.decided_at, _rating(row, item.source_id, name, project.rubric, draw=0, said=row.reason)))
    found.sort(key=lambda one: (one[0], one[1].narrative_id, one[1].rater, one[1].draw))
    return [rating for _, rating in found]


def rater_records(session: Session, project_id: int) -> list[Rater]:
    """Return who rated or decided, by name."""
    deciding = {name for _, _, name in _decisions(session, project_id)}
    query = (
        select(tables.User)
        .join(tables.Assignment, tables.Assignment.rater_id == tables.User.id)
        .join(tables.Rating, tables.Rating.assignment_id == tables.Assignment.id)
        .join(tables.Item, tables.Item.id == tables.Assignment.item_id)
        .where(tables.Item.project_id == project_id)
    )
    people = {user.name: user for user in session.scalars(query)}
    people |= {user.name: user for user in session.scalars(select(tables.User).where(tables.User.name.in_(deciding)))}
    return [
        Rater.from_fields(
            {"id": name, "kind": user.kind, "qualification": user.qualification, "years": user.years,
             "adjudicates": name in deciding}, where=f"user {name}",
        )
        for name, user in sorted(people.items())
    ]  # fmt: skip


def narrative_records(session: Session, project_id: int) -> list[Narrative]:
    """Return what was rated, as it came from the dataset, in the order of the queue."""
    query = (
        select(tables.Item, tables.TextVersion.text)
        .join(tables.TextVersion, tables.TextVersion.item_id == tables.Item.id)
        .where(tables.Item.project_id == project_id, tables.TextVersion.number == 1)
        .order_by(tables.Item.number)
    )
    return [
        Narrative.from_fields({**item.source, "text": text}, where=f"item {item.id}")
        for item, text in session.execute(query)
    ]


def case_records(session: Session, project_id: int) -> dict[str, Case]:
    """Return the cases of a project by their ids."""
    items = session.scalars(select(tables.Item).where(tables.Item.project_id == project_id))
    return {item.case_id: Case.from_fields(item.case, where=f"item {item.id}") for item in items}


def reference_records(session: Session, project_id: int) -> Iterator[Narrative]:
    """Yield the certified references in the order of the queue; a certified candidate stays a candidate."""
    query = (
        select(tables.Item, tables.TextVersion, tables.Certificate, tables.User.name)
        .join(tables.TextVersion, tables.TextVersion.item_id == tables.Item.id)
        .join(tables.Certificate, tables.Certificate.text_version_id == tables.TextVersion.id)
        .join(tables.User, tables.User.id == tables.Certificate.rater_id)
        .where(tables.Item.project_id == project_id)
        .order_by(tables.Item.number)
    )
    source = f"dermatrust curate, project {session.get_one(tables.Project, project_id).name}"
    for item, version, certificate, name in session.execute(query):
        if item.source.get("stream", "candidate") != "candidate":
            day = certificate.certified_at.date().isoformat()
            vouched = Certificate(certified_by=name, source=source, certified_on=day)
            yield _reference(session, item, version, vouched)


def _reference(
    session: Session, item: tables.Item, version: tables.TextVersion, certificate: Certificate
) -> Narrative:  # fmt: skip
    fields = item.source | {"text": version.text, "certificate": certificate, "stream": "reference"}
    if version.author_id is not None:  # it is no longer what the model wrote when it was asked
        fields |= {"author": session.get_one(tables.User, version.author_id).name, "prompt_id": None}
        fields |= {"id": f"{item.source_id}@{version.number}"}
    return Narrative.from_fields(fields, where=f"item {item.id}")


def _decisions(session: Session, project_id: int) -> Iterable[tuple[tables.Adjudication, tables.Item, str]]:
    query = (
        select(tables.Adjudication, tables.Item, tables.User.name)
        .join(tables.Item, tables.Item.id == tables.Adjudication.item_id)
        .join(tables.User, tables.User.id == tables.Adjudication.adjudicator_id)
        .where(tables.Item.project_id == project_id)
    )
    return [(row, item, name) for row, item, name in session.execute(query)]


def _rating(
    row: tables.SixScores, narrative_id: str, rater: str, rubric: str, *, draw: int, said: str
) -> Rating:  # fmt: skip
    scores = {dimension: float(score) for dimension, score in row.scores.items()}
    return Rating(
        narrative_id=narrative_id, rater=rater, scores=scores, critique=said, rubric=rubric, draw=draw
    )  # fmt: skip


def _said(row: tables.Rating) -> str:
    """Return what a rater said in words."""
    uncertain = f"Uncertain: {row.reason}" if row.uncertain else ""
    return "\n".join(filter(None, (row.note, uncertain)))
