"""Settings: the contract's names are taken as they are, and whatever is wrong is one readable line a problem."""

from __future__ import annotations

from pathlib import Path

import pytest

from autoscaler.daemon.settings import Settings, load_settings, read_secret
from autoscaler.errors import SettingsError

CONTRACT = """\
rules = "/etc/autoscaler/rules"
store = "sqlite:////var/lib/autoscaler/autoscaler.db"     # or postgresql+psycopg://…
mode = "enforce"                                          # or observe

[gateway]
url = "https://10.0.0.5:8043"
ca_file = "/etc/autoscaler/gateway-ca.pem"                # or pin_sha256
authentication = "dynamic"                                # AUTHMODE 2; static for 1
max_in_flight = 64
calls_per_second = 500
timeout = "5s"

[cms]                                                     # CC-CMS, where the site has it
url = "https://10.0.0.6:28443"
ca_file = "/etc/autoscaler/gateway-ca.pem"
access_key = "AK…"
secret_key_file = "/run/credentials/autoscaler/cms-secret"
cc_id = 1
vdn = 1
signer = "sdk-hmac-sha256"                                # or "plain"

[sessions]
kind = "pushed"                                           # owned | pushed
agents_file = "/etc/autoscaler/agents.csv"

[sources.readings]
kind = "cms"                                              # cms | gateway

[console]
listen = "127.0.0.1:8787"
socket = "/run/autoscaler/control.sock"
token_file = "/run/credentials/autoscaler/console-token"
"""

TOP = 'rules = "/r"\nstore = "sqlite:////s"\n'
GATEWAY = '[gateway]\nurl = "https://gateway:8043"\n'
CMS = '[cms]\nurl = "https://cms:28443"\naccess_key = "AK"\n'
LEAST = TOP + GATEWAY + CMS


def loaded(directory: Path, text: str) -> Settings:
    path = directory / "autoscaler.toml"
    path.write_text(text)
    return load_settings(path)


def test_every_setting_of_the_contract_is_taken_under_its_name(tmp_path: Path) -> None:
    settings = loaded(tmp_path, CONTRACT)
    assert (str(settings.rules), settings.mode) == ("/etc/autoscaler/rules", "enforce")
    assert settings.store == "sqlite:////var/lib/autoscaler/autoscaler.db"
    gateway = settings.gateway
    assert (gateway.url, gateway.max_in_flight, gateway.calls_per_second) == ("https://10.0.0.5:8043", 64, 500)
    assert (gateway.timeout, gateway.authentication.value) == (5.0, "dynamic")
    assert settings.cms is not None
    assert (settings.cms.cc_id, settings.cms.vdn, settings.cms.signer) == (1, 1, "sdk-hmac-sha256")
    assert settings.cms.access_key == "AK…"
    assert (settings.sessions.kind, settings.sources.readings.kind) == ("pushed", "cms")
    assert str(settings.console.socket) == "/run/autoscaler/control.sock"
    assert str(settings.console.token_file) == "/run/credentials/autoscaler/console-token"


def test_what_the_contract_shows_is_what_stands_where_nothing_is_written(tmp_path: Path) -> None:
    contract, least = loaded(tmp_path, CONTRACT), loaded(tmp_path, LEAST)
    for name in ("authentication", "max_in_flight", "calls_per_second", "timeout"):
        assert getattr(least.gateway, name) == getattr(contract.gateway, name)
    assert least.mode == contract.mode
    assert least.console.listen == contract.console.listen
    assert least.console.socket == contract.console.socket
    assert least.sources == contract.sources
    assert least.sessions.kind == contract.sessions.kind


INPUTS = """
[sources.inputs.prom]
kind = "prometheus"
url = "https://10.0.0.7:9090"
[sources.inputs.desk]
kind = "file"
path = "/run/desk.json"
"""


def test_named_inputs_and_sessions_that_stand_in_a_file_or_a_table_are_taken(tmp_path: Path) -> None:
    settings = loaded(tmp_path, LEAST + INPUTS + '[sessions]\nkind = "file"\npath = "/run/s.json"\nevery = "5s"\n')
    assert {name: one.kind for name, one in settings.sources.inputs.items()} == {"prom": "prometheus", "desk": "file"}
    assert (settings.sessions.path, settings.sessions.every) == (Path("/run/s.json"), 5.0)
    table = loaded(tmp_path, LEAST + '[sessions]\nkind = "table"\nurl = "sqlite:////s.db"\n').sessions
    assert (table.url, table.query, table.every) == ("sqlite:////s.db", None, 2.0)


