"""Groups that are decided one by one know of each other: whoever two of them claim is moved by neither."""

from __future__ import annotations

from pathlib import Path

from autoscaler.simulation.site import AgentConfig, RateConfig, SkillConfig

from .stage import FIRST, QUEUE, STEADY, WEB_CHAT, a_floor, on_stage, until

OTHER = 2002
BOTH = FIRST + 2
HERS, HIS = STEADY.replace("webchat", "hers"), STEADY.replace("webchat", "his").replace("2001", "2002")
RULES = {"hers": HERS.replace("baseline: 4", "baseline: 6"), "his": HIS.replace("baseline: 4", "baseline: 8")}


def shared(media_of_other: int = WEB_CHAT):
    """Two agents at one queue, two at the other, and one at both."""
    skills = {FIRST: (QUEUE,), FIRST + 1: (QUEUE,), BOTH: (QUEUE, OTHER), FIRST + 3: (OTHER,), FIRST + 4: (OTHER,)}
    return a_floor(
        agents=tuple(AgentConfig(id=agent, skills=queues, limit=3) for agent, queues in skills.items()),
        skills=tuple(
            SkillConfig(id=queue, media_type=media, arrivals=RateConfig(rate=0.0))
            for queue, media in ((QUEUE, WEB_CHAT), (OTHER, media_of_other))
        ),
    )


async def test_an_agent_of_two_groups_of_one_media_type_is_never_moved_and_the_status_says_why(
    short_path: Path,
) -> None:
    async with on_stage(short_path, site=shared(), rules=RULES) as stage:
        await until(lambda: set(stage.state.cycle.last) == {"hers", "his"})
        await stage.ticks(2, "hers")
        await stage.ticks(2, "his")
        await stage.calm()
        assert stage.limits() == {FIRST: 6, FIRST + 1: 6, BOTH: 3, FIRST + 3: 8, FIRST + 4: 8}
        assert "two groups claim 1 agent of hers" in stage.sentence
        assert "two groups claim 1 agent of his" in stage.sentence
    calls = [row["agent"] for row in stage.paths.journal().decisions]
    assert BOTH not in calls, "not even in the first tick of the first group"


async def test_an_agent_of_two_groups_of_different_media_types_is_moved_by_both(short_path: Path) -> None:
    social = 53
    rules = {"hers": RULES["hers"], "his": RULES["his"].replace("web_chat", "social_chat")}
    async with on_stage(short_path, site=shared(social), rules=rules) as stage:
        await until(lambda: set(stage.state.cycle.last) == {"hers", "his"})
        await stage.ticks(2, "hers")
        await stage.ticks(2, "his")
        await stage.calm()
        assert (stage.limits()[BOTH], stage.limits(social)[BOTH]) == (6, 8)


async def test_an_agent_who_leaves_one_of_the_groups_is_the_others_again(short_path: Path) -> None:
    async with on_stage(short_path, site=shared(), rules=RULES) as stage:
        await until(lambda: set(stage.state.cycle.last) == {"hers", "his"})
        for centre in (stage.site.world.live, stage.site.world.twin):
            centre.join(BOTH, [QUEUE])  # signed in to one queue alone, as a supervisor may do
        await stage.ticks(1, "his")
        await stage.ticks(2, "hers")
        await stage.calm()
        assert stage.limits()[BOTH] == 6
        assert "two groups" not in stage.sentence


async def test_a_group_that_is_taken_away_claims_nobody_any_more(short_path: Path) -> None:
    async with on_stage(short_path, site=shared(), rules=RULES) as stage:
        await until(lambda: set(stage.state.cycle.last) == {"hers", "his"})
        (stage.paths.rules / "his.yaml").unlink()
        await stage.ask(lambda client: client.reload())
        await stage.ticks(2, "hers")
        await stage.calm()
        assert stage.limits()[BOTH] == 6
