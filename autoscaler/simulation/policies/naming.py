"""Policies as people write them: `limit:3.5`, `rules:webchat.yaml`, `hpa:ceiling=8,target=0.7`, `best-fixed`."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import assert_never

from autoscaler.errors import UsageError
from autoscaler.rulebook.measures import NUMBER
from autoscaler.rulebook.suggestions import did_you_mean, joined, quoted
from autoscaler.simulation.floor.ports import Policy
from autoscaler.simulation.policies.aws_step import AwsStep
from autoscaler.simulation.policies.best_fixed import BestFixed, best_fixed
from autoscaler.simulation.policies.catalogue import CATALOGUE, Tuned
from autoscaler.simulation.policies.fixed import Fixed
from autoscaler.simulation.policies.hpa import Hpa
from autoscaler.simulation.policies.keda import Keda
from autoscaler.simulation.policies.measuring import Play
from autoscaler.simulation.policies.nomad import Nomad
from autoscaler.simulation.policies.nomad_threshold import NomadThreshold
from autoscaler.simulation.policies.oracle import Oracle, oracle
from autoscaler.simulation.policies.production import GoalPolicy, goal_policy, rules_policy
from autoscaler.simulation.policies.scaling import Autoscaled
from autoscaler.simulation.policies.settings import read_settings
from autoscaler.simulation.policies.two_tier import TwoTier
from autoscaler.simulation.scenario.model import Scenario

__all__ = ["PolicySpec", "Rules", "prepare", "read_policy"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """The rules of a file or folder."""

    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicySpec:
    """A policy as it was asked for.

    Attributes:
        text: As typed.
        what: What it says; it becomes a policy by `prepare`.
    """

    text: str
    what: Fixed | Rules | Tuned


def read_policy(text: str) -> PolicySpec:
    """Understand what somebody typed.

    Raises:
        UsageError: No such policy or setting, or a value that is none or out of range.
    """
    name, colon, rest = text.partition(":")
    if name not in CATALOGUE:
        close = did_you_mean(name, CATALOGUE)
        forms = joined([one.form for one in CATALOGUE.values()])
        hint = f"did you mean {CATALOGUE[close].form}? the policies are {forms}" if close else f"write {forms}"
        raise UsageError(f"{quoted(name)} is no policy", help=hint)
    if colon and not rest:
        raise UsageError(f"nothing follows {quoted(text)}", help=f"write {CATALOGUE[name].form}")
    kind = CATALOGUE[name].kind
    if kind is None:
        if not rest:
            raise UsageError("the rules to play are missing", help="write rules:PATH, as rules:rules/webchat.yaml")
        return PolicySpec(text=text, what=Rules(path=rest))
    if kind is Fixed:
        return PolicySpec(text=text, what=_fixed(rest))
    settings = _settings(name, rest)
    if kind is GoalPolicy:
        return PolicySpec(text=text, what=goal_policy(settings))
    return PolicySpec(text=text, what=kind(**read_settings(name, kind, settings)))


def prepare(spec: PolicySpec, scenario: Scenario, *, seed: int, runs: int, play: Play) -> Policy:
    """The policy itself; what has to be searched for is searched for now.

    Args:
        spec: From `read_policy`.
        scenario: On which it will be judged.
        seed, runs: By which it will be judged: runs 0 to `runs` - 1 under `seed`.
        play: Plays runs of this scenario under this seed.

    Raises:
        RulesInvalid: The rules of a path have errors.
    """
    match spec.what:
        case Fixed() as fixed:
            return fixed
        case TwoTier() as two:
            return replace(two, name=spec.text)
        case Hpa() | Nomad() | NomadThreshold() | AwsStep() | Keda() as of:
            return Autoscaled(name=spec.text, of=of)
        case BestFixed() as search:
            return replace(best_fixed(search, range(runs), play), title=spec.text)
        case Oracle() as search:
            return replace(oracle(search, scenario, seed=seed, play=play), name=spec.text)
        case Rules(path=path):
            return rules_policy(path)
        case GoalPolicy() as goal:
            return replace(goal, title=spec.text)
        case _:
            assert_never(spec.what)


def _fixed(text: str) -> Fixed:
    if re.fullmatch(NUMBER, text) is None:
        raise UsageError(f"limit:N takes a number, not {quoted(text)}", help="write limit:3 or limit:3.5")
    limit = float(text)
    if not 1 <= limit <= 60:
        raise UsageError(f"a limit of {text} is outside 1 to 60", help="write limit:N with N from 1 to 60")
    if limit * 2 % 1:
        raise UsageError(f"a limit of {text} is neither whole nor half", help=f"write limit:{round(limit * 2) / 2:g}")
    return Fixed(limit=limit)


def _settings(name: str, text: str) -> dict[str, str]:
    settings: dict[str, str] = {}
    for part in text.split(",") if text else ():
        key, equals, value = (word.strip() for word in part.partition("="))
        if not equals or not key or not value:
            example = f"{name}:floor=1,ceiling=6"
            raise UsageError(f"{quoted(part)} is no setting of {name}", help=f"write NAME=VALUE, as in {example}")
        if key in settings:
            raise UsageError(f"{key} of {name} stands there twice", help="write it once")
        settings[key] = value
    return settings
