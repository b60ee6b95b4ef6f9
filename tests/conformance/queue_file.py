"""Files of exactly solved queues: each case as a value, or an error that names the case and the key."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from autoscaler.simulation.scenario.model import MOST_CHATS, Routing
from autoscaler.simulation.slowdown import Measured, Power, Slowdown, TakingTurns, UniversalScalability, factor

__all__ = ["QueueCase", "QueueFileWrong", "cases", "read"]

ROUTES = {
    "least": Routing.LEAST_LOADED,
    "random": Routing.RANDOM,
    "most": Routing.MOST_LOADED,
    **{routing.value: routing for routing in Routing},
}
CURVES = {
    "linear": (),
    "ps": (),
    "power": ("alpha",),
    "usl": ("sigma", "kappa"),
    "mva": ("A", "Z"),
    "table": ("factors",),
}
"""Parameters of a family, besides `mu1`."""


class QueueFileWrong(ValueError):
    """A file is not of the form of queue_cases.json; the message names the case and the key."""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueCase:
    """A stationary queue and what is exactly true of it.

    Attributes:
        name: The file's id, and the routing where there are several.
        lam: Arrivals a second.
        agents, limit: How many, and the limit of each.
        rates: Chats an agent holding 1, 2, … `limit` of them completes a second.
        shape: The family's curve; None where the file has but a list of rates.
        theta: Rate of losing patience, 0 never.
        routing: None: what `result` says holds under any, and speaks of the whole floor alone.
        result: Exact figures by name.
    """

    name: str
    lam: float
    agents: int
    limit: int
    rates: tuple[float, ...]
    shape: Slowdown | None
    theta: float
    routing: Routing | None
    result: Mapping[str, Any]

    @property
    def capacity(self) -> float:
        """Chats completed a second while every slot is taken."""
        return self.agents * self.rates[-1]

    @property
    def is_stable(self) -> bool:
        """Whether the queue comes back to nothing ever again."""
        return self.theta > 0 or self.lam < self.capacity


def read(path: Path) -> list[QueueCase]:
    """Every case of a file, in its order."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise QueueFileWrong(f"{path}: cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise QueueFileWrong(f"{path}: no JSON: {error}") from error
    return cases(content, str(path))


def cases(content: Any, place: str) -> list[QueueCase]:
    """Every case of what a file says; `place` is put before every error."""
    if not isinstance(content, Mapping):
        raise QueueFileWrong(f"{place}: an object with routing_irrelevant and by_routing is expected")
    unknown = [key for key in content if key not in {"note", "routing_irrelevant", "by_routing"}]
    if unknown:
        raise QueueFileWrong(f"{place}: {unknown[0]!r} is none of note, routing_irrelevant, by_routing")
    found: list[QueueCase] = []
    for key in ("routing_irrelevant", "by_routing"):
        entries = content.get(key, [])
        if not isinstance(entries, list):
            raise QueueFileWrong(f"{place}: {key} is no list")
        for number, entry in enumerate(entries):
            found.append(_case(entry, f"{place}: {key}[{number}]", is_routed=key == "by_routing"))
    if not found:
        raise QueueFileWrong(f"{place}: there is no case in it")
    return found


def _case(entry: Any, place: str, *, is_routed: bool) -> QueueCase:
    if not isinstance(entry, Mapping):
        raise QueueFileWrong(f"{place} is no object")
    name = str(_of(entry, "id", place))
    place = f"{place} ({name})"
    routing = None
    if is_routed:
        route = _of(entry, "route", place)
        if route not in ROUTES:
            raise QueueFileWrong(f"{place}: route {route!r} is none of {', '.join(ROUTES)}")
        routing = ROUTES[route]
        name = f"{name}-{route}"
    agents, limit = _count(entry, "n", place), _count(entry, "k", place)
    if limit > MOST_CHATS:
        raise QueueFileWrong(f"{place}: k is {limit}; no agent's limit is above {MOST_CHATS}")
    result = _of(entry, "result", place)
    if not isinstance(result, Mapping):
        raise QueueFileWrong(f"{place}: result is no object")
    is_stable = result.get("stable", True)
    for key, figure in result.items():
        figures = figure.values() if isinstance(figure, Mapping) else [figure]
        # an unstable queue has figures that are infinite, or none at all
        if key not in {"stable", "route"} and is_stable and not all(_is_number(one) for one in figures):
            raise QueueFileWrong(f"{place}: result: {key} is {figure!r}, not a number or numbers by name")
    rates, shape = _rates(entry, limit, place)
    return QueueCase(
        name=name,
        lam=_number(entry, "lam", place, above=True),
        agents=agents,
        limit=limit,
        rates=rates,
        shape=shape,
        theta=_number(entry, "theta", place),
        routing=routing,
        result=result,
    )


