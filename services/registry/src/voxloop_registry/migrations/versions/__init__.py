"""One file per step; `down_revision` gives their order."""
