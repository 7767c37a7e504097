"""The bus between boxes, in process: publish/subscribe and request/reply of typed messages.

Messages are encoded and decoded on the way, so that no two boxes ever share an object. Everything is delivered by
the event loop in the order in which it was sent.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec

from protocols.messages import Message, Refused

Asked = TypeVar("Asked", bound=Message)
Answered = TypeVar("Answered", bound=Message)
Told = TypeVar("Told", bound=Message)

REQUEST_TIMEOUT_S = 5.0


class BusError(Exception):
    """A request was refused, or nobody answered it; the text says by whom and why."""


class Bus:
    """One bus; subjects are plain strings, one server each, any number of subscribers."""

    def __init__(self) -> None:
        self._servers: dict[str, Callable[[bytes], Awaitable[bytes]]] = {}
        self._subscribers: dict[str, list[Callable[[bytes], None]]] = {}

    def serve(self, subject: str, kind: type[Asked], handler: Callable[[Asked], Awaitable[Message]]) -> None:
        """Answers requests on `subject`; a BusError that the handler raises goes back to who asked."""
        decoder = msgspec.msgpack.Decoder(kind)

        async def answer(payload: bytes) -> bytes:
            try:
                reply = await handler(decoder.decode(payload))
            except BusError as error:
                reply = Refused(reason=str(error))
            return msgspec.msgpack.encode({type(reply).__name__: reply})

        self._servers[subject] = answer

    def withdraw(self, subject: str) -> None:
        """Stops answering requests on `subject`."""
        self._servers.pop(subject, None)

    async def request(
        self, subject: str, message: Message, answer: type[Answered], timeout_s: float = REQUEST_TIMEOUT_S
    ) -> Answered:
        """Asks and waits for the answer; raises BusError if it is refused, or nobody answers in time."""
        server = self._servers.get(subject)
        if server is None:
            raise BusError(f"{subject}: nobody serves it")
        patience = asyncio.timeout(timeout_s)
        try:
            async with patience:
                payload = await server(msgspec.msgpack.encode(message))
        except TimeoutError:
            if not patience.expired():
                raise  # the handler's own
            raise BusError(f"{subject}: no answer within {timeout_s:g} s") from None
        named: dict[str, Any] = msgspec.msgpack.decode(payload)
        if Refused.__name__ in named:
            raise BusError(f"{subject}: {named[Refused.__name__]['reason']}")
        if answer.__name__ not in named:
            raise BusError(f"{subject}: answered {', '.join(named)} where {answer.__name__} was expected")
        return msgspec.convert(named[answer.__name__], answer)

    def publish(self, subject: str, message: Message) -> None:
        """Tells every subscriber, as soon as the event loop comes round."""
        payload = msgspec.msgpack.encode(message)
        loop = asyncio.get_running_loop()
        for deliver in self._subscribers.get(subject, []):
            loop.call_soon(deliver, payload)

    def subscribe(self, subject: str, kind: type[Told], handler: Callable[[Told], None]) -> None:
        """Hears everything published on `subject`."""
        decoder = msgspec.msgpack.Decoder(kind)

        def deliver(payload: bytes) -> None:
            handler(decoder.decode(payload))

        self._subscribers.setdefault(subject, []).append(deliver)
