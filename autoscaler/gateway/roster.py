"""The agents whose sessions the daemon owns, read from `sessions.agents_file`.

A roster is taken whole or not at all, and every fault in it is named by file and line. Passwords stay in their own
files until the moment of a sign-in.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from autoscaler.errors import SettingsError
from autoscaler.gateway.wire import AGENT_IDS

__all__ = ["OwnedAgent", "read_password", "read_roster"]


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnedAgent:
    """One line of the roster.

    Attributes:
        agent: 101..999999.
        password_file: Absolute, or as found relative to the roster.
        phonenum: Softphone number, at most 24 characters; "" where the site needs none.
        skills: Queues to join; () means every configured one.
    """

    agent: int
    password_file: Path
    phonenum: str
    skills: tuple[int, ...]


def read_roster(path: Path) -> tuple[OwnedAgent, ...]:
    """Read CSV lines `agentid,password_file,phonenum,skills`; skills are queue ids joined by `;`.

    A first line with these names, empty lines and lines that begin with `#` are passed over. A relative password file
    is looked up beside the roster.

    Returns:
        By agent id.

    Raises:
        SettingsError: At the first faulty line as `file:line`; the message counts the others.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"the roster can't be read: {error}",
            place=str(path),
            help="Point sessions.agents_file to a UTF-8 file the daemon may read.",
        ) from error
    agents: dict[int, OwnedAgent] = {}
    faults: list[tuple[int, str]] = []
    rows = csv.reader(io.StringIO(text))
    for row in rows:
        cells = [cell.strip() for cell in row]
        if not any(cells) or cells[0].startswith("#") or tuple(cells) == _COLUMNS:
            continue
        try:
            found = _agent(cells, path.parent)
            if found.agent in agents:
                raise _Fault(f"agent {found.agent} stands in the roster twice")
        except _Fault as fault:
            faults.append((rows.line_num, str(fault)))
        else:
            agents[found.agent] = found
    if faults:
        line, message = faults[0]
        others = ", ".join(str(number) for number, _ in faults[1:6])
        more = f" ({len(faults) - 1} more faulty lines: {others}{', …' if len(faults) > 6 else ''})" if others else ""
        raise SettingsError(f"{message}{more}", place=f"{path}:{line}", help=_HELP)
    if not agents:
        raise SettingsError("the roster holds no agent", place=str(path), help=_HELP)
    return tuple(agents[agent] for agent in sorted(agents))


def read_password(agent: OwnedAgent) -> str:
    """Read the agent's password, without the line's end.

    Raises:
        SettingsError: The file can't be read, is empty or has several lines.
    """
    place = f"{agent.password_file} (agent {agent.agent})"
    try:
        text = agent.password_file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise SettingsError(
            f"the password file can't be read: {why}", place=place, help="Let the daemon's user read the file."
        ) from None  # a decoding error shows the bytes
    password = text.rstrip("\r\n")
    if not password or "\n" in password or "\r" in password:
        raise SettingsError("the password file is not one line", place=place, help="Write only the password into it.")
    return password


_COLUMNS: Final = ("agentid", "password_file", "phonenum", "skills")
_HELP: Final = "Write lines like 60001,/run/credentials/autoscaler/60001,8860001,2001;2002 (no skills: all of them)."


class _Fault(Exception):
    """What is wrong with one line."""


def _agent(cells: list[str], folder: Path) -> OwnedAgent:
    if len(cells) != len(_COLUMNS):
        raise _Fault(f"{len(cells)} fields instead of {len(_COLUMNS)}")
    number, password_file, phonenum, skills = cells
    if not (number.isascii() and number.isdigit()) or int(number) not in AGENT_IDS:
        raise _Fault(f"agentid {number!r} is no number in 101..999999")
    if not password_file:
        raise _Fault(f"agent {number} has no password file")
    if len(phonenum) > 24:
        raise _Fault(f"the phone number of agent {number} is longer than 24 characters")
    ids = [skill.strip() for skill in skills.split(";") if skill.strip()]
    for skill in ids:
        if not (skill.isascii() and skill.isdigit()) or int(skill) < 1:
            raise _Fault(f"skill {skill!r} of agent {number} is no queue id")
    return OwnedAgent(
        agent=int(number),
        password_file=folder / password_file,
        phonenum=phonenum,
        skills=tuple(int(skill) for skill in ids),
    )
