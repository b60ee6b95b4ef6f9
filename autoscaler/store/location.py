"""Where the store is: the setting `store` read as a path."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from autoscaler.errors import SettingsError

__all__ = ["database_path"]

_FORM = 'write it like "sqlite:////var/lib/autoscaler/autoscaler.db"'


def database_path(url: str, *, setting: str = "store") -> Path:
    """Read `sqlite:////absolute/path`.

    Args:
        url: As in the settings.
        setting: Which one, for messages.

    Raises:
        SettingsError: Another scheme, a host, or a path that is not absolute. The URL is not repeated: it may hold
            a password.
    """
    parts = urlsplit(url)
    if parts.scheme != "sqlite":
        scheme = parts.scheme if parts.scheme.isascii() and len(parts.scheme) <= 32 else ""
        what = (
            f"stores of the kind {scheme!r} are not supported" if scheme else "it does not begin with a kind of store"
        )
        raise SettingsError(f"{what}; there is only sqlite", place=setting, help=_FORM)
    path = Path(unquote(parts.path.removeprefix("/")))
    if parts.netloc or not path.is_absolute() or path.name == "":
        raise SettingsError("the path is not absolute: it takes four slashes", place=setting, help=_FORM)
    return path
