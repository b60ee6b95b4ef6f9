"""The local socket's file: taken over from the dead, never from the living, and never world-open for a moment.

nothing there ──────────► bound 0660 ──► listening
a dead socket's file ───► replaced ─────►
a living daemon ────────► ControlError
any other file ─────────► SettingsError, untouched
"""

from __future__ import annotations

import contextlib
import errno
import os
import socket
import stat
from pathlib import Path

from autoscaler.errors import AutoscalerError, ControlError, SettingsError

__all__ = ["LocalSocket"]

MODE = 0o660
PLACE = "console.socket"
PROBE_S = 1.0


class LocalSocket:
    """One bound socket and its file."""

    def __init__(self, path: Path) -> None:
        """Bind, but do not listen yet: until somebody does, connections are refused.

        Args:
            path: Of the socket's file; its folder exists.

        Raises:
            SettingsError: No such folder, not writable, a path too long, or another kind of file there.
            ControlError: A daemon listens there.
        """
        self.path = path
        _clear_the_way(path)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self.socket.bind(str(path))
            self._file = _identity(path)
            path.chmod(MODE)  # before listen, so nobody can slip in through the wider mode
        except OSError as error:
            self.socket.close()
            raise _translated(error, path) from error

    def remove(self) -> None:
        """Close the socket and take its file away, unless somebody else has put another in its place."""
        self.socket.close()
        with contextlib.suppress(FileNotFoundError):
            if _identity(self.path) == self._file:
                self.path.unlink()


def _clear_the_way(path: Path) -> None:
    try:
        kind = path.lstat().st_mode
    except FileNotFoundError:
        return
    except OSError as error:
        raise _translated(error, path) from error
    if not stat.S_ISSOCK(kind):
        raise SettingsError(
            f"{path} is there and is no socket", place=PLACE, help="Move that file away, or name another path."
        )
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
        probe.settimeout(PROBE_S)
        try:
            probe.connect(str(path))
        except ConnectionRefusedError:  # its process is dead
            with contextlib.suppress(FileNotFoundError):
                path.unlink()
            return
        except FileNotFoundError:
            return
        except BlockingIOError:
            pass  # its queue of callers is full: alive
        except OSError as error:
            raise _translated(error, path) from error
    raise _taken(path)


def _taken(path: Path) -> ControlError:
    return ControlError(
        f"another daemon listens on {path}",
        place=PLACE,
        help='Stop that one ("systemctl stop autoscaler"), or give this one a console.socket of its own.',
    )


def _translated(error: OSError, path: Path) -> AutoscalerError:
    if error.errno == errno.EADDRINUSE:
        return _taken(path)
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        help_ = f"Create {path.parent}, owned by the service's user. The unit does it with RuntimeDirectory=autoscaler."
        return SettingsError(f"the folder of {path} does not exist", place=PLACE, help=help_)
    if error.errno is None:  # Python's own check of the address
        return SettingsError(f"{path} is too long for a socket", place=PLACE, help="Use a path of at most 107 bytes.")
    return SettingsError(
        f"{path} can't be made ({os.strerror(error.errno)})",
        place=PLACE,
        help=f"Check that the service's user may write in {path.parent}.",
    )


def _identity(path: Path) -> tuple[int, int]:
    found = path.lstat()
    return found.st_dev, found.st_ino
