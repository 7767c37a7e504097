"""Opening ports of the outside world, which may take seconds: names are looked up, a daemon is waited for."""

import asyncio
from contextlib import suppress

from drivers.engine import Port, PortError, Shelf
from drivers.ports import open_port


async def open_beside(shelf: Shelf, url: str) -> Port:
    """Opens a port without holding up the event loop; raises PortError.

    In virtual time nothing goes on beside the loop, and a port tied to the outside world has no place there.
    """
    if shelf.clock_status().running:
        return await _in_thread(url)
    port = open_port(url)
    if port.real_time:
        port.close()
        raise PortError(f"{url}: the shelf runs in virtual time, and the port does not")
    return port


async def _in_thread(url: str) -> Port:
    opening = asyncio.ensure_future(asyncio.to_thread(open_port, url))
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        opening.add_done_callback(_close_unwanted)
        raise


def _close_unwanted(opening: asyncio.Future[Port]) -> None:
    with suppress(PortError, asyncio.CancelledError):
        opening.result().close()
