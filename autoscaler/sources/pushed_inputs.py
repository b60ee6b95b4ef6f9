"""Inputs that others hand over: the last value of each name, with its age."""

from __future__ import annotations

from autoscaler.clock import Clock
from autoscaler.core.readings import Input
from autoscaler.errors import SourceUnreachable, UsageError

__all__ = ["PushedInputs"]

MOST_NAMES = 1_000


class PushedInputs:
    """`sources.inputs.InputSource`: a query is the name a value was handed over under."""

    def __init__(self, clock: Clock) -> None:
        """Know nothing yet.

        Args:
            clock: Measures ages.
        """
        self._clock = clock
        self._values: dict[str, tuple[float, float]] = {}

    def put(self, name: str, value: float | None, *, age_s: float = 0.0) -> None:
        """Take a value.

        Args:
            name: What rule files ask for.
            value: Finite; None: there is none any more.
            age_s: How old it is already, >= 0.

        Raises:
            UsageError: Too many names are known.
        """
        if value is None:
            self._values.pop(name, None)
            return
        if name not in self._values and len(self._values) >= MOST_NAMES:
            raise UsageError(f"{MOST_NAMES} inputs are known already", help="Take some back with null.")
        self._values[name] = (value, self._clock.monotonic() - age_s)

    async def read(self, query: str) -> Input:
        known = self._values.get(query)
        if known is None:
            raise SourceUnreachable("nobody has handed it over yet", help=f"PUT /v1/inputs/{query} does")
        value, since = known
        return Input(value=value, age_s=self._clock.monotonic() - since)

    async def close(self) -> None:
        """Nothing is open."""
