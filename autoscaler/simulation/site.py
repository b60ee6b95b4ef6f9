"""What a simulated site is made of, as JSON can say it.

Times are virtual seconds, which pass `speed` times as fast as the machine's; only text enters here, checked at once.
"""

from __future__ import annotations

from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, NaiveDatetime, ValidationError, model_validator

from autoscaler.errors import SettingsError
from autoscaler.simulation.agents import AgentSpec
from autoscaler.simulation.customers import Arrivals, Demand
from autoscaler.simulation.series import departures, read_series
from autoscaler.simulation.slowdown import Power, Slowdown, UniversalScalability

__all__ = [
    "AgentConfig",
    "Authentication",
    "CmsConfig",
    "PowerConfig",
    "PushConfig",
    "RateConfig",
    "SeriesConfig",
    "Signer",
    "SiteConfig",
    "SkillConfig",
    "UslConfig",
    "read_site",
]

AgentId = Annotated[int, Field(ge=101, le=999_999)]
Limit = Annotated[int, Field(ge=1, le=60)]
Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Port = Annotated[int, Field(ge=0, le=65535)]


class Authentication(StrEnum):
    """AUTHMODE of CC-Gateway."""

    STATIC = "static"
    DYNAMIC = "dynamic"


class Signer(StrEnum):
    """How CC-CMS wants requests signed. The vendor's exact form is not public."""

    SDK_HMAC_SHA256 = "sdk-hmac-sha256"
    PLAIN = "plain"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class RateConfig(_Part):
    """Customers at a constant rate, chats a second."""

    kind: Literal["rate"] = "rate"
    rate: Annotated[float, Field(ge=0, allow_inf_nan=False)]

    def arrivals(self) -> Arrivals:
        """As the stream of customers wants it."""
        return Arrivals.constant(self.rate)


class SeriesConfig(_Part):
    """Customers after a recorded series.

    Attributes:
        path: A CSV file with the columns timestamp and count; None for the built-in year of departures.
        start: Wall-clock time in the series that the run begins with.
        steps: How many steps of the series to play before beginning again.
        scale: Chats a counted event, applied to each step.
        step_s: Seconds a step of the series is played in; None for its own length. Shorter makes the day go faster.
    """

    kind: Literal["series"] = "series"
    path: Path | None = None
    start: NaiveDatetime
    steps: Annotated[int, Field(ge=1)]
    scale: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 1.0
    step_s: Positive | None = None

    def arrivals(self) -> Arrivals:
        """As the stream of customers wants it.

        Raises:
            SettingsError: The file is no series, or `start` lies outside it.
        """
        series = departures() if self.path is None else read_series(self.path)
        first = series.index(self.start)
        return Arrivals(
            step_s=self.step_s or series.step.total_seconds(),
            means=tuple(count * self.scale for count in series.counts[first : first + self.steps]),
        )


class SkillConfig(_Part):
    """A skill queue and its customers.

    Attributes:
        id: Queue id.
        media_type: The one media type of the queue.
        arrivals: When customers come.
        solo_chat_s: Mean time of a chat that has its agent to itself.
        work_cv: Coefficient of variation of a log-normal chat; None for exponential.
        patience_s: Mean patience, exponential; None for people who never give up.
    """

    id: Annotated[int, Field(ge=1)]
    media_type: Literal[1, 2, 4, 5, 15, 16, 17, 19, 51, 53] = 51
    description: str = ""
    arrivals: Annotated[RateConfig | SeriesConfig, Field(discriminator="kind")]
    solo_chat_s: Positive = 400.0
    work_cv: Positive | None = None
    patience_s: Positive | None = 180.0


class AgentConfig(_Part):
    """An agent.

    Attributes:
        skills: Queues configured for the agent.
        limit: Configured limit of every media type, the baseline.
        limits: Where a media type's differs.
        is_desktop: Signed in to all its queues from the start by a person's desktop, which the simulation plays;
            otherwise the agent waits for somebody to sign it in over the gateway.
        password: What sign-in wants.
    """

    id: AgentId
    skills: tuple[int, ...]
    limit: Limit = 3
    limits: dict[int, Limit] = Field(default_factory=dict)
    speed: Positive = 1.0
    is_desktop: bool = True
    password: str = Field(default="", repr=False, max_length=32)


class PowerConfig(_Part):
    """Total work rate grows as chats ** alpha."""

    kind: Literal["power"] = "power"
    alpha: Annotated[float, Field(ge=0, le=1)] = 0.785


class UslConfig(_Part):
    """Universal scalability law; an inverted U."""

    kind: Literal["usl"] = "usl"
    sigma: Annotated[float, Field(ge=0, le=1)]
    kappa: Annotated[float, Field(ge=0, le=1)]


class CmsConfig(_Part):
    """CC-CMS.

    Attributes:
        agents_by_skills_path: Where "agents of skills in batch" answers. The vendor's URI is not public.
        refusal_code: `resultCode` of a request that breaks a rule. The vendor's codes are not public.
    """

    access_key: str = Field(default="AKSIMULATED", repr=False)
    secret_key: str = Field(default="SKSIMULATED", repr=False)
    signer: Signer = Signer.SDK_HMAC_SHA256
    agents_by_skills_path: str = "/rest/cmsapp/v1/openapi/skill/agentsbyskills"
    refusal_code: str = "0200001"


