"""`autoscaler demo`: a simulated contact centre in a process of its own, and the real daemon against it.

Nothing here is played: settings, sessions, TLS, journal and console are the daemon's own; only the site is simulated.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import secrets
import shutil
import socket
import sys
import tempfile
from importlib.resources import files
from pathlib import Path
from typing import Any

import httpx
import uvloop
from rich.console import Console as Terminal
from rich.live import Live

from autoscaler.cli.arguments import span
from autoscaler.cli.demo_view import live_table, one_line, summary_table
from autoscaler.cli.exits import Exit
from autoscaler.cli.failures import first_of
from autoscaler.daemon.logs import configure_logs
from autoscaler.daemon.report import status_json
from autoscaler.daemon.service import Daemon
from autoscaler.daemon.settings import load_settings
from autoscaler.errors import SettingsError, UsageError
from autoscaler.simulation.presets import demo_site
from autoscaler.simulation.process import SiteProcess, open_site
from autoscaler.simulation.site import PushConfig
from autoscaler.store.journal import JournalQuery
from autoscaler.store.sqlite_reader import SqliteReader

__all__ = ["HELP", "add_arguments", "run"]

HELP = {
    "demo": (
        (
            "Start a simulated contact centre (CC-Gateway and CC-CMS over HTTPS on loopback) with the daemon, "
            "show what happens, and end with what it was worth."
        ),
        (
            "examples:\n  autoscaler demo\n  autoscaler demo --for 60s --speed 30\n"
            "  autoscaler status --config .demo/autoscaler.toml    # meanwhile, in another terminal\n"
            "  autoscaler journal --config .demo/autoscaler.toml   # meanwhile or afterwards"
        ),
    )
}

SHOW_EVERY_S = 0.5
SAY_EVERY_S = 5.0
LONGEST_SOCKET_PATH = 100
"""Bytes; the kernel takes 107."""


def add_arguments(parser: argparse.ArgumentParser, _verb: str) -> None:
    """What the verb takes."""
    parser.add_argument(
        "--for", dest="span", type=span, metavar="D", help="end by itself after so long, as 60s (until Ctrl-C)"
    )
    parser.add_argument("--speed", type=float, default=10.0, metavar="X", help="times as fast as life (10)")
    parser.add_argument("--agents", type=int, default=24, metavar="N", help="how many agents (24)")
    parser.add_argument("--seed", type=int, default=7, metavar="N", help="of the customers (7)")
    parser.add_argument("--directory", type=Path, default=Path(".demo"), metavar="DIR", help="kept afterwards (.demo)")
    parser.add_argument("--format", choices=("table", "json"), default="table", help="of the closing summary")


def run(options: argparse.Namespace, _verb: str) -> int:
    """Run until the time is over or a person ends it."""
    if not 0.1 <= options.speed <= 100:
        raise UsageError(f"{options.speed:g} is no speed", place="--speed", help="Give a number from 0.1 to 100.")
    if not 1 <= options.agents <= 2000:
        raise UsageError(f"{options.agents} agents are no floor", place="--agents", help="Give 1 to 2000.")
    configure_logs(quiet=True)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        try:
            return runner.run(_demo(options, options.span))
        except ExceptionGroup as group:
            raise first_of(group) from group


async def _demo(options: argparse.Namespace, span: float | None) -> int:
    directory = _fresh(options.directory)
    token = secrets.token_urlsafe(24)
    port = _free_port()
    push = PushConfig(url=f"http://127.0.0.1:{port}", token=token)
    config = demo_site(agents=options.agents, speed=options.speed, seed=options.seed).model_copy(update={"push": push})
    with await open_site(config, directory) as site:
        _write_config(directory, site, token, port, cms_secret=config.cms.secret_key, access_key=config.cms.access_key)
        settings = load_settings(directory / "autoscaler.toml")
        daemon = Daemon(settings, clock=site.clock(), speed=options.speed, token=token)
        daemon.listen_to_signals()
        terminal = Terminal(stderr=options.format == "json")
        async with httpx.AsyncClient(base_url=site.control_url, timeout=10.0) as asks, asyncio.TaskGroup() as tasks:
            tasks.create_task(_lived(daemon), name="daemon")
            showing = tasks.create_task(_show(daemon, asks, terminal, span), name="showing")
            await showing
            answer = await asks.get("/sim/summary")
            audit = await asks.get("/sim/audit")
    summary = _summary(directory, answer.json(), audit.json(), settings.store)
    if options.format == "json":
        json.dump(summary, sys.stdout, indent=1)
        print()
    else:
        terminal.print(summary_table(summary, directory))
    return Exit.OK if summary["calls"]["not_ok"] == 0 else Exit.FINDINGS


async def _lived(daemon: Daemon) -> None:
    try:
        await daemon.run()
    finally:
        daemon.is_ready.set()  # whoever waits for it must not wait for ever


async def _show(daemon: Daemon, asks: httpx.AsyncClient, terminal: Terminal, span: float | None) -> None:
    """Show the floor until the time is over or the daemon stops; then see the daemon out."""
    await daemon.is_ready.wait()
    if daemon.state is None:
        return  # it failed while starting, and its own task says why
    addresses = daemon.console.addresses.url if daemon.console is not None else "none"
    terminal.print(f"console: {addresses}    end with Ctrl-C", highlight=False)
    loop = asyncio.get_running_loop()
    end = None if span is None else loop.time() + span
    said = 0.0
    with Live(console=terminal, refresh_per_second=4, transient=True) as live:
        while not daemon.is_stopping and (end is None or loop.time() < end):
            site = (await asks.get("/sim/state")).json()
            status = status_json(daemon.state)
            if terminal.is_terminal:
                live.update(live_table(status, site, left_s=None if end is None else end - loop.time()))
            elif loop.time() - said >= SAY_EVERY_S:
                said = loop.time()
                print(one_line(status, site), file=terminal.file, flush=True)
            await asyncio.sleep(SHOW_EVERY_S)
    daemon.stop()
    await daemon.has_ended.wait()


def _summary(directory: Path, scores: dict[str, Any], audit: dict[str, Any], store: str) -> dict[str, Any]:
    with SqliteReader(store) as reader:
        events = reader.journal(JournalQuery(schema="autoscaler.decision/1"))
        rows = [row for row in map(json.loads, (event.line for event in events)) if not row.get("shadow")]
    counts = {way: sum(row["direction"] == way for row in rows) for way in ("raise", "lower", "assert")}
    ok = sum(row["retcode"] == "0" for row in rows)
    live, baseline = scores["live"], scores["baseline"]
    return {
        "simulated_s": round(scores["elapsed_s"], 1),
        "decisions": counts,
        "calls": {"ok": ok, "not_ok": len(rows) - ok},
        "gateway": {"forced_sign_ins": audit["counters"]["forced_sign_ins"]} if "counters" in audit else {},
        "autoscaler": live,
        "baseline": baseline,
        "wait_ratio": round(live["mean_wait_s"] / baseline["mean_wait_s"], 4) if baseline["mean_wait_s"] else None,
        "journal": str(directory / "autoscaler.db"),
    }


def _fresh(directory: Path) -> Path:
    """An empty folder for this run; what an earlier demo left goes."""
    directory = directory.absolute()
    if _is_in_use(directory):
        raise UsageError(
            "a demo is running there", place=str(directory), help="End it with Ctrl-C, or give another --directory."
        )
    marker = directory / "site.json"
    if directory.exists() and any(directory.iterdir()) and not marker.exists():
        raise UsageError(
            "the folder is not empty and no demo made it", place=str(directory), help="Give another with --directory."
        )
    try:
        if directory.exists():
            shutil.rmtree(directory)
        directory.mkdir(parents=True, mode=0o700)
    except OSError as error:
        raise UsageError(
            f"can't be made new ({error.strerror})", place=str(directory), help="Give another with --directory."
        ) from error
    return directory


def _is_in_use(directory: Path) -> bool:
    """Whether the daemon of an earlier demo still answers."""
    try:
        address = load_settings(directory / "autoscaler.toml").console.socket
    except SettingsError:
        return False
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(1.0)
        try:
            probe.connect(str(address))
        except OSError:
            return False
    return True


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _write_config(
    directory: Path, site: SiteProcess, token: str, port: int, *, cms_secret: str, access_key: str
) -> None:
    rules = directory / "rules"
    rules.mkdir()
    text = files("autoscaler.cli").joinpath("demo_rules.yaml").read_text(encoding="utf-8")
    (rules / "webchat.yaml").write_text(text, encoding="utf-8")
    for name, secret in (("console-token", token), ("cms-secret", cms_secret)):
        file = directory / name
        file.touch(mode=0o600)
        file.write_text(f"{secret}\n", encoding="utf-8")
    control = directory / "control.sock"
    if len(str(control).encode()) > LONGEST_SOCKET_PATH:
        control = Path(tempfile.mkdtemp(prefix="autoscaler-")) / "control.sock"
    (directory / "autoscaler.toml").write_text(
        f"""\
rules = {json.dumps(str(rules))}
store = {json.dumps(f"sqlite:///{directory / 'autoscaler.db'}")}

[gateway]
url = "{site.gateway_url}"
ca_file = {json.dumps(str(site.ca_file))}

[cms]
url = "{site.cms_url}"
ca_file = {json.dumps(str(site.ca_file))}
access_key = "{access_key}"
secret_key_file = {json.dumps(str(directory / "cms-secret"))}

[sessions]
kind = "pushed"

[sources.readings]
kind = "cms"

[journal]
stdout = false

[console]
listen = "127.0.0.1:{port}"
socket = {json.dumps(str(control))}
token_file = {json.dumps(str(directory / "console-token"))}
""",
        encoding="utf-8",
    )
