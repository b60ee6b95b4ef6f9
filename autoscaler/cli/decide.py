"""`autoscaler decide`: the pure decision, from JSON to JSON."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import orjson

from autoscaler.cli.exits import Exit
from autoscaler.cli.findings import show_findings
from autoscaler.core.book import Rulebook
from autoscaler.core.engine import decide
from autoscaler.core.exchange import parse_input, plan_to_json
from autoscaler.core.memory import Memory
from autoscaler.errors import ReadingMalformed, RulesInvalid
from autoscaler.rulebook.loading import load_folder

__all__ = ["HELP", "add_arguments", "load_rules", "run"]

HELP = {
    "decide": (
        (
            "Decide once from a file, calling nothing. A JSON array or JSON Lines of inputs is a sequence in which "
            "memory carries over, one output line each."
        ),
        (
            "exit codes: 0 decided, 1 bad rules, 2 bad input\n\n"
            "an input, where null is a missing reading:\n"
            '  {"at": "2026-11-22T10:00:00Z",\n'
            '   "queues": [{"id": 2001, "waiting": 31, "oldest_wait_s": 44, "age_s": 2}],\n'
            '   "agents": [{"id": 1001, "load": 3, "limit": 3, "state": "idle", "age_s": 2, "queues": [2001]}],\n'
            '   "memory": null}\n\n'
            "examples:\n  autoscaler decide --rules rules --input now.json\n"
            "  autoscaler decide --rules rules/webchat.yaml --input - < day.jsonl"
        ),
    )
}

_FORM = "'autoscaler decide --help' shows the form."


def add_arguments(parser: argparse.ArgumentParser, _verb: str) -> None:
    """What the verb takes."""
    parser.add_argument("--rules", required=True, metavar="PATH", help="a rule file or folder")
    parser.add_argument("--input", required=True, metavar="FILE", help="JSON or JSON Lines; - is standard input")


def run(options: argparse.Namespace, _verb: str) -> int:
    """Decide every input in turn."""
    book = load_rules(options.rules)
    memory = Memory()
    for value, place in _inputs(options.input):
        try:
            snapshot, own, at = parse_input(value)
        except ReadingMalformed as error:
            raise ReadingMalformed(error.message, place=f"{place}: {error.place}", help=error.help) from error
        plan = decide(book, snapshot, memory if own is None else own, at)
        memory = plan.memory
        sys.stdout.buffer.write(orjson.dumps(plan_to_json(plan)) + b"\n")
    sys.stdout.buffer.flush()
    return Exit.OK


def load_rules(path: str) -> Rulebook:
    """The rulebook at a path; its warnings are shown.

    Raises:
        RulesInvalid: It has errors.
    """
    loaded = load_folder(path)
    if loaded.book is None:
        raise RulesInvalid(
            "the rules have errors",
            diagnostics=loaded.diagnostics,
            place=path,
            help="Mend what is shown above; 'autoscaler check' shows it again.",
        )
    show_findings(loaded.diagnostics)
    return loaded.book


def _inputs(name: str) -> Iterator[tuple[Any, str]]:
    """Each input with its place: the whole file, an element of its array, or a line."""
    shown = "standard input" if name == "-" else name
    try:
        text = sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise ReadingMalformed(
            f"can't be read ({error.strerror})", place=shown, help="Give a file, or - for standard input."
        ) from error
    if not text.strip():
        raise ReadingMalformed("is empty", place=shown, help=f"Write one input as JSON. {_FORM}")
    try:
        whole = orjson.loads(text)
    except orjson.JSONDecodeError as error:
        lines = [(number, line) for number, line in enumerate(text.splitlines(), 1) if line.strip()]
        if len(lines) < 2 or not lines[0][1].strip().endswith((b"}", b"]")):
            raise ReadingMalformed(
                f"is not JSON: {error.msg}",
                place=f"{shown}:{error.lineno}:{error.colno}",
                help=f"Mend that place. {_FORM}",
            ) from error
        yield from _lines(lines, shown)
        return
    if isinstance(whole, list):
        for index, value in enumerate(whole):
            yield value, f"{shown}[{index}]"
    else:
        yield whole, shown


def _lines(lines: list[tuple[int, bytes]], shown: str) -> Iterator[tuple[Any, str]]:
    for number, line in lines:
        try:
            yield orjson.loads(line), f"{shown}:{number}"
        except orjson.JSONDecodeError as error:
            raise ReadingMalformed(
                f"is not JSON: {error.msg}",
                place=f"{shown}:{number}:{error.colno}",
                help="In JSON Lines every line is one whole input.",
            ) from error
