"""The scenarios that come with the package, by name, and how one is found by name or path."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

from autoscaler.errors import UsageError
from autoscaler.rulebook.suggestions import did_you_mean, quoted

__all__ = ["find_scenario", "shipped"]


def shipped() -> dict[str, Path]:
    """Every shipped file by its stem, such as `flash-crowd`, in alphabetical order."""
    folder = Path(str(resources.files("autoscaler.simulation") / "scenarios"))
    return {path.stem: path for path in sorted(folder.glob("*.yaml"))}


def find_scenario(name: str) -> Path:
    """The file of a path, or of a shipped scenario's name; a path wins where both are there.

    Raises:
        UsageError: There is neither.
    """
    try:
        if Path(name).is_file():
            return Path(name)
    except (OSError, ValueError):  # a name no file can have
        pass
    known = shipped()
    if name in known:
        return known[name]
    close = did_you_mean(name, known)
    help_ = f"did you mean {quoted(close)}? " if close else ""
    raise UsageError(
        f"there is no scenario {quoted(name)}",
        help=f"{help_}name a file, or one of the shipped: {', '.join(known)}",
    )
