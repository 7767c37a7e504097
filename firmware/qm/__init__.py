"""QM, the queuing machine: trunk spans, their signalling, and the switching of calls."""

from firmware.qm.box import QueuingMachine

__all__ = ["QueuingMachine"]
