"""Doubles that ship with the product: a clock that moves by hand."""

from autoscaler.testing.clock import FakeClock

__all__ = ["FakeClock"]
