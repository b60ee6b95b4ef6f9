"""The status page: one HTML document without scripts, images or anything from elsewhere.

It shows agents by id alone and never who ordered something. All that varies is escaped; no state is told by colour.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from html import escape
from typing import Any

from autoscaler.console.ports import Json

__all__ = ["REFRESH_S", "SECURITY_HEADERS", "render_page"]

REFRESH_S = 5

_STYLE = """
body{font:16px/1.45 system-ui,sans-serif;margin:1.5rem auto;padding:0 1rem;max-width:72rem;color:#111;background:#fff}
h1{font-size:1.3rem;margin:0 0 .2rem}h2{font-size:1.05rem;margin:1.6rem 0 .4rem}
table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.25rem .8rem .25rem 0;
border-bottom:1px solid #999;vertical-align:top}th{font-weight:600}
.n{text-align:right;font-variant-numeric:tabular-nums}
.alert{border:2px solid #111;padding:.5rem .8rem;margin:.6rem 0;font-weight:600}.small{font-size:.85rem}
.scroll{overflow-x:auto}
@media(prefers-color-scheme:dark){body{color:#eee;background:#111}.alert{border-color:#eee}}
"""

_STYLE_HASH = base64.b64encode(hashlib.sha256(_STYLE.encode()).digest()).decode()

SECURITY_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

_DASH = "–"


def render_page(status: Json) -> str:
    """The page of one status.

    Args:
        status: What `Control.status` answers; whatever is missing in it is shown as a dash or left out.
    """
    body = "\n".join(
        (
            "<h1>Chat limits</h1>",
            f"<p>{_text(status.get('sentence') or status.get('state'))}</p>",
            *(f'<p class="alert" role="status">{escape(alert)}</p>' for alert in _alerts(status)),
            *_groups(_rows(status.get("groups"))),
            *_pins(_rows(status.get("pins"))),
            *_decisions(_rows(status.get("recent"))),
            _footing(status),
        )
    )
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="refresh" content="{REFRESH_S}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(_title(status))}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n{body}\n</body>\n</html>\n"
    )


def _title(status: Json) -> str:
    alerts = sum(1 for _ in _alerts(status))
    return f"({alerts}) Chat limits" if alerts else "Chat limits"


def _alerts(status: Json) -> Iterator[str]:
    """What a person should see first, each a sentence that says what to do."""
    if status.get("frozen"):
        yield "FROZEN: nothing is called until somebody resumes."
    for pause in _rows(status.get("pauses")):
        until = f"until {pause['until']}" if pause.get("until") else "until resumed"
        yield f"PAUSED: {pause.get('group') or 'every group'}, {until}. Reason: {pause.get('reason') or _DASH}"
    if status.get("rules_problem"):
        held = "the last good rules are in force" if status.get("is_last_good") else "the rules before it are in force"
        yield f"RULES: {status['rules_problem']}; {held}. Ask: autoscaler check"
    store, gateway = _mapping(status.get("store")), _mapping(status.get("gateway"))
    if store.get("last_error"):
        yield f"STORE: {store['last_error']}"
    if gateway.get("breaker") not in (None, "closed"):
        yield f"GATEWAY: {gateway.get('place') or 'it'} does not answer; limits stay as they are."
    for group in _rows(status.get("groups")):
        for problem in group.get("problems") or ():
            yield f"READINGS of {group.get('group')}: {problem}"


def _footing(status: Json) -> str:
    rules = str(status.get("rulebook") or _DASH)[:20]
    return (
        f'<p class="small">As of {_text(status.get("now"))}, running since {_text(status.get("started_at"))}, '
        f"rules {escape(rules)}. This page reads itself anew every {REFRESH_S} seconds. "
        "Orders are given with the command: autoscaler pause, resume, pin, unpin, freeze.</p>"
    )


def _groups(groups: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    heads = ("Group", "Mode", "Agents", "Slots", "Wanted", "Load", "Occupancy", "Waiting", "Longest wait", "Last tick")
    rows = []
    for group in groups:
        slots = _mapping(group.get("slots"))
        rows.append(
            (
                _text(group.get("group")),
                _text(group.get("mode")),
                _text(group.get("agents")),
                _text(slots.get("observed")),
                _text(slots.get("wanted")),
                _text(group.get("load")),
                _percent(group.get("occupancy")),
                _whole(group.get("waiting")),
                _seconds(group.get("oldest_wait_s")),
                "waits for its first" if group.get("at") is None else f"{_seconds(group.get('age_s'))} ago",
            )
        )
    yield from _table("Groups", heads, rows, numbers=range(2, 9), empty="No rule file names a group.")
    for group in groups:
        if group.get("goal"):
            yield f'<p class="small">Goal of {_text(group.get("group"))}: {_text(group["goal"])}</p>'
        for forecast in group.get("forecasts") or ():
            yield f'<p class="small">{_text(group.get("group"))}: {_text(forecast)}</p>'


def _pins(pins: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    if pins:
        rows = [
            (_text(pin.get("agent")), _text(pin.get("limit")), _text(pin.get("until") or "until unpinned"))
            for pin in pins
        ]
        yield from _table("Pinned by a person", ("Agent", "Limit", "Until"), rows, numbers=range(2), empty="")


def _decisions(decisions: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    heads = ("At", "Group", "Agent", "From", "To", "Rule", "Outcome")
    rows = [
        (
            _text(one.get("at")),
            _text(one.get("group")),
            _text(one.get("agent")),
            _text("unknown" if one.get("from") is None else one["from"]),
            _text(one.get("to")),
            _text(one.get("rule")),
            _text(one.get("outcome")),
        )
        for one in reversed(decisions)
    ]
    yield from _table("Last decisions", heads, rows, numbers=range(2, 5), empty="None since the start.")


def _table(
    title: str, heads: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: range, empty: str
) -> Iterator[str]:
    yield f"<h2>{escape(title)}</h2>"
    if not rows:
        yield f"<p>{escape(empty)}</p>"
        return

    def line(cells: Iterable[str], tag: str) -> str:
        drawn = (
            f"<{tag}{' class=n' if i in numbers else ''}{' scope=col' if tag == 'th' else ''}>{cell}</{tag}>"
            for i, cell in enumerate(cells)
        )
        return f"<tr>{''.join(drawn)}</tr>"

    yield '<div class="scroll"><table>'
    yield f"<thead>{line(map(escape, heads), 'th')}</thead><tbody>"
    yield from (line(row, "td") for row in rows)
    yield "</tbody></table></div>"


def _rows(value: Any) -> list[Mapping[str, Any]]:
    return [row for row in value if isinstance(row, Mapping)] if isinstance(value, Sequence) else []


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _text(value: Any) -> str:
    return _DASH if value is None else escape(str(value))


def _whole(value: Any) -> str:
    return f"{value:.0f}" if isinstance(value, int | float) else _text(value)


def _seconds(value: Any) -> str:
    return f"{value:.0f} s" if isinstance(value, int | float) else _text(value)


def _percent(value: Any) -> str:
    return f"{value:.0%}".replace("%", " %") if isinstance(value, int | float) else _text(value)
