"""voxloop train: learners and training jobs."""

from importlib.metadata import version

__version__ = version("voxloop-train")
