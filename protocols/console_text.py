"""The few texts of a console that programs wait for: a client that logs in, a terminal program's script."""

LOGIN = "login: "
PASSWORD = "password: "
NEW_PASSWORD = "new password: "
SAME_AGAIN = "the same again: "
INCORRECT = "login incorrect"
LOGGED_OUT = "logged out"
LOG_OUT = "LGO"  # typed like a command

# DECSC; CUP to a corner that no screen has; DSR 6: "where is the cursor?"; DECRC (ECMA-48 8.3.21, 8.3.35; VT100).
# The first that a console sends.
SIZE_QUESTION = "\x1b7\x1b[999;999H\x1b[6n\x1b8"