def _rates(entry: Mapping[str, Any], limit: int, place: str) -> tuple[tuple[float, ...], Slowdown | None]:
    """The list, and the curve, if the family is known; where there are both they agree."""
    family, params = _of(entry, "family", place), entry.get("params", {})
    if not isinstance(params, Mapping):
        raise QueueFileWrong(f"{place}: params is no object")
    listed = None
    if "mu_total" in entry:
        listed = entry["mu_total"]
        if not isinstance(listed, list) or not all(_is_number(rate) and rate > 0 for rate in listed):
            raise QueueFileWrong(f"{place}: mu_total is no list of numbers above 0")
        if len(listed) < limit:
            raise QueueFileWrong(f"{place}: mu_total has {len(listed)} rates, and k is {limit}")
        listed = tuple(float(rate) for rate in listed[:limit])
    is_known = family in CURVES and set(params) - {"mu1"} == set(CURVES[family])
    if not is_known:
        if listed is None:
            keys = ", ".join(CURVES.get(family, ())) or "no further ones"
            raise QueueFileWrong(f"{place}: no mu_total, and params that are not those of family {family!r} ({keys})")
        return listed, None
    shape = _shape(family, params, place)
    if "mu1" in params or (family != "mva" and listed is None):
        solo = _number(params, "mu1", f"{place}: params", above=True)
    elif listed is not None:
        solo = listed[0] / factor(shape, 1)
    else:
        solo = 1 / (params["A"] + params["Z"])
    rates = tuple(solo * factor(shape, chats) for chats in range(1, limit + 1))
    if listed is not None and not np.allclose(rates, listed, rtol=1e-6, atol=0):
        raise QueueFileWrong(f"{place}: mu_total is {listed}, but {family} with {dict(params)} gives {rates}")
    return rates, shape


def _shape(family: str, params: Mapping[str, Any], place: str) -> Slowdown:
    place = f"{place}: params"
    match family:
        case "linear":
            return Power(alpha=1.0)
        case "ps":
            return Power(alpha=0.0)
        case "power":
            return Power(alpha=_number(params, "alpha", place))
        case "usl":
            sigma, kappa = _number(params, "sigma", place), _number(params, "kappa", place)
            return UniversalScalability(sigma=sigma, kappa=kappa)
        case "mva":
            return TakingTurns(work_s=_number(params, "A", place, above=True), think_s=_number(params, "Z", place))
    factors = params["factors"]
    if not isinstance(factors, Sequence) or not factors or not all(_is_number(one) and one > 0 for one in factors):
        raise QueueFileWrong(f"{place}: factors is no list of numbers above 0")
    return Measured(factors=tuple(factors))


def _of(entry: Mapping[str, Any], key: str, place: str) -> Any:
    if key not in entry:
        raise QueueFileWrong(f"{place}: {key!r} is missing")
    return entry[key]


def _number(entry: Mapping[str, Any], key: str, place: str, *, above: bool = False) -> float:
    value = _of(entry, key, place)
    if not _is_number(value) or value < 0 or (above and value == 0):
        raise QueueFileWrong(f"{place}: {key} is {value!r}, not a number {'above 0' if above else 'of 0 or more'}")
    return float(value)


def _count(entry: Mapping[str, Any], key: str, place: str) -> int:
    value = _of(entry, key, place)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise QueueFileWrong(f"{place}: {key} is {value!r}, not a whole number of 1 or more")
    return value


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and bool(np.isfinite(value))
