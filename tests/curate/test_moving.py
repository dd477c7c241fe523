"""A project that was looked at in a database of its own moves into the workbench's, whole or not at all."""

import pytest
from sqlalchemy import func, select

from dermatrust.curate.copying import digest
from dermatrust.curate.exchange import export_project, import_project, project_lines
from dermatrust.curate.moving import move_project
from dermatrust.curate.problems import ConflictError
from dermatrust.curate.projects import set_member
from dermatrust.curate.rules import Rules
from dermatrust.curate.tables import Audit, Project, TextVersion, User
from dermatrust.curate.texts import revise
from dermatrust.curate.trail import Actor, verify

SOMEBODY = Actor("somebody")


@pytest.fixture
def brought(open_database, bench_of, tmp_path, now):
    """A database that holds one project in which people have worked, and the bytes of its file."""
    bench = bench_of(open_database("sqlite"), 4, rules=Rules(anchor_share=0.25))
    bench.rate_all({"r1": 5, "r2": 5}, now)
    agreed = next(item.id for item in bench.items() if item.state == "agreed")
    with bench.database.writing() as session:
        revise(session, bench.people["r1"], agreed, 1, "A better text.", now)
        revise(session, bench.people["r2"], agreed, 2, "The best text.", now)
        export_project(session, bench.people["curator"], bench.id, tmp_path / "p.jsonl")
    scratch = open_database("sqlite")
    with scratch.writing() as session:
        import_project(session, SOMEBODY, tmp_path / "p.jsonl")
    return scratch, (tmp_path / "p.jsonl").read_bytes(), agreed


@pytest.fixture
def here(database, bench_of, now):
    """A workbench, of either kind, with a project of its own, so that all numbers differ."""
    bench = bench_of(database, 2, n_raters=2)
    bench.rate_all({"r1": 3, "r2": 3}, now)
    return bench


def moved(scratch, database):
    with scratch.reading() as source, database.writing() as session:
        return move_project(source, session, SOMEBODY).id


def test_it_is_the_same_byte_for_byte_and_people_go_on_working(brought, here, now):
    scratch, content, agreed = brought
    with here.database.writing() as session:
        session.get_one(Project, here.id).name = "another"
    before = {name: n for name, (n, _) in digest(here.database).items()}
    project_id = moved(scratch, here.database)
    with here.database.reading() as session:
        assert "".join(f"{line}\n" for line in project_lines(session, project_id)).encode() == content
        assert session.scalar(select(func.count()).select_from(User).where(User.name == "r1")) == 1
        noted = session.scalars(select(Audit).where(Audit.action == "project.import")).one()
        assert (noted.actor, noted.subject) == ("somebody", f"project:{project_id}")
        assert noted.after == {"name": "p", "lines": content.count(b"\n"), "file": "p.jsonl"}
    after = {name: n for name, (n, _) in digest(here.database).items()}
    assert after["text_version"] == before["text_version"] + 4 + 2
    person = here.people["r1"]
    with here.database.writing() as session:
        set_member(session, SOMEBODY, project_id, person.user_id, "rater")
        revise(session, person, agreed, 3, "Better than the best.", now)  # its number is one that nobody has
    with here.database.reading() as session:
        texts = session.scalars(
            select(TextVersion.text).where(TextVersion.item_id == agreed).order_by(TextVersion.number)
        )
        assert list(texts)[1:] == ["A better text.", "The best text.", "Better than the best."]
    assert verify(here.database).broken is None


@pytest.mark.parametrize("name", ["p", "under another name"])
def test_what_is_here_already_does_not_come_in_and_nothing_changes(brought, here, name):
    """Neither a project of that name nor, under another, one with the same items."""
    scratch, _, _ = brought
    with here.database.writing() as session:
        session.get_one(Project, here.id).name = "another"
    moved(scratch, here.database)
    with scratch.writing() as session:
        session.scalars(select(Project)).one().name = name
    before = digest(here.database)
    with pytest.raises(ConflictError, match="is here already, or a part of it"):
        moved(scratch, here.database)
    assert digest(here.database) == before
