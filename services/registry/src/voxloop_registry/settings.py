"""What can be set for the registry, by environment variables that begin with VOXLOOP_REGISTRY_."""

from pydantic import Field, SecretStr
from pydantic_settings import SettingsConfigDict

from voxloop_shared.settings import ServiceSettings


class RegistrySettings(ServiceSettings):
    """Where the registry keeps its models, and how large they may be."""

    model_config = SettingsConfigDict(env_prefix="VOXLOOP_REGISTRY_")

    max_blob_bytes: int = Field(default=8 << 30, ge=1, description="largest weights file that is taken; a larger one gets 413")
    max_package_bytes: int = Field(default=20 << 30, ge=1, description="largest package that is taken for import; a larger one gets 413")
    database_url: SecretStr | None = Field(
        default=None, description="postgresql://USER@HOST/DATABASE for a facility's server; by default models/registry.db of the workspace"
    )
