"""What the boxes say to each other on the bus. Times are ns of the shelf's clock."""

import enum

import msgspec


class Message(msgspec.Struct, frozen=True, kw_only=True):
    """Base of everything on the bus."""


class Done(Message, frozen=True, kw_only=True):
    """A request was carried out; there is nothing more to say."""


class Refused(Message, frozen=True, kw_only=True):
    """A request was not carried out: one line that says why."""

    reason: str


class ConnectChannel(Message, frozen=True, kw_only=True):
    """QM to HW: connect a timeslot of a highway with a free voice channel."""

    call: str
    highway: int
    timeslot: int


class ChannelConnected(Message, frozen=True, kw_only=True):
    """HW to QM: the voice box and its channel."""

    box: str
    channel: int


class DisconnectChannel(Message, frozen=True, kw_only=True):
    """QM to HW: take the connection of this timeslot down."""

    highway: int
    timeslot: int


class ServeCall(Message, frozen=True, kw_only=True):
    """QM to VP: a call waits on this channel; its called number is complete after so many digits."""

    call: str
    channel: int
    called_digits: int


class EndCall(Message, frozen=True, kw_only=True):
    """QM to VP: the caller has gone; stop, save what there is, and say what came of it."""

    call: str


class CallServed(Message, frozen=True, kw_only=True):
    """VP to QM: what came of a call. `failure` is empty, or one line that says what went wrong."""

    called_number: str
    keys: str
    recording: str
    recorded_octets: int
    failure: str


class AnswerCall(Message, frozen=True, kw_only=True):
    """VP to QM: send the answer signal; the number that was called is known by now."""

    call: str
    called_number: str


class ClearCall(Message, frozen=True, kw_only=True):
    """VP to QM: the service is over; send the clear-back signal."""

    call: str


class Step(enum.Enum):
    """What happens to a call, or to a span, in the order in which it usually does."""

    ALIGNED = "line in alignment"
    ALIGNMENT_LOST = "alignment lost"
    SEIZED = "seizure"
    CONNECTED = "voice channel connected"
    DIGITS = "digits received"
    ANSWERED = "answer"
    PLAYING = "prompt playing"
    PLAYED = "prompt played"
    KEY = "key press detected"
    RECORDING = "recording"
    RECORDED = "message recorded"
    CLEARED = "clear"
    WRITTEN = "call record written"
    FAILED = "call failed"


class Progress(Message, frozen=True, kw_only=True):
    """Published as things happen: to tell the story, to be counted and tested.

    `where` names span, timeslot or channel as people number them; `call` and `detail` may be empty.
    """

    time_ns: int
    box: str
    where: str
    call: str
    step: Step
    detail: str
