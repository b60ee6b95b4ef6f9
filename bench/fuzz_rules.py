"""Coverage-guided fuzzing of the rule reader: whatever a file holds, loading it ends in a book or in findings.

Needs atheris, which is no dependency of the project; docs/develop/fuzzing.md says how to run it and what it found.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["autoscaler.rulebook"]):
    from autoscaler.rulebook import as_json, as_text, has_errors, load_text

__all__ = ["one_input", "seeds"]

ROOT = Path(__file__).parents[1]


def seeds(folder: Path) -> None:
    """Put the example rules and the broken files of the tests into `folder`, to start from."""
    folder.mkdir(parents=True, exist_ok=True)
    for place in (ROOT / "rules", ROOT / "tests/rulebook/broken"):
        for path in sorted(place.glob("*.yaml")):
            (folder / path.name).write_bytes(path.read_bytes())


def one_input(content: bytes) -> None:
    """Load one file, and show what is said about it."""
    text = content.decode("utf-8", "surrogateescape")
    loaded = load_text({"a.yaml": text})
    assert (loaded.book is None) is has_errors(loaded.diagnostics)
    shown = as_text(loaded.diagnostics)
    assert all(char.isprintable() or char == "\n" for char in shown)
    assert len(as_json(loaded.diagnostics)) == len(loaded.diagnostics)


if __name__ == "__main__":
    corpus = Path(sys.argv[1])
    seeds(corpus)
    atheris.Setup(sys.argv, one_input)
    atheris.Fuzz()
