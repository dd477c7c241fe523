import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import CheckConstraint, inspect, select, text

from dermatrust.curate.migrations import upgrade
from dermatrust.curate.tables import Base, User
from dermatrust.errors import DataError


def difference(database):
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        return compare_metadata(context, Base.metadata)


def test_the_migrations_make_exactly_the_tables_of_the_code(database):
    assert difference(database) == []


def test_a_column_too_many_would_be_seen(database):
    with database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE anchor ADD COLUMN extra INTEGER"))
    assert [step[0] for step in difference(database)] == ["remove_column"]


def test_the_constraints_of_the_code_are_those_of_the_database(database):
    """Alembic compares no CHECK constraints."""
    inspector = inspect(database.engine)
    for name, table in Base.metadata.tables.items():
        wanted = {one.name: str(one.sqltext) for one in table.constraints if isinstance(one, CheckConstraint)}
        found = {one["name"]: one["sqltext"] for one in inspector.get_check_constraints(name)}
        assert found.keys() == wanted.keys()
        if database.engine.dialect.name == "sqlite":  # which gives them back as they were written
            assert found == wanted


def test_an_upgrade_of_a_current_database_changes_nothing(database):
    with database.writing() as session:
        session.add(User(name="ada"))
    upgrade(database)
    assert difference(database) == []
    with database.reading() as session:
        assert session.scalars(select(User.name)).all() == ["ada"]


def test_a_database_of_a_later_version_is_refused_and_left_alone(database):
    with database.engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(DataError, match="version 9999"):
        upgrade(database)
