"""Short rule files for tests of what `check` says about meaning."""

from __future__ import annotations

from collections.abc import Sequence

from autoscaler.rulebook import Code, load_text

__all__ = ["codes_of", "file_of"]


def file_of(rules: Sequence[str], head: str = "") -> str:
    """A rule file of one queue; each rule is what stands inside its braces, less the name."""
    listed = "".join(f"  - {{name: rule {number}, {rule}}}\n" for number, rule in enumerate(rules, 1))
    return f"queues: [2001]\n{head}rules:\n{listed}"


def codes_of(rules: Sequence[str], head: str = "") -> list[Code]:
    """What is said about it, in reading order."""
    return [found.code for found in load_text({"a.yaml": file_of(rules, head)}).diagnostics]
