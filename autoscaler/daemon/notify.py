"""Telling systemd how we stand: READY, RELOADING, STOPPING, WATCHDOG and one sentence of STATUS.

Without `NOTIFY_SOCKET` in the environment every call does nothing, so the daemon runs the same in a terminal.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping

import structlog

__all__ = ["Notifier", "watchdog_interval"]

log = structlog.get_logger(__name__)


class Notifier:
    """One datagram a message, to the socket systemd gave."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        address = environment.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._status = ""
        self._is_heard = True

    def ready(self, status: str) -> None:
        """Say that sources, store and rules are in place."""
        self._send(f"READY=1\nSTATUS={_one_line(status)}")

    def reloading(self) -> None:
        """Say that rules are read again; `ready` ends it."""
        # systemd wants the monotonic time of the machine beside it, to tell this reload from an earlier one
        self._send(f"RELOADING=1\nMONOTONIC_USEC={time.monotonic_ns() // 1000}")

    def stopping(self, status: str) -> None:
        """Say that we drain."""
        self._send(f"STOPPING=1\nSTATUS={_one_line(status)}")

    def status(self, sentence: str) -> None:
        """Say in one sentence how we stand; the same sentence twice is sent once."""
        if sentence != self._status:
            self._status = sentence
            self._send(f"STATUS={_one_line(sentence)}")

    def alive(self) -> None:
        """Feed the watchdog."""
        self._send("WATCHDOG=1")

    def _send(self, message: str) -> None:
        if not self._address:
            return
        kind = socket.SOCK_DGRAM | socket.SOCK_CLOEXEC | socket.SOCK_NONBLOCK
        try:
            with socket.socket(socket.AF_UNIX, kind) as sender:
                sender.sendto(message.encode(), self._address)
        except OSError as error:
            # nobody listens, or does not read: systemd acts on the silence, and people's limits come first
            if self._is_heard:
                log.error("systemd_not_told", error=error.strerror, help="See whether NOTIFY_SOCKET still exists.")
            self._is_heard = False
        else:
            self._is_heard = True


def watchdog_interval(environment: Mapping[str, str] = os.environ) -> float | None:
    """Seconds between two signs of life, half of what systemd allows; None when it does not watch."""
    microseconds = environment.get("WATCHDOG_USEC", "")
    pid = environment.get("WATCHDOG_PID", "")
    if not microseconds.isdecimal() or (pid and pid != str(os.getpid())):
        return None
    return int(microseconds) / 2_000_000


def _one_line(sentence: str) -> str:
    return " ".join(sentence.split())
