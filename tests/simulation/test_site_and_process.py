"""Sites from JSON, the demo, and a site in a process of its own."""

import asyncio
import json
import ssl
import urllib.request
from datetime import datetime

import aiohttp
import pytest

from autoscaler.errors import SettingsError
from autoscaler.simulation.centre import Centre
from autoscaler.simulation.customers import customers
from autoscaler.simulation.presets import DEMO_QUEUE, demo_site
from autoscaler.simulation.process import open_site, start_site
from autoscaler.simulation.site import PushConfig, SiteConfig, read_site


def test_a_site_survives_json_unchanged(tmp_path):
    site = demo_site(agents=5, speed=30)
    path = tmp_path / "site.json"
    path.write_text(site.model_dump_json())
    assert read_site(path) == site


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"speed": 0}, "speed"),
        ({"colour": "red"}, "colour"),
        ({"guid_interval_s": 120}, "guid_interval_s must be less"),
        ({"agents": [{"id": 100, "skills": []}]}, "agents.0.id"),
        ({"agents": [{"id": 101, "skills": [9]}]}, "skill 9"),
        ({"agents": [{"id": 101, "skills": []}, {"id": 101, "skills": []}]}, "agent 101 is listed twice"),
        ({"host": "0.0.0.0"}, "host"),
    ],
)
def test_a_site_that_cannot_be_is_refused_with_its_field(tmp_path, change, said):
    path = tmp_path / "site.json"
    path.write_text(json.dumps({"agents": [], "skills": [], **change}))
    with pytest.raises(SettingsError) as caught:
        read_site(path)
    assert said in caught.value.message
    assert caught.value.help


def test_a_refused_site_keeps_its_passwords_to_itself(tmp_path):
    path = tmp_path / "site.json"
    agent = {"id": 101, "skills": [], "password": "hunter2" * 9}
    path.write_text(json.dumps({"agents": [agent], "skills": []}))
    with pytest.raises(SettingsError) as caught:
        read_site(path)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_no_repr_shows_a_secret():
    site = SiteConfig(agents=(), skills=(), push=PushConfig(url="http://127.0.0.1:1", token="t0ken"))
    assert "t0ken" not in repr(site)
    assert "SKSIMULATED" not in repr(site)


def demo_run(limit: int, seed: int) -> Centre:
    site = demo_site(seed=seed)
    centre = Centre(
        agents=site.specs(),
        media_types={DEMO_QUEUE: 51},
        customers=customers(site.demands(), site.seed),
        slowdown=site.curve(),
        seed=seed,
    )
    for agent in centre.agents:
        centre.sign_in(agent)
        centre.join(agent, [DEMO_QUEUE])
        centre.set_limit(agent, 51, limit)
    return centre


@pytest.mark.parametrize("seed", [1, 2, 7])
def test_the_demo_overloads_limit_3_and_raised_limits_carry_it(seed):
    cards = {}
    for limit in (3, 4, 5):
        centre = demo_run(limit, seed)
        centre.advance(1800.0)
        cards[limit] = centre.scorecard()
    assert cards[3].service_level_30 < 0.85
    assert cards[4].service_level_30 > cards[3].service_level_30 + 0.1
    assert cards[5].service_level_30 > 0.97
    assert cards[5].mean_wait_s < cards[3].mean_wait_s / 10


@pytest.mark.parametrize("seed", [1, 2, 7])
def test_the_demo_surges_past_the_configured_slots_and_calms_below_them(seed):
    centre = demo_run(5, seed)
    configured = 3 * len(centre.agents)
    held = {}
    for minute in range(1, 31):
        centre.advance(minute * 60.0)
        held[minute] = sum(agent.load for agent in centre.agents.values()) / configured
    assert max(held[minute] for minute in range(1, 5)) < 0.6
    assert max(held[minute] for minute in range(8, 13)) > 1.2
    assert max(held[minute] for minute in range(20, 24)) < 0.95


def get(url: str):
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.load(answer)


def test_a_site_process_is_ready_when_it_says_so_and_ends_when_told(tmp_path):
    with start_site(demo_site(agents=3, speed=20), tmp_path) as site:
        assert len(get(f"{site.control_url}/sim/limits")) == 3
        assert {"live", "baseline"} < get(f"{site.control_url}/sim/summary").keys()
        here, there = site.clock().monotonic(), get(f"{site.control_url}/sim/state")
        assert here >= 0
        assert there["speed"] == 20
        request = urllib.request.Request(f"{site.control_url}/sim/stop", data=b"", method="POST")
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert json.load(answer) == {"stopping": True}
        assert site.stop() == 0
        assert not site.is_running


def test_the_clock_of_a_site_process_shows_its_time_here(tmp_path):
    with start_site(demo_site(agents=1, speed=10), tmp_path) as site:
        before = site.clock().now()
        there = datetime.fromisoformat(get(f"{site.control_url}/sim/state")["now"])
        after = site.clock().now()
        assert before <= there <= after


def test_the_configuration_file_is_for_its_owner_alone(tmp_path):
    with start_site(demo_site(agents=1), tmp_path):
        assert (tmp_path / "site.json").stat().st_mode & 0o077 == 0


def test_a_site_that_cannot_start_says_why(tmp_path):
    missing = {"kind": "series", "path": str(tmp_path / "none.csv"), "start": "2013-01-01T00:00:00", "steps": 1}
    site = SiteConfig.model_validate({"agents": [], "skills": [{"id": 1, "arrivals": missing}]})
    with pytest.raises(SettingsError) as caught:
        start_site(site, tmp_path)
    assert "none.csv" in caught.value.message


def test_a_taken_port_says_so(tmp_path):
    with start_site(demo_site(agents=1), tmp_path) as first:
        port = int(first.gateway_url.rpartition(":")[2])
        other = tmp_path / "other"
        other.mkdir()
        with pytest.raises(SettingsError) as caught:
            start_site(demo_site(agents=1).model_copy(update={"gateway_port": port}), other)
        assert "choose another port" in caught.value.message


@pytest.mark.anyio
async def test_a_site_process_serves_tls_and_comes_back_on_its_port_after_a_restart(tmp_path):
    site = await open_site(demo_site(agents=2, speed=100), tmp_path)
    try:
        tls = ssl.create_default_context(cafile=str(site.ca_file))
        handed = await asyncio.to_thread(get, f"{site.control_url}/sim/desktops")
        url = f"{site.gateway_url}/agentgateway/resource/onlineagent/1001/agentstatus"
        cookie = "; ".join(f"{name}={value}" for name, value in handed["1001"]["cookies"].items())
        headers = {"guid": handed["1001"]["guid"], "Cookie": cookie}
        async with asyncio.timeout(20), aiohttp.ClientSession(connector=aiohttp.TCPConnector(ssl=tls)) as http:
            async with http.get(url, headers=headers) as answer:
                assert (await answer.json())["retcode"] == "0"
            await http.post(f"{site.control_url}/sim/faults", json=[{"kind": "restart", "duration_s": 10}])
            refused = 0
            while True:
                try:
                    async with http.get(url, headers=headers) as answer:
                        assert (await answer.json())["retcode"] in ("000-003", "100-006")
                        break
                except aiohttp.ClientConnectionError:
                    refused += 1
            assert refused
    finally:
        assert await asyncio.to_thread(site.stop) == 0
