"""Settings that all services have; each service adds its own fields and prefix."""

import json
import os
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings

SERVICES = ("registry", "train", "infer", "annotate")


class ServiceSettings(BaseSettings):
    """Where a service finds the workspace and the sockets, and whom it answers."""

    workspace: Path = Field(description="folder that holds volumes, labels, predictions, models and jobs")
    run_dir: Path = Field(description="folder of the sockets, one folder per service below it")
    allowed_uids: frozenset[int] = Field(
        default_factory=lambda: frozenset({os.getuid()}), description="users the service answers; others get 403"
    )
    image: str = Field(default="", description="the image that it runs from, told by whoever started its container")
    restarts: int = Field(default=0, ge=0, description="how often it was started again, told by its supervisor")
    log_level: str = Field(default="INFO", description="DEBUG, INFO, WARNING or ERROR")

    def socket_of(self, service: str) -> Path:
        """Give the socket on which a service listens."""
        return socket_path(self.run_dir, service)

    def environment(self) -> dict[str, str]:
        """Give the variables from which a child process reads the same settings."""
        prefix = self.model_config["env_prefix"]
        values = self.model_dump(mode="json", exclude_none=True)
        return {f"{prefix}{name}".upper(): value if isinstance(value, str) else json.dumps(value) for name, value in values.items()}


def socket_path(run_dir: Path, service: str) -> Path:
    """Give a service's socket in a run directory."""
    return run_dir / service / "http.sock"


def door_path(run_dir: Path) -> Path:
    """Give annotate's socket for what a forwarder has let in by TCP, where annotate itself has no network."""
    return socket_path(run_dir, "annotate").with_name("door.sock")


def introductions_path(run_dir: Path) -> Path:
    """Give annotate's socket for those whom a forwarder introduces, where annotate itself cannot see who they are."""
    return socket_path(run_dir, "annotate").with_name("share.sock")
