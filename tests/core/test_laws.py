"""What holds for every rulebook, every roster and every run of readings."""

from __future__ import annotations

import json
import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from autoscaler.core.book import Group, Mode, Rule, Safety, Smoothing, WarmUp
from autoscaler.core.engine import decide
from autoscaler.core.exchange import parse_input, plan_to_json
from autoscaler.core.memory import GroupMemory, Ledger, Memory, to_json
from autoscaler.core.plan import GroupPlan, Stage
from autoscaler.core.readings import AgentState, Input
from autoscaler.core.reasons import Reason
from autoscaler.core.stability import raise_limit, shrink_limit
from autoscaler.core.verdicts import VerdictKind
from autoscaler.core.warming import warm_ceiling

from .rulebooks import (
    GROUP_AMOUNTS,
    PLAIN,
    agent_moves,
    bands,
    group_moves,
    holds,
    informed,
    lasting,
    over_time,
    tracks,
    windowed,
)
from .scenes import Scene, Step, befall, law, play, scenes
from .staging import ALWAYS, START, T0, WAITING, Floor, Person, at, book, calls, slots, snapshot, text, wanted


def raising_rules(index: int) -> st.SearchStrategy[Rule]:
    return group_moves(index, up=True, amounts=GROUP_AMOUNTS)


def raising_over_time(index: int) -> st.SearchStrategy[Rule]:
    return over_time(index, up=True, amounts=GROUP_AMOUNTS)


def tracks_waiting(index: int) -> st.SearchStrategy[Rule]:
    return tracks(index, of=WAITING).map(lambda rule: replace(rule, name="track"))  # of one name a group has one


def rising_bands(index: int) -> st.SearchStrategy[Rule]:
    return bands(index, rising=True)


@law
@given(scene=scenes())
def test_limits_stay_within_bounds_and_no_rule_leads_anybody_out_of_its_own(scene: Scene) -> None:
    caps = [rule.cap for rule in scene.rules.rules if rule.cap is not None]
    for _, step in play(scene):
        team = step.team
        assert ((step.wanted >= 1) & (step.wanted <= 60)).all()
        assert (step.wanted <= team.ceiling)[step.moved > 0].all()
        warm_up = scene.rules.warm_up
        lowest = np.minimum(team.floor, min([*caps, *([warm_up.start] if warm_up else [])], default=60))
        assert (step.wanted >= lowest)[step.moved < 0].all()


@law
@given(scene=scenes())
def test_nobody_is_raised_above_what_its_warm_up_allows(scene: Scene) -> None:
    gentle = replace(scene.rules, warm_up=scene.rules.warm_up or WarmUp(start=1, add=2, every_s=50.0))
    assert gentle.warm_up is not None
    for _, step in play(replace(scene, rules=gentle)):
        warm = warm_ceiling(gentle.warm_up, step.team.signed_in_for_s)
        assert (step.wanted <= warm)[step.moved > 0].all()


@law
@given(scene=scenes())
def test_who_is_protected_or_out_of_reach_is_never_called(scene: Scene) -> None:
    for _, step in play(scene):
        called = set(calls(step.plan))
        team = step.team
        if team.is_protected is not None:
            assert not called & set(team.ids[team.is_protected].tolist())
        assert not called & set(team.ids[~team.signed_in].tolist())
        if team.reachable is not None:
            assert not called & set(team.ids[~team.reachable].tolist())


@law
@given(scene=scenes())
def test_people_who_stop_everything_stop_everything(scene: Scene) -> None:
    for _, step in play(scene):
        orders = step.moment.overrides
        if orders.frozen:
            assert not calls(step.plan)
        elif orders.pauses or step.moment.roster_problem:
            assert set(calls(step.plan)) <= step.pinned
            assert not step.moved.any()


