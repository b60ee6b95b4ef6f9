"""The simulated centre: who gets a chat, how chats slow each other down, and that nobody is lost."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from autoscaler.simulation.agents import AgentSpec, Cti
from autoscaler.simulation.centre import Centre, Change
from autoscaler.simulation.customers import Arrivals, Customer, Demand, customers
from autoscaler.simulation.slowdown import Power

FOREVER = float("inf")


def people(*arrivals_and_work: tuple[float, float], patience_s: float = FOREVER) -> list[Customer]:
    return [Customer(arrival_s, 2001, work_s, patience_s) for arrival_s, work_s in arrivals_and_work]


def loads(centre: Centre) -> list[int]:
    return [agent.load for agent in centre.agents.values()]


def random_centre(*, seed: int = 1, agents: int = 4, rate: float = 0.03, listener=None) -> Centre:
    demand = Demand(queue=2001, arrivals=Arrivals.constant(rate), solo_chat_s=300.0, work_cv=1.0, patience_s=120.0)
    centre = Centre(
        agents=[AgentSpec(id=1 + n, limits={51: 2}, skills=frozenset({2001})) for n in range(agents)],
        media_types={2001: 51},
        customers=customers((demand,), seed),
        slowdown=Power(alpha=0.785),
        seed=seed,
        listener=listener,
    )
    for agent in centre.agents:
        centre.sign_in(agent)
        centre.join(agent, [2001])
    return centre


def test_a_chat_alone_takes_its_own_work(centre):
    one = centre(agents=1, people=people((10.0, 100.0)))
    one.advance(109.9)
    assert loads(one) == [1]
    one.advance(110.0)
    card = one.scorecard()
    assert (card.served, card.in_chat, card.mean_chat_s) == (1, 0, pytest.approx(100.0))


def test_two_chats_share_their_agent_by_the_curve(centre):
    # Alone until 50, then each at 2**0.5/2 of the speed: the first needs 50/0.7071 more.
    one = centre(agents=1, alpha=0.5, people=people((0.0, 100.0), (50.0, 100.0)))
    share = 2**0.5 / 2
    first_ends_s = 50 + 50 / share
    one.advance(first_ends_s - 0.01)
    assert loads(one) == [2]
    one.advance(first_ends_s + 0.01)
    assert loads(one) == [1]
    # The second got 50 by then and finishes the rest alone.
    one.advance(first_ends_s + 50 + 0.01)
    assert one.scorecard().served == 2


def test_without_slowdown_chats_do_not_feel_each_other(centre):
    one = centre(agents=1, limit=3, alpha=1.0, people=people((0.0, 100.0), (1.0, 100.0), (2.0, 100.0)))
    one.advance(1_000.0)
    assert one.scorecard().mean_chat_s == pytest.approx(100.0)


def test_the_least_loaded_agent_gets_the_next_chat(centre):
    three = centre(agents=3, limit=3, people=people(*((float(n), 1e6) for n in range(7))))
    three.advance(2.0)
    assert loads(three) == [1, 1, 1]
    three.advance(5.0)
    assert loads(three) == [2, 2, 2]
    three.advance(6.0)
    assert sorted(loads(three)) == [2, 2, 3]


def test_nobody_gets_a_chat_beyond_the_limit(centre):
    two = centre(agents=2, limit=2, people=people(*((float(n), 1e6) for n in range(9))))
    two.advance(100.0)
    assert loads(two) == [2, 2]
    assert two.waiting(2001) == 5


def test_those_who_wait_are_served_in_the_order_they_came():
    began: list[int] = []

    def listen(change, agent, chat):
        if change is Change.BEGAN:
            began.append(chat.number)

    centre = random_centre(rate=0.05, listener=listen)
    centre.advance(7_200.0)
    assert centre.scorecard().p_wait > 0.3
    assert began == sorted(began)


def test_impatient_people_leave_after_their_patience(centre):
    one = centre(agents=1, limit=1, people=[Customer(0.0, 2001, 500.0, 1.0), Customer(5.0, 2001, 10.0, 60.0)])
    one.advance(64.9)
    assert one.waiting(2001) == 1
    assert one.oldest_wait_s(2001) == pytest.approx(59.9)
    one.advance(65.1)
    card = one.scorecard()
    assert (card.abandoned, card.waiting, one.waiting(2001)) == (1, 0, 0)
    assert card.mean_wait_s == pytest.approx(30.0)
    one.advance(1_000.0)
    assert one.scorecard().served == 1


def test_patience_ends_with_the_wait(centre):
    one = centre(agents=1, limit=1, people=[Customer(0.0, 2001, 500.0, 1.0)])
    one.advance(499.0)
    assert one.scorecard().abandoned == 0
    assert loads(one) == [1]


def test_a_lower_limit_ends_no_chat_and_lets_none_begin(centre):
    one = centre(agents=1, limit=3, people=people((0.0, 100.0), (0.0, 1e6), (0.0, 1e6), (1.0, 10.0)))
    one.advance(2.0)
    one.set_limit(1001, 51, 1)
    assert loads(one) == [3]
    one.advance(500.0)
    assert loads(one) == [2]
    assert one.waiting(2001) == 1
    assert one.with_spare(2001) == 0


def test_a_raised_limit_pulls_from_the_queue_at_once(centre):
    one = centre(agents=1, limit=1, people=people(*((0.0, 1e6) for _ in range(4))))
    one.advance(10.0)
    one.set_limit(1001, 51, 3)
    assert loads(one) == [3]
    assert one.waiting(2001) == 1


def test_a_sign_in_pulls_from_the_queue_once_queues_are_joined(centre):
    one = centre(agents=1, limit=2, people=people((5.0, 1e6), (6.0, 1e6)))
    one.sign_out(1001)
    one.advance(10.0)
    assert (loads(one), one.waiting(2001)) == ([0], 2)
    one.sign_in(1001)
    assert one.waiting(2001) == 2
    one.join(1001, [2001])
    assert (loads(one), one.waiting(2001)) == ([2], 0)


def test_a_break_lets_no_chat_begin_and_its_end_pulls(centre):
    one = centre(agents=1, limit=2, people=people((5.0, 1e6)))
    one.set_pause(1001, Cti.REST)
    one.advance(10.0)
    assert (one.agents[1001].state, one.waiting(2001)) == (Cti.REST, 1)
    one.set_pause(1001, None)
    assert (one.agents[1001].state, one.waiting(2001)) == (Cti.TALKING, 0)


def test_who_signs_out_finishes_present_chats_and_gets_no_more(centre):
    one = centre(agents=1, limit=2, people=people((0.0, 100.0), (50.0, 100.0)))
    one.advance(10.0)
    one.sign_out(1001)
    one.advance(1_000.0)
    card = one.scorecard()
    assert (card.served, card.waiting, loads(one)) == (1, 1, [0])


def test_a_new_sign_in_returns_the_limit_to_the_configured_one(centre):
    one = centre(agents=1, limit=2)
    one.set_limit(1001, 51, 9)
    one.sign_in(1001)
    assert one.agents[1001].limits == {51: 2}


def test_an_agent_of_two_queues_takes_whoever_waited_longest_and_keeps_media_types_apart():
    crowd = [
        Customer(0.0, 1, 1e6, FOREVER),
        Customer(1.0, 2, 1e6, FOREVER),
        Customer(2.0, 3, 1e6, FOREVER),
        Customer(3.0, 1, 1e6, FOREVER),
    ]
    centre = Centre(
        agents=[AgentSpec(id=101, limits={51: 2, 53: 1}, skills=frozenset({1, 2, 3}))],
        media_types={1: 51, 2: 51, 3: 53},
        customers=iter(crowd),
        slowdown=Power(alpha=1),
        seed=0,
    )
    centre.advance(10.0)
    centre.sign_in(101)
    centre.join(101, [1, 2, 3])
    assert centre.agents[101].loads == {51: 2, 53: 1}
    assert (centre.waiting(1), centre.waiting(2), centre.waiting(3)) == (1, 0, 0)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 10_000),
    moves=st.lists(
        st.tuples(
            st.floats(1, 600),
            st.integers(1, 4),
            st.sampled_from(["limit", "out", "in", "rest", "ready"]),
            st.integers(1, 8),
        ),
        max_size=25,
    ),
)
def test_nobody_is_lost_and_limits_bind_whatever_people_do(seed, moves):
    centre = random_centre(seed=seed)
    floors: dict[int, int] = {}
    began_over_limit = []

    def listen(change, agent, chat):
        if change is Change.BEGAN and agent.loads[51] > agent.limits[51]:
            began_over_limit.append(agent.spec.id)

    centre._listener = listen
    now_s = 0.0
    for after_s, agent, what, number in moves:
        now_s += after_s
        centre.advance(now_s)
        is_in = centre.agents[agent].is_signed_in
        held = centre.agents[agent].load
        if what == "limit" and is_in:
            centre.set_limit(agent, 51, number)
        elif what == "out":
            centre.sign_out(agent)
        elif what == "in":
            centre.sign_in(agent)
            centre.join(agent, [2001])
        elif what in ("rest", "ready") and is_in:
            centre.set_pause(agent, Cti.REST if what == "rest" else None)
        assert centre.agents[agent].load >= held
        floors[agent] = held
        card = centre.scorecard()
        assert card.arrived == card.served + card.abandoned + card.waiting + card.in_chat
        assert card.in_chat == sum(loads(centre))
        assert card.waiting == centre.waiting(2001)
        assert not (centre.waiting(2001) and centre.with_spare(2001)), "someone waits beside a free slot"
    assert not began_over_limit


def test_the_same_seed_gives_the_same_run_bit_for_bit():
    first, second = random_centre(seed=5), random_centre(seed=5)
    first.advance(20_000.0)
    for step in range(1, 2_001):  # how often one looks changes nothing
        second.advance(step * 10.0)
    one, two = first.scorecard(), second.scorecard()
    assert (one.arrived, one.served, one.abandoned) == (two.arrived, two.served, two.abandoned)
    assert one.mean_wait_s == two.mean_wait_s
    assert one.mean_chat_s == two.mean_chat_s
    assert loads(first) == loads(second)


def test_limits_set_to_what_they_are_change_nothing_bit_for_bit():
    left_alone, set_again = random_centre(seed=9), random_centre(seed=9)
    for step in range(1, 500):
        left_alone.advance(step * 15.0)
        set_again.advance(step * 15.0)
        for agent in set_again.agents:
            set_again.set_limit(agent, 51, 2)
    assert left_alone.scorecard() == set_again.scorecard()


def test_two_policies_meet_the_same_people():
    demand = Demand(queue=1, arrivals=Arrivals.constant(0.05), solo_chat_s=300.0, work_cv=None, patience_s=60.0)
    met: list[dict[int, Customer]] = []
    for limit in (1, 6):
        seen: dict[int, Customer] = {}
        centre = Centre(
            agents=[AgentSpec(id=101, limits={51: limit}, skills=frozenset({1}))],
            media_types={1: 51},
            customers=customers((demand,), 3),
            slowdown=Power(alpha=0.785),
            seed=3,
            listener=lambda change, agent, chat, seen=seen: seen.setdefault(chat.number, chat.customer),
        )
        centre.sign_in(101)
        centre.join(101, [1])
        centre.advance(10_000.0)
        met.append(seen)
    both = met[0].keys() & met[1].keys()
    assert len(both) > 20
    assert all(met[0][number] == met[1][number] for number in both)


def test_one_server_without_patience_agrees_with_the_exact_queue(centre):
    # M/M/1: rho = 0.6, mean wait = rho / (mu - lambda) = 600 s at mu = 1/400.
    one = centre(agents=1, limit=1, rate=0.6 / 400, patience_s=None, seed=2)
    one.advance(4e7)
    card = one.scorecard()
    assert card.p_wait == pytest.approx(0.6, rel=0.02)
    assert card.mean_wait_s == pytest.approx(600.0, rel=0.06)


def test_concurrency_is_averaged_over_signed_in_agents_alone(centre):
    two = centre(agents=2, limit=2, people=people((0.0, 1e6), (0.0, 1e6)))
    two.sign_out(1002)
    two.advance(100.0)
    assert two.scorecard().mean_concurrency == pytest.approx(2.0)
