"""The rule files' JSON Schema (draft 2020-12), made from the same tables that read them."""

from __future__ import annotations

from autoscaler.rulebook.grammar import section
from autoscaler.rulebook.layout import GROUP

__all__ = ["schema"]


def schema() -> dict[str, object]:
    """For editors: keys, types, ranges and choices. Expressions and what belongs together only `check` can judge."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **section(GROUP).schema,
        "title": "Scaling group of the autoscaler",
        "description": "One rule file: the agents of one or more skill queues, for one media type",
    }
