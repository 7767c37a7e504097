"""A switch board: any timeslot of its ports to any other."""

from drivers._native import lib
from drivers.engine.errors import check
from drivers.engine.shelf import Shelf, ShelfElement

IDLE_CODE = int(lib.SHELF_IDLE_CODE)


class SwitchBoard(ShelfElement):
    """Owner of a switch with `ports` ports on `shelf`; every output sends the idle code until connected."""

    def __init__(self, shelf: Shelf, ports: int) -> None:
        super().__init__(shelf, "switch board", lib.shelf_add_switch_board(shelf.native, ports))
        self.streams = [int(lib.switch_board_stream(self.native, port)) for port in range(ports)]

    def attach(self, port: int, stream: int) -> None:
        """The stream that comes in on a port."""
        check(f"switch port {port}", lib.switch_board_attach(self.native, port, stream))

    def connect(self, one: tuple[int, int], other: tuple[int, int]) -> None:
        """Connects two (port, timeslot) both ways, from the next block on."""
        check(f"connection {one}-{other}", lib.switch_board_connect(self.native, *one, *other))
        check(f"connection {other}-{one}", lib.switch_board_connect(self.native, *other, *one))

    def disconnect(self, *ends: tuple[int, int]) -> None:
        """Sends the idle code out on each (port, timeslot)."""
        for end in ends:
            check(f"timeslot {end}", lib.switch_board_send_code(self.native, *end, IDLE_CODE))