def test_static_authentication_observe_mode_pins_and_owned_sessions_are_taken(tmp_path: Path) -> None:
    text = f'{TOP}mode = "observe"\n{GATEWAY}authentication = "static"\npin_sha256 = "{"ab" * 32}"\n{CMS}'
    settings = loaded(tmp_path, f'{text}[sessions]\nkind = "owned"\nagents_file = "/a.csv"\nforce_sign_in = true\n')
    assert (settings.mode, settings.gateway.authentication.value) == ("observe", "static")
    assert settings.gateway.pin_sha256 == "ab" * 32
    assert settings.sessions.force_sign_in


def test_nobody_is_signed_in_by_force_unless_the_settings_say_so(tmp_path: Path) -> None:
    assert not loaded(tmp_path, LEAST).sessions.force_sign_in


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (LEAST.replace("[gateway]", "[gatway]"), "gatway: no such setting; did you mean 'gateway'?"),
        (f"{TOP}{GATEWAY}timout = '5s'\n{CMS}", "gateway.timout: no such setting; did you mean 'timeout'?"),
        (f"{TOP}{GATEWAY}timeout = 5\n{CMS}", "gateway.timeout: 5 is not a duration: write it with a unit, as"),
        (f"{TOP}{GATEWAY}timeout = '5 minutes'\n{CMS}", "gateway.timeout: '5 minutes' is not a duration"),
        (f"{TOP}{GATEWAY}timeout = '0s'\n{CMS}", "gateway.timeout: should be greater than 0"),
        (f"{TOP}{GATEWAY}max_in_flight = 0\n{CMS}", "gateway.max_in_flight: should be greater than or equal to 1"),
        (f"{TOP}{GATEWAY}max_in_flight = 'many'\n{CMS}", "gateway.max_in_flight: should be a valid integer"),
        (f"{TOP}{GATEWAY}calls_per_second = -1\n{CMS}", "gateway.calls_per_second: should be greater than 0"),
        (f"{TOP}{GATEWAY}authentication = 'kerberos'\n{CMS}", "should be 'dynamic' or 'static'"),
        (
            f"{TOP}{GATEWAY}ca_file = '/a'\npin_sha256 = 'b'\n{CMS}",
            "gateway: ca_file and pin_sha256 exclude each other",
        ),
        (f"{LEAST}ca_file = '/a'\npin_sha256 = 'b'\n", "cms: ca_file and pin_sha256 exclude each other: keep one"),
        (f"{LEAST}secret_key = 'SK'\n", "cms.secret_key: no such setting; did you mean 'secret_key_file'?"),
        (f"{LEAST}vdn = 0\n", "cms.vdn: should be greater than or equal to 1"),
        (TOP + GATEWAY, 'sources.readings.kind is "cms", and there is no [cms] section'),
        (TOP + CMS, "gateway: is missing"),
        (f"{TOP}gateway = 'https://gateway'\n{CMS}", "gateway: is a section: write [gateway], and its settings below"),
        (f"mode = 'dry'\n{LEAST}", "mode: should be 'enforce' or 'observe'"),
        (f"{LEAST}[sessions]\nkind = 'owned'\n", 'sessions: kind "owned" needs agents_file'),
        (f"{LEAST}[sources.reading]\nkind = 'cms'\n", "sources.reading: no such setting; did you mean 'readings'?"),
        (f"{LEAST}[console]\nlisten = 8787\n", "console.listen: should be a valid string"),
        (f"{LEAST}[sessions]\nkind = 'redis'\n", "sessions.kind: should be 'pushed', 'owned', 'file' or 'table'"),
        (f"{LEAST}[sessions]\nkind = 'file'\n", 'sessions: kind "file" needs path'),
        (f"{LEAST}[sessions]\nkind = 'file'\npath = 's.json'\n", 'sessions: kind "file" needs path: an absolute'),
        (f"{LEAST}[sessions]\nkind = 'table'\n", 'sessions: kind "table" needs url'),
        (f"{LEAST}[sources.readings]\nkind = 'sql'\n", "sources.readings.kind: should be 'cms' or 'gateway'"),
        (
            f"{LEAST}[sources.inputs.db]\nkind = 'sql'\n",
            "sources.inputs.db.kind: should be 'file', 'http' or 'prometheus'",
        ),
        (f"{LEAST}[sources.inputs.prom]\nkind = 'http'\n", 'sources.inputs.prom: kind "http" needs url'),
        (f"{LEAST}[sources.inputs.prom]\nkind = 'file'\n", 'sources.inputs.prom: kind "file" needs path'),
        (f"{LEAST}[sources.inputs.prom]\nkind = 'http'\nurll = 'x'\n", "no such setting; did you mean 'url'?"),
        (f"{LEAST}[sources.inputs.push]\nkind = 'http'\nurl = 'x'\n", "inputs.push is there already"),
        (f"{LEAST}[journal]\nkeep = 'forever'\n", "journal.keep: 'forever' is not a duration"),
        ("rules = \n", "is not TOML: "),
    ],
)
def test_a_bad_setting_is_one_line_with_its_name_and_what_to_write(text: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        loaded(tmp_path, text)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)
    assert caught.value.place == str(tmp_path / "autoscaler.toml")
    assert caught.value.help


