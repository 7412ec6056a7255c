"""Log lines: one format for all services, set up once in `__main__`."""

import logging
import sys

_FORMAT = "%(asctime)s %(levelname)-7s {service} %(name)s: %(message)s"


def configure_logging(service: str, level: str) -> None:
    """Send the process's log to standard error."""
    logging.basicConfig(level=level, format=_FORMAT.format(service=service), stream=sys.stderr, force=True)
    for chatty in ("httpx", "httpcore", "uvicorn.access", "asyncio"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    logging.getLogger("tifffile").setLevel(logging.CRITICAL)  # a corrupt file fills pages; we raise one error that says it
