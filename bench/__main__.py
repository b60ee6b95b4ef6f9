"""`python -m bench [--format json|table] [NAME...]`: runs the benchmarks and prints their figures.

A benchmark is a module with `measure()`, which gives its results one after another; here is the list of them.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict

from bench import burst, decide, forecasting, goal, keeping, simulate
from bench.result import Result
from bench.tools import ToolMissing

__all__ = ["BENCHMARKS", "main"]

BENCHMARKS: Mapping[str, Callable[[], Iterable[Result]]] = {
    "burst": burst.measure,
    "decide": decide.measure,
    "forecast": forecasting.measure,
    "goal": goal.measure,
    "keep": keeping.measure,
    "simulate": simulate.measure,
}


def main(arguments: Sequence[str]) -> int:
    """Run what was asked for, everything by default.

    Returns:
        Exit code: 0, or 4 when a program it needs is missing.
    """
    parser = argparse.ArgumentParser(prog="python -m bench", description="Measure what the program promises.")
    parser.add_argument("--format", choices=("json", "table"), default="table")
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"any of: {', '.join(BENCHMARKS)}; default: all")
    chosen = parser.parse_args(arguments)
    unknown = [name for name in chosen.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"no benchmark is named {', '.join(unknown)}; there are {', '.join(BENCHMARKS)}")
    results: list[Result] = []
    try:
        for name in chosen.names or BENCHMARKS:
            print(f"bench: {name}", file=sys.stderr)
            results += BENCHMARKS[name]()
    except ToolMissing as error:
        print(f"error: {error}", file=sys.stderr)
        return 4
    if chosen.format == "json":
        print(json.dumps([asdict(result) for result in results], indent=1))
    else:
        print(_table(results))
    return 0


def _table(results: Sequence[Result]) -> str:
    head = ("name", "value", "unit", "limit", "ratio")
    rows = [head, *((r.name, f"{r.value:,.4g}", r.unit, f"{r.limit:,.4g}", f"{r.ratio:.3f}") for r in results)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
