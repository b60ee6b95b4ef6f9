"""What holds of named inputs, of loads and of rules that only observe, whatever the rulebook."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from autoscaler.core.book import Mode, Rule, Safety
from autoscaler.core.engine import decide
from autoscaler.core.memory import Memory
from autoscaler.core.plan import Stage
from autoscaler.core.reasons import Reason

from .rulebooks import (
    ANY,
    GROUP_AMOUNTS,
    TIMES,
    agent_moves,
    each,
    group_moves,
    holds,
    informed,
    lasting,
    tracks,
    watched,
)
from .scenes import Scene, law, play, scenes
from .staging import LOAD, OCCUPANCY, T0, at, book, calls, named, over, snapshot, wanted


@law
@given(scene=scenes(informed(group_moves, lasting(group_moves), agent_moves, holds, alone=True), orders=False))
def test_without_the_named_inputs_no_rule_that_rests_on_them_moves_anybody(scene: Scene) -> None:
    silent = tuple(replace(moment, inputs={}) for moment in scene.story)
    for _, step in play(replace(scene, story=silent)):
        assert not (step.plan.reasons[Stage.DISTRIBUTED] == Reason.CHOSEN).any()
        assert not (step.plan.reasons[Stage.DISTRIBUTED] == Reason.RELIEVED).any()


@law
@given(scene=scenes(*ANY, watched(*ANY), watched(*ANY)))
def test_a_rule_that_only_observes_changes_no_limit_and_no_call(scene: Scene) -> None:
    enforced = tuple(rule for rule in scene.rules.rules if rule.mode is Mode.ENFORCE)
    without = replace(scene, rules=replace(scene.rules, rules=enforced))
    for (_, watching), (_, alone) in zip(play(scene), play(without), strict=True):
        assert wanted(watching.plan) == wanted(alone.plan)
        assert calls(watching.plan) == calls(alone.plan)
        assert watching.plan.holds == alone.plan.holds


@st.composite
def raises_of_the_loaded(draw: st.DrawFn, index: int) -> Rule:
    """Raises that a higher load switches on, of the group or of those who hold it."""
    if draw(st.booleans()):
        amount = each(draw(st.integers(1, 3)))
        return Rule(name=f"full {index}", when=over(LOAD, 2), per_agent=True, for_s=draw(TIMES), raise_by=amount)
    when = draw(st.sampled_from([over(OCCUPANCY, 0.7), over(named("group.busy"), 0.5), over(named("group.load"), 9)]))
    return Rule(name=f"loaded {index}", when=when, for_s=draw(TIMES), raise_by=draw(GROUP_AMOUNTS))


def tracks_occupancy(index: int) -> st.SearchStrategy[Rule]:
    return tracks(index, of=OCCUPANCY).map(lambda rule: replace(rule, name="track"))  # of one name a group has one


@law
@given(
    scene=scenes(raises_of_the_loaded, lasting(raises_of_the_loaded), tracks_occupancy, failures=False, orders=False),
    more=st.sampled_from([1.0, 3.0]),
)
def test_more_chats_held_never_lower_the_wanted_slots(scene: Scene, more: float) -> None:
    """Of rules that a higher load switches on or leaves as they are. `agents_per_tick` is left out: a higher load
    sends units to other people, and fewer of them may be changed with one unit each than with two."""
    rules = replace(scene.rules, tiers=(), safety=Safety(agents_per_tick=1.0))
    for floor, step in play(replace(scene, rules=rules)):
        memory = Memory() if step.before is None else Memory(groups={"webchat": step.before})
        limits = dict(zip(step.team.ids.tolist(), step.team.confirmed.tolist(), strict=True))
        team = [replace(one, limit=limits[one.id], load=one.load + more) for one in floor.people.values()]
        seen = snapshot(team, step.moment.waiting, queue_age_s=step.moment.queue_age_s, inputs=step.moment.inputs)
        fuller = decide(book(rules), seen, memory, at(step.at - T0))
        assert fuller.groups[0].slots.wanted >= step.plan.slots.wanted
