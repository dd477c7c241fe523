"""Alembic's entry: run the migrations on the connection that `upgrade` holds."""

from alembic import context

from dermatrust.curate.tables import Base

if hasattr(context, "config"):  # it is there while Alembic runs this file, not where a tool merely imports it
    context.configure(connection=context.config.attributes["connection"], target_metadata=Base.metadata)
    context.run_migrations()
