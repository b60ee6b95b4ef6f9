"""Where policies are played for a command: workers, progress on stderr, and errors in its words."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace

from autoscaler.cli.progress import Progress
from autoscaler.clock import SystemClock
from autoscaler.errors import UsageError
from autoscaler.simulation.floor.ports import Policy
from autoscaler.simulation.floor.run import NeverEnds
from autoscaler.simulation.judging.playing import Played, Players
from autoscaler.simulation.policies.best_fixed import BestFixed
from autoscaler.simulation.policies.fixed import Fixed
from autoscaler.simulation.policies.naming import PolicySpec, prepare
from autoscaler.simulation.policies.oracle import Oracle
from autoscaler.simulation.policies.schedule import Schedule, block_starts
from autoscaler.simulation.scenario.model import Scenario

__all__ = ["Stage", "own_limits", "staged"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """Plays as the options say."""

    players: Players
    progress: Progress
    runs: int
    seed: int | None

    def prepared(self, specs: Sequence[PolicySpec], scenario: Scenario) -> list[Policy]:
        """The policies, those last that are long searched for, so that mistakes in the others are found first."""
        seed = self.seed_of(scenario)
        ready: dict[str, Policy] = {}
        for spec in sorted(specs, key=lambda one: isinstance(one.what, BestFixed | Oracle)):
            tell = self.progress.search(f"{scenario.name}: looking for {spec.text}")
            search = self.players.measuring(scenario, seed=seed, tell=tell)
            ready[spec.text] = prepare(spec, scenario, seed=seed, runs=self.runs, play=search)
        return [ready[spec.text] for spec in specs]

    def play(self, scenario: Scenario, policies: Sequence[Policy], names: Sequence[str]) -> list[Played]:
        """Play policies, all in the same runs.

        Args:
            scenario: Where.
            policies: Ready to play.
            names: As they were asked for.
        """
        tell = self.progress.runs(scenario.name)
        seed, indices = self.seed_of(scenario), range(self.runs)
        results = self.players.play(scenario, policies, seed=seed, indices=indices, tell=tell)
        return [
            replace(played, policy=name, title=_title(name, policy))
            for played, policy, name in zip(results, policies, names, strict=True)
        ]

    def seed_of(self, scenario: Scenario) -> int:
        """The one asked for, else the scenario's."""
        return scenario.seed if self.seed is None else self.seed


@contextmanager
def staged(options: argparse.Namespace) -> Iterator[Stage]:
    """A stage; in the end its workers end, too."""
    with Progress(sys.stderr, monotonic=SystemClock().monotonic) as progress, Players(jobs=options.jobs) as players:
        try:
            yield Stage(players=players, progress=progress, runs=options.runs, seed=options.seed)
        except NeverEnds as error:
            raise UsageError(str(error), help="Sign more agents in, or give the customers patience.") from error


def own_limits(scenario: Scenario) -> Policy:
    """Nobody sets limits: every entry keeps its own."""
    row = tuple(float(entry.limit) for entry in scenario.agents)
    return Schedule(limits=(row,) * len(block_starts(scenario)), name="own limits")


def _title(name: str, policy: Policy) -> str:
    """What was asked for; what was found in hindsight is told, too."""
    return f"{name} {policy.limit:g}" if isinstance(policy, Fixed) and not name.startswith("limit:") else name
