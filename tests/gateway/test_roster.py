"""The list of owned agents and their passwords."""

from pathlib import Path

import pytest

from autoscaler.errors import SettingsError
from autoscaler.gateway.roster import OwnedAgent, read_password, read_roster


def written(folder: Path, text: str) -> Path:
    path = folder / "agents.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_roster_is_read_with_or_without_its_first_line(tmp_path: Path) -> None:
    lines = "60002,/run/secrets/60002,8860002,\n# a remark\n\n60001,60001.password,8860001,2001;2002\n"
    with_names = read_roster(written(tmp_path, f"agentid,password_file,phonenum,skills\n{lines}"))
    assert with_names == (
        OwnedAgent(agent=60001, password_file=tmp_path / "60001.password", phonenum="8860001", skills=(2001, 2002)),
        OwnedAgent(agent=60002, password_file=Path("/run/secrets/60002"), phonenum="8860002", skills=()),
    )
    assert read_roster(written(tmp_path, lines)) == with_names


@pytest.mark.parametrize(
    ("line", "names"),
    [
        ("60001,x,1", "3 fields instead of 4"),
        ("60001,x,1,2001,2002", "5 fields instead of 4"),
        ("100,x,1,2001", "'100'"),
        ("1000000,x,1,2001", "'1000000'"),
        ("bob,x,1,2001", "'bob'"),
        ("60001,,1,2001", "no password file"),
        ("60001,x,1234567890123456789012345,2001", "longer than 24"),
        ("60001,x,1,2001;abc", "'abc'"),
        ("60001,x,1,0", "'0'"),
        ("60000,x,1,2001", "twice"),
    ],
)
def test_a_faulty_line_is_named_by_file_and_line(tmp_path: Path, line: str, names: str) -> None:
    path = written(tmp_path, f"agentid,password_file,phonenum,skills\n60000,x,1,2001\n{line}\n")
    with pytest.raises(SettingsError, match=names) as raised:
        read_roster(path)
    assert raised.value.place == f"{path}:3"
    assert raised.value.help


def test_several_faulty_lines_are_all_counted(tmp_path: Path) -> None:
    path = written(tmp_path, "1,x,1,\n2,x,1,\n60001,x,1,\n3,x,1,\n")
    with pytest.raises(SettingsError, match="2 more faulty lines: 2, 4") as raised:
        read_roster(path)
    assert raised.value.place == f"{path}:1"


def test_a_roster_that_is_missing_or_empty_is_told(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="can't be read"):
        read_roster(tmp_path / "none.csv")
    with pytest.raises(SettingsError, match="no agent"):
        read_roster(written(tmp_path, "agentid,password_file,phonenum,skills\n"))


def test_a_password_is_the_one_line_of_its_file(tmp_path: Path) -> None:
    file = tmp_path / "password"
    agent = OwnedAgent(agent=60001, password_file=file, phonenum="", skills=())
    file.write_text(" s3cret\n")
    assert read_password(agent) == " s3cret"
    for text in ("", "\n", "one\ntwo\n"):
        file.write_text(text)
        with pytest.raises(SettingsError, match="one line"):
            read_password(agent)
    file.unlink()
    with pytest.raises(SettingsError, match="can't be read") as raised:
        read_password(agent)
    assert "60001" in raised.value.place


def test_a_password_file_that_is_no_text_does_not_show_its_bytes(tmp_path: Path) -> None:
    file = tmp_path / "password"
    file.write_bytes(b"\xff\xfesecret")
    with pytest.raises(SettingsError) as raised:
        read_password(OwnedAgent(agent=60001, password_file=file, phonenum="", skills=()))
    assert "secret" not in str(raised.value)
    assert raised.value.__cause__ is None
