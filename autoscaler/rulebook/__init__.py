"""Rule text to the core's values: strict, with a place, a reason and a suggestion for everything that is wrong."""

from autoscaler.rulebook.codes import Code, Severity
from autoscaler.rulebook.diagnostics import Diagnostic, as_json, has_errors
from autoscaler.rulebook.features import NOT_YET, Feature
from autoscaler.rulebook.loading import Loaded, load_folder, load_text
from autoscaler.rulebook.printing import in_text
from autoscaler.rulebook.rendering import as_text, summary
from autoscaler.rulebook.schema import schema

__all__ = [
    "NOT_YET",
    "Code",
    "Diagnostic",
    "Feature",
    "Loaded",
    "Severity",
    "as_json",
    "as_text",
    "has_errors",
    "in_text",
    "load_folder",
    "load_text",
    "schema",
    "summary",
]
