"""The podman runtime: one rootless container per service."""
