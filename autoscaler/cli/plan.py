"""`autoscaler plan`: observe the live system once, decide, and show what would change. Calls nothing.

The same source, memory, overrides and `decide` as the daemon's; what the daemon last wanted counts as in force.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
from datetime import UTC, datetime
from typing import assert_never

import numpy as np

from autoscaler.cli.configured import add_config, config_path
from autoscaler.cli.decide import load_rules
from autoscaler.cli.exits import Exit
from autoscaler.cli.journal_reading import now_by
from autoscaler.cli.lines import beliefs, held_agents, wrapped
from autoscaler.cli.stories import settled_by
from autoscaler.clock import SystemClock
from autoscaler.core.book import Rulebook
from autoscaler.core.engine import decide
from autoscaler.core.exchange import plan_to_json, story_to_json
from autoscaler.core.memory import GroupMemory, Memory
from autoscaler.core.plan import GroupPlan, Plan, Slots, Stage
from autoscaler.core.readings import Floats, Ints, Overrides, Snapshot
from autoscaler.core.verdicts import Verdict, VerdictKind
from autoscaler.daemon.cycle import snapshot_of
from autoscaler.daemon.recall import last_memories
from autoscaler.daemon.settings import Settings, load_settings
from autoscaler.daemon.wants import want_of
from autoscaler.daemon.wiring import build_cms, build_inputs
from autoscaler.errors import SourceUnreachable, StoreUnavailable
from autoscaler.sources.inputs import WithInputs
from autoscaler.sources.ports import Source
from autoscaler.sources.pushed_inputs import PushedInputs
from autoscaler.store.sqlite_reader import SqliteReader

__all__ = ["HELP", "add_arguments", "run"]

HELP = {
    "plan": (
        "Observe the live system once, decide, and show what would change; nothing is called and nothing is kept.",
        (
            "exit codes: 0 decided, 1 bad rules, 4 nothing could be read\n\nexamples:\n  autoscaler plan\n"
            "  autoscaler plan --rules new-rules/\n  autoscaler plan --format json"
        ),
    )
}

ROWS = 40


def add_arguments(parser: argparse.ArgumentParser, _verb: str) -> None:
    """What the verb takes."""
    add_config(parser)
    parser.add_argument("--rules", metavar="PATH", help="other rules than those of the settings")
    parser.add_argument("--format", choices=("table", "json"), default="table")


def run(options: argparse.Namespace, _verb: str) -> int:
    """Observe, decide, print."""
    settings = load_settings(config_path(options))
    book = load_rules(options.rules or str(settings.rules))
    memory, overrides, at = _kept(settings)
    plans, problems = asyncio.run(_decided(settings, book, memory, overrides, at))
    if options.format == "json":
        json.dump([plan_to_json(plan) for plan in plans], sys.stdout)
        print()
    else:
        for plan in plans:
            print("\n".join(_lines(plan.groups[0])))
    for problem in problems:
        print(f"problem: {problem}", file=sys.stderr)
    return Exit.OK if any(len(plan.groups[0].ids) for plan in plans) or not problems else Exit.UNAVAILABLE


async def _decided(
    settings: Settings, book: Rulebook, memory: Memory, overrides: Overrides, at: datetime
) -> tuple[list[Plan], list[str]]:
    if settings.cms is None or settings.sources.readings.kind != "cms":
        raise SourceUnreachable(
            "these readings come through the running daemon's sessions",
            place="sources.readings.kind",
            help="'autoscaler explain' shows what the daemon decides; plan needs kind = \"cms\".",
        )
    clock = SystemClock()
    site = await build_cms(settings.cms, settings.sources.readings.deadline, clock)
    source: Source = WithInputs(source=site, inputs=build_inputs(settings, clock, PushedInputs(clock)), clock=clock)
    plans: list[Plan] = []
    problems: list[str] = []
    try:
        for group in book.groups:
            seen = await source.observe(want_of(group), settings.sources.readings.deadline)
            in_force = _in_force(memory.groups.get(group.name), seen.agents.ids)
            snapshot: Snapshot = snapshot_of(group, seen, in_force, None, overrides)
            plans.append(decide(Rulebook(groups=(group,), digest=book.digest), snapshot, memory, at))
            problems += seen.problems
    finally:
        await source.close()
    return plans, problems


def _kept(settings: Settings) -> tuple[Memory, Overrides, datetime]:
    """What the daemon remembers and the time it goes by; nothing and the machine's when it never ran here."""
    try:
        with SqliteReader(settings.store) as reader:
            return Memory(groups=last_memories(reader).memories), reader.overrides(), now_by(reader)
    except StoreUnavailable as error:
        print(f"without the daemon's memory: {error}", file=sys.stderr)
        return Memory(), Overrides(), datetime.now(UTC)


def _in_force(memory: GroupMemory | None, ids: Ints) -> Floats:
    limits = np.full(len(ids), np.nan)
    if memory is not None and len(memory.agents.ids):
        rows = np.minimum(np.searchsorted(memory.agents.ids, ids), len(memory.agents.ids) - 1)
        known = memory.agents.ids[rows] == ids
        limits[known] = memory.agents.wanted[rows[known]]
    return limits


def _lines(plan: GroupPlan) -> list[str]:
    lines = [f"{plan.group.name}: {len(plan.ids)} agents, {_slots(plan.slots)}"]
    lines += [f"  rule '{verdict.rule.name}' {_verdict(verdict)}" for verdict in plan.verdicts]
    lines += [f"  {words}" for words in beliefs({"forecasts": plan.forecasts, "goal": plan.goal})]
    lines += [f"  held: {sentence}" for sentence in plan.held]
    lines += [f"  {words}" for words in held_agents({reason.name.lower(): n for reason, n in plan.holds.items()})]
    changed = plan.changed
    lines += [_row(plan, row) for row in changed[:ROWS].tolist()]
    if len(changed) > ROWS:
        lines.append(f"  and {len(changed) - ROWS} more; --format json shows all")
    if not len(changed):
        lines.append("  no limit would change")
    return [part for line in lines for part in wrapped(line, "      ")]


def _slots(slots: Slots) -> str:
    if slots.wanted == slots.observed == slots.proposed:
        return f"{slots.observed} slots stay"
    asked = "" if slots.proposed == slots.wanted else f" (the rules ask for {slots.proposed})"
    return f"{slots.observed} slots would become {slots.wanted}{asked}"


def _verdict(verdict: Verdict) -> str:
    match verdict.kind:
        case VerdictKind.TRUE:
            matched = None if verdict.matched is None else int(np.count_nonzero(verdict.matched))
            return "holds" if matched is None else f"holds for {matched} agent{'s' if matched != 1 else ''}"
        case VerdictKind.FALSE:
            return "does not hold"
        case VerdictKind.WAITING:
            return "has not held long enough yet"
        case VerdictKind.UNKNOWN:
            return f"can't be judged; not known: {', '.join(verdict.missing) or 'a reading of an agent'}"
        case _:
            assert_never(verdict.kind)


def _row(plan: GroupPlan, row: int) -> str:
    before, after = plan.limits[Stage.OBSERVED][row], plan.limits[Stage.WANTED][row]
    why = settled_by(story_to_json(plan, row), plan.rule_of(row))
    return f"  agent {plan.ids[row]:>6}: {before:>2} -> {after:>2}  {why}"
