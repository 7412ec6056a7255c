"""Settings of the annotate service, from the environment (prefix VOXLOOP_ANNOTATE_)."""

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from voxloop_shared.settings import ServiceSettings


class AnnotateSettings(ServiceSettings):
    """What annotate needs beside the workspace and the sockets."""

    model_config = SettingsConfigDict(env_prefix="VOXLOOP_ANNOTATE_")

    port: int | None = Field(default=None, ge=1, le=65535, description="port of the door on 127.0.0.1; none: no TCP at all")
    door_fd: int | None = Field(default=None, ge=0, description="descriptor of a socket that listens on that port already")
    token: SecretStr | None = Field(default=None, description="what the browser must show at the door")
    cache_bytes: int = Field(default=512 << 20, ge=1 << 20, description="memory for decoded chunks of volumes and predictions")
    path_prefix: str = Field(default="/", description="where a proxy mounts the page, with slashes at both ends")
