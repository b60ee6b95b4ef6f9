"""The beat that groups tick by, and what systemd is told."""

from __future__ import annotations

import asyncio
import socket
import threading
from pathlib import Path
from typing import Any

import pytest

from autoscaler.daemon.metronome import Metronome, splay
from autoscaler.daemon.notify import Notifier, watchdog_interval

from .stage import until


async def test_a_beat_calls_on_the_loops_own_thread() -> None:
    metronome = Metronome(speed=100.0)
    threads: list[int] = []
    metronome.start()
    metronome.beat("webchat", 5.0, lambda: threads.append(threading.get_ident()))
    await until(lambda: len(threads) >= 3)
    metronome.stop()
    assert set(threads) == {threading.get_ident()}


async def test_a_silenced_group_beats_no_more_and_the_others_go_on() -> None:
    metronome = Metronome(speed=100.0)
    beats = {"one": 0, "two": 0}

    def due(name: str) -> None:
        beats[name] += 1

    metronome.start()
    metronome.beat("one", 5.0, lambda: due("one"))
    metronome.beat("two", 5.0, lambda: due("two"))
    await until(lambda: min(beats.values()) >= 1)
    metronome.silence("one")
    await asyncio.sleep(0)  # a beat under way ends
    silent, loud = beats["one"], beats["two"]
    await until(lambda: beats["two"] >= loud + 3)
    metronome.stop()
    assert beats["one"] <= silent + 1


def test_groups_are_splayed_over_their_interval_and_keep_their_phase() -> None:
    phases = {name: splay(name, 15.0) for name in (f"group {i}" for i in range(50))}
    assert all(0 <= phase < 15.0 for phase in phases.values())
    assert len({round(phase, 3) for phase in phases.values()}) == 50
    assert splay("group 7", 15.0) == phases["group 7"]
    assert max(phases.values()) - min(phases.values()) > 10


def test_without_systemd_nothing_is_sent(logged: list[Any]) -> None:
    Notifier({}).ready("all is well")
    assert logged == []


def test_systemd_that_went_away_is_complained_about_once_and_found_again(short_path: Path, logged: list[Any]) -> None:
    path = short_path / "notify.sock"
    notifier = Notifier({"NOTIFY_SOCKET": str(path)})
    notifier.alive()
    notifier.alive()
    assert [event["event"] for event in logged] == ["systemd_not_told"]
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(str(path))
        notifier.status("all\nis well")
        notifier.status("all\nis well")
        notifier.alive()
        assert ear.recv(1000) == b"STATUS=all is well"
        assert ear.recv(1000) == b"WATCHDOG=1"
    notifier.alive()
    assert len(logged) == 2


def test_systemd_that_does_not_listen_blocks_nobody(short_path: Path, logged: list[Any]) -> None:
    path = short_path / "notify.sock"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind(str(path))
        notifier = Notifier({"NOTIFY_SOCKET": str(path)})
        for _ in range(2000):  # the kernel queues a few datagrams only
            notifier.alive()
    assert [event["event"] for event in logged] == ["systemd_not_told"]


def test_an_abstract_socket_is_spoken_to() -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear:
        ear.bind("")  # the kernel gives a name of its own
        name = ear.getsockname()
        Notifier({"NOTIFY_SOCKET": "@" + name[1:].decode()}).alive()
        assert ear.recv(100) == b"WATCHDOG=1"


@pytest.mark.parametrize(
    ("environment", "interval"),
    [
        ({}, None),
        ({"WATCHDOG_USEC": "60000000"}, 30.0),
        ({"WATCHDOG_USEC": "soon"}, None),
        ({"WATCHDOG_USEC": "60000000", "WATCHDOG_PID": "1"}, None),
    ],
)
def test_signs_of_life_come_twice_as_often_as_systemd_wants_them(
    environment: dict[str, str], interval: float | None
) -> None:
    assert watchdog_interval(environment) == interval
