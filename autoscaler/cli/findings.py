"""Rule findings on a terminal."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable

from autoscaler.rulebook.diagnostics import Diagnostic
from autoscaler.rulebook.rendering import as_text

__all__ = ["show_findings"]


def show_findings(diagnostics: Iterable[object]) -> None:
    """Print findings on stderr, in colour where that is wanted and can be seen."""
    colour = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    findings = [one for one in diagnostics if isinstance(one, Diagnostic)]
    if findings:
        print(as_text(findings, colour=colour), file=sys.stderr)
