"""The bus between boxes: order, refusals, nobody there, too late; no object is ever shared."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

import msgspec
import pytest

from drivers.bus import Bus, BusError
from protocols.messages import ChannelConnected, ConnectChannel, Done, Message, Progress, Step

ASKED = ConnectChannel(call="c1", highway=2, timeslot=31)


def told(detail: str) -> Progress:
    return Progress(time_ns=1, box="qm1", where="span 1", call="", step=Step.ALIGNED, detail=detail)


def run(main: Callable[[Bus], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(main(Bus()))


def answering(reply: Message) -> Callable[[ConnectChannel], Awaitable[Message]]:
    async def answer(_: ConnectChannel) -> Message:
        return reply

    return answer


def test_request_is_answered() -> None:
    async def main(bus: Bus) -> None:
        got: list[ConnectChannel] = []

        async def serve(asked: ConnectChannel) -> ChannelConnected:
            got.append(asked)
            return ChannelConnected(box="vp1", channel=asked.timeslot)

        bus.serve("hw.connect", ConnectChannel, serve)
        answer = await bus.request("hw.connect", ASKED, ChannelConnected)
        assert answer == ChannelConnected(box="vp1", channel=31)
        assert got == [ASKED]
        assert got[0] is not ASKED

    run(main)


def test_refusal_comes_back_with_its_reason() -> None:
    async def main(bus: Bus) -> None:
        async def refuse(_: ConnectChannel) -> Message:
            raise BusError("no voice channel is free")

        bus.serve("hw.connect", ConnectChannel, refuse)
        with pytest.raises(BusError, match=r"^hw\.connect: no voice channel is free$"):
            await bus.request("hw.connect", ASKED, ChannelConnected)

    run(main)


def test_nobody_serves() -> None:
    async def main(bus: Bus) -> None:
        with pytest.raises(BusError, match=r"^hw\.connect: nobody serves it$"):
            await bus.request("hw.connect", ASKED, ChannelConnected)
        bus.serve("hw.connect", ConnectChannel, answering(Done()))
        bus.withdraw("hw.connect")
        bus.withdraw("hw.connect")
        with pytest.raises(BusError, match="nobody serves it"):
            await bus.request("hw.connect", ASKED, ChannelConnected)

    run(main)


def test_no_answer_in_time() -> None:
    """The server is let go of: it does not go on behind the back of who asked."""

    async def main(bus: Bus) -> None:
        ended: list[str] = []

        async def never(_: ConnectChannel) -> Message:
            try:
                await asyncio.Event().wait()
            finally:
                ended.append("cancelled")
            return Done()

        bus.serve("hw.connect", ConnectChannel, never)
        with pytest.raises(BusError, match=r"^hw\.connect: no answer within 0\.01 s$"):
            await bus.request("hw.connect", ASKED, ChannelConnected, timeout_s=0.01)
        assert ended == ["cancelled"]

    run(main)


@pytest.mark.parametrize("failure", [ZeroDivisionError, TimeoutError])
def test_other_failures_of_a_server_are_not_refusals(failure: type[Exception]) -> None:
    async def main(bus: Bus) -> None:
        async def broken(_: ConnectChannel) -> Message:
            raise failure

        bus.serve("hw.connect", ConnectChannel, broken)
        with pytest.raises(failure):
            await bus.request("hw.connect", ASKED, ChannelConnected)

    run(main)


def test_answer_of_another_kind_is_named() -> None:
    async def main(bus: Bus) -> None:
        bus.serve("hw.connect", ConnectChannel, answering(Done()))
        with pytest.raises(BusError, match=r"^hw\.connect: answered Done where ChannelConnected was expected$"):
            await bus.request("hw.connect", ASKED, ChannelConnected)

    run(main)


def test_message_of_another_shape_is_not_served() -> None:
    async def main(bus: Bus) -> None:
        bus.serve("hw.connect", ConnectChannel, answering(Done()))
        with pytest.raises(msgspec.ValidationError):
            await bus.request("hw.connect", Done(), ChannelConnected)

    run(main)


def test_every_subscriber_is_told_in_order() -> None:
    async def main(bus: Bus) -> None:
        heard: list[tuple[str, str]] = []
        bus.subscribe("progress", Progress, lambda progress: heard.append(("one", progress.detail)))
        bus.subscribe("progress", Progress, lambda progress: heard.append(("two", progress.detail)))
        bus.subscribe("other", Progress, lambda progress: heard.append(("other", progress.detail)))
        for detail in "abc":
            bus.publish("progress", told(detail))
        bus.publish("nobody", told("d"))
        assert heard == []  # told as soon as the loop comes round, never within publish
        await asyncio.sleep(0)
        assert heard == [(who, detail) for detail in "abc" for who in ("one", "two")]

    run(main)


def test_subscribers_share_no_object() -> None:
    async def main(bus: Bus) -> None:
        heard: list[Progress] = []
        for _ in range(2):
            bus.subscribe("progress", Progress, heard.append)
        sent = told("a")
        bus.publish("progress", sent)
        await asyncio.sleep(0)
        assert heard == [sent, sent]
        assert len({id(sent), *map(id, heard)}) == 3

    run(main)
