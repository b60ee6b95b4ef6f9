"""How progress is told: a bar where somebody watches, a line now and then where nobody does."""

import io

from autoscaler.cli.progress import Progress


class Watched(io.StringIO):
    """A terminal."""

    def isatty(self) -> bool:
        return True


class Clock:
    """Seconds that pass when they are told to."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_short_task_says_nothing_where_nobody_watches() -> None:
    said, clock = io.StringIO(), Clock()
    with Progress(said, monotonic=clock) as progress:
        tell = progress.runs("weekday")
        for done in range(1, 10):
            clock.now += 1
            tell(done, 9)
    assert said.getvalue() == ""


def test_a_long_task_says_now_and_then_how_far_it_is_and_how_long_it_takes() -> None:
    said, clock = io.StringIO(), Clock()
    with Progress(said, monotonic=clock) as progress:
        tell = progress.runs("weekday")
        for done in range(1, 31):
            clock.now += 1
            tell(done, 30)
    assert said.getvalue().splitlines() == [
        "weekday: 10 of 30 runs, about 20 s left",
        "weekday: 20 of 30 runs, about 10 s left",
        "weekday: 30 of 30 runs",
    ]


def test_a_bar_is_drawn_over_itself_and_taken_away_in_the_end() -> None:
    said, clock = Watched(), Clock()
    with Progress(said, monotonic=clock) as progress:
        tell = progress.runs("weekday")
        for done in (1, 2, 3, 4):
            clock.now += 100
            tell(done, 4)
    drawn = said.getvalue().split("\r")
    assert drawn[1] == "[######..................] weekday: 1 of 4 runs, about 5 min left"
    assert drawn[4].rstrip() == "[########################] weekday: 4 of 4 runs"
    assert len(drawn[4]) >= len(drawn[3].rstrip())  # nothing of a longer line before stays
    assert drawn[-2].strip() == drawn[-1] == ""
    assert "\n" not in said.getvalue()


def test_a_search_counts_on_from_part_to_part() -> None:
    said, clock = io.StringIO(), Clock()
    with Progress(said, monotonic=clock) as progress:
        tell = progress.search("looking for oracle")
        for _ in range(3):
            for done in (4, 8):
                clock.now += 5
                tell(done, 8)
    assert said.getvalue().splitlines() == [f"looking for oracle: {runs} runs so far" for runs in (8, 16, 24)]
