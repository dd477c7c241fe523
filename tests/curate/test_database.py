import threading

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from dermatrust.curate import database as database_module
from dermatrust.curate.database import Database
from dermatrust.curate.problems import BusyError, RefusedError
from dermatrust.curate.tables import ApiToken, User
from dermatrust.errors import DataError


def names(database):
    with database.reading() as session:
        return session.scalars(select(User.name).order_by(User.id)).all()


def test_what_is_written_is_there_and_objects_stay_readable(database):
    with database.writing() as session:
        user = User(name="ada 😀", years=7.5)
        session.add(user)
    assert (user.id, user.created_at.utcoffset().total_seconds()) == (1, 0)
    with database.reading() as session:
        found = session.scalars(select(User)).one()
        assert (found.name, found.years, found.created_at) == ("ada 😀", 7.5, user.created_at)


def test_an_exception_undoes_the_whole_write(database):
    def fail():
        with database.writing() as session:
            session.add(User(name="ada"))
            session.flush()
            raise KeyError

    with pytest.raises(KeyError):
        fail()
    assert names(database) == []


def test_a_reading_session_can_change_nothing_and_the_next_write_works(database):
    with database.reading() as session:
        session.add(User(name="ada"))
        with pytest.raises(DBAPIError):
            session.flush()
    with database.writing() as session:
        session.add(User(name="bo"))
    assert names(database) == ["bo"]


def test_a_reading_session_sees_one_state(database):
    with database.reading() as session:
        assert session.scalars(select(User.name)).all() == []
        with database.writing() as other:
            other.add(User(name="ada"))
        assert session.scalars(select(User.name)).all() == []
    assert names(database) == ["ada"]


@pytest.mark.parametrize("hostile", ["a\0b", "\ud800", "b\udfff"])
def test_text_that_no_database_holds_is_refused_when_stored_and_when_looked_for(database, hostile):
    with pytest.raises(RefusedError, match="cannot be stored") as stored, database.writing() as session:
        session.add(User(name=hostile))
    assert (stored.value.reason, stored.value.status) == ("unstorable", 422)
    with pytest.raises(RefusedError, match="cannot be stored"), database.writing() as session:
        session.add(ApiToken(token_sha256="x", name="x", scopes={"deep": [hostile]}))
    with pytest.raises(RefusedError, match="cannot be stored"), database.reading() as session:
        session.scalars(select(User).where(User.name == hostile)).all()


@pytest.mark.parametrize("number", [0, -1, 2**63, pytest.param(10**5000, id="endless")])
def test_ids_out_of_range_are_refused(database, number):
    with (
        pytest.raises(RefusedError, match="expected a whole number from 1 to 9223372036854775807"),
        database.reading() as s,
    ):
        s.get(User, number)


def test_the_largest_id_is_no_error(database):
    with database.reading() as session:
        assert session.get(User, 2**63 - 1) is None


def test_equal_json_is_equal_text(database):
    with database.writing() as session:
        session.add(ApiToken(token_sha256="x", name="x", scopes={"b": "é", "a": [1]}))
    with database.reading() as session:
        assert session.scalar(text("SELECT scopes FROM api_token")) == '{"a":[1],"b":"\\u00e9"}'
        assert session.scalars(select(ApiToken.scopes)).one() == {"a": [1], "b": "é"}


def test_a_write_that_gets_no_turn_says_so(database, monkeypatch):
    monkeypatch.setattr(database_module, "LOCK_WAIT_S", 0.01)
    refused = []

    def second():
        try:
            with database.writing():
                pass
        except BusyError as error:
            refused.append(error.status)

    with database.writing():
        thread = threading.Thread(target=second)
        thread.start()
        thread.join()
    assert refused == [503]


def test_a_file_held_by_another_program_is_busy(open_database, monkeypatch):
    monkeypatch.setattr(database_module, "BUSY_MS", 10)
    first = open_database("sqlite")
    other = Database.open(first.engine.url.database)
    with first.writing(), pytest.raises(BusyError, match="another program"), other.writing():
        pass
    other.close()


def test_sqlite_is_set_for_power_cuts_and_many_readers(open_database):
    with open_database("sqlite").reading() as session:
        found = {
            name: session.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "synchronous", "busy_timeout", "foreign_keys")
        }
    assert found == {"journal_mode": "wal", "synchronous": 2, "busy_timeout": 5000, "foreign_keys": 1}


@pytest.mark.parametrize(("where", "said"), [("mysql://x/y", "names a mysql"), ("://", "not the address")])
def test_other_databases_are_refused(where, said):
    with pytest.raises(DataError, match=said):
        Database.open(where)
