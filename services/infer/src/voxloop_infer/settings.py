"""Settings of the infer service."""

from pathlib import Path

from pydantic_settings import SettingsConfigDict

from voxloop_shared.settings import ServiceSettings


class InferSettings(ServiceSettings):
    """The infer service's settings; environment variables VOXLOOP_INFER_…"""

    model_config = SettingsConfigDict(env_prefix="VOXLOOP_INFER_")

    @property
    def model_folder(self) -> Path:
        """Give the folder of the weights pulled from the registry, named by digest."""
        return self.workspace / "jobs" / "infer" / "models"
