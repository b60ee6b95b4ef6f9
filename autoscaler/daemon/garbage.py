"""Python's cycle collector, told that we are long-lived and make many small objects at once.

A burst of 60,000 orders makes hundreds of thousands of objects that reference counting frees; with the default
thresholds the collector walks them over and over while calls wait.
"""

from __future__ import annotations

import gc

__all__ = ["settle_collector"]


def settle_collector() -> None:
    """Collect seldom, and never again what was made at start; called once, when everything is in place."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
