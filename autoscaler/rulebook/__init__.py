"""Rule text to the core's values: strict, with a place, a reason and a suggestion for everything that is wrong."""

from autoscaler.core.printing import in_text
from autoscaler.rulebook.codes import Code, Severity
from autoscaler.rulebook.diagnostics import Diagnostic, as_json, has_errors
from autoscaler.rulebook.loading import Loaded, load_folder, load_text
from autoscaler.rulebook.rendering import as_text, summary
from autoscaler.rulebook.schema import schema

__all__ = [
    "Code",
    "Diagnostic",
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
