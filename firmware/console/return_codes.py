"""RETCODEs: what every refusal of a command means, for people and scripts. The command book lists them."""

OK = 0

# The line was not understood: nothing was done.
SYNTAX = 1001  # not VERB OBJECT:NAME=VALUE,...;
UNKNOWN_COMMAND = 1002
UNKNOWN_PARAMETER = 1003
MISSING_PARAMETER = 1004
BAD_VALUE = 1005  # not of the parameter's kind, or out of its range
LINE_TOO_LONG = 1006

# The command was understood, but this session may not give it.
NOT_LOGGED_IN = 2001
NOT_PERMITTED = 2002
NOT_CONFIRMED = 2003  # dangerous, and the question was not answered with Y

# The command was understood and permitted, but cannot be carried out now.
NO_SUCH_OBJECT = 3001
WRONG_STATE = 3002  # the object is not in a state for it
ALREADY_EXISTS = 3003
CONFIGURATION_REFUSED = 3004  # the check or the preparation found faults: all are listed
CONFIGURATION_CHANGED = 3005  # somebody else committed meanwhile
STORE_FAILED = 3006  # the disk did not take it
LIMIT_REACHED = 3007
ENGINE_REFUSED = 3008  # the board or the adaptor cannot do it
EXCLUSIVELY_HELD = 3009  # another session edits, exclusively
NOT_APPLICABLE = 3010
AUDIT_BROKEN = 3011

TEXTS: dict[int, str] = {
    OK: "Operation succeeded",
    SYNTAX: "The line is no command: VERB OBJECT:NAME=VALUE, ...;",
    UNKNOWN_COMMAND: "There is no such command on this box",
    UNKNOWN_PARAMETER: "The command has no such parameter, or it was given twice",
    MISSING_PARAMETER: "A mandatory parameter is missing",
    BAD_VALUE: "A value is not of its kind, or out of its range",
    LINE_TOO_LONG: "The line is longer than a command can be",
    NOT_LOGGED_IN: "Nobody is logged in",
    NOT_PERMITTED: "The user's role does not permit the command",
    NOT_CONFIRMED: "The command interrupts service and was not confirmed",
    NO_SUCH_OBJECT: "There is no such object",
    WRONG_STATE: "The object is not in a state for the command",
    ALREADY_EXISTS: "The object exists already",
    CONFIGURATION_REFUSED: "The configuration has faults",
    CONFIGURATION_CHANGED: "Somebody else has committed meanwhile",
    STORE_FAILED: "The store did not take it",
    LIMIT_REACHED: "A limit is reached",
    ENGINE_REFUSED: "The board or the adaptor cannot do it",
    EXCLUSIVELY_HELD: "Another session edits the configuration, exclusively",
    NOT_APPLICABLE: "The command does not apply to this object as it is",
    AUDIT_BROKEN: "The audit log is not as it was written",
}
