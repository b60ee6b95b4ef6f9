"""The unit file, judged by systemd's own tools and against what the daemon says of itself."""

from __future__ import annotations

import configparser
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from autoscaler.cli.exits import Exit
from autoscaler.daemon.settings import ConsoleSettings, Settings

SYSTEMD = Path(__file__).parents[2] / "systemd"
UNIT = SYSTEMD / "autoscaler.service"
COMMAND = "/opt/autoscaler/bin/autoscaler"


def installed_version() -> int:
    """systemd's version; 0 where its tools are not installed."""
    tool = shutil.which("systemd-analyze")
    if tool is None:
        return 0
    said = subprocess.run([tool, "--version"], capture_output=True, text=True, check=True, timeout=30).stdout
    found = re.match(r"systemd (\d+)", said)
    return int(found.group(1)) if found else 0


VERSION = installed_version()
needs_systemd = pytest.mark.skipif(
    VERSION < 250, reason=f"systemd-analyze 250 or newer is needed, found {VERSION or 'none'}"
)


@pytest.fixture(scope="module")
def service() -> configparser.SectionProxy:
    class Last(dict[str, str]):
        """systemd allows a key several times; its last value is enough here."""

    read = configparser.RawConfigParser(strict=False, dict_type=Last, comment_prefixes=("#",))
    read.optionxform = str  # type: ignore[assignment,method-assign]
    read.read_string(UNIT.read_text(encoding="utf-8"))
    return read["Service"]


@pytest.fixture
def as_installed(tmp_path: Path) -> Path:
    """A copy whose command exists."""
    command = shutil.which("true")
    assert command is not None
    path = tmp_path / UNIT.name
    path.write_text(UNIT.read_text(encoding="utf-8").replace(COMMAND, command), encoding="utf-8")
    return path


def verified(path: Path) -> str:
    """What `systemd-analyze verify` finds about this unit and its drop-ins."""
    found = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", "--recursive-errors=no", path],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    return f"{found.stdout}{found.stderr}" + (f"exit code {found.returncode}" if found.returncode else "")


@needs_systemd
def test_systemd_finds_nothing_wrong_with_the_unit(as_installed: Path) -> None:
    assert verified(as_installed) == ""


@needs_systemd
def test_systemd_would_find_a_wrong_setting(as_installed: Path) -> None:
    as_installed.write_text(as_installed.read_text().replace("Restart=on-failure", "Restart=on-failur"))
    assert "on-failur" in verified(as_installed)


@needs_systemd
@pytest.mark.parametrize(("drop_in", "since"), [("owned-sessions.conf", 250), ("notify-reload.conf", 253)], ids=str)
def test_systemd_finds_nothing_wrong_with_a_drop_in(drop_in: str, since: int, as_installed: Path) -> None:
    folder = as_installed.with_name(f"{as_installed.name}.d")
    folder.mkdir()
    shutil.copy(SYSTEMD / drop_in, folder)
    found = verified(as_installed)
    assert found == "" if since <= VERSION else "notify-reload" in found


@needs_systemd
def test_the_unit_is_exposed_no_more_than_it_must_be() -> None:
    judged = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=15", UNIT],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    level = re.search(r"Overall exposure level for autoscaler\.service: ([0-9.]+)", judged.stdout)
    assert level is not None, judged.stderr
    assert float(level.group(1)) <= 1.5
    assert judged.returncode == 0


def test_what_a_person_must_mend_is_not_tried_again(service: configparser.SectionProxy) -> None:
    assert service["Restart"] == "on-failure"
    never = {int(code) for code in service["RestartPreventExitStatus"].split()}
    assert never == {Exit.FINDINGS, Exit.USAGE}
    assert never.isdisjoint({Exit.UNAVAILABLE, Exit.DEFECT})


def test_the_control_socket_stands_where_the_unit_makes_room_for_it(service: configparser.SectionProxy) -> None:
    socket = ConsoleSettings().socket
    assert socket is not None
    assert socket.parent == Path("/run") / service["RuntimeDirectory"]


def test_stopping_leaves_time_for_every_drain(service: configparser.SectionProxy) -> None:
    drain = Settings.model_fields["drain"].default
    assert drain == "20s"
    assert int(service["TimeoutStopSec"]) > 4 * int(drain.removesuffix("s"))


def test_who_gives_an_order_stays_known(service: configparser.SectionProxy) -> None:
    assert service["PrivateUsers"] == "no"
