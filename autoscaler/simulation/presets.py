"""Ready-made sites.

The demo's customers follow the morning of a recorded day, played four times as fast. Its surges are more than
the configured limits can carry and less than raised ones can; in the calm between them nobody needs raised limits.
"""

from __future__ import annotations

from datetime import datetime

from autoscaler.simulation.site import AgentConfig, PowerConfig, SeriesConfig, SiteConfig, SkillConfig

__all__ = ["DEMO_QUEUE", "demo_site"]

DEMO_QUEUE = 2001
FIRST_AGENT = 1001
WEB_CHAT = 51
MORNING = datetime(2013, 12, 10, 5, 45)  # noqa: DTZ001 the series has no zone
STEPS = 64
STEP_S = 225.0
CHATS_PER_DEPARTURE_AND_AGENT = 0.43


def demo_site(*, agents: int = 24, speed: float = 1.0, seed: int = 7) -> SiteConfig:
    """A web chat floor with limit 3, all signed in by their desktops.

    Args:
        agents: How many, 1..998,999; arrivals grow with them.
        speed: Virtual seconds a real second.
        seed: Of customers and ties.
    """
    return SiteConfig(
        agents=tuple(
            AgentConfig(id=number, skills=(DEMO_QUEUE,), limit=3) for number in range(FIRST_AGENT, FIRST_AGENT + agents)
        ),
        skills=(
            SkillConfig(
                id=DEMO_QUEUE,
                media_type=WEB_CHAT,
                description="web chat",
                arrivals=SeriesConfig(
                    start=MORNING, steps=STEPS, scale=CHATS_PER_DEPARTURE_AND_AGENT * agents, step_s=STEP_S
                ),
                solo_chat_s=240.0,
                patience_s=180.0,
            ),
        ),
        slowdown=PowerConfig(alpha=0.785),
        seed=seed,
        speed=speed,
    )
