"""Named inputs of rule files, read beside queues and agents: whoever a rule file names is asked, all at once.

An input that can't be had is left out and said; nobody else waits for it longer than the deadline.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from autoscaler.clock import Clock
from autoscaler.core.readings import Input
from autoscaler.errors import ReadingMalformed
from autoscaler.sources.asking import Part, caught, side_by_side, within
from autoscaler.sources.ports import Seen, Source, Want, WantedInput

__all__ = ["InputSource", "WithInputs"]


class InputSource(Protocol):
    """One place that numbers come from."""

    async def read(self, query: str) -> Input:
        """Read one number.

        Args:
            query: As the rule file writes it; what it means is the technology's own.

        Returns:
            The number, and how old it was when it came.

        Raises:
            ReadingError: There is none to be had.
        """
        ...

    async def close(self) -> None:
        """Close connections."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class WithInputs:
    """A `sources.ports.Source` that knows named inputs as well.

    Attributes:
        source: Queues and agents.
        inputs: Who can be asked, by the name that rule files use.
        clock: Measures ages.
    """

    source: Source
    inputs: Mapping[str, InputSource]
    clock: Clock

    async def observe(self, want: Want, deadline_s: float) -> Seen:
        if not want.inputs:
            return await self.source.observe(want, deadline_s)
        by = asyncio.get_running_loop().time() + deadline_s
        async with asyncio.TaskGroup() as group:
            site = group.create_task(self.source.observe(want, deadline_s), name="site")
            named = group.create_task(side_by_side(self._one(one, by) for one in want.inputs), name="inputs")
        seen, parts = site.result(), named.result()
        found = {one.name: part.value for one, part in zip(want.inputs, parts, strict=True) if part.value is not None}
        problems = [problem for part in parts for problem in part.problems]
        return replace(seen, inputs=found, problems=(*seen.problems, *problems))

    async def close(self) -> None:
        for one in self.inputs.values():
            await one.close()
        await self.source.close()

    async def _one(self, wanted: WantedInput, by: float) -> Part[Input]:
        what = f"input.{wanted.name} from {wanted.source}"
        return await within(what, by, caught(what, self._read(wanted)))

    async def _read(self, wanted: WantedInput) -> tuple[Input, list[str]]:
        source = self.inputs.get(wanted.source)
        if source is None:
            known = ", ".join(sorted(self.inputs))
            raise ReadingMalformed(
                f"autoscaler.toml has no [sources.inputs.{wanted.source}]; there are: {known}",
                help="docs/operate/readings.md shows how to name one.",
            )
        began = self.clock.monotonic()
        reading = await source.read(wanted.query)
        return replace(reading, age_s=reading.age_s + self.clock.monotonic() - began), []
