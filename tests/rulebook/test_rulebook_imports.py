"""`check` starts fast: the rulebook brings no heavy library with it."""

import subprocess
import sys
from pathlib import Path


def test_the_rulebook_brings_neither_numpy_nor_pydantic() -> None:
    program = (
        "import autoscaler.rulebook, sys; print(sorted({'numpy', 'pydantic', 'asyncio', 'aiohttp'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)

    assert result.stdout.strip() == "[]"


def test_checking_the_example_rules_brings_them_neither() -> None:
    program = (
        "import autoscaler.rulebook as r, sys; assert r.load_folder('rules').book is not None; "
        "print(sorted({'numpy', 'pydantic', 'asyncio', 'aiohttp'} & set(sys.modules)))"
    )
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", program]
    result = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60, cwd=root)

    assert result.stdout.strip() == "[]"
