"""Start the annotate service: `python -m voxloop_annotate`, configured by the environment."""

from voxloop_annotate.app import create_app
from voxloop_annotate.claim import claimed
from voxloop_annotate.listeners import admission, open_listeners
from voxloop_annotate.settings import AnnotateSettings
from voxloop_shared.logs import configure_logging
from voxloop_shared.server import serve


def main() -> None:
    """Serve until a signal ends it."""
    settings = AnnotateSettings()
    configure_logging("annotate", settings.log_level)
    with claimed(settings.workspace):
        serve(create_app(settings), settings.socket_of("annotate"), admission(settings), open_listeners(settings))


if __name__ == "__main__":
    main()
