"""Telling systemd how we stand: READY, RELOADING, STOPPING, WATCHDOG and one sentence of STATUS.

Without `NOTIFY_SOCKET` in the environment every call does nothing, so the daemon runs the same in a terminal.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Mapping

__all__ = ["Notifier", "watchdog_interval"]


class Notifier:
    """One datagram a message, to the socket systemd gave."""

    def __init__(self, environment: Mapping[str, str] = os.environ) -> None:
        address = environment.get("NOTIFY_SOCKET", "")
        self._address = "\0" + address[1:] if address.startswith("@") else address
        self._status = ""

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
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_CLOEXEC) as sender:
            sender.connect(self._address)
            sender.sendall(message.encode())


def watchdog_interval(environment: Mapping[str, str] = os.environ) -> float | None:
    """Seconds between two signs of life, half of what systemd allows; None when it does not watch."""
    microseconds = environment.get("WATCHDOG_USEC", "")
    pid = environment.get("WATCHDOG_PID", "")
    if not microseconds.isdecimal() or (pid and pid != str(os.getpid())):
        return None
    return int(microseconds) / 2_000_000


def _one_line(sentence: str) -> str:
    return " ".join(sentence.split())
