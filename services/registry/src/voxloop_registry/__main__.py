"""Runs the registry: `python -m voxloop_registry`."""

from voxloop_registry.app import create_app
from voxloop_registry.settings import RegistrySettings
from voxloop_shared.logs import configure_logging
from voxloop_shared.server import serve


def main() -> None:
    """Serve the registry until a signal ends it."""
    settings = RegistrySettings()
    configure_logging("registry", settings.log_level)
    serve(create_app(settings), settings.socket_of("registry"), settings.allowed_uids)


if __name__ == "__main__":
    main()
