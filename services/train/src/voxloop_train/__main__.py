"""Serve the train service: `python -m voxloop_train`."""

from voxloop_shared.logs import configure_logging
from voxloop_shared.server import serve
from voxloop_train.app import create_app
from voxloop_train.settings import TrainSettings


def main() -> None:
    """Serve until a signal ends it."""
    settings = TrainSettings()
    configure_logging("train", settings.log_level)
    serve(create_app(settings), settings.socket_of("train"), settings.allowed_uids)


if __name__ == "__main__":
    main()
