"""What autoscaler.toml and the environment say: typed, checked, with secrets only by file.

Every problem names the setting and what to write instead; an unknown setting is a problem.
"""

from __future__ import annotations

import difflib
import tomllib
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict, TomlConfigSettingsSource

from autoscaler.errors import SettingsError
from autoscaler.rulebook.measures import in_seconds

__all__ = [
    "PUSH",
    "CmsSettings",
    "ConsoleSettings",
    "GatewaySettings",
    "InputSourceSettings",
    "JournalSettings",
    "ReadingsSettings",
    "SessionsSettings",
    "Settings",
    "load_settings",
    "read_secret",
]


PUSH = "push"
"""What rule files call the inputs that are handed over to the console; there without a setting."""


def _duration(value: Any) -> Any:
    seconds = in_seconds(value) if isinstance(value, str) else None
    if seconds is None:
        raise ValueError(f'{value!r} is not a duration: write it with a unit, as "0.5s", "5s", "2m" or "1h"')
    return seconds


Seconds = Annotated[float, BeforeValidator(_duration), Field(gt=0)]


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)


class Authentication(StrEnum):
    """AUTHMODE of the gateway: 2 renews Guids, 1 keeps one a sign-in."""

    DYNAMIC = "dynamic"
    STATIC = "static"


class _Server(_Section):
    """Whom to trust behind an address."""

    url: str
    ca_file: Path | None = None
    pin_sha256: str | None = None

    @model_validator(mode="after")
    def _one_trust(self) -> Self:
        if self.ca_file is not None and self.pin_sha256 is not None:
            raise ValueError("ca_file and pin_sha256 exclude each other: keep one")
        return self


class GatewaySettings(_Server):
    """CC-Gateway."""

    authentication: Authentication = Authentication.DYNAMIC
    guid_life: Seconds = Field("120s", description="GUIDTIMEOUT of the gateway")  # type: ignore[assignment]
    max_in_flight: int = Field(64, ge=1, le=1000)
    calls_per_second: float = Field(500.0, gt=0, le=100_000)
    timeout: Seconds = "5s"  # type: ignore[assignment]
    order_deadline: Seconds = "60s"  # type: ignore[assignment]


class CmsSettings(_Server):
    """CC-CMS."""

    access_key: str
    secret_key_file: Path | None = None
    cc_id: int = Field(1, ge=1, le=65_535)
    vdn: int = Field(1, ge=1, le=5_000)
    signer: str = "sdk-hmac-sha256"
    roster_path: str | None = None


class SessionsSettings(_Section):
    """Who holds the agents' Guids."""

    kind: Literal["pushed", "owned", "file", "table"] = "pushed"
    agents_file: Path | None = None
    force_sign_in: bool = False
    path: Path | None = None
    url: str | None = None
    query: str | None = None
    every: Seconds = "2s"  # type: ignore[assignment]

    @model_validator(mode="after")
    def _complete(self) -> SessionsSettings:
        if self.kind == "owned" and self.agents_file is None:
            raise ValueError('kind "owned" needs agents_file: a CSV of agentid,password_file,phonenum,skills')
        if self.kind == "file" and (self.path is None or not self.path.is_absolute()):
            raise ValueError('kind "file" needs path: an absolute path of a JSON file')
        if self.kind == "table" and self.url is None:
            raise ValueError('kind "table" needs url, as "sqlite:////run/desktop/sessions.db"')
        return self


class ReadingsSettings(_Section):
    """Where readings come from."""

    kind: Literal["cms", "gateway"] = "cms"
    deadline: Seconds = "5s"  # type: ignore[assignment]


class InputSourceSettings(_Section):
    """Whom rule files may ask for named inputs."""

    kind: Literal["file", "http", "prometheus"]
    url: str | None = None
    ca_file: Path | None = None
    token_file: Path | None = None
    path: Path | None = None

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.kind == "file":
            if self.path is None or not self.path.is_absolute():
                raise ValueError('kind "file" needs path: an absolute path of a JSON file')
        elif self.url is None:
            raise ValueError(f'kind "{self.kind}" needs url, as "https://10.0.0.7:9090"')
        return self


class SourcesSettings(_Section):
    """All sources."""

    readings: ReadingsSettings = ReadingsSettings()
    inputs: dict[str, InputSourceSettings] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _push_is_taken(self) -> Self:
        if PUSH in self.inputs:
            raise ValueError(f"inputs.{PUSH} is there already: values handed over to the console; take another name")
        return self


