"""What came of a reload: in the journal, the status and the metrics."""

from __future__ import annotations

from pathlib import Path

from autoscaler.daemon.report import metrics_text

from .stage import STEADY, Stage, a_floor, on_stage


async def reload(stage: Stage) -> None:
    await stage.ask(lambda client: client.reload())


async def test_each_reload_is_a_line_that_says_who_asked_and_what_came_of_it(short_path: Path) -> None:
    async with on_stage(short_path, site=a_floor()) as stage:
        await stage.right()
        first = stage.status["rulebook"]
        assert stage.status["last_reload"] is None

        stage.paths.write_rules(STEADY.replace("ceiling: 40", "ceiling: 30"))
        stage.paths.write_rules(STEADY.replace("webchat", "night").replace("2001", "2009"), "night")
        await reload(stage)
        second = stage.status["rulebook"]
        stage.paths.write_rules("quues: 3\n", "night")
        await reload(stage)
        (stage.paths.rules / "night.yaml").unlink()
        stage.state.reloads.ask()
        await stage.ticks(1)
        third = stage.status["rulebook"]
        last = stage.status["last_reload"]
        assert (last["by"], last["taken"], last["after"]) == ("SIGHUP", True, third)
        metrics = metrics_text(stage.state)
        assert f'autoscaler_rulebook_info{{digest="{third}"}} 1' in metrics
        assert "autoscaler_last_reload_timestamp_seconds" in metrics
    rows = stage.paths.journal().rows("autoscaler.reload/1")
    assert [(row["taken"], row["before"], row["after"]) for row in rows] == [
        (True, first, second),
        (False, second, second),
        (True, second, third),
    ]
    assert [(row["added"], row["removed"], row["changed"]) for row in rows] == [
        (["night"], [], ["webchat"]),
        ([], [], []),
        ([], ["night"], []),
    ]
    assert "1 error in" in rows[1]["problem"]
    assert [row["problem"] for row in rows[0::2]] == ["", ""]
    assert all(row["by"] for row in rows)
    assert {row["shadow"] for row in rows} == {None}
    assert len({row["id"] for row in rows}) == 3
