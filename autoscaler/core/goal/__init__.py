"""A goal instead of thresholds: what a group's own past says of its people, and the limits that follow from it."""
