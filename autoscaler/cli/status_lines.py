"""The daemon's status in words: the first line says how all stands, the rest where to look."""

from __future__ import annotations

from typing import Any

from autoscaler.cli.lines import beliefs, held_agents, wrapped
from autoscaler.cli.moments import in_force, shown, until_words

__all__ = ["status_lines"]

_FORM = "{:<14} {:>6} {:>9} {:>6} {:>9} {:>7} {:>7} {:>9}"


def status_lines(status: dict[str, Any]) -> list[str]:
    """The daemon's status as a person reads it.

    Args:
        status: As the control socket gives it.

    Returns:
        The first line is one sentence; the others fit 100 columns.
    """
    lines = [
        f"rules in force: {status['rulebook'][:19]}{_findings(status)}{_reloaded(status['last_reload'])}",
        "",
        _FORM.format("group", "agents", "slots", "load", "occupancy", "waiting", "oldest", "decided"),
    ]
    for group in status["groups"]:
        lines += _group(group)
    lines += ["", *_shadow(status["shadow"]), *_orders(status), *_gateway(status["gateway"])]
    store = status["store"]
    lost = f", {store['lost']} LOST" if store["lost"] else ""
    error = f"; {store['last_error']}" if store["last_error"] else ""
    lines.append(f"store: {store['backlog']} lines to write{lost}{error}")
    return [_first(status), *(part for line in lines for part in wrapped(line, "    "))]


def _first(status: dict[str, Any]) -> str:
    """How all stands, in one sentence on one line, for `head -1` and people in a hurry."""
    sentence = str(status["sentence"])
    if status["state"] != "running":
        return sentence  # it begins with that
    decided = [group for group in status["groups"] if group["at"] is not None]
    if decided and all(group["mode"] == "observe" for group in decided):
        return f"running, and only observing: nothing is called; {sentence}"
    mute = sum(group["holds"].get("unreachable", 0) for group in decided)
    silent = f", but {mute} agent{'s' if mute != 1 else ''} can't be called: no live session" if mute else ""
    return f"running{silent}; {sentence}"


def _findings(status: dict[str, Any]) -> str:
    count = len(status["findings"])
    return f", {count} finding{'s' if count != 1 else ''} ('autoscaler check' shows them)" if count else ""


def _reloaded(last: dict[str, Any] | None) -> str:
    if last is None:
        return ""
    came = "taken" if last["taken"] else "REFUSED"
    return f"; last reload {came} {shown(last['at'])} UTC, by {last['by']}"


def _group(group: dict[str, Any]) -> list[str]:
    if group["at"] is None:
        return [f"{group['group']:<14} waits for its first tick"]
    slots = group["slots"]
    moving = slots["observed"] != slots["wanted"]
    line = _FORM.format(
        group["group"],
        group["agents"],
        f"{slots['observed']}>{slots['wanted']}" if moving else slots["observed"],
        _known(group["load"]),
        "?" if group["occupancy"] is None else f"{group['occupancy']:.0%}",
        _known(group["waiting"]),
        "?" if group["oldest_wait_s"] is None else f"{group['oldest_wait_s']:.0f} s",
        f"{group['age_s']:.0f} s ago",
    )
    lines = [line]
    if group["mode"] != "enforce":
        lines.append("  observe: decides and journals, calls nothing")
    lines += _rules(group["rules"])
    lines += [f"  {words}" for words in beliefs(group)]
    lines += [f"  held: {sentence}" for sentence in group["held"]]
    lines += [f"  {words}" for words in held_agents(group["holds"])]
    lines += [f"  not known: {name}" for name in group["unknown_inputs"]]
    lines += [f"  problem: {problem}" for problem in group["problems"]]
    skipped, failed = group["ticks"]["skipped"], group["ticks"]["failed"]
    if skipped or failed:
        lines.append(f"  ticks: {skipped} skipped, {failed} failed of {sum(group['ticks'].values())}")
    return lines


def _rules(rules: dict[str, str]) -> list[str]:
    words = {"true": "holds", "waiting": "has not held long enough yet", "unknown": "can't be judged"}
    said = [f"'{name}' {words[verdict]}" for name, verdict in rules.items() if verdict in words]
    return [f"  rules: {', '.join(said)}"] if said else ["  rules: none holds"]


def _shadow(shadow: dict[str, Any] | None) -> list[str]:
    if shadow is None:
        return []
    digest = shadow["rulebook"][:19] or "none"
    lines = [f"shadow rules: {digest} from {shadow['rules']}, which call nobody"]
    if shadow["problem"]:
        lines.append(f"  problem: {shadow['problem']}")
    lines += [f"  {name}: not in the shadow rules" for name in shadow["only_live"] if shadow["rulebook"]]
    lines += [f"  {name}: not in the rules in force, so never decided" for name in shadow["only_shadow"]]
    for group in shadow["groups"]:
        if group["at"] is None:
            lines.append(f"  {group['group']}: waits for its first tick")
            continue
        slots, hour = group["slots"], group["last_hour"]
        agents = group["agents_that_differ"]
        lines.append(
            f"  {group['group']}: {slots['live']} slots live, {slots['shadow']} in the shadow; "
            f"{agents} agent{'s' if agents != 1 else ''} wanted otherwise"
        )
        lines.append(
            f"    last hour: {hour['mean_slot_difference']:g} slots apart on average, "
            f"{hour['ticks_that_differ']} of {hour['ticks']} ticks wanted otherwise"
        )
        if group["failed"]:
            lines.append(f"    {group['failed']} ticks failed: see the log")
    return [*lines, ""]


def _orders(status: dict[str, Any]) -> list[str]:
    lines = ["FROZEN: nothing is called until 'autoscaler resume'"] if status["frozen"] else []
    lines += [
        f"paused: {pause['group'] or 'everything'} {until_words(pause['until'])}, by {pause['by']}: {pause['reason']}"
        for pause in in_force(status["pauses"], status["now"])
    ]
    lines += [
        f"pinned: agent {pin['agent']} to {pin['limit']} {until_words(pin['until'])}, by {pin['by']}: {pin['reason']}"
        for pin in in_force(status["pins"], status["now"])
    ]
    return [*lines, ""] if lines else []


def _gateway(gateway: dict[str, Any]) -> list[str]:
    outcomes = ", ".join(f"{count} {name}" for name, count in gateway["outcomes"].items() if count) or "none yet"
    sessions = ", ".join(f"{count} {name}" for name, count in gateway["sessions"].items())
    breaker = "" if gateway["breaker"] == "closed" else f", breaker {gateway['breaker']}"
    under_way = gateway["in_flight"] + gateway["queued"]
    lines = [f"gateway {gateway['place']}{breaker}; calls: {outcomes}, {under_way} under way; sessions: {sessions}"]
    if gateway["last_error"]:
        lines.append(f"  last error: {gateway['last_error']}")
    return lines + [f"  agent {one['agent']}: {one['error']}" for one in gateway["session_problems"]]


def _known(value: float | None) -> str:
    return "?" if value is None else f"{value:g}"
