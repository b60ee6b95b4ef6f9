"""A group's agents as columns: who belongs, what each holds of its media type, and which limits the file gives."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from autoscaler.core.book import Group, IdRange, Limits, Tier
from autoscaler.core.readings import ANY_MEDIA, Agents, AgentState
from autoscaler.core.team import Team, assemble, members

from .staging import LOAD, UNKNOWN, Person, agents, blank, group, over, people


def ids(rules: Group, seen: Agents) -> list[int]:
    found: list[int] = seen.ids[members(rules, seen)].tolist()
    return found


def test_a_group_is_who_is_signed_in_to_one_of_its_queues_and_of_whom_nobody_says_which() -> None:
    queues: list[tuple[int, ...] | None] = [(2001,), (2002, 2003), (), None, (2003, 2001), (9,)]
    team = [Person(id=1001 + index, queues=own) for index, own in enumerate(queues)]
    assert ids(group(), agents(team)) == [1001, 1004, 1005]
    assert ids(group(queues=(2001, 2002)), agents(team)) == [1001, 1002, 1004, 1005]
    assert ids(group(queues=(2001, 2002, 2003, 9)), agents(team)) == [1001, 1002, 1004, 1005, 1006]
    assert ids(group(queues=(7,)), agents(team)) == [1004]
    assert ids(group(queues=(7,)), agents([Person(id=1, queues=()), Person(id=2, queues=None)])) == [2]
    assert ids(group(), agents([])) == []


def test_everybody_is_taken_without_a_copy() -> None:
    seen = agents(people(3))
    assert members(group(), seen) == slice(0, 3)


def test_ids_that_the_file_names_are_the_group_whatever_their_queues() -> None:
    seen = agents([Person(id=one, queues=(9,)) for one in (5, 7, 8, 12)])
    one = (IdRange(first=6, last=8),)
    assert members(group(agent_ids=one), seen) == slice(1, 3)
    assert ids(group(agent_ids=(*one, IdRange(first=12, last=12))), seen) == [7, 8, 12]
    assert ids(group(agent_ids=(IdRange(first=1, last=4),)), seen) == []


def by_media(**columns: dict[int, list[float]]) -> Team:
    seen = replace(
        agents(people(3)),
        **{name: {media: np.array(values) for media, values in of.items()} for name, of in columns.items()},
    )
    return assemble(group(media_type=51), seen, slice(0, 3), blank(1001, 1002, 1003), None)


@pytest.mark.parametrize(
    ("columns", "expected"),
    [
        ({}, [UNKNOWN, UNKNOWN, UNKNOWN]),
        ({53: [1.0, 2.0, 3.0]}, [UNKNOWN, UNKNOWN, UNKNOWN]),
        ({51: [1.0, 2.0, UNKNOWN]}, [1.0, 2.0, UNKNOWN]),
        ({ANY_MEDIA: [4.0, 5.0, 6.0]}, [4.0, 5.0, 6.0]),
        ({51: [1.0, UNKNOWN, UNKNOWN], ANY_MEDIA: [4.0, 5.0, UNKNOWN], 53: [7.0, 8.0, 9.0]}, [1.0, 5.0, UNKNOWN]),
    ],
)
def test_a_groups_own_media_type_counts_before_a_number_without_one(
    columns: dict[int, list[float]], expected: list[float]
) -> None:
    team = by_media(load=columns, limit=columns)
    np.testing.assert_array_equal(team.load, np.array(expected))
    np.testing.assert_array_equal(team.confirmed, np.array(expected))
    assert team.usable.tolist() == [not np.isnan(one) for one in expected]


def limits(*of: int) -> Limits:
    return Limits(floor=of[0], baseline=of[1], ceiling=of[2])


def tier(first: int, last: int, *of: int, **more: Any) -> Tier:
    return Tier(name=f"from {first}", ids=(IdRange(first=first, last=last),), limits=limits(*of), **more)


def test_the_first_tier_that_names_an_agent_gives_its_limits_and_none_those_of_the_group() -> None:
    tiers = (tier(1001, 1001, 1, 1, 2), tier(1001, 1002, 2, 4, 8), tier(1005, 1005, 1, 1, 1))
    rules = group(tiers=tiers, limits=limits(2, 3, 6))
    team = assemble(rules, agents(people(3)), slice(0, 3), blank(1001, 1002, 1003), None)
    assert team.floor.tolist() == [1, 2, 2]
    assert team.baseline.tolist() == [1, 4, 3]
    assert team.ceiling.tolist() == [2, 8, 6]
    assert team.tier.tolist() == [0, 1, -1]
    assert {column.dtype for column in (team.floor, team.baseline, team.ceiling, team.tier)} == {np.dtype(np.int16)}


def test_tiers_by_condition_are_left_to_those_who_can_judge_them() -> None:
    tiers = (tier(1001, 1001, 1, 1, 2), tier(1001, 1003, 1, 1, 1, where=over(LOAD, 0)), tier(1002, 1002, 2, 4, 8))
    team = assemble(group(tiers=tiers), agents(people(3)), slice(0, 3), blank(1001, 1002, 1003), None)
    assert team.ceiling.tolist() == [2, 8, 6]


def test_what_is_carried_lies_inside_the_files_limits_and_what_is_in_force_is_as_it_is() -> None:
    seen = agents([Person(id=1001, limit=9.0), Person(id=1002, limit=1.0), Person(id=1003, limit=UNKNOWN)])
    rules = group(limits=limits(2, 3, 6))
    team = assemble(rules, seen, slice(0, 3), blank(1001, 1002, 1003), None)
    assert team.force.tolist() == [9, 1, 3]
    assert team.carried.tolist() == [6, 2, 3]
    remembered = replace(
        blank(1001, 1002, 1003),
        wanted=np.array([4.0, 5.0, UNKNOWN]),
        carried=np.array([UNKNOWN, 8.0, 1.0]),
    )
    team = assemble(rules, seen, slice(0, 3), remembered, None)
    assert team.force.tolist() == [4, 5, 3]
    assert team.carried.tolist() == [4, 6, 2]
    two = assemble(rules, agents(people(2)), slice(0, 2), remembered, np.array([1, 2]))
    assert two.force.tolist() == [5, 3]


def test_a_team_is_summed_up_over_those_who_take_chats() -> None:
    team = people(4, limit=5.0)
    team[0] = replace(team[0], state=AgentState.REST)
    team[1] = replace(team[1], load=UNKNOWN)
    found = assemble(group(limits=limits(1, 3, 6)), agents(team), slice(0, 4), blank(1001, 1002, 1003, 1004), None)
    assert (found.people, found.slots) == (3, 15)
    assert found.missing is not None
    assert found.missing.tolist() == [False, True, False, False]


def test_what_nobody_lacks_and_what_nobody_has_of_its_own_takes_no_column() -> None:
    found = assemble(group(limits=limits(1, 3, 6)), agents(people(3)), slice(0, 3), blank(1001, 1002, 1003), None)
    assert found.missing is None
    assert found.carried is found.force
