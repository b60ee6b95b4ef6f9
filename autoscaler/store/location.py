"""Where the store is: the setting `store` read as a path."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote, urlsplit

from autoscaler.errors import SettingsError

__all__ = ["database_path"]

_FORM = 'write it like "sqlite:////var/lib/autoscaler/autoscaler.db"'


def database_path(url: str) -> Path:
    """Read `sqlite:////absolute/path`.

    Raises:
        SettingsError: Another scheme, a host, or a path that is not absolute. The URL is not repeated: it may hold
            a password.
    """
    parts = urlsplit(url)
    if parts.scheme != "sqlite":
        scheme = parts.scheme if parts.scheme.isascii() and len(parts.scheme) <= 32 else ""
        raise SettingsError(f"stores of the kind {scheme!r} are not supported, only sqlite", place="store", help=_FORM)
    path = Path(unquote(parts.path.removeprefix("/")))
    if parts.netloc or not path.is_absolute() or path.name == "":
        raise SettingsError("the store's path is not absolute: it takes four slashes", place="store", help=_FORM)
    return path
