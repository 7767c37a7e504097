"""What a user did that cannot be done: one line each, shown without a traceback, exit code 1."""


class UserError(Exception):
    """One line that names what is wrong, where, and what to do."""
