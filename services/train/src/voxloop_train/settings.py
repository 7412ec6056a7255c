"""Settings of the train service."""

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from voxloop_shared.settings import ServiceSettings


class TrainSettings(ServiceSettings):
    """The train service's settings; environment variables VOXLOOP_TRAIN_…"""

    model_config = SettingsConfigDict(env_prefix="VOXLOOP_TRAIN_")

    live_sessions: int = Field(default=3, ge=0, le=64, description="live sessions at once; each has a process of its own")
    live_away_s: float = Field(default=20.0, gt=0, description="how long a live session waits for a client that says nothing")
    registry_patience_s: float = Field(default=60.0, ge=0, description="how long a finished training waits for a registry that is down")
    keeps_ready: bool = Field(
        default=True, description="whether a process waits with its libraries loaded (0.4 GB), so that the next training begins at once"
    )
