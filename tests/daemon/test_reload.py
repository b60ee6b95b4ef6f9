"""New rules in a running daemon: workers follow, memory is carried over by name, bad rules change nothing."""

from __future__ import annotations

from pathlib import Path

from autoscaler.simulation.site import AgentConfig, RateConfig, SkillConfig

from .stage import AGENTS, FIRST, QUEUE, STEADY, WEB_CHAT, Stage, a_floor, on_stage, until

SOCIAL_QUEUE, SOCIAL = 2002, 53
SOCIAL_RULES = STEADY.replace("webchat", "social").replace("web_chat", "social_chat").replace("2001", "2002")
ONCE = f"""{STEADY}
rules:
  - {{name: once, when: group.agents > 0, raise: 1 each}}
stability: {{raise: {{cooldown: 2h}}}}
"""


def two_queues(**changes: object):
    """Everybody at both queues: a web chat and a social one."""
    return a_floor(
        agents=tuple(AgentConfig(id=FIRST + i, skills=(QUEUE, SOCIAL_QUEUE), limit=3) for i in range(AGENTS)),
        skills=tuple(
            SkillConfig(id=queue, media_type=media, arrivals=RateConfig(rate=0.0))
            for queue, media in ((QUEUE, WEB_CHAT), (SOCIAL_QUEUE, SOCIAL))
        ),
        **changes,
    )


async def reload(stage: Stage) -> dict[str, object]:
    answer: dict[str, object] = await stage.ask(lambda client: client.reload())
    return answer


async def test_a_reload_by_the_console_brings_new_groups_to_work_and_sends_old_ones_home(short_path: Path) -> None:
    async with on_stage(short_path, site=two_queues(), rules={"webchat": STEADY}) as stage:
        await stage.right()
        stage.paths.write_rules(SOCIAL_RULES, "social")
        assert (await reload(stage))["taken"] is True
        await stage.right_of("social", SOCIAL)
        assert set(stage.limits(SOCIAL).values()) == {4}

        (stage.paths.rules / "webchat.yaml").unlink()
        await reload(stage)
        assert set(stage.state.crew.workers) == {"social"}
        assert [group["group"] for group in stage.status["groups"]] == ["social"]
        assert "webchat" not in stage.sentence
        ticks = len([row for row in stage.paths.journal().ticks if row["group"] == "webchat"])
        await stage.ticks(2, "social")
        assert len([row for row in stage.paths.journal().ticks if row["group"] == "webchat"]) == ticks
        assert (stage.status["reloads"], stage.status["bad_reloads"]) == (2, 0)
    stage.paths.journal().check_every_order_is_there_once()


async def test_a_group_that_goes_and_comes_back_remembers_what_it_did(short_path: Path) -> None:
    async with on_stage(short_path, site=two_queues(), rules={"webchat": ONCE, "social": SOCIAL_RULES}) as stage:
        await until(lambda: set(stage.limits().values()) == {5})
        (stage.paths.rules / "webchat.yaml").unlink()
        await reload(stage)
        await stage.ticks(1, "social")
        stage.paths.write_rules(ONCE)
        await reload(stage)
        await until(lambda: "webchat" in stage.state.cycle.last)
        await stage.ticks(2)
        assert set(stage.limits().values()) == {5}, "its cooldown of two hours goes on"


async def test_a_changed_rule_keeps_the_memory_of_its_group_and_a_changed_beat_is_followed(short_path: Path) -> None:
    async with on_stage(short_path, site=a_floor(), rules=ONCE) as stage:
        await until(lambda: set(stage.limits().values()) == {5})
        stage.paths.write_rules(ONCE.replace("every: 10s", "every: 400s").replace("ceiling: 40", "ceiling: 30"))
        await reload(stage)
        worker = stage.state.crew.workers["webchat"]
        await worker.idle()
        slow = stage.ticked()
        stage.paths.write_rules(ONCE.replace("ceiling: 40", "ceiling: 35"))
        await reload(stage)
        await stage.ticks(2)
        assert stage.ticked() >= slow + 2
        assert stage.state.crew.workers["webchat"] is worker
        assert set(stage.limits().values()) == {5}


async def test_bad_rules_change_nothing_until_they_are_mended(short_path: Path) -> None:
    async with on_stage(short_path, site=a_floor()) as stage:
        await stage.right()
        before = stage.status["rulebook"]
        stage.paths.write_rules(STEADY.replace("every", "evry"))
        answer = await reload(stage)
        assert answer == {"taken": False, "rulebook": before, "problem": stage.status["rules_problem"]}
        assert "1 error in" in str(answer["problem"])
        assert stage.sentence.startswith("RULES: ")
        await stage.ticks(2)
        assert stage.is_right()
        stage.paths.write_rules(STEADY)
        assert (await reload(stage))["taken"] is True
        assert "RULES" not in stage.sentence


async def test_an_emptied_rule_folder_is_refused_and_the_daemon_goes_on(short_path: Path) -> None:
    async with on_stage(short_path, site=a_floor()) as stage:
        await stage.right()
        (stage.paths.rules / "webchat.yaml").unlink()
        assert (await reload(stage))["taken"] is False
        await stage.ticks(2)
        assert stage.is_right()
