"""`python -m bench.mutation [MODULE...]`: of small faults put into the core, how many its tests find.

Verdicts are kept in a file, one a line; what was killed there is not run again, so that tests can be mended and the
survivors tried anew. docs/develop/mutation.md says what was seen, and why the survivors are left.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Sequence
from math import sqrt
from pathlib import Path

from bench.mutation_operators import Mutant, mutants_of
from bench.mutation_run import TestsFail, Verdict, module_of, run_imported, run_importing

__all__ = ["main"]

ROOT = Path(__file__).resolve().parents[1]
CORE = ROOT / "autoscaler/core"
VERDICTS = Path(tempfile.gettempdir()) / "autoscaler-mutation.jsonl"
TESTS = ("tests/core", "tests/conformance/test_hpa.py")
TOO_SLOW = ("tests/core/test_laws.py::test_the_laws_meet_what_they_speak_of",)


class Verdicts:
    """Verdicts by mutant, kept in a file as they come."""

    def __init__(self, file: Path, mutants: Sequence[Mutant]) -> None:
        self._file = file
        self._keys: dict[Mutant, str] = {}
        seen: Counter[str] = Counter()
        for one in mutants:
            key = f"{one.module}: {one.inside}: {one.what}"
            seen[key] += 1
            self._keys[one] = key if seen[key] == 1 else f"{key} ({seen[key]})"
        self._known: dict[str, Verdict] = {}
        self.read()

    def read(self) -> None:
        """Take in what was told, in whichever process."""
        if self._file.exists():
            self._known |= dict(json.loads(row) for row in self._file.read_text(encoding="utf-8").splitlines())

    def told(self, mutant: Mutant, verdict: Verdict) -> None:
        with self._file.open("a", encoding="utf-8") as file:
            file.write(json.dumps([self._keys[mutant], verdict], ensure_ascii=False) + "\n")

    def of(self, mutant: Mutant) -> Verdict | None:
        """None: not tried yet."""
        return self._known.get(self._keys[mutant])

    def deadliest(self) -> dict[str, list[str]]:
        """By module: the test files that killed a mutant of it, who killed most first."""
        killed: defaultdict[str, Counter[str]] = defaultdict(Counter)
        for key, verdict in self._known.items():
            if "::" in verdict:
                killed[key.partition(":")[0]][verdict.partition("::")[0]] += 1
        return {module: [file for file, _ in files.most_common()] for module, files in killed.items()}


def main(arguments: Sequence[str]) -> int:
    """Try what was asked for and has not been killed yet; print the score and the survivors."""
    parser = argparse.ArgumentParser(
        prog="python -m bench.mutation", description="Try the core's tests on its mutants."
    )
    parser.add_argument("--verdicts", type=Path, default=VERDICTS, help="file of verdicts; default: %(default)s")
    parser.add_argument("--sample", type=int, help="so many mutants at random, by module; default: all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--report", action="store_true", help="try nothing, print what is known")
    parser.add_argument("modules", nargs="*", metavar="MODULE")
    chosen = parser.parse_args(arguments)
    os.chdir(ROOT)
    trees, mutants = {}, []
    for path in sorted(CORE.rglob("*.py")):
        module = module_of(path, CORE)
        if not chosen.modules or module in chosen.modules:
            trees[module], found = mutants_of(path, module)
            mutants += found
    verdicts = Verdicts(chosen.verdicts, mutants)
    if chosen.sample:
        mutants = _sampled(mutants, chosen.sample, chosen.seed)
    if not chosen.report:
        todo = [one for one in mutants if not verdicts.of(one)]
        print(f"mutation: {len(todo)} of {len(mutants)} mutants to try", file=sys.stderr)
        os.environ.setdefault("LAW_EXAMPLES", "8")
        tests = [*TESTS, *(f"--deselect={one}" for one in TOO_SLOW)]
        try:
            unreached = run_imported(tests, CORE, trees, [one for one in todo if one.inside], verdicts.told)
        except TestsFail as error:
            print(f"error: {error}", file=sys.stderr)
            return 1
        verdicts.read()
        importing = [*(one for one in todo if not one.inside), *unreached]
        run_importing(tests, trees, importing, verdicts.told, verdicts.deadliest())
        verdicts.read()
    print(_report(mutants, verdicts))
    return 0


def _sampled(mutants: Sequence[Mutant], count: int, seed: int) -> list[Mutant]:
    """As large a share of each module's mutants as of all."""
    by_module = defaultdict(list)
    for one in mutants:
        by_module[one.module].append(one)
    chance = random.Random(seed)
    chosen = []
    for some in by_module.values():
        chosen += chance.sample(some, min(len(some), -(-count * len(some) // len(mutants))))
    return chosen


def _report(mutants: Sequence[Mutant], verdicts: Verdicts) -> str:
    tried, killed = Counter[str](), Counter[str]()
    survivors = []
    for one in mutants:
        verdict = verdicts.of(one)
        if verdict is not None:
            tried[one.module] += 1
            killed[one.module] += bool(verdict)
        if verdict == "":
            survivors.append(f"- `{one.module}.{one.inside}` line {one.lines[0]}: `{one.what}`")
    n, k = tried.total(), killed.total()
    rows = [
        f"| {module} | {tried[module]} | {killed[module]} | {killed[module] / tried[module]:.0%} |" for module in tried
    ]
    share = k / n if n else 0.0
    spread = 1.96 * sqrt(share * (1 - share) / n) if n else 0.0
    total = f"| all | {n} | {k} | {share:.1%} |"
    head = ("| module | mutants | killed | score |", "| --- | --- | --- | --- |")
    drawn = f"\nOf a sample: {share - spread:.1%} to {share + spread:.1%} at 95 %." if n < len(mutants) else ""
    return "\n".join((*head, *rows, total, drawn, *survivors))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
