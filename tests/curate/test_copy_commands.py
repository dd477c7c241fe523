"""T34 by the command line: backup, restore and copy print the same hashes of the same rows, or one line.

And what a restored workbench needs: its photographs, where the dataset lies now.
"""

import shutil
import sqlite3
from contextlib import closing

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from dermatrust.cli.curate_start import _make_project, _move_projects
from dermatrust.cli.main import cli
from dermatrust.curate.database import Database
from dermatrust.curate.projects import image_bytes
from dermatrust.curate.tables import Audit, Image, Project
from dermatrust.errors import UserError
from dermatrust.store.folder import DatasetFolder

from .conftest import empty_postgresql


@pytest.fixture
def dataset(tmp_path, folder_of):
    return folder_of(tmp_path / "d", 2).path


@pytest.fixture
def used(dataset):
    """A dataset with a workbench that holds one account."""
    assert run("admin", dataset).exit_code == 0
    return dataset


@pytest.fixture
def elsewhere(dataset, tmp_path):
    """The dataset as it is on another machine, where no workbench is."""
    return shutil.copytree(dataset, tmp_path / "other" / "d")


def run(*words):
    return CliRunner().invoke(cli, ["curate", *map(str, words)], catch_exceptions=True)


def rows_in(result):
    assert result.exit_code == 0, result.output
    return dict(line.split("\t", 1) for line in result.stdout.splitlines())


def test_what_a_backup_holds_is_restored_elsewhere(used, elsewhere, tmp_path):
    kept = tmp_path / "kept.db"
    made = rows_in(run("backup", used, kept))
    assert (made["user"][:2], made["audit"][:2], kept.stat().st_mode & 0o077) == ("1\t", "1\t", 0)
    before = kept.read_bytes()
    assert rows_in(run("restore", elsewhere, kept)) == made
    assert kept.read_bytes() == before
    assert sorted(one.name for one in tmp_path.glob("*kept*")) == ["kept.db"]
    assert run("verify-audit", elsewhere).stdout == run("verify-audit", used).stdout


def test_a_read_only_backup_is_restored_too(used, elsewhere, tmp_path):
    kept = tmp_path / "a ?#%.db"
    made = rows_in(run("backup", used, kept))
    kept.chmod(0o400)
    assert rows_in(run("restore", elsewhere, kept)) == made


def test_a_copy_in_postgresql_goes_on_as_the_workbench(used, postgresql):
    url = empty_postgresql(postgresql)
    made = rows_in(run("copy", used, url))
    assert made["user"].startswith("1\t")
    assert run("verify-audit", used, "--db", url).stdout == run("verify-audit", used).stdout
    again = run("copy", used, url)
    assert "holds rows already (" in str(again.exception)
    assert run("admin", used, "--db", url).exit_code == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["backup", "{d}", "{d}/card.yaml"], "card.yaml: is there already"),
        (["backup", "{d}", "{t}/no/such/x.db"], "cannot be written (No such file or directory)"),
        (["backup", "{d}", "x.db", "--db", "{t}/none.db"], "there is no workbench"),
        (["backup", "{d}", "x.db", "--db", "{d}/card.yaml"], "cannot be opened (file is not a database)"),
        (["backup", "{d}", "x.db", "--db", "{t}/foreign.db"], "holds tables of another program"),
        (["backup", "{t}", "x.db"], "card.yaml"),
        (["restore", "{d}", "{t}/none.db"], "there is no such file"),
        (["restore", "{d}", "{d}/card.yaml"], "cannot be opened (file is not a database)"),
        (["restore", "{d}", "{t}/foreign.db"], "holds tables of another program"),
        (["restore", "{d}", "{t}/empty.db"], "is no workbench's"),
        (["restore", "{d}", "{t}/later.db"], "holds tables of version 9999; expected version 0001"),
        (["restore", "{d}", "{t}/good.db"], "holds rows already ("),
        (["copy", "{d}", "mysql://x/y"], "names a mysql database"),
        (["copy", "{d}", "postgresql+psycopg://u:hush@127.0.0.1:1/x"], "u:***@127.0.0.1:1/x: cannot be opened"),
        (["copy", "{d}", "postgresql+psycopg://h:abc/x"], "is not the address of a database"),
        (["copy", "{d}", "postgresql+asyncpg://h/x"], "needs the package asyncpg"),
        (["copy", "{d}", "{t}/foreign.db"], "holds tables of another program"),
        (["copy", "{d}", "{t}/no/such/x.db"], "cannot be opened (unable to open database file)"),
    ],
)
def test_what_cannot_be_copied_is_one_line(used, tmp_path, monkeypatch, words, said):
    monkeypatch.chdir(tmp_path)
    make_odd_files(used, tmp_path)
    result = run(*(word.format(d=used, t=tmp_path) for word in words))
    assert isinstance(result.exception, UserError)
    assert said in str(result.exception)
    assert "hush" not in str(result.exception)
    assert "\n" not in str(result.exception)
    assert not (tmp_path / "x.db").exists()


def test_a_wrong_backup_leaves_no_empty_workbench(dataset, tmp_path):
    make_odd_files(None, tmp_path)
    assert run("restore", dataset, tmp_path / "foreign.db").exception
    assert not (tmp_path / "d-workbench").exists()


def make_odd_files(dataset, folder):
    """Files that are no backup: another program's, an empty one, a later version's; and a good one."""
    with closing(sqlite3.connect(folder / "foreign.db")) as foreign:
        foreign.execute("CREATE TABLE bookmarks (id INTEGER)")
    (folder / "empty.db").write_bytes(b"")
    if dataset:
        for name in ("good.db", "later.db"):
            assert run("backup", dataset, folder / name).exit_code == 0
        with closing(sqlite3.connect(folder / "later.db")) as later:
            later.execute("UPDATE alembic_version SET version_num = '9999'")
            later.commit()


def test_photographs_are_found_again_where_the_dataset_has_moved(used, tmp_path):
    database = Database.open(tmp_path / "d-workbench" / "workbench.db")
    options = {
        "texts": None, "project": None, "queue": None, "raters_per_narrative": 2, "anchor_share": 0.0, "seed": 0,
        "rules": None,
    }  # fmt: skip
    _make_project(database, DatasetFolder.open(used), options)
    moved = tmp_path / "moved"
    used.rename(moved)
    for _ in range(2):
        _move_projects(database, DatasetFolder.open(moved))
        _make_project(database, DatasetFolder.open(moved), options)
    with database.reading() as session:
        project = session.scalars(select(Project)).one()
        assert image_bytes(project, session.scalars(select(Image)).first())
        assert [row.action for row in session.scalars(select(Audit))].count("project.move") == 1
    database.close()
