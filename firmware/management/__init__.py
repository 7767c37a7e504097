"""Management of the boxes of one process: configuration, alarms, users and consoles, put together."""
