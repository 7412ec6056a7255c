"""Settings of the annotate service, from the environment (prefix VOXLOOP_ANNOTATE_)."""

from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from voxloop_shared.settings import ServiceSettings, door_path, introductions_path


class AnnotateSettings(ServiceSettings):
    """What annotate needs beside the workspace and the sockets."""

    model_config = SettingsConfigDict(env_prefix="VOXLOOP_ANNOTATE_")

    port: int | None = Field(default=None, ge=1, le=65535, description="port of the door on 127.0.0.1; none: no TCP at all")
    door_fd: int | None = Field(default=None, ge=0, description="descriptor of a socket that listens on that port already")
    token: SecretStr | None = Field(default=None, description="what the browser must show at the door")
    door_socket: bool = Field(default=False, description="listen on door.sock instead, where a forwarder brings what came to that port")
    share_gid: int | None = Field(default=None, ge=0, description="unix group whose members are answered, too")
    share_fd: int | None = Field(default=None, ge=0, description="descriptor of the socket at which they come in")
    share_socket: bool = Field(default=False, description="listen on share.sock, where a forwarder introduces who comes in")
    cache_bytes: int = Field(default=512 << 20, ge=1 << 20, description="memory for decoded chunks of volumes and predictions")

    @property
    def introductions(self) -> Path:
        """Give the socket of the forwarder that introduces members of the group: a container does not see who they are."""
        return introductions_path(self.run_dir)

    @property
    def forwarded_door(self) -> Path:
        """Give the socket of the forwarder that stands at the door: a container without network cannot."""
        return door_path(self.run_dir)