class Moves:
    """Slots that moved, by time, counted from the outside."""

    def __init__(self) -> None:
        self.up: Ledger = ()
        self.down: Ledger = ()

    def note(self, step: Step) -> None:
        counted = np.where(step.team.counted, step.moved, 0)
        self.up = (*self.up, (step.at, int(np.maximum(counted, 0).sum())))
        self.down = (*self.down, (step.at, int(np.maximum(-counted, 0).sum())))


def slots_after(step: Step) -> tuple[int, int]:
    """Slots in force, and after this tick, without what pins did."""
    before = int(np.where(step.team.counted, step.team.force, 0).sum())
    return before, before + int(np.where(step.team.counted, step.moved, 0).sum())


@law
@given(scene=scenes(orders=False))
def test_slots_never_fall_faster_than_the_lower_rates_allow(scene: Scene) -> None:
    moves = Moves()
    for _, step in play(scene):
        before, after = slots_after(step)
        least = shrink_limit(before, scene.rules.stability.lowers, moves.up, moves.down, at=step.at)
        assert after >= min(before, least)
        moves.note(step)


@law
@given(scene=scenes(*PLAIN, failures=False, orders=False))
def test_rules_never_raise_slots_faster_than_the_raise_rates_allow(scene: Scene) -> None:
    moves = Moves()
    for _, step in play(scene):
        before, after = slots_after(step)
        most = raise_limit(before, scene.rules.stability.raises, moves.up, moves.down, at=step.at)
        assert after <= max(before, most) + _corrected_up(step)
        moves.note(step)


def _corrected_up(step: Step) -> int:
    """Units by which bounds alone raised people; these are excepted from rates."""
    by_bounds = (step.plan.reasons[Stage.DISTRIBUTED] != Reason.CHOSEN) & (step.moved > 0)
    return int(step.moved[by_bounds].sum())


@law
@given(scene=scenes(*PLAIN, failures=False, orders=False))
def test_no_rule_moves_an_agent_beyond_its_own_budgets(scene: Scene) -> None:
    each = scene.rules.stability.each
    raised: dict[int, list[float]] = defaultdict(list)
    lowered: dict[int, list[float]] = defaultdict(list)
    moved: dict[int, list[float]] = defaultdict(list)
    for _, step in play(scene):
        why = step.plan.reasons[Stage.DISTRIBUTED]
        for row in np.flatnonzero(step.moved).tolist():
            agent, units = int(step.team.ids[row]), int(step.moved[row])
            times = raised if units > 0 else lowered
            times[agent] += [step.at] * abs(units)
            moved[agent].append(step.at)
            if why[row] in (Reason.CHOSEN, Reason.RELIEVED):
                for budget, spent in (
                    (each.raise_by if units > 0 else each.lower_by, times[agent]),
                    (each.moves, moved[agent]),
                ):
                    if budget is not None:
                        assert sum(step.at - when < budget[1] for when in spent) <= budget[0]


@law
@given(scene=scenes())
def test_no_tick_changes_more_people_than_agents_per_tick(scene: Scene) -> None:
    for _, step in play(scene):
        share = scene.rules.safety.agents_per_tick * np.count_nonzero(step.team.signed_in)
        assert np.count_nonzero(step.moved) <= max(1, math.ceil(round(share, 9)))


@law
@given(scene=scenes())
def test_no_minute_has_more_calls_than_calls_per_minute(scene: Scene) -> None:
    budget = scene.rules.safety.calls_per_minute
    assume(budget is not None)
    made: list[float] = []
    for _, step in play(scene):
        made += [step.at] * len(step.plan.calls.agents)
        assert sum(step.at - when < 60.0 for when in made) <= (budget or 0)


@law
@given(scene=scenes())
def test_without_a_reading_of_its_own_no_agents_limit_rises(scene: Scene) -> None:
    for _, step in play(scene):
        blind = ~step.team.usable
        assert (step.moved[blind] <= 0).all()
        confirmed = dict(zip(step.team.ids.tolist(), step.team.confirmed.tolist(), strict=True))
        baseline = dict(zip(step.team.ids.tolist(), step.team.baseline.tolist(), strict=True))
        out_of_sight = set(step.team.ids[blind].tolist()) - step.pinned
        for agent, limit in calls(step.plan).items():
            if agent in out_of_sight:
                known = confirmed[agent]
                assert limit <= (baseline[agent] if math.isnan(known) else known)


