"""Voxels: image files in, volumes, labels and predictions on disk, files out. Array axes are always (z, y, x)."""
