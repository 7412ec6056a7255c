"""The same four containers for those who start them otherwise: podman-compose, `podman kube play`, systemd (quadlet)."""
