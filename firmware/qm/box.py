"""The queuing machine: its trunk ports, which come and go while it runs, their calls, and the shelf's clock."""

import asyncio
from collections.abc import Mapping
from functools import partial

from drivers.bus import Bus
from drivers.engine import Event, EventKind, Port, PortError, Shelf, Span, SwitchBoard
from firmware.configuration.target import Faults, Prepared, Problem
from firmware.qm.call_records import CallRecords
from firmware.qm.calls import Calls, switch_ends
from firmware.qm.change import (
    PreparedChange,
    changed_ports,
    close_all,
    interrupted_ports,
    opening_problem,
    ports_to_open,
    refuse,
    removed_ports,
)
from firmware.qm.channel import Hold
from firmware.qm.clock import BoxClock
from firmware.qm.configuration import LINE, PortConfiguration, QueuingMachineConfiguration
from firmware.qm.opening import open_beside
from firmware.qm.port import Lines, TrunkPort, span_options
from firmware.runtime import Board, Box, WallClock
from protocols.e1 import CHANNEL_TIMESLOTS
from protocols.messages import Step

RETRY_S = 10.0  # a port whose adaptor was not there is tried again so often

Opened = Mapping[int, Port | PortError]


class QueuingMachine(Box):
    """Port n is port n - 1 of `switch`, its highway to the HW box the same beyond all ports (`switch_ends`).

    `opened` has the ports of the outside world that the configuration names, or why they did not open: those are
    tried again. `lines` joins a `line:` to the bench's exchange.
    """

    def __init__(
        self,
        name: str,
        bus: Bus,
        tasks: asyncio.TaskGroup,
        shelf: Shelf,
        switch: SwitchBoard,
        records: CallRecords,
        last_call: int,
        wall_clock: WallClock,
        configuration: QueuingMachineConfiguration,
        faults: Faults,
        opened: Opened,
        lines: Lines | None = None,
    ) -> None:
        super().__init__(name, bus, tasks)
        self.shelf = shelf
        self.switch = switch
        self.wall_clock = wall_clock
        self.configuration = configuration
        self.ports: dict[int, TrunkPort] = {}
        self.calls = Calls(self, switch, records, last_call, wall_clock)
        records.refused = self._records_refused
        self._faults = faults
        self._lines = lines
        self._spans: dict[int, Span] = {}  # also of ports that are no more: a shelf cannot free them
        self._retries: dict[int, asyncio.TimerHandle] = {}
        self.clock = BoxClock(shelf, self._span_of, configuration.clock, faults)
        self.calls.called_digits = configuration.signalling.called_digits
        for number, port in configuration.ports.items():
            self._add(number, port, opened.get(number))

    # Its configuration (firmware/configuration/target.py).

    async def prepare(self, old: QueuingMachineConfiguration, new: QueuingMachineConfiguration) -> Prepared:
        """Opens the ports of the outside world that the change needs; raises PreparationError."""
        opened: dict[int, Port] = {}
        problems: list[Problem] = []
        try:
            for number in ports_to_open(old.ports, new.ports):
                try:
                    opened[number] = await open_beside(self.shelf, new.ports[number].url)
                except PortError as error:
                    problems.append(opening_problem(number, new.ports, old.ports, error))
        except BaseException:
            close_all(opened.values())
            raise
        refuse(problems, opened.values())
        for number, port in new.ports.items():
            self._span(number, port)
        return PreparedChange(opened, partial(self._apply, new))

    def interrupts(self, old: QueuingMachineConfiguration, new: QueuingMachineConfiguration) -> list[str]:
        """Ports that restart or go, with their calls."""
        return [
            f"{len(calls)} call{'s' if len(calls) > 1 else ''} in progress on port {number}, which {how}"
            for number, how in interrupted_ports(old, new)
            if number in self.ports and (calls := self.ports[number].calls())
        ]

    def _apply(self, new: QueuingMachineConfiguration, opened: dict[int, Port]) -> None:
        old, self.configuration = self.configuration, new
        changed = changed_ports(old.ports, new.ports)
        for number in removed_ports(old.ports, new.ports):
            self._remove(number)
        for number in changed:
            if number in self.ports:
                self._modify(self.ports[number], new.ports[number], opened.get(number))
            else:
                self._add(number, new.ports[number], opened.get(number))
        for number, port in new.ports.items():
            self.ports[number].configuration = port
        self.calls.called_digits = new.signalling.called_digits
        self.clock.reconfigure(new.clock)
        for number in changed:
            self.clock.look(number)

    # Its ports.

    async def end_calls(self, reason: str) -> None:
        """Ends every call from our side; returns when the last is recorded."""
        for port in self.ports.values():
            port.end_calls(reason)
        await self.calls.none_left.wait()

    def _records_refused(self, refused: bool) -> None:
        """A centre that cannot record calls must not take them."""
        for port in self.ports.values():
            if refused:
                port.hold(Hold.RECORDS, CHANNEL_TIMESLOTS)
            else:
                port.let_go(Hold.RECORDS)

    @property
    def boards(self) -> list[Board]:
        """Its switch, and a trunk board for each port."""
        trunks = [
            Board("trunk board", number, self.ports[number].configuration.url) for number in sorted(self.ports)
        ]
        return [Board("switch board", 0, f"{len(self.switch.streams)} highways of 32 timeslots"), *trunks]

    def _span_of(self, number: int) -> Span | None:
        return self._spans.get(number) if number in self.ports else None

    def _span(self, number: int, configuration: PortConfiguration) -> Span:
        """The port's span, wired to the switch; made the first time that there is such a port."""
        if number not in self._spans:
            span = self._spans[number] = Span(self.shelf, span_options(configuration))
            (switch_port, _), _ = switch_ends(number, 0)
            self.switch.attach(switch_port, span.stream)
            span.attach(self.switch.streams[switch_port])
        return self._spans[number]

    def _add(self, number: int, configuration: PortConfiguration, opened: Port | PortError | None) -> None:
        span = self._span(number, configuration)
        port = TrunkPort(number, span, configuration, self._faults, self.calls.begin, self._lines)
        self.ports[number] = port
        if self.calls.records.failing:
            port.hold(Hold.RECORDS, CHANNEL_TIMESLOTS)
        span.listen(partial(self._handle, port))
        self._start(port, opened)

    def _start(self, port: TrunkPort, opened: Port | PortError | None) -> None:
        self._retry_stop(port.number)
        if isinstance(opened, PortError):
            port.start(None, failure=str(opened))
            loop = asyncio.get_running_loop()
            self._retries[port.number] = loop.call_later(RETRY_S, self._try_again, port)
        else:
            port.start(opened)

    def _retry_stop(self, number: int) -> None:
        timer = self._retries.pop(number, None)
        if timer is not None:
            timer.cancel()

    def _modify(self, port: TrunkPort, configuration: PortConfiguration, opened: Port | None) -> None:
        reason = f"{port.where} was restarted with another configuration"
        same_line = opened is None and configuration.url == port.configuration.url != LINE
        if same_line and port.plugged:
            port.end_calls(reason)
            port.configuration = configuration
            port.restart()
        elif same_line:  # not there yet: it is being tried again as it is
            port.configuration = configuration
        else:
            port.stop(reason)
            port.configuration = configuration
            self._start(port, opened)

    def _remove(self, number: int) -> None:
        port = self.ports.pop(number)
        self._retry_stop(number)
        port.stop(f"{port.where} was removed")
        port.close()

    def restart(self, port: TrunkPort) -> None:
        """RST PORT: begins anew on the line it has, its calls are lost; one that did not open is tried at once."""
        if port.plugged:
            port.restart()
            self.clock.look(port.number)
        else:
            self._try_again(port)

    def _try_again(self, port: TrunkPort) -> None:
        if self.ports.get(port.number) is port and not port.plugged and port.configuration.url != LINE:
            self.spawn(self._open_again(port), f"opening {port.where}")

    async def _open_again(self, port: TrunkPort) -> None:
        url = port.configuration.url
        opened: Port | PortError
        try:
            opened = await open_beside(self.shelf, url)
        except PortError as error:
            opened = error
        if self.ports.get(port.number) is port and not port.plugged and port.configuration.url == url:
            self._start(port, opened)
            self.clock.look(port.number)
        elif isinstance(opened, Port):
            opened.close()

    def _handle(self, port: TrunkPort, event: Event) -> None:
        if self.ports.get(port.number) is not port:
            return
        self.clock.handle(port.number, event)
        if event.kind is EventKind.CAS_ALIGNED:
            phase = port.span.status().bit_phase
            self.tell(Step.ALIGNED, f"bit phase {phase}, signalling multiframe found", where=port.where)
        elif event.kind is EventKind.ALIGNMENT_LOST:
            self.tell(Step.ALIGNMENT_LOST, where=port.where)
        port.handle(event)
