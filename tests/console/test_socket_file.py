"""The local socket's file: replaced, refused, left alone."""

from __future__ import annotations

import os
import socket
import stat
from pathlib import Path
from typing import Any

import pytest

from autoscaler.errors import ControlError, DaemonNotRunning, SettingsError


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def is_there(path: Path) -> bool:
    return path.exists()


def write(path: Path, text: str) -> None:
    path.write_text(text)


def read(path: Path) -> str:
    return path.read_text()


async def test_the_socket_is_for_its_user_and_group_alone(local: Path) -> None:
    assert mode_of(local) == 0o660


async def test_a_dead_daemons_socket_is_replaced(control: Any, start: Any, socket_path: Path, by_client: Any) -> None:
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(socket_path))
    await start(socket_path=socket_path)
    assert await by_client(socket_path, lambda client: client.status()) == control.answer


async def test_a_living_daemons_socket_is_refused_and_the_living_one_goes_on(
    control: Any, local: Path, start: Any, by_client: Any
) -> None:
    with pytest.raises(ControlError, match="another daemon listens") as caught:
        await start(socket_path=local)
    assert "systemctl stop autoscaler" in caught.value.help
    assert await by_client(local, lambda client: client.status()) == control.answer


async def test_another_kind_of_file_is_left_alone(start: Any, socket_path: Path) -> None:
    write(socket_path, "somebody's notes")
    with pytest.raises(SettingsError, match="is no socket"):
        await start(socket_path=socket_path)
    assert read(socket_path) == "somebody's notes"


async def test_a_missing_folder_is_said_with_what_to_do(start: Any, socket_path: Path) -> None:
    path = socket_path.parent / "missing" / "control.sock"
    with pytest.raises(SettingsError, match="does not exist") as caught:
        await start(socket_path=path)
    assert caught.value.place == "console.socket"
    assert str(path.parent) in caught.value.help
    assert "RuntimeDirectory" in caught.value.help


async def test_a_file_in_the_way_of_the_folder_is_said(start: Any, socket_path: Path) -> None:
    write(socket_path, "")
    with pytest.raises(SettingsError, match="does not exist"):
        await start(socket_path=socket_path / "control.sock")


async def test_a_path_too_long_for_a_socket_is_said(start: Any, socket_path: Path) -> None:
    with pytest.raises(SettingsError, match="too long"):
        await start(socket_path=socket_path.parent / ("x" * 120))


async def test_closing_takes_the_file_away(start: Any, socket_path: Path, by_client: Any) -> None:
    console = await start(socket_path=socket_path)
    assert console.addresses.socket == socket_path
    await console.close()
    assert not is_there(socket_path)
    assert console.addresses.socket is None
    with pytest.raises(DaemonNotRunning):
        await by_client(socket_path, lambda client: client.status())


async def test_closing_leaves_a_file_that_somebody_else_put_there(start: Any, socket_path: Path) -> None:
    console = await start(socket_path=socket_path)
    other = socket_path.parent / "other"
    with socket.socket(socket.AF_UNIX) as replacement:
        replacement.bind(str(other))
        os.replace(other, socket_path)
        await console.close()
        assert is_there(socket_path)


async def test_a_start_that_fails_halfway_leaves_nothing_behind(start: Any, socket_path: Path) -> None:
    with socket.socket(socket.AF_INET) as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        with pytest.raises(ControlError, match="can't be listened on"):
            await start(socket_path=socket_path, listen=f"127.0.0.1:{busy.getsockname()[1]}")
    assert not is_there(socket_path)
    await start(socket_path=socket_path)
