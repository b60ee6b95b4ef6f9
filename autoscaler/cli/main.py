"""The command: finds the verb, runs it, and turns errors into sentences and exit codes.

Exit codes: 0 ok, 1 findings, 2 usage, 3 warnings only, 4 something outside was unavailable. A verb's module is
imported only when it is the one asked for, so small commands start fast.
"""

from __future__ import annotations

import argparse
import difflib
import importlib
import os
import sys
from collections.abc import Sequence
from typing import NoReturn

from autoscaler import __version__
from autoscaler.cli.exits import Exit, exit_for
from autoscaler.cli.lines import wrapped
from autoscaler.errors import AutoscalerError, RulesInvalid, ScenarioInvalid, UsageError

__all__ = ["main"]

INTERRUPTED = 130
"""128 and SIGINT's number, as shells have it."""

VERBS = {
    "run": ("running", "the daemon"),
    "demo": ("demo", "a simulated contact centre and the daemon against it"),
    "check": ("check", "load and lint rule files"),
    "test": ("trying", "run rule tests"),
    "fmt": ("fmt", "lay rule files out in one form, keeping comments"),
    "forecast": ("forecast", "learn what a value usually is from its history, and how well that forecasts it"),
    "decide": ("decide", "one pure decision from a file"),
    "plan": ("plan", "observe the live system once and show what would change"),
    "simulate": ("simulate", "play a scenario under rules, a limit or another policy"),
    "compare": ("compare", "play scenarios under several policies, with the same customers"),
    "replay": ("replay", "decide recorded ticks again, and show what differs"),
    "explain": ("explain", "why an agent's limit is what it is"),
    "journal": ("journal", "decisions, newest last"),
    "status": ("status", "how the running daemon stands"),
    "learned": ("learned", "what goals have learned of people and customers, and how sure they are"),
    "pause": ("orders", "stop changes, of one group or of all"),
    "resume": ("orders", "end pauses and the freeze"),
    "pin": ("orders", "fix one agent's limit"),
    "unpin": ("orders", "give a pinned agent back to the rules"),
    "freeze": ("orders", "the kill switch: nothing is called until resumed"),
    "reload": ("orders", "read the rules again, all or nothing"),
    "schema": ("schema", "the rule files' JSON Schema, for editors"),
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line; returns its exit code."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        code = _ended(words)
        sys.stdout.flush()
    except BrokenPipeError:
        # the reader has gone, as `| head` does; nothing is left to say, and the interpreter must not try at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return Exit.OK
    except KeyboardInterrupt:
        return INTERRUPTED
    return code


def _ended(words: list[str]) -> int:
    try:
        return _ran(words)
    except AutoscalerError as error:
        _show(error)
        return exit_for(error)
    except SystemExit as end:  # argparse's way of ending after --help, --version and its own errors
        return end.code if isinstance(end.code, int) else Exit.OK


class _Parser(argparse.ArgumentParser):
    """argparse with this program's way of saying what went wrong and what to try."""

    def error(self, message: str) -> NoReturn:
        print(f"Error: {message}\nTry: '{self.prog} --help' shows what it takes, with examples.", file=sys.stderr)
        raise SystemExit(Exit.USAGE)


def _ran(words: list[str]) -> int:
    if not words:
        _parser().print_help(sys.stderr)
        return Exit.USAGE
    if words[0] not in VERBS:
        if words[0].startswith("-"):
            _parser().parse_args(words)
        close = difflib.get_close_matches(words[0], VERBS, n=1)
        known = f"Did you mean '{close[0]}'? " if close else ""
        raise UsageError(f"there is no verb {words[0]!r}", help=f"{known}'autoscaler --help' lists all.")
    verb, rest = words[0], words[1:]
    module = importlib.import_module(f"autoscaler.cli.{VERBS[verb][0]}")
    own = _Parser(
        prog=f"autoscaler {verb}",
        description=_fitting(module.HELP[verb][0]),
        epilog=_fitting(module.HELP[verb][1]),
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    module.add_arguments(own, verb)
    code: int = module.run(own.parse_args(rest), verb)
    return code


def _fitting(text: str) -> str:
    return "\n".join(part for line in text.splitlines() for part in wrapped(line, ""))


def _parser() -> argparse.ArgumentParser:
    listed = "\n".join(f"  {verb:<9} {summary}" for verb, (_, summary) in VERBS.items())
    parser = _Parser(
        prog="autoscaler",
        usage="autoscaler [-h] [--version] VERB ...",
        description="Decides how many chats each agent may hold at once, and makes it so.",
        epilog=f"verbs:\n{listed}\n\n'autoscaler VERB --help' tells more, with examples.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"autoscaler {__version__}")
    return parser


def _show(error: AutoscalerError) -> None:
    if isinstance(error, RulesInvalid | ScenarioInvalid):
        from autoscaler.cli.findings import show_findings  # noqa: PLC0415 only where there are files to speak of

        show_findings(error.diagnostics)
    print(f"Error: {error}", file=sys.stderr)
    if error.help:
        print(f"Try: {error.help}", file=sys.stderr)