@law
@given(
    scene=scenes(
        group_moves, holds, over_time, tracks_waiting, rising_bands, lasting(group_moves), failures=False, orders=False
    )
)
def test_without_a_reading_of_the_queues_no_rule_that_rests_on_them_raises_anybody(scene: Scene) -> None:
    for _, step in play(scene):
        if math.isnan(step.moment.waiting) or step.moment.queue_age_s > 60:
            assert not (step.plan.reasons[Stage.DISTRIBUTED] == Reason.CHOSEN).any()
            assert not (step.plan.reasons[Stage.DISTRIBUTED] == Reason.RELIEVED).any()


@law
@given(
    scene=scenes(
        raising_rules,
        lasting(raising_rules),
        windowed(raising_rules),
        raising_over_time,
        informed(raising_rules),
        tracks_waiting,
        rising_bands,
        failures=False,
        orders=False,
    ),
    more=st.sampled_from([1.0, 6.0, 30.0]),
)
def test_more_people_waiting_never_lower_the_wanted_slots(scene: Scene, more: float) -> None:
    """Of rules that a longer queue switches on or leaves as they are, and none but these: raises whose condition,
    `for`, `keep_for` or function over time a longer queue makes true sooner; `until` that it makes true later; bands
    in which a longer queue asks for more; one `track` of the queue, upward and downward.
    Caps, holds, and lowers that a longer queue switches on are the exceptions that the rules ask for. Two more come of
    how rules are settled. Of several lowers the smallest counts, so a lower that a longer queue switches off may let a
    larger one through: one rule that may lower is the most. And `1 each` beside rules that count in slots may ask for
    more and yet give fewer, since it gives nobody two and ceilings or `agents_per_tick` leave it too few people.
    And where a longer queue makes an input matter that has been missing for `baseline_after`, people go to baseline.
    """
    for floor, step in play(scene):
        memory = Memory() if step.before is None else Memory(groups={"webchat": step.before})
        waiting = step.moment.waiting + more
        team = [replace(one, limit=_limit_seen(step, one)) for one in floor.people.values()]
        busier = decide(
            book(scene.rules),
            snapshot(team, waiting, queue_age_s=step.moment.queue_age_s, inputs=step.moment.inputs),
            memory,
            at(step.at - T0),
        )
        if _goes_back(busier.groups[0]) and not _goes_back(step.plan):
            assert busier.groups[0].unknown_inputs, "what is missing is told"
            continue
        assert busier.groups[0].slots.wanted >= step.plan.slots.wanted


def _goes_back(plan: GroupPlan) -> bool:
    return any((why == Reason.BACK_TO_BASELINE).any() for why in plan.reasons.values())


def _limit_seen(step: Step, one: Person) -> float:
    row = int(np.searchsorted(step.team.ids, one.id))
    return float(step.team.confirmed[row])


@law
@given(scene=scenes(raising_rules, lasting(raising_rules), raising_over_time, failures=False, orders=False))
def test_a_lower_takes_nothing_away_while_a_raise_matches(scene: Scene) -> None:
    both = replace(scene.rules, rules=(*scene.rules.rules, Rule(name="calm", when=ALWAYS, lower_by=slots(5))))
    for _, step in play(scene):
        now = step.at - T0
        fired = {} if step.before is None else step.before.fired
        raises = any(
            verdict.kind is VerdictKind.TRUE
            and step.at - fired.get(verdict.rule.name, -math.inf) >= verdict.rule.cooldown_s
            for verdict in step.plan.verdicts
        )
        if raises and step.team.counted.any():
            memory = Memory() if step.before is None else Memory(groups={"webchat": step.before})
            plan = decide(book(both), step.seen, memory, at(now))
            assert wanted(plan.groups[0]) == wanted(step.plan)


