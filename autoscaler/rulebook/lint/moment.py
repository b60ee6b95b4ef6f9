"""One moment of a group in plain numbers: what `core.evaluation` reads when a witness is checked.

What limits decide is worked out from agents, slots and load, so it can't contradict them; functions over time see a
reading that has long stood still.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from autoscaler.core.evaluation import judge, measure
from autoscaler.core.expressions import Expression, Name, OverTime, Scope, TimeFunction, spelt
from autoscaler.core.readings import AgentState
from autoscaler.rulebook.lint.domains import NO_TIER
from autoscaler.rulebook.lint.subjects import Move

__all__ = ["Moment"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """`evaluation.View` of a made-up moment.

    Attributes:
        agents, slots, load: Of the group, > 0, > 0 and >= 0.
        limit, held: Limit and load of the agent that rules for agents look at.
        outside: By spelling: every reading that no move changes; others count as 0.
        words: `agent.state` and `agent.tier`.
        tiers: Names of the group's tiers in their order.
    """

    agents: int
    slots: int
    load: int
    limit: int
    held: int
    outside: Mapping[str, float]
    words: Mapping[str, str]
    tiers: tuple[str, ...]

    @property
    def is_consistent(self) -> bool:
        """Whether readings that hang together without limits could be so at once."""
        waiting, oldest = self.outside.get("queue.waiting"), self.outside.get("queue.oldest_wait", 0.0)
        if waiting == 0 and oldest > 0:
            return False
        if any(key.startswith("queue[") for key in self.outside):
            return waiting is None and oldest == 0.0  # nobody says how the queues add up
        busy = round(self.outside.get("group.busy", -1.0) * self.agents)
        if busy >= 0 and not (busy <= self.load <= 60 * busy):
            return False
        return self.outside.get("agent.above_baseline_for", 0.0) == 0.0

    def value(self, name: Name) -> float:
        key = spelt(name)
        if name.scope is Scope.GROUP and name.name != "busy":
            return self._of_group(name.name)
        match key:
            case "agent.load":
                return float(self.held)
            case "agent.limit":
                return float(self.limit)
            case "agent.spare":
                return float(max(self.limit - self.held, 0))
            case "agent.occupancy":
                return self.held / self.limit
            case "agent.state" | "agent.tier":
                return self.code(name, self.words[key])
            case "group.busy":
                return self.outside.get(key, min(1.0, self.load / self.agents))
            case _ if name.scope is Scope.QUEUE and name.queue is None and key not in self.outside:
                return self._of_all_queues(name.name)
            case _:
                return self.outside.get(key, 0.0)

    def code(self, name: Name, text: str) -> float:
        if name.name == "state":
            return float(AgentState[text.upper()])
        return float(self.tiers.index(text)) if text in self.tiers else -1.0 if text == NO_TIER else -2.0

    def over_time(self, expression: OverTime) -> float:
        if expression.function is TimeFunction.CHANGE:
            return 0.0
        return self.number(expression.argument)

    def number(self, expression: Expression) -> float:
        """A number of an expression, as the core measures it."""
        value = measure(expression, self)
        assert isinstance(value, float), "a moment has one agent"
        return value

    def says(self, condition: Expression | None) -> bool:
        """Whether a condition is known to be true, as the core judges it."""
        return condition is None or bool(judge(condition, self).yes)

    def grants(self, move: Move) -> bool:
        """Whether a move's own conditions are known to be true."""
        rule = move.subject.rule
        return self.says(rule.when) and (move.step is None or self.says(rule.steps[move.step].when))

    def denies(self, condition: Expression) -> bool:
        """Whether a condition is known to be false."""
        return bool(judge(condition, self).no)

    def _of_all_queues(self, name: str) -> float:
        """From what is said of single queues; the others are empty."""
        said = [value for key, value in self.outside.items() if key.startswith("queue[") and key.endswith(f"].{name}")]
        return max(said, default=0.0) if name == "oldest_wait" else sum(said, 0.0)

    def _of_group(self, name: str) -> float:
        match name:
            case "agents":
                return float(self.agents)
            case "slots":
                return float(self.slots)
            case "load":
                return float(self.load)
            case "spare":
                return float(max(self.slots - self.load, 0))
            case "occupancy":
                return self.load / self.slots
            case "mean_limit":
                return self.slots / self.agents
            case "waiting_per_agent":
                return self.value(Name(Scope.QUEUE, "waiting")) / self.agents
            case _:
                raise KeyError(name)
