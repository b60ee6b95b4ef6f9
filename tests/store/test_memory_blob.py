"""Memory blobs: exact, and refused when they are something else."""

import json
from dataclasses import replace

import numpy as np
import pytest

from autoscaler.core.book import EachAgent
from autoscaler.core.memory import AgentMemory, GroupMemory, Memory, to_json
from autoscaler.errors import StoreForeign
from autoscaler.store.columns import pack
from autoscaler.store.memory_blob import pack_memory, unpack_memory


def memory() -> GroupMemory:
    each = EachAgent(raise_by=(2, 60.0), moves=(3, 600.0))
    blank = AgentMemory.blank(np.array([101, 205, 999_999]), each)
    agents = replace(blank, wanted=np.array([3.0, np.nan, 60.0]), since={"on a call": np.array([np.nan, 1.5, 2.25])})
    return GroupMemory(
        agents=agents,
        at=1_795_341_600.123456,
        mode="enforce",
        slots=63,
        since={"surge": 12.5},
        fired={"calm": 3.0},
        history=((1.0, 60), (2.5, 63)),
        grown=((2.5, 3),),
    )


def test_a_memory_comes_back_exact_to_the_bit() -> None:
    before = memory()
    after = unpack_memory(pack_memory(before))
    assert json.dumps(to_json(Memory(groups={"a": before}))) == json.dumps(to_json(Memory(groups={"a": after})))


def test_a_table_that_is_no_memory_is_refused_with_what_to_do() -> None:
    with pytest.raises(StoreForeign) as caught:
        unpack_memory(pack({}, {}))
    assert "memory" in caught.value.help