@law
@given(scene=scenes())
def test_memory_through_json_at_every_tick_changes_nothing(scene: Scene) -> None:
    for (kept, _), (restarted, _) in zip(play(scene), play(scene, restarts=True), strict=True):
        assert kept.plan is not None
        assert restarted.plan is not None
        assert text(kept.plan) == text(restarted.plan)


@law
@given(scene=scenes())
def test_the_same_input_gives_the_same_plan_byte_for_byte(scene: Scene) -> None:
    for floor, step in play(scene):
        memory = Memory() if step.before is None else Memory(groups={"webchat": step.before})
        again = decide(book(scene.rules), step.seen, memory, at(step.at - T0))
        assert floor.plan is not None
        assert text(again) == text(floor.plan)


def as_input(
    floor: Floor, waiting: float, inputs: Mapping[str, Input], memory: Memory, seconds: float
) -> dict[str, Any]:
    def known(value: float) -> float | None:
        return None if math.isnan(value) else value

    return {
        "at": at(seconds).isoformat(),
        "queues": [
            {"id": 2001, "waiting": known(waiting), "age_s": 1.0},
            {"id": 2002, "waiting": 7, "age_s": 1.0},
        ],
        "agents": [
            {
                "id": one.id,
                "load": None if math.isnan(one.load) else int(one.load),
                "limit": None if math.isnan(one.limit) else int(one.limit),
                "state": None if one.state is AgentState.UNKNOWN else one.state.name.lower(),
                "signed_in_for_s": one.signed_in_for_s,
                "age_s": known(one.age_s),
                "queues": [2002, 2001],
                "reachable": one.reachable,
            }
            for one in floor.people.values()
        ],
        "inputs": {name: {"value": known(reading.value), "age_s": reading.age_s} for name, reading in inputs.items()},
        "memory": json.loads(json.dumps(to_json(memory))),
    }


@law
@given(scene=scenes(), random=st.randoms(use_true_random=False))
def test_the_order_in_which_agents_are_given_changes_no_byte(scene: Scene, random: Any) -> None:
    floor = Floor.of(scene.rules, scene.team)
    memory = Memory()
    seconds = 0.0
    for moment in scene.story:
        seconds += moment.after_s
        befall(floor, moment)
        given_in_order = as_input(floor, moment.waiting, moment.inputs, memory, seconds)
        shuffled = {
            **given_in_order,
            "agents": list(given_in_order["agents"]),
            "queues": given_in_order["queues"][::-1],
        }
        random.shuffle(shuffled["agents"])
        plans = []
        for value in (given_in_order, shuffled):
            seen, remembered, when = parse_input(value)
            plans.append(decide(book(scene.rules), seen, remembered or Memory(), when))
        assert json.dumps(plan_to_json(plans[0])) == json.dumps(plan_to_json(plans[1]))
        memory = plans[0].memory


@law
@given(scene=scenes(group_moves, agent_moves, failures=False, orders=False))
def test_a_call_that_failed_is_sent_again_and_spends_nothing_twice(scene: Scene) -> None:
    # a warm-up that goes on asks for more by itself
    rules = replace(scene.rules, safety=Safety(agents_per_tick=1.0), warm_up=None)
    for floor, step in play(replace(scene, rules=rules)):
        assert floor.plan is not None
        if Reason.RATE_OF_BOUND in step.plan.holds:
            continue  # so does a correction that is lowered at its own pace
        asked = calls(step.plan)
        quiet = replace(rules, rules=())
        again = decide(book(quiet), step.seen, floor.plan.memory, at(step.at - T0 + 1))
        assert calls(again.groups[0]) == asked
        first, second = floor.plan.memory.groups["webchat"], again.memory.groups["webchat"]
        for name in ("raised", "lowered", "moved"):
            np.testing.assert_array_equal(getattr(first.agents, name), getattr(second.agents, name))
        assert (second.raised_at, second.lowered_at) == (first.raised_at, first.lowered_at)
        assert sum(count for _, count in second.grown) <= sum(count for _, count in first.grown)
        assert sum(count for _, count in second.shrunk) <= sum(count for _, count in first.shrunk)