def test_all_problems_are_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        loaded(tmp_path, "[gateway]\ntimeout = 5\n")
    assert caught.value.message.split("; ") == [
        "rules: is missing",
        "store: is missing",
        "gateway.url: is missing",
        'gateway.timeout: 5 is not a duration: write it with a unit, as "0.5s", "5s", "2m" or "1h"',
    ]


def test_a_file_that_is_not_there_says_so(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="can't be read") as caught:
        load_settings(tmp_path / "nothing.toml")
    assert "--config" in caught.value.help


def test_the_environment_is_stronger_than_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTOSCALER_GATEWAY__TIMEOUT", "7s")
    monkeypatch.setenv("AUTOSCALER_GATEWAY__MAX_IN_FLIGHT", "8")
    monkeypatch.setenv("AUTOSCALER_MODE", "observe")
    monkeypatch.setenv("AUTOSCALER_CMS__VDN", "3")
    monkeypatch.setenv("AUTOSCALER_SOURCES__READINGS__KIND", "gateway")
    monkeypatch.setenv("AUTOSCALER_JOURNAL__STDOUT", "false")
    settings = loaded(tmp_path, CONTRACT)
    assert (settings.gateway.timeout, settings.gateway.max_in_flight) == (7.0, 8)
    assert settings.gateway.url == "https://10.0.0.5:8043", "what it does not name stays"
    assert (settings.mode, settings.sources.readings.kind) == ("observe", "gateway")
    assert settings.cms is not None
    assert (settings.cms.vdn, settings.cms.cc_id) == (3, 1)
    assert settings.journal.stdout is False


def test_a_wrong_value_in_the_environment_is_named_as_one_in_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTOSCALER_GATEWAY__TIMEOUT", "5")
    with pytest.raises(SettingsError, match=r"gateway\.timeout: '5' is not a duration"):
        loaded(tmp_path, LEAST)
    monkeypatch.delenv("AUTOSCALER_GATEWAY__TIMEOUT")
    monkeypatch.setenv("AUTOSCALER_GATEWAY__TIMOUT", "5s")
    with pytest.raises(SettingsError, match="did you mean 'timeout'"):
        loaded(tmp_path, LEAST)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "can't be read"),
        (b"", "no single line"),
        (b"hunter2\ntwo\n", "no single line"),
        (b"\xff\xfe", "not UTF-8"),
    ],
)
def test_a_secret_that_is_none_is_refused_without_being_shown(content: bytes | None, said: str, tmp_path: Path) -> None:
    path = tmp_path / "secret"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SettingsError, match=said) as caught:
        read_secret(path, "cms.secret_key_file")
    assert caught.value.place == "cms.secret_key_file"
    assert "hunter2" not in str(caught.value)


def test_a_secret_is_its_one_line_without_the_end(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    path.write_text("  s3cret\n")
    assert read_secret(path, "x") == "s3cret"
    with pytest.raises(SettingsError, match="is not set"):
        read_secret(None, "x")
