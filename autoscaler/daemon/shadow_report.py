"""How far shadow rules lie from the live ones: as JSON for the status, and as metrics."""

from __future__ import annotations

from autoscaler.console.metrics import Metrics
from autoscaler.console.ports import Json
from autoscaler.core.book import Rulebook
from autoscaler.daemon.shadow import Apart, Shadow

__all__ = ["shadow_json", "shadow_metrics"]


def shadow_json(shadow: Shadow, live: Rulebook) -> Json | None:
    """The status's part about shadow rules; None where there are none.

    Args:
        shadow: The second rule set.
        live: The rules in force.
    """
    if shadow.folder is None:
        return None
    names = {group.name for group in live.groups}
    shadowed = {group.name for group in shadow.book.groups}
    return {
        "rules": str(shadow.folder),
        "rulebook": shadow.book.digest,
        "problem": shadow.problem,
        "only_live": sorted(names - shadowed),
        "only_shadow": sorted(shadowed - names),
        "groups": [_group(name, shadow.apart.get(name)) for name in sorted(names & shadowed)],
    }


def shadow_metrics(metrics: Metrics, shadow: Shadow) -> None:
    """Gauges of the second rule set, if there is one."""
    if shadow.folder is None:
        return
    metrics.gauge("autoscaler_shadow_rules_bad", "1 while the shadow rules have errors.", int(bool(shadow.problem)))
    for name, apart in sorted(shadow.apart.items()):
        metrics.gauge("autoscaler_shadow_slots", "Sum of limits that shadow rules want.", apart.shadow, group=name)
        metrics.gauge(
            "autoscaler_shadow_agents_apart", "Agents of whom shadow rules want otherwise.", apart.agents, group=name
        )
        metrics.counter("autoscaler_shadow_failed_total", "Ticks shadow rules failed at.", apart.failed, group=name)


def _group(name: str, apart: Apart | None) -> Json:
    if apart is None or not apart.recent:
        return {"group": name, "at": None, "failed": 0 if apart is None else apart.failed}
    return {
        "group": name,
        "at": apart.recent[-1].at.isoformat(),
        "since": apart.since.isoformat(),
        "slots": {"live": apart.live, "shadow": apart.shadow},
        "agents_that_differ": apart.agents,
        "last_hour": {
            "ticks": len(apart.recent),
            "ticks_that_differ": apart.ticks_apart,
            "mean_slot_difference": round(apart.mean_slots, 2),
        },
        "failed": apart.failed,
    }