@law
@given(scene=scenes())
def test_every_row_tells_its_story_and_the_last_stage_is_what_is_called(scene: Scene) -> None:
    for _, step in play(scene):
        plan: GroupPlan = step.plan
        limits = wanted(plan)
        assert all(limits[agent] == limit for agent, limit in calls(plan).items())
        for row in range(len(plan.ids)):
            story = list(plan.story(row))
            assert [cell.stage for cell in story] == list(Stage)
            assert all(cell.why for cell in story)
        held = {reason for reason, count in plan.holds.items() if count}
        unmoved = (plan.limits[Stage.WANTED] == plan.limits[Stage.DISTRIBUTED]).all()
        assert unmoved or held, "whoever is kept from where it was sent is counted among the held"


@law
@given(scene=scenes(group_moves, failures=False, orders=False))
def test_observing_says_what_enforcing_would_do(scene: Scene) -> None:
    trial: Group = replace(scene.rules, mode=Mode.OBSERVE, safety=replace(scene.rules.safety, calls_per_minute=None))
    real = replace(trial, mode=Mode.ENFORCE)
    seen = snapshot(list(scene.team), 30.0)
    plans = [decide(book(rules), seen, Memory(), START).groups[0] for rules in (trial, real)]
    assert wanted(plans[0]) == wanted(plans[1])
    assert not calls(plans[0])


def engaged_rules(memory: GroupMemory | None) -> set[str]:
    """Rules that were in force beyond their condition, of the group or of an agent."""
    return set() if memory is None else {*memory.engaged, *memory.agents.engaged}


def test_the_laws_meet_what_they_speak_of() -> None:
    """Random scenes that never move anybody would prove nothing."""
    found: set[str] = set()

    @settings(max_examples=120, deadline=None, database=None, derandomize=True, suppress_health_check=list(HealthCheck))
    @given(scene=scenes())
    def look(scene: Scene) -> None:
        for _, step in play(scene):
            found.update(reason.name for reason in step.plan.holds)
            movers = {step.plan.rule_of(row) for row in np.flatnonzero(step.moved).tolist()}
            found.update(name.split()[0] for name in movers if name is not None)
            found.update(reason.name for reason in Reason if (step.plan.reasons[Stage.ARBITRATED] == reason).any())
            if any(verdict.is_closed for verdict in step.plan.verdicts):
                found.add("closed")
            if any(one.kind is VerdictKind.TRUE and one.rule.mode is Mode.OBSERVE for one in step.plan.verdicts):
                found.add("watched")
            if engaged_rules(step.before):
                found.add("engaged")
            if (step.moved > 0).any():
                found.add("raised")
            if (step.moved < 0).any():
                found.add("lowered")
            if not step.team.usable.all():
                found.add("blind")
            if scene.rules.stability.lowers != Smoothing() and any("rates" in word for word in step.plan.held):
                found.add("rates")

    look()
    assert found >= {
        "raised",
        "lowered",
        "blind",
        "rates",
        "STABILITY",
        "AGENT_BUDGET",
        "MISSING_READING",
        "BLAST_RADIUS",
        "CALL_BUDGET",
        "PROTECTED",
        "HELD_BY_RULE",
        "UNKNOWN_VETO",
        "WARMING_UP",
        "RATE_OF_BOUND",
        "move",
        "full",
        "idle",
        "track",
        "bands",
        "CAPPED",
        "FLOORED",
        "set",
        "closed",
        "engaged",
        "informed",
        "watched",
    }
