"""No file takes much memory to refuse: measured in a process of its own, the interpreter and the reader included.

`VmHWM` and not `ru_maxrss`: Linux hands the latter on through exec, so that it would tell the peak of pytest itself.
"""

import subprocess
import sys
from pathlib import Path

import pytest

MOST_KB = 100 * 1024
PROGRAM = """
import sys
from pathlib import Path
from autoscaler.rulebook import load_text

def rules(count, rule):
    return "queues: [1]\\nrules:\\n" + "".join(f"  - {{name: r{n}, {rule(n)}}}\\n" for n in range(count))

def nested(n):
    return f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\\n"

def many_cases(n):
    return "cap: 3, when: " + " and ".join(f"(queue.waiting == {m} or group.load > {m})" for m in range(30))

def exchange(n):
    return f"when: group.occupancy > {n}% and queue.waiting < {n}, {'raise' if n % 2 else 'lower'}: 9%"

MAKE = {
    "aliases": lambda: "a0: &a0 [1, 1, 1]\\n" + "".join(nested(n) for n in range(1, 30)),
    "brackets": lambda: "queues: " + "[" * 900_000,
    "keys": lambda: "".join(f"key{n}: 1\\n" for n in range(80_000)),
    "values": lambda: "queues: [" + "1," * 450_000 + "]",
    "nine thousand rules": lambda: rules(9000, lambda n: f"when: queue.waiting > {n} and group.busy > 5%, raise: 9%"),
    "five hundred rules": lambda: rules(500, exchange),
    "conditions of many cases": lambda: rules(400, many_cases),
    "text": lambda: "description: " + "a" * 990_000,
    "noise": lambda: "".join(chr(33 + (n * n * 7919) % 94) for n in range(900_000)),
}
text = MAKE[sys.argv[1]]()
load_text({"a.yaml": text})
print(next(line.split()[1] for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:")))
"""
KINDS = [
    "aliases",
    "brackets",
    "keys",
    "values",
    "nine thousand rules",
    "five hundred rules",
    "conditions of many cases",
    "text",
    "noise",
]


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="no /proc to read a process's peak memory from")
@pytest.mark.parametrize("kind", KINDS)
def test_a_file_made_to_cost_stays_below_100_megabytes(kind: str) -> None:
    command = [sys.executable, "-c", PROGRAM, kind]
    result = subprocess.run(command, capture_output=True, text=True, check=True, timeout=120)

    assert int(result.stdout) < MOST_KB
