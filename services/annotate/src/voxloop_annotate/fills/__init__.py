"""Fills: voxels that the service chooses, from the image or from labels that are there already."""