class PushConfig(_Part):
    """Where desktops hand over each renewed Guid: `PUT {url}/v1/sessions/{agent}`."""

    url: str
    token: str = Field(repr=False)
    ca_file: Path | None = None


class SiteConfig(_Part):
    """A whole site.

    Attributes:
        slowdown: How chats of one agent slow each other down.
        seed: Of customers and ties.
        speed: Virtual seconds a real second.
        start: Virtual wall clock at the start; None for the machine's.
        guid_interval_s: Age at which the next event poll is given a new Guid (dynamic authentication).
        guid_timeout_s: Life of a Guid from its own issue (dynamic authentication).
        max_time_s: Silence after which an agent is signed out.
        poll_wait_s: Longest wait of an event poll.
        set_guid_header: Letter case of the header that carries a new Guid.
        requires_cookie: Whether the load balancer's cookie from sign-in must come back.
        requires_phone: Whether sign-in must carry `phonenum` (2025 edition on).
        allows_forced_sign_in: Off, forcelogin answers 100-015.
        update_guid_ends_old: Whether updateGuid ends the Guid it was called with at once; not documented.
        host: What the servers bind to.
        gateway_port, cms_port, control_port: 0 for any free one.
        push: Where desktops hand Guids over; None: nowhere.
    """

    agents: tuple[AgentConfig, ...]
    skills: tuple[SkillConfig, ...]
    slowdown: Annotated[PowerConfig | UslConfig, Field(discriminator="kind")] = PowerConfig()
    seed: Annotated[int, Field(ge=0)] = 7
    speed: Positive = 1.0
    start: AwareDatetime | None = None
    authentication: Authentication = Authentication.DYNAMIC
    guid_interval_s: Positive = 60.0
    guid_timeout_s: Positive = 120.0
    max_time_s: Positive = 120.0
    poll_wait_s: Positive = 10.0
    set_guid_header: str = Field(default="Set-GUID", pattern=r"(?i)^set-guid$")
    requires_cookie: bool = True
    requires_phone: bool = True
    allows_forced_sign_in: bool = True
    update_guid_ends_old: bool = False
    host: Literal["127.0.0.1", "localhost"] = "127.0.0.1"
    gateway_port: Port = 0
    cms_port: Port = 0
    control_port: Port = 0
    cms: CmsConfig = CmsConfig()
    push: PushConfig | None = None

    @model_validator(mode="after")
    def _agrees_with_itself(self) -> Self:
        skills = sorted(skill.id for skill in self.skills)
        agents = sorted(agent.id for agent in self.agents)
        for name, numbers in (("skill", skills), ("agent", agents)):
            for first, second in pairwise(numbers):
                if first == second:
                    raise ValueError(f"{name} {first} is listed twice")
        known = set(skills)
        for agent in self.agents:
            if missing := set(agent.skills) - known:
                raise ValueError(f"agent {agent.id} has skill {min(missing)}, which is not listed")
        if self.guid_interval_s >= self.guid_timeout_s:
            raise ValueError("guid_interval_s must be less than guid_timeout_s")
        return self

    def curve(self) -> Slowdown:
        """The slowdown as the centre wants it."""
        match self.slowdown:
            case PowerConfig(alpha=alpha):
                return Power(alpha=alpha)
            case UslConfig(sigma=sigma, kappa=kappa):
                return UniversalScalability(sigma=sigma, kappa=kappa)

    def demands(self) -> tuple[Demand, ...]:
        """The customers of each queue; raises SettingsError where a series cannot be read."""
        return tuple(
            Demand(
                queue=skill.id,
                arrivals=skill.arrivals.arrivals(),
                solo_chat_s=skill.solo_chat_s,
                work_cv=skill.work_cv,
                patience_s=skill.patience_s,
            )
            for skill in self.skills
        )

    def specs(self) -> tuple[AgentSpec, ...]:
        """The agents as the centre wants them."""
        media_types = {skill.id: skill.media_type for skill in self.skills}
        return tuple(
            AgentSpec(
                id=agent.id,
                limits={
                    media: agent.limits.get(media, agent.limit)
                    for media in sorted({media_types[skill] for skill in agent.skills})
                },
                skills=frozenset(agent.skills),
                speed=agent.speed,
            )
            for agent in self.agents
        )


def read_site(path: Path) -> SiteConfig:
    """Read a site from a JSON file.

    Raises:
        SettingsError: The file is missing or says something a site cannot be.
    """
    try:
        text = path.read_bytes()
    except OSError as error:
        raise SettingsError(
            f"cannot be read: {error.strerror}", place=str(path), help="check the path and its permissions"
        ) from error
    try:
        return SiteConfig.model_validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        # The cause would print what was read, passwords included.
        raise SettingsError(f"{field}: {first['msg']}", place=str(path), help="correct this field") from None
