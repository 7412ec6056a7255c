"""How the tables came to be what they are (Alembic); upgrades.py runs this at start."""
