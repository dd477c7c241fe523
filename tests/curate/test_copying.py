import sqlite3

import pytest
from sqlalchemy import func, select, text

from dermatrust.curate.copying import backup, copy_database, digest, restore
from dermatrust.curate.database import Database
from dermatrust.curate.tables import Rating, User
from dermatrust.curate.trail import verify
from dermatrust.errors import DataError


@pytest.fixture
def rated(database, bench_of, now):
    """A database of either kind in which two raters have rated, two accounts were made and one is gone."""
    bench = bench_of(database, 4)
    bench.rate_all({"r1": 4, "r2": 2})
    with database.writing() as session:
        session.add(User(name="é 😀", years=7.25, password_hash="secret"))
    return bench


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_a_copy_in_either_kind_of_database_is_equal_by_counts_and_hashes(rated, open_database, kind):
    target = open_database(kind)
    before = digest(rated.database)
    assert copy_database(rated.database, target) == before == digest(target)
    assert (before["rating"][0], before["audit"][0] > 20) == (8, True)
    assert verify(target) == verify(rated.database)
    assert verify(target).broken is None


def test_a_copy_goes_on_where_the_original_was(rated, open_database):
    target = open_database("postgresql")
    copy_database(rated.database, target)
    rated.database = target
    with target.writing() as session:
        last = session.scalar(select(func.max(User.id)))
        session.add(new := User(name="new"))
        session.flush()
        assert new.id == last + 1
    assert verify(target).broken is None


def test_a_backup_made_while_in_use_is_one_file_and_restores_to_the_same(rated, open_database, tmp_path):
    path = tmp_path / "backup.db"
    with rated.database.reading() as session:
        session.scalar(select(func.count()).select_from(Rating))
        made = backup(rated.database, path)
    assert sorted(one.name for one in tmp_path.iterdir() if "backup" in one.name) == ["backup.db"]
    empty = open_database("sqlite")
    assert restore(path, empty) == made == digest(rated.database)
    opened = sqlite3.connect(path)
    assert opened.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    opened.close()


def test_every_change_of_a_row_changes_the_hash(rated):
    before = digest(rated.database)
    with rated.database.engine.begin() as connection:
        connection.execute(text("""UPDATE "user" SET years = 7.5 WHERE name = 'é 😀'"""))
    after = digest(rated.database)
    assert [name for name in before if before[name] != after[name]] == ["user"]


def test_a_database_that_is_not_empty_is_left_alone(rated, open_database):
    target = open_database("sqlite")
    with target.writing() as session:
        session.add(User(name="here before"))
    before = digest(target)
    with pytest.raises(DataError, match=r"holds rows already \(user\)"):
        copy_database(rated.database, target)
    assert digest(target) == before


def test_a_copy_that_differs_is_undone(rated, open_database, monkeypatch):
    from dermatrust.curate import copying

    target = open_database("sqlite")
    whole = copying.pages

    def lossy(session, table):
        for rows in whole(session, table):
            yield rows[:-1] if table.name == "audit" and session.get_bind().engine is rated.database.engine else rows

    real = copying._digest
    monkeypatch.setattr(copying, "pages", lossy)
    monkeypatch.setattr(copying, "_digest", lambda session: honest(real, session))

    def honest(measure, session):
        monkeypatch.setattr(copying, "pages", whole)
        return measure(session)

    with pytest.raises(DataError, match="differs in audit"):
        copy_database(rated.database, target)
    monkeypatch.undo()
    assert {n for n, _ in digest(target).values()} == {0}


def test_files_that_are_there_or_are_not_are_refused(rated, tmp_path):
    (tmp_path / "there.db").write_bytes(b"")
    with pytest.raises(DataError, match="is there already"):
        backup(rated.database, tmp_path / "there.db")
    with pytest.raises(DataError, match="no such file"):
        restore(tmp_path / "nowhere.db", Database.open(tmp_path / "empty.db"))
