"""Any line of man-machine language: parsed or refused in one line, and what is parsed can be typed again."""

from protocols import mml

SEEDS = [
    b'lst port:pn=1&&5&9,name="a\\x41\\u20AC\\n b"; help dsp port;; // end',
    b"RST PORT /* x */ : PN = 16 , \\\n FORCE=YES",
    b"DSP ALM:?",
]


def _plain(commands: list[mml.Parsed]) -> list[mml.Parsed]:
    return [
        each._replace(start=0, arguments=tuple(argument._replace(start=0) for argument in each.arguments))
        for each in commands
    ]


def _typed_again(commands: list[mml.Parsed]) -> str:
    return " ".join(
        " ".join((each.verb, *each.topic)) + ";"
        if each.verb == mml.HELP
        else mml.format_command(each.verb, each.object, [(name, value) for name, value, _ in each.arguments])
        for each in commands
    )


def target(octets: bytes) -> None:
    """The octets are the line."""
    try:
        commands = mml.parse(octets)
    except mml.MmlError as error:
        assert str(error).isprintable()
        assert 0 <= error.position <= len(octets)
        return
    again = _typed_again(commands)
    try:
        assert _plain(mml.parse(again)) == _plain(commands)
    except mml.LineTooLongError:  # escapes are longer than what they stand for
        assert len(again.encode()) > mml.LINE_OCTETS_MAX
    line = octets.decode()
    mml.help_asked(line)
    assert not mml.is_incomplete(line)
