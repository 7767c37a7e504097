"""Alarms: what can go wrong (the catalogue), what does now, what did (the history), and who is told."""
