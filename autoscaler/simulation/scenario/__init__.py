"""Scenario files: what a simulated day holds, read with positions into values."""
