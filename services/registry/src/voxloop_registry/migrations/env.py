"""What Alembic runs: the steps, over the connection that upgrades.py gives it, inside its transaction."""

from alembic import context

from voxloop_registry.tables import Table

context.configure(connection=context.config.attributes["connection"], target_metadata=Table.metadata, render_as_batch=True)
context.run_migrations()
