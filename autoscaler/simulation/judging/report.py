"""The report as one HTML file: sentences, tables, pictures inside, and how to get the same again. It loads nothing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from autoscaler.simulation.judging.tables import Table

__all__ = ["Report", "as_html"]

_STYLE = """\
body { font: 15px/1.5 system-ui, sans-serif; max-width: 62em; margin: 2em auto; padding: 0 1em }
body { color: #111; background: #fff }
h1 { font-size: 1.5em } h2 { font-size: 1.15em; margin-top: 2em; border-bottom: 1px solid #999 }
table { border-collapse: collapse; margin: 1em 0; font-size: .9em }
caption { text-align: left; font-weight: bold }
th, td { padding: .15em .6em; text-align: right; border-bottom: 1px solid #ddd; font-variant-numeric: tabular-nums }
th:first-child, td:first-child { text-align: left; white-space: pre }
pre { background: #f4f4f4; padding: .8em; overflow-x: auto; font-size: .85em }
svg { max-width: 100%; height: auto }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What stands in a report, from top to bottom.

    Attributes:
        title: Of the page.
        sentences: What it means.
        tables: Results.
        pictures: `<svg>` elements.
        settings: Name and value, as text.
        sources: Text of files by name: scenarios.
        command: The command line that gives it again.
    """

    title: str
    sentences: Sequence[str]
    tables: Sequence[Table]
    pictures: Sequence[str]
    settings: Mapping[str, str]
    sources: Mapping[str, str]
    command: str


def as_html(report: Report) -> str:
    """The whole page."""
    settings = Table(title="", head=("setting", "value"), rows=tuple(report.settings.items()))
    sources = "".join(f"<h3>{escape(name)}</h3>\n<pre>{escape(text)}</pre>\n" for name, text in report.sources.items())
    return f"""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{escape(report.title)}</title>
<style>
{_STYLE}</style>
</head>
<body>
<h1>{escape(report.title)}</h1>
{"".join(f"<p>{escape(sentence)}</p>" for sentence in report.sentences)}
{"".join(_table(table) for table in report.tables)}
{"".join(f"<figure>{picture}</figure>" for picture in report.pictures)}
<h2>How to get this again</h2>
<pre>{escape(report.command)}</pre>
{_table(settings)}
<h2>What was played</h2>
{sources}</body>
</html>
"""


def _table(table: Table) -> str:
    caption = f"<caption>{escape(table.title)}</caption>" if table.title else ""
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in table.head)
    rows = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>\n" for row in table.rows)
    return f"<table>{caption}<thead><tr>{head}</tr></thead>\n<tbody>{rows}</tbody></table>\n"
