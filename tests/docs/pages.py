"""The documents, read once: their code blocks, links and the paths they name."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """A fenced block of a page."""

    page: Path
    line: int
    language: str
    text: str

    @property
    def name(self) -> str:
        """As an editor finds it."""
        return f"{self.page.relative_to(ROOT)}:{self.line}"


def blocks(language: str, *, without: frozenset[str] = frozenset()) -> list[Block]:
    """Every fenced block of a language, but those of the pages `without`."""
    found = []
    for page in PAGES:
        if str(page.relative_to(ROOT)) in without:
            continue
        text = page.read_text("utf-8")
        for match in re.finditer(r"^```(\w*)\n(.*?)^```", text, re.DOTALL | re.MULTILINE):
            if match[1] == language:
                line = text.count("\n", 0, match.start()) + 2
                found.append(Block(page=page, line=line, language=language, text=match[2]))
    return found


def prose(page: Path) -> str:
    """A page without its fenced blocks."""
    return re.sub(r"^```.*?^```", "", page.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
