"""`check` starts fast: the rulebook brings no heavy library with it."""

import subprocess
import sys


def test_the_rulebook_brings_neither_numpy_nor_pydantic() -> None:
    program = (
        "import autoscaler.rulebook, sys; print(sorted({'numpy', 'pydantic', 'asyncio', 'aiohttp'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)

    assert result.stdout.strip() == "[]"
