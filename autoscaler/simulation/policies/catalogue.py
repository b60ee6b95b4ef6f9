"""Every policy there is: its name, what it does, what it can't see. Messages and the manual follow this table."""

from __future__ import annotations

from dataclasses import dataclass

from autoscaler.simulation.policies.aws_step import AwsStep
from autoscaler.simulation.policies.best_fixed import BestFixed
from autoscaler.simulation.policies.fixed import Fixed
from autoscaler.simulation.policies.hpa import Hpa
from autoscaler.simulation.policies.keda import Keda
from autoscaler.simulation.policies.nomad import Nomad
from autoscaler.simulation.policies.nomad_threshold import NomadThreshold
from autoscaler.simulation.policies.oracle import Oracle
from autoscaler.simulation.policies.production import GoalPolicy
from autoscaler.simulation.policies.two_tier import TwoTier

__all__ = ["CATALOGUE", "Described", "Tuned"]

Tuned = GoalPolicy | Hpa | Nomad | NomadThreshold | AwsStep | Keda | TwoTier | BestFixed | Oracle
"""What is named alone, or with settings."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Described:
    """A policy as people choose it.

    Attributes:
        form: How it is written.
        does, unseen: In a sentence each: what it does, what it can't see.
        kind: What its settings make; None: the production rules, which stand in their file.
    """

    form: str
    does: str
    unseen: str
    kind: type[Tuned] | type[Fixed] | None = None


CATALOGUE: dict[str, Described] = {
    "limit": Described(
        form="limit:N",
        does="Everybody at N, whole or half, from the start on; of a half every second agent has the higher limit",
        unseen="everything: it never looks",
        kind=Fixed,
    ),
    "rules": Described(
        form="rules:PATH",
        does="The production decision with the rules of a file or folder",
        unseen="patience, work, speed and curve, as nobody can on a real floor",
    ),
    "goal": Described(
        form="goal",
        does="The production decision with a goal for rules",
        unseen="the same",
        kind=GoalPolicy,
    ),
    "hpa": Described(
        form="hpa",
        does="Slots in proportion to their utilisation, eager up and slow down, as the Kubernetes HPA",
        unseen="the queue: a full floor is 100 % utilised whether three wait or three hundred",
        kind=Hpa,
    ),
    "nomad": Described(
        form="nomad",
        does="Slots in proportion to their utilisation, then a cooldown, as Nomad's target-value strategy",
        unseen="the queue, and everything within the cooldown",
        kind=Nomad,
    ),
    "nomad-threshold": Described(
        form="nomad-threshold",
        does="A step up or down after enough samples of high or low occupancy, as Nomad's threshold strategy",
        unseen="the queue, how far occupancy lies from its bound, and everything within the cooldown",
        kind=NomadThreshold,
    ),
    "aws-step": Described(
        form="aws-step",
        does="Steps by how far mean occupancy lies from a threshold, with cooldowns, as AWS step scaling",
        unseen="the queue, and what changes within an alarm's periods",
        kind=AwsStep,
    ),
    "keda": Described(
        form="keda",
        does="Slots for the chats there are, waiting and held, as a KEDA queue trigger over the HPA",
        unseen="how long anybody waits, and that chats held last longer the more there are",
        kind=Keda,
    ),
    "two-tier": Described(
        form="two-tier",
        does="The entries' limits, and chats beyond them for everybody once somebody waits long, as Nuance has them",
        unseen="load and time: it knows the queue alone, and only two limits",
        kind=TwoTier,
    ),
    "best-fixed": Described(
        form="best-fixed",
        does="In hindsight the best limit:N on the very runs that are compared",
        unseen="time: it knows these very customers, but never moves",
        kind=BestFixed,
    ),
    "oracle": Described(
        form="oracle",
        does="The best limit for each tier in each half hour for somebody who knows rates and curve",
        unseen="the customers of the runs that are compared: it is found by simulation on others",
        kind=Oracle,
    ),
}
