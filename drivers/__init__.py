"""The outside world: the C engine, the event loop's clocks, the bus, files and the command line."""
