"""Serve the infer service: `python -m voxloop_infer`."""

from voxloop_infer.app import create_app
from voxloop_infer.settings import InferSettings
from voxloop_shared.logs import configure_logging
from voxloop_shared.server import serve


def main() -> None:
    """Serve until a signal ends it."""
    settings = InferSettings()
    configure_logging("infer", settings.log_level)
    serve(create_app(settings), settings.socket_of("infer"), settings.allowed_uids)


if __name__ == "__main__":
    main()
