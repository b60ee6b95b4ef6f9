"""Pictures and the report: they hold what they should, are the same each time, and ask nobody for anything."""

import re
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from matplotlib.figure import Figure

from autoscaler.errors import UsageError
from autoscaler.simulation.floor.run import run
from autoscaler.simulation.judging.cost_plot import cost_plot
from autoscaler.simulation.judging.course_plot import course_plot
from autoscaler.simulation.judging.drawing import as_svg, in_our_style, save
from autoscaler.simulation.judging.report import Report, as_html
from autoscaler.simulation.judging.tables import Table
from autoscaler.simulation.judging.watching import Watched
from autoscaler.simulation.policies.hpa import Hpa
from autoscaler.simulation.policies.scaling import Autoscaled

from .scenes import played, small_scenario

COSTS = [1.0, 1.5, 2.0]


def drawn_course() -> Figure:
    scenario = small_scenario()
    hpa = Autoscaled(name="hpa", of=Hpa())
    course = run(scenario, Watched(hpa), seed=7, index=0, with_course=True).course
    assert course is not None
    return course_plot(scenario, course, title="one hour at $5 & <more>")


def drawn_costs() -> Figure:
    policies = [played("limit:3", COSTS), played("goal", [0.9, 1.4, 1.7])]
    return cost_plot([policies, [played("limit:9", [0.0, 0.0]), played("goal", [1.0, 1.0])]])


def texts(svg: str) -> str:
    return " ".join(text for text in ElementTree.fromstring(svg).itertext() if text.strip())


def test_a_course_shows_queue_slots_load_and_the_limits_of_each_kind_of_agent() -> None:
    with in_our_style():
        svg = as_svg(drawn_course(), words="the course")
    words = texts(svg)
    for one in ("chats waiting", "slots", "load", "seniors (5)", "agents 2 (3)", "limits changed", "$5 & <more>"):
        assert one in words
    assert 'aria-label="the course"' in svg


def test_costs_show_every_policy_and_what_they_are_for() -> None:
    with in_our_style():
        words = texts(as_svg(drawn_costs(), words="costs"))
    for one in ("limit:3", "goal", "by hand: 3 runs", "waiting", "slow chats", "ratio to limit:3, 95 % interval"):
        assert one in words


@pytest.mark.parametrize("draw", [drawn_course, drawn_costs])
def test_pictures_need_no_colour(draw: object, tmp_path: Path) -> None:
    assert callable(draw)
    with in_our_style():
        svg = as_svg(draw(), words="x")
    for colour in re.findall(r"#([0-9a-f]{6})", svg):
        assert colour[:2] == colour[2:4] == colour[4:], colour


@pytest.mark.parametrize("name", ["a.png", "a.svg", "A.PNG"])
def test_the_same_results_give_the_same_file(name: str, tmp_path: Path) -> None:
    files = [tmp_path / "1" / name, tmp_path / "2" / name]
    for file in files:
        file.parent.mkdir()
        with in_our_style():
            save(drawn_costs(), file)
    first, second = (file.read_bytes() for file in files)
    assert first == second
    assert first.startswith(b"\x89PNG" if name.lower().endswith("png") else b"<?xml")


def test_a_picture_that_can_not_be_written_is_said_to(tmp_path: Path) -> None:
    with in_our_style(), pytest.raises(UsageError, match="can't be written"):
        save(drawn_costs(), tmp_path / "nowhere" / "a.png")


def test_lines_of_different_agents_differ_without_colour() -> None:
    scenario = small_scenario(agents=tuple(replace(small_scenario().agents[0], tier=f"t{i}") for i in range(5)))
    course = run(scenario, Watched(Autoscaled(name="hpa", of=Hpa())), seed=7, index=0, with_course=True).course
    assert course is not None
    with in_our_style():
        axes = course_plot(scenario, course, title="").axes[2]
    looks = {(str(line.get_linestyle()), str(line.get_marker())) for line in axes.lines}
    assert len(looks) == 6  # five tiers and the decisions
    assert all(np.isfinite(line.get_ydata()).any() for line in axes.lines)


def test_the_report_is_whole_in_one_file_and_shows_names_as_they_are() -> None:
    with in_our_style():
        picture = as_svg(drawn_costs(), words='"costs" & <more>')
    page = as_html(
        Report(
            title="one <hour>",
            sentences=["a & b"],
            tables=[Table(title="t", head=("policy", "cost"), rows=(("<limit>", "1.0"),))],
            pictures=[picture],
            settings={"runs": "3"},
            sources={"a.yaml": "name: <x>\n"},
            command="autoscaler compare a.yaml",
        )
    )
    assert "<h1>one &lt;hour&gt;</h1>" in page
    assert "<td>&lt;limit&gt;</td>" in page
    assert "<pre>name: &lt;x&gt;\n</pre>" in page
    assert "autoscaler compare a.yaml" in page
    assert page.count("<svg") == 1
    assert loads_nothing(page)


def loads_nothing(page: str) -> bool:
    """No link, script, style sheet or picture from elsewhere; names of XML's languages are no addresses to load."""
    return not re.search(r"<(?:link|script|img|iframe|object)\b|@import|(?:href|src)=\"(?!#)|url\((?!#)", page)
