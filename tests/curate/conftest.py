"""Databases of both kinds for the tests of the workbench: SQLite files, and a PostgreSQL server of their own."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest

pytest.importorskip("sqlalchemy")
pytest.importorskip("alembic")

from PIL import Image as Picture
from sqlalchemy import create_engine, select, text

from dermatrust.curate.assignment import next_assignment
from dermatrust.curate.database import Database
from dermatrust.curate.migrations import upgrade
from dermatrust.curate.projects import Texts, create_project, pick, read_images, set_member
from dermatrust.curate.ratings import Entered, submit
from dermatrust.curate.rules import Rules
from dermatrust.curate.tables import Assignment, Item, User
from dermatrust.curate.trail import Actor
from dermatrust.records import DIMENSIONS, Case, ClinicalContext, DatasetCard, Narrative
from dermatrust.store import append_records, write_dataset
from dermatrust.store.folder import DatasetFolder

POSTGRESQL = Path("/usr/lib/postgresql/15/bin")
_NUMBERS = count()


def _as_postgres(*words: str | Path) -> None:
    """Run one of PostgreSQL's programs, which refuse to work for root."""
    before = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    subprocess.run([*before, *map(str, words)], check=True, capture_output=True, timeout=120, cwd="/")


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The URL of a PostgreSQL server."""
    if not (POSTGRESQL / "initdb").is_file():
        pytest.skip("no PostgreSQL 15 on this machine (apt-get install postgresql-15)")
    pytest.importorskip("psycopg")
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))  # a socket's path may have 107 characters, no more
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    folder.chmod(0o755)
    cluster = folder / "cluster"
    _as_postgres(POSTGRESQL / "initdb", "-D", cluster, "-U", "postgres", "-A", "trust", "--no-sync", "-E", "UTF8")
    options = f"-k {folder} -c listen_addresses='' -c max_connections=120 -c fsync=off -c timezone=Asia/Tokyo"
    _as_postgres(POSTGRESQL / "pg_ctl", "-D", cluster, "-w", "-l", folder / "log", "-o", options, "start")
    yield f"postgresql+psycopg://postgres@/postgres?host={folder}"
    _as_postgres(POSTGRESQL / "pg_ctl", "-D", cluster, "-m", "immediate", "stop")
    shutil.rmtree(folder, ignore_errors=True)


def empty_postgresql(server: str) -> str:
    """Return the URL of a new schema, which to us is a database: a real one takes ten times as long to make."""
    name = f"t{next(_NUMBERS)}"
    engine = create_engine(server)
    with engine.begin() as connection:
        connection.execute(text(f"CREATE SCHEMA {name}"))
    engine.dispose()
    return f"{server}&options=-csearch_path%3D{name}"


@pytest.fixture
def open_database(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Callable[[str], Database]]:
    """Make a new database with all tables, of the kind asked for."""
    opened: list[Database] = []

    def new(kind: str) -> Database:
        if kind == "sqlite":
            database = Database.open(tmp_path / f"workbench{next(_NUMBERS)}.db")
        else:
            database = Database.open(empty_postgresql(request.getfixturevalue("postgresql")))
        opened.append(database)
        upgrade(database)
        return database

    yield new
    for database in opened:
        database.close()


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, open_database: Callable[[str], Database]) -> Database:
    """A database with all tables and no rows; a test that takes it runs on both kinds."""
    return open_database(request.param)


NOW = datetime(2026, 3, 2, 9, 0, tzinfo=UTC)
CARD = DatasetCard(name="d", version="1", source="s", licence="private", consent="c")
TEXTS = ("A red plaque of the elbow. It is psoriasis.", "A brown macule. It is a naevus.")


def write_folder(path: Path, n_cases: int, *, authors: Sequence[str] = ("model-x",)) -> DatasetFolder:
    """Make a dataset folder: a candidate narrative of each author and a draft reference for every case."""
    source = path.parent / "pixel.png"
    Picture.new("RGB", (8, 6), "brown").save(source)
    numbers = range(1, n_cases + 1)
    cases = [
        Case(id=f"c{k}", patient_id=f"p{k}", label="secret-label", category="secret-category",
             context=ClinicalContext(age=40.0, sex="female"), file_names=(f"images/c{k}.png",))
        for k in numbers
    ]  # fmt: skip
    references = [
        Narrative(id=f"c{k}:ref", case_id=f"c{k}", text=f"{TEXTS[k % 2]} Nr {k}.", author="drafter", stream="reference")
        for k in numbers
    ]
    write_dataset(path, CARD, cases, references, [(f"images/c{k}.png", source) for k in numbers])
    narratives = [
        Narrative(id=f"c{k}:{author}", case_id=f"c{k}", text=f"{TEXTS[k % 2]} By {k}.", author=author)
        for k in numbers
        for author in authors
    ]
    append_records(path / "narratives.jsonl", narratives)
    return DatasetFolder.open(path)


class Bench:
    """A project with people in it. Raters are called r1, r2, …; the others by their roles."""

    def __init__(self, database: Database, folder: DatasetFolder, rules: Rules, texts: Texts, n_raters: int) -> None:
        self.database, self.folder = database, folder
        self.people: dict[str, Actor] = {}
        picked = pick(folder, texts)
        images = read_images(folder, picked)
        with database.writing() as session:
            roles = {f"r{k}": "rater" for k in range(1, n_raters + 1)}
            roles |= {"adjudicator": "adjudicator", "curator": "curator", "outsider": ""}
            for name in roles:
                user = User(name=name)
                session.add(user)
                session.flush()
                self.people[name] = Actor(name, user.id, "req")
            project = create_project(session, self.people["curator"], "p", folder, picked, images, rules=rules, seed=3)
            self.id = project.id
            for name, role in roles.items():
                if role:
                    set_member(session, self.people["curator"], self.id, self.people[name].user_id, role)

    def next(self, rater: str, at: datetime = NOW) -> Assignment | None:
        with self.database.writing() as session:
            return next_assignment(session, self.people[rater], self.id, at)

    def submit(self, rater: str, assignment: Assignment, score: int | Sequence[int] = 4, at: datetime = NOW, **more):
        six = [score] * 6 if isinstance(score, int) else score
        entered = Entered(scores=dict(zip(DIMENSIONS, six, strict=True)), **more)
        with self.database.writing() as session:
            return submit(session, self.people[rater], assignment.id, 0, entered, at)

    def rate_all(self, scores: Mapping[str, int | Sequence[int]], at: datetime = NOW) -> None:
        """Let every rater named rate all they are given, always with the same scores."""
        for rater, score in scores.items():
            while (assignment := self.next(rater, at)) is not None:
                self.submit(rater, assignment, score, at)

    def items(self) -> list[Item]:
        with self.database.reading() as session:
            items = list(session.scalars(select(Item).order_by(Item.number)))
            session.expunge_all()
            return items


@pytest.fixture
def bench_of(tmp_path: Path) -> Callable[..., Bench]:
    """Make a project in a database."""

    def made(
        database: Database, n_cases: int = 3, *, rules: Rules | None = None, texts: Texts = "references",
        n_raters: int = 3, authors: Sequence[str] = ("model-x",),
    ) -> Bench:  # fmt: skip
        folder = write_folder(tmp_path / f"dataset{next(_NUMBERS)}", n_cases, authors=authors)
        return Bench(database, folder, rules or Rules(anchor_share=0), texts, n_raters)

    return made


@pytest.fixture
def bench(database: Database, bench_of: Callable[..., Bench]) -> Bench:
    """A project of three references, two raters each, and three raters; no anchors."""
    return bench_of(database)


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture(scope="session")
def folder_of() -> Callable[..., DatasetFolder]:
    return write_folder
