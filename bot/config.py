"""Typed settings: variables `CHARTERBOT_*` and a `.env` file. The one place that knows their names."""

import os
from collections.abc import Container, Mapping
from pathlib import Path
from typing import Literal

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from dotenv import dotenv_values
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, SettingsError
from pydantic_settings.sources import EnvSettingsSource

from agent.errors import BadInput

PREFIX = "CHARTERBOT_"
CREDENTIALS = frozenset(f"{PREFIX}{name}" for name in ("WEBHOOK_SECRET", "PRIVATE_KEY", "PRIVATE_KEY_PATH"))
"""What only the processes that talk with GitHub may see; the explorer's is started without."""


class Settings(BaseSettings):
    """`load_settings` makes one; paths are relative to the working directory."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="forbid", frozen=True, validate_default=False)

    data_dir: Path = Path(".charterbot")
    apps_dir: Path = Path("apps")
    runs_dir: Path = Path("runs")
    database_url: str = ""
    redis_url: str = ""

    webhook_secret: SecretStr = SecretStr("")
    app_id: str = ""
    app_slug: str = "charterbot"
    private_key: SecretStr = SecretStr("")
    private_key_path: Path | None = None
    github_url: str = "https://api.github.com"
    trigger_label: str = "test-charter"

    target_urls: dict[str, str] = Field(default_factory=dict)
    """Addresses that replace those of profiles, by `App/profile`."""

    llm: Literal["scout", "openai", "gemini"] = "scout"
    llm_base_url: str = ""
    llm_api_key: SecretStr = SecretStr("")
    llm_model: str = ""
    llm_seed: int = 0
    models: Path | None = None
    """A file that overrides what agent/llm/models.json says of context, output and prices."""

    progress_seconds: float = Field(default=20, gt=0)
    segment_seconds: float = Field(default=600, gt=0)
    lease_seconds: float = Field(default=30, ge=1)
    log_json: bool = False

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        if value.startswith(("postgresql://", "postgres://")):
            return f"postgresql+asyncpg://{value.partition('://')[2]}"
        scheme, _, rest = value.partition(":///")
        if value.startswith("postgresql+asyncpg://") or (scheme == "sqlite+aiosqlite" and rest not in ("", ":memory:")):
            return value
        raise ValueError("write sqlite+aiosqlite:///FILE or postgresql://USER:PASSWORD@HOST/NAME")

    @field_validator("redis_url")
    @classmethod
    def _known_redis(cls, value: str) -> str:
        if not value.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("write redis://HOST:PORT/0, rediss://HOST:PORT/0 or unix:///path/to/socket")
        return value

    @property
    def database(self) -> str:
        """The address of the database: the configured one, else a SQLite file in the data folder."""
        return self.database_url or f"sqlite+aiosqlite:///{self.data_dir / 'charterbot.db'}"

    @property
    def bot_login(self) -> str:
        """Who we are on GitHub."""
        return f"{self.app_slug}[bot]"

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        # load_settings reads the variables itself, so that who starts a process decides what it may see.
        return (init_settings,)


class _Variables(EnvSettingsSource):
    """Reads the given variables instead of the process's own."""

    def __init__(self, given: Mapping[str, str | None]):
        self._given = given
        super().__init__(Settings)

    def _load_env_vars(self) -> Mapping[str, str | None]:
        return {name.lower(): value for name, value in self._given.items() if value}


def load_settings(
    environ: Mapping[str, str] | None = None, env_file: Path = Path(".env"), without: Container[str] = ()
) -> Settings:
    """The settings of `environ` (by default the process's), else of `env_file`; those named in `without` are not read.

    Raises BadInput, which names the variable.
    """
    merged = {**dotenv_values(env_file), **(os.environ if environ is None else environ)}
    given = {name: value for name, value in merged.items() if name.startswith(PREFIX) and name not in without}
    try:
        return Settings(**_Variables(given)())
    except SettingsError as error:
        field = str(error).split('"')[1]
        raise BadInput(f'{PREFIX}{field.upper()} is not JSON; write {{"App/profile": "http://host:8080"}}.') from None
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        name, problem = str(first["loc"][0]).upper(), first["msg"].removeprefix("Value error, ")
        problem = problem[0].lower() + problem[1:]
        raise BadInput(f"{PREFIX}{name} cannot be used: {problem}; correct the variable or the line in .env.") from None


def read_private_key(settings: Settings) -> str:
    """The App's private key in PEM. Raises BadInput."""
    given = settings.private_key.get_secret_value().replace("\\n", "\n")
    key = given or _read_key_file(settings.private_key_path)
    try:
        parsed = load_pem_private_key(key.encode(), password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):  # no PEM at all, or one with a passphrase
        parsed = None
    if not isinstance(parsed, RSAPrivateKey):
        name = "CHARTERBOT_PRIVATE_KEY" if given else "CHARTERBOT_PRIVATE_KEY_PATH"
        raise BadInput(f"{name} holds no private key of an App; use the .pem file that GitHub gave you for it.")
    return key


def _read_key_file(path: Path | None) -> str:
    if path is None:
        raise BadInput("The App's key is missing; set CHARTERBOT_PRIVATE_KEY_PATH to its .pem file.")
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise BadInput(f"CHARTERBOT_PRIVATE_KEY_PATH: {path} cannot be read; name the App's .pem file.") from None
