"""Pure protocol code: bytes and events in, bytes, events and timers out."""