class ConsoleSettings(_Section):
    """The operator's face."""

    listen: str | None = "127.0.0.1:8787"
    socket: Path | None = Path("/run/autoscaler/control.sock")
    token_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None


class JournalSettings(_Section):
    """How long records are kept."""

    keep: Seconds = "90d"  # type: ignore[assignment]
    keep_snapshots: Seconds = "1d"  # type: ignore[assignment]
    stdout: bool = True


class Settings(BaseSettings):
    """Everything."""

    model_config = SettingsConfigDict(
        env_prefix="AUTOSCALER_", env_nested_delimiter="__", extra="forbid", frozen=True, validate_default=True
    )

    rules: Path
    shadow_rules: Path | None = None
    store: str
    mode: Literal["enforce", "observe"] = "enforce"
    gateway: GatewaySettings
    cms: CmsSettings | None = None
    sessions: SessionsSettings = SessionsSettings()
    sources: SourcesSettings = SourcesSettings()
    console: ConsoleSettings = ConsoleSettings()
    journal: JournalSettings = JournalSettings()
    drain: Seconds = "20s"  # type: ignore[assignment]

    @model_validator(mode="after")
    def _cms_when_asked(self) -> Settings:
        if self.sources.readings.kind == "cms" and self.cms is None:
            raise ValueError('sources.readings.kind is "cms", and there is no [cms] section')
        return self


def load_settings(path: Path) -> Settings:
    """Read a settings file, overridden by `AUTOSCALER_*`.

    Raises:
        SettingsError: The file can't be read, is no TOML, or says something that makes no sense; all problems at once.
    """
    try:
        with path.open("rb") as file:
            tomllib.load(file)
    except OSError as error:
        raise SettingsError(
            f"can't be read ({error.strerror})",
            place=str(path),
            help="Give the file with --config; docs/operate/install.md has one to start from.",
        ) from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise SettingsError(f"is not TOML: {error}", place=str(path), help="Mend the line it names.") from error

    class FromFile(Settings):
        @classmethod
        def settings_customise_sources(
            cls,
            settings_cls: type[BaseSettings],
            init_settings: PydanticBaseSettingsSource,
            env_settings: PydanticBaseSettingsSource,
            dotenv_settings: PydanticBaseSettingsSource,
            file_secret_settings: PydanticBaseSettingsSource,
        ) -> tuple[PydanticBaseSettingsSource, ...]:
            del init_settings, dotenv_settings, file_secret_settings
            return env_settings, TomlConfigSettingsSource(settings_cls, toml_file=path)

    try:
        return FromFile()
    except ValidationError as error:
        problems = [_problem(one) for one in error.errors()]
        message = "; ".join(problems)
        raise SettingsError(message, place=str(path), help="See docs/operate/install.md for every setting.") from error


def read_secret(path: Path | None, setting: str) -> str:
    """The one line of a secret file.

    Raises:
        SettingsError: No file is set, or it can't be read, is empty or has several lines. Never shows the content.
    """
    if path is None:
        raise SettingsError("is not set", place=setting, help="Point it to a file that holds the secret.")
    try:
        secret = path.read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"{path} can't be read ({getattr(error, 'strerror', None) or 'not UTF-8'})",
            place=setting,
            help="Check the path and that the service's user may read it.",
        ) from error
    if not secret or len(secret.splitlines()) > 1:
        raise SettingsError(
            f"{path} holds no single line", place=setting, help="Write the secret alone, as one line, into it."
        )
    return secret


def _problem(error: Any) -> str:
    place = ".".join(str(part) for part in error["loc"]) or "settings"
    if error["type"] == "extra_forbidden":
        known = _known(error["loc"][:-1])
        close = difflib.get_close_matches(str(error["loc"][-1]), known, n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"known here: {', '.join(sorted(known))}"
        return f"{place}: no such setting; {hint}"
    if error["type"] == "missing":
        return f"{place}: is missing"
    if error["type"] == "model_type":
        return f"{place}: is a section: write [{place}], and its settings below"
    message = str(error["msg"]).removeprefix("Value error, ").replace("Input should", "should")
    return f"{place}: {message[0].lower()}{message[1:]}"


def _known(section: tuple[Any, ...]) -> list[str]:
    model: Any = Settings
    parts = iter(section)
    for part in parts:
        annotation = model.model_fields[part].annotation
        model = next((arm for arm in getattr(annotation, "__args__", ()) if hasattr(arm, "model_fields")), annotation)
        if getattr(annotation, "__origin__", None) is dict:
            next(parts, None)  # a name of the person's own
    return list(model.model_fields)
