"""voxloop infer: previews and whole-volume predictions."""

from importlib.metadata import version

__version__ = version("voxloop-infer")
