"""The simulator's floor against exactly solved queues: Erlang C and A, sharing agents, and three ways of routing."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autoscaler.simulation.scenario.model import Routing
from tests.conformance.queue_chains import solve_floor, solve_loads
from tests.conformance.queue_file import QueueCase, QueueFileWrong, cases, read
from tests.conformance.queue_runs import FIGURES, STANDARD_ERRORS, UNMEASURED, misses, saturation

OWN = Path(__file__).parent / "queue_cases.json"


def entry(name: str, lam: float, n: int, k: int, theta: float, family: str, **more: Any) -> dict[str, Any]:
    """A case as a file writes it, its result still to be solved."""
    params = {"mu1": 0.01, **more.pop("params", {})}
    if family == "mva":
        del params["mu1"]
    told = {"id": name, "lam": lam, "n": n, "k": k, "theta": theta, "family": family, "params": params}
    return {**told, "result": {}, **more}


def drawn(number: int) -> dict[str, Any]:
    """A queue of the Erlang C or A kind: a linear curve, anything from 1 to 60 agents and from idle to overloaded."""
    random = np.random.default_rng(number)
    n, k = int(random.integers(1, 61)), int(random.choice([1, 1, 2, 3, 8]))
    theta = float(random.choice([0.0, random.uniform(0.002, 0.02)]))
    load = random.uniform(0.6, 0.93) if theta == 0 else random.uniform(0.7, 1.3)
    return entry(f"drawn {number}", load * n * k * 0.01, n, k, theta, "linear")


def solved(told: dict[str, Any]) -> QueueCase:
    key = "by_routing" if "route" in told else "routing_irrelevant"
    (case,) = cases({key: [told]}, "here")
    return replace(case, result=(solve_loads if case.routing else solve_floor)(case))


FRESH = [
    *(drawn(number) for number in range(6)),
    entry("table, alone", 0.012, 1, 5, 0.004, "table", params={"factors": [1, 1.6, 2, 1.9, 1.7]}),
    entry("usl, alone", 0.012, 1, 6, 0.0, "usl", params={"sigma": 0.1, "kappa": 0.05}),
    entry("mva, alone", 0.006, 1, 4, 0.003, "mva", params={"A": 100, "Z": 150}),
    entry("rates alone", 0.03, 2, 1, 0.01, "no family of ours", params={"gamma": 3}, mu_total=[0.02]),
    entry("usl", 0.035, 3, 3, 0.005, "usl", params={"sigma": 0.2, "kappa": 0.1}, route="least"),
    entry("mva", 0.013, 3, 3, 0.002, "mva", params={"A": 100, "Z": 150}, route="random"),
    entry("table", 0.035, 3, 2, 0.0, "table", params={"factors": [1, 1.5]}, route="most"),
    entry("ps", 0.04, 4, 2, 0.01, "ps", route="most"),
    entry("power", 0.03, 2, 4, 0.01, "power", params={"alpha": 0.8}, route="least_loaded"),
]


def test_the_floor_settles_where_the_exact_solution_says(queue_case: QueueCase) -> None:
    assert queue_case.result.get("stable", queue_case.is_stable) == queue_case.is_stable
    if queue_case.is_stable:
        assert misses(queue_case) == []
        return
    # nothing settles: chats end at the rate of full agents, and everybody beyond that joins the queue for ever
    rate, growth = saturation(queue_case)
    capacity = queue_case.capacity
    assert abs(rate.mean - queue_case.result.get("throughput", capacity)) <= STANDARD_ERRORS * rate.error
    assert abs(rate.mean - capacity) <= STANDARD_ERRORS * rate.error
    assert growth.mean >= queue_case.lam - capacity - STANDARD_ERRORS * growth.error


def test_every_figure_of_the_file_is_measured(queue_figure: str) -> None:
    assert queue_figure in FIGURES + UNMEASURED


@pytest.mark.parametrize("told", FRESH, ids=[told["id"] for told in FRESH])
def test_the_floor_settles_where_our_own_solution_says(told: dict[str, Any]) -> None:
    assert misses(solved(told), size=0.3) == []


@pytest.mark.parametrize("case", read(OWN), ids=[case.name for case in read(OWN)])
def test_our_own_solution_is_that_of_the_file(case: QueueCase) -> None:
    found = solve_floor(case) if case.routing is None else solve_loads(case)
    for name in set(FIGURES) & set(case.result):
        assert found[name] == pytest.approx(case.result[name], rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("number", range(20))
def test_our_own_solution_is_erlangs_formula_where_nobody_leaves(number: int) -> None:
    told = drawn(number)
    share = np.random.default_rng(number).uniform(0.3, 0.98)
    (case,) = cases({"routing_irrelevant": [{**told, "theta": 0, "lam": share * 0.01 * told["n"] * told["k"]}]}, "here")
    found = solve_floor(case)
    slots = case.agents * case.limit
    offered = case.lam / 0.01
    blocked = 1.0
    for servers in range(1, slots + 1):
        blocked = offered * blocked / (servers + offered * blocked)
    assert found["p_wait"] == pytest.approx(blocked / (1 - share * (1 - blocked)), rel=1e-9)
    assert found["mean_wait_all"] == pytest.approx(found["p_wait"] / (case.capacity - case.lam), rel=1e-9)
    within = 1 - found["p_wait"] * math.exp(-(case.capacity - case.lam) * 20)
    assert found["sl_served_within_of_offered"]["20"] == pytest.approx(within, rel=1e-9)


@pytest.mark.parametrize("name", ["p_wait", "mean_queue", "mean_wait_all", "p_abandon", "busy_fraction", "throughput"])
def test_a_figure_a_little_off_is_noticed(name: str) -> None:
    case = next(case for case in read(OWN) if case.name == "A3-erlangA-k1")
    off = 1.02 if name in {"busy_fraction", "throughput"} else 1.08
    (miss,) = misses(replace(case, result={**case.result, name: case.result[name] * off}), size=0.3)
    assert miss.startswith(f"{name}: ")


def test_another_routing_is_noticed() -> None:
    case = next(case for case in read(OWN) if case.name == "N1-n5-k3-power.6-least")
    assert misses(replace(case, routing=Routing.MOST_LOADED), size=0.3) != []


@pytest.mark.parametrize("share", [1.0, 1.001, 1.3])
def test_a_queue_that_never_settles_grows_by_what_agents_cannot_take(share: float) -> None:
    told = entry("too much", share * 4 * 0.01 * 2**0.6, 4, 2, 0, "power", params={"alpha": 0.6}, route="random")
    (case,) = cases({"by_routing": [{**told, "result": {"stable": False, "mean_queue": None}}]}, "here")
    test_the_floor_settles_where_the_exact_solution_says(case)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"lam": None}, r"routing_irrelevant\[0\] \(A\): lam is None, not a number above 0"),
        ({"lam": 0}, r"\(A\): lam is 0, not a number above 0"),
        ({"n": 2.5}, r"\(A\): n is 2.5, not a whole number of 1 or more"),
        ({"k": 61}, r"\(A\): k is 61; no agent's limit is above 60"),
        ({"k": 2}, r"\(A\): mu_total has 1 rates, and k is 2"),
        ({"theta": -1}, r"\(A\): theta is -1, not a number of 0 or more"),
        ({"mu_total": [0]}, r"\(A\): mu_total is no list of numbers above 0"),
        ({"mu_total": [0.02]}, r"\(A\): mu_total is \(0.02,\), but linear with .* gives \(0.01,\)"),
        ({"params": {"mu1": 0}}, r"\(A\): params: mu1 is 0, not a number above 0"),
        ({"result": 3}, r"\(A\): result is no object"),
        ({"result": {"p_wait": None}}, r"\(A\): result: p_wait is None, not a number"),
    ],
)
def test_a_malformed_case_is_named_with_its_key(change: dict[str, Any], message: str) -> None:
    told = {**entry("A", 0.1, 12, 1, 0, "linear", mu_total=[0.01]), **change}
    with pytest.raises(QueueFileWrong, match=message):
        cases({"routing_irrelevant": [told]}, "here")


@pytest.mark.parametrize("key", ["id", "lam", "n", "k", "theta", "family", "result", "route"])
def test_a_missing_key_is_named(key: str) -> None:
    told = entry("A", 0.1, 12, 1, 0, "linear", route="least")
    del told[key]
    with pytest.raises(QueueFileWrong, match=rf"by_routing\[0\].*: '{key}' is missing"):
        cases({"by_routing": [told]}, "here")


def test_a_family_nobody_knows_needs_a_list_of_rates() -> None:
    with pytest.raises(QueueFileWrong, match=r"\(A\): no mu_total, and params that are not those of family 'cubic'"):
        cases({"routing_irrelevant": [entry("A", 0.1, 12, 1, 0, "cubic")]}, "here")


def test_a_family_without_a_rate_of_a_chat_alone_needs_a_list_of_rates() -> None:
    with pytest.raises(QueueFileWrong, match=r"\(A\): params: 'mu1' is missing"):
        cases({"routing_irrelevant": [{**entry("A", 0.1, 12, 1, 0, "linear"), "params": {}}]}, "here")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"cases": []}', '{"by_routing": {}}', '{"by_routing": [1]}'])
def test_a_file_of_another_form_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "queues.json").write_text(text)
    with pytest.raises(QueueFileWrong, match=r"queues\.json: "):
        read(tmp_path / "queues.json")


def test_the_projects_copy_is_read_whole() -> None:
    content = json.loads(OWN.read_text())
    assert len(read(OWN)) == len(content["routing_irrelevant"]) + len(content["by_routing"])
