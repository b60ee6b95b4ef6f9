"""Rule tests: `*.test.yaml` beside a rule file, run through the production decision tick by tick."""

from autoscaler.rulebook.trials.junit import to_junit
from autoscaler.rulebook.trials.reading import LoadedTrials, load_trials
from autoscaler.rulebook.trials.report import Report, as_lines, coverage_lines, report_to_json, run_all

__all__ = [
    "LoadedTrials",
    "Report",
    "as_lines",
    "coverage_lines",
    "load_trials",
    "report_to_json",
    "run_all",
    "to_junit",
]
