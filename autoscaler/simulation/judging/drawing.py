"""Pictures for paper as well as screens: black and grey, told apart by lines, markers and hatching, not by colour."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import contextmanager
from html import escape
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from autoscaler.errors import UsageError

__all__ = ["GREYS", "HATCHES", "LINES", "as_svg", "in_our_style", "save"]

LINES = (("-", "o"), ("--", "s"), (":", "^"), ("-.", "D"), ((0, (5, 1, 1, 1, 1, 1)), "v"), ((0, (1, 4)), "x"))
"""Line style and marker of one line after the other."""
GREYS = ("0.0", "0.35", "0.15", "0.5")
HATCHES = ("", "////", "....", "xxxx", "\\\\\\\\")
"""Of the components of the cost, in their order."""


@contextmanager
def in_our_style() -> Iterator[None]:
    """Draw and write inside this."""
    with mpl.rc_context(
        {
            "axes.axisbelow": True,
            "axes.grid": True,
            "date.converter": "concise",
            "font.size": 9,
            "grid.color": "0.85",
            "grid.linewidth": 0.6,
            "hatch.linewidth": 0.6,
            "legend.fontsize": 8,
            "svg.fonttype": "none",  # text stays text: it can be read aloud and searched
            "svg.hashsalt": "autoscaler",  # equal pictures are equal files
            "text.parse_math": False,  # a name may have a $
        }
    ):
        yield


def save(figure: Figure, path: Path) -> None:
    """Write a picture, in the form its suffix names.

    Raises:
        UsageError: It can't be written.
    """
    try:
        figure.savefig(path, dpi=150, metadata=_metadata(path.suffix))
    except OSError as error:
        raise UsageError(
            f"can't be written: {error.strerror}", place=str(path), help="Give a file in a folder that exists."
        ) from error


def as_svg(figure: Figure, *, words: str) -> str:
    """An `<svg>` to stand inside a page.

    Args:
        figure: What to draw.
        words: What it shows, for those who don't see it.
    """
    text = io.StringIO()
    figure.savefig(text, format="svg", metadata=_metadata(".svg"))
    drawn = text.getvalue()
    drawn = re.sub(r"<metadata>.*?</metadata>", "", drawn[drawn.index("<svg") :], flags=re.DOTALL)
    return drawn.replace("<svg", f'<svg role="img" aria-label="{escape(words)}"', 1)


def _metadata(suffix: str) -> dict[str, str | None]:
    """No time and no maker: the same results give the same file."""
    if suffix.lower() == ".svg":
        return {"Date": None, "Creator": None}
    return {"Software": None}
