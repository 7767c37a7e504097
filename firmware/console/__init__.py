"""The console: commands in man-machine language, declared as data, and the sessions that type them."""
