"""How runs are judged: many of them on all cores, policies paired run by run, tables, plots and the report."""
