"""Start the annotate service: `python -m voxloop_annotate`, configured by the environment."""

from voxloop_annotate.app import create_app
from voxloop_annotate.door import open_door
from voxloop_annotate.settings import AnnotateSettings
from voxloop_shared.logs import configure_logging
from voxloop_shared.server import serve


def main() -> None:
    """Serve until a signal ends it."""
    settings = AnnotateSettings()
    configure_logging("annotate", settings.log_level)
    doors = [open_door(settings.port, settings.door_fd)] if settings.port is not None and settings.token is not None else []
    serve(create_app(settings), settings.socket_of("annotate"), settings.allowed_uids, doors)


if __name__ == "__main__":
    main()
