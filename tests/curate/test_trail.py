import random
import sqlite3

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError

from dermatrust.curate.tables import Audit
from dermatrust.curate.trail import GENESIS, Actor, record, verify

ADA = Actor("ada 😀", 1, "r-1")
COLUMNS = ("at", "actor", "action", "subject", "before", "after", "request_id", "previous", "sha256")


def write(database, n):
    with database.writing() as session:
        for k in range(1, n + 1):
            record(session, ADA, "item.note", f"item:{k}", before={"note": None}, after={"note": f"é {k}"})


def forget_triggers(database):
    with database.engine.begin() as connection:
        if database.engine.dialect.name == "sqlite":
            connection.execute(text("DROP TRIGGER audit_keeps_update"))
            connection.execute(text("DROP TRIGGER audit_keeps_delete"))
        else:
            connection.execute(text("DROP TRIGGER audit_keeps ON audit"))


def test_a_row_says_who_when_what_from_to_and_which_request(database):
    write(database, 2)
    with database.reading() as session:
        first, second = session.scalars(select(Audit).order_by(Audit.id))
    assert (first.id, first.actor, first.action, first.subject) == (1, "ada 😀", "item.note", "item:1")
    assert (first.before, first.after, first.request_id) == ({"note": None}, {"note": "é 1"}, "r-1")
    assert first.at.endswith("+00:00")
    assert (first.previous, second.previous) == (GENESIS, first.sha256)


def test_an_untouched_trail_is_whole(database):
    assert verify(database).length == 0
    write(database, 5)
    found = verify(database)
    assert (found.length, found.broken, found.why) == (5, None, "")


def test_what_is_undone_leaves_no_row_and_no_gap(database):
    write(database, 2)
    with database.writing() as session:
        record(session, ADA, "x", "item:3")
        session.flush()
        session.rollback()
    write(database, 1)
    assert (verify(database).length, verify(database).broken) == (3, None)


@pytest.mark.parametrize(
    "change", ["UPDATE audit SET actor = 'x' WHERE id = 1", "DELETE FROM audit", "DELETE FROM audit WHERE id = 2"]
)
def test_the_database_itself_refuses_to_change_or_delete_a_row(database, change):
    write(database, 2)
    with pytest.raises(DBAPIError, match="never changed"), database.engine.begin() as connection:
        connection.execute(text(change))
    assert verify(database).broken is None


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        ("UPDATE audit SET actor = 'eve' WHERE id = 3", 3),
        ("UPDATE audit SET before = NULL WHERE id = 3", 3),
        ("DELETE FROM audit WHERE id = 3", 3),
        ("DELETE FROM audit WHERE id = 5", 5),
        ("DELETE FROM audit", 1),
        ("UPDATE audit_end SET length = 4", 5),
        ("UPDATE audit_end SET sha256 = 'x'", 5),
        ("DELETE FROM audit_end", 5),
        ("UPDATE audit SET id = 9 WHERE id = 5", 5),
    ],
)
def test_a_changed_missing_or_cut_off_row_is_named(database, change, broken):
    write(database, 5)
    forget_triggers(database)
    with database.engine.begin() as connection:
        connection.execute(text(change))
    assert verify(database).broken == broken


def test_a_whole_new_trail_is_found_by_a_hash_written_down_elsewhere(database):
    write(database, 3)
    noted = verify(database)
    write(database, 1)
    known = (noted.length, noted.sha256)
    assert verify(database, known).broken is None
    forget_triggers(database)
    with database.engine.begin() as connection:
        connection.execute(text("DELETE FROM audit"))
        connection.execute(text("DELETE FROM audit_end"))
    assert verify(database, known).broken == 1
    write(database, 4)
    assert verify(database).broken is None
    assert verify(database, known).broken == 3


def forge(connection, rng, n):
    """Flip one byte, delete a row, or let two rows change places; return the first row that is then wrong."""
    kind = rng.choice(["flip", "flip", "delete", "swap"])
    row = rng.randint(1, n)
    if kind == "delete":
        connection.execute("DELETE FROM audit WHERE id = ?", (row,))
        return row
    if kind == "swap":
        other = rng.choice([k for k in range(1, n + 1) if k != row])
        for old, new in ((row, -1), (other, row), (-1, other)):
            connection.execute("UPDATE audit SET id = ? WHERE id = ?", (new, old))
        return min(row, other)
    column = rng.choice(COLUMNS)
    (value,) = connection.execute(f"SELECT CAST({column} AS BLOB) FROM audit WHERE id = ?", (row,)).fetchone()
    place = rng.randrange(len(value))
    flipped = bytearray(value)
    flipped[place] ^= 1 << rng.randrange(8)
    changed = f"UPDATE audit SET {column} = CAST(? AS TEXT) WHERE id = ?"  # TEXT may hold bytes that are not UTF-8
    connection.execute(changed, (bytes(flipped), row))
    return row


def test_each_of_300_forgeries_is_found_at_its_row(open_database):
    database, n = open_database("sqlite"), 12
    write(database, n)
    forget_triggers(database)
    original = sqlite3.connect(database.engine.url.database)
    rng, wrong = random.Random(0), []
    for k in range(300):
        original.execute("BEGIN")
        original.execute("CREATE TEMP TABLE kept AS SELECT * FROM audit")
        broken = forge(original, rng, n)
        original.commit()
        if verify(database).broken != broken:
            wrong.append((k, broken, verify(database)))
        original.execute("DELETE FROM audit")
        original.execute("INSERT INTO audit SELECT * FROM kept")
        original.execute("DROP TABLE kept")
        original.commit()
    original.close()
    assert wrong == []
    assert verify(database).broken is None
