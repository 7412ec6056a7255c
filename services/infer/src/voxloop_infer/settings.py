"""Settings of the infer service."""

from pathlib import Path

from pydantic import Field
from pydantic_settings import SettingsConfigDict

from voxloop_shared.settings import ServiceSettings


class InferSettings(ServiceSettings):
    """The infer service's settings; environment variables VOXLOOP_INFER_…"""

    model_config = SettingsConfigDict(env_prefix="VOXLOOP_INFER_")

    keeps_ready: bool = Field(
        default=True, description="whether a process waits with its libraries loaded (0.4 GB), so that the next prediction begins at once"
    )

    @property
    def model_folder(self) -> Path:
        """Give the folder of the weights pulled from the registry, named by digest."""
        return self.workspace / "jobs" / "infer" / "models"

    @property
    def export_folder(self) -> Path:
        """Give the folder of the files that are being written for other programs."""
        return self.workspace / "jobs" / "infer" / "exports"
