"""One box under management: its stored configuration, its alarms, its console."""

import asyncio
import platform
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from importlib.metadata import version
from itertools import count
from pathlib import Path
from typing import Any, Generic, TypeVar

import msgspec

from drivers.metrics import Metrics, MetricsError, MetricsServer
from drivers.stores.alarm_history import AlarmHistory
from drivers.stores.boot import Boot
from drivers.stores.revision_store import RevisionStore
from drivers.stores.run_marker import RunMarker
from drivers.stores.storage import FolderStorage
from drivers.terminal import AccessError
from firmware.accounts import commands as account_commands
from firmware.alarms import commands as alarm_commands
from firmware.alarms.alarm import AlarmReport
from firmware.alarms.manager import AlarmManager
from firmware.alarms.outlets import AlarmOutlets
from firmware.configuration import commands as configuration_commands
from firmware.configuration.common import HISTORY_MAX, AlarmConfiguration, BoxConfiguration
from firmware.configuration.console import ConfigurationConsole
from firmware.configuration.kind import BoxKind
from firmware.configuration.service import ConfigurationService
from firmware.configuration.target import PreparationError, Prepared, Problem, Target
from firmware.console import audit_commands, return_codes, session_commands
from firmware.console.auditing import Auditor
from firmware.console.box_console import BoxConsole
from firmware.console.declaration import Command, CommandSet
from firmware.console.interpreter import Interpreter
from firmware.console.server import ConsoleServer
from firmware.console.sessions import SessionRegistry
from firmware.management.composite import PreparedTogether
from firmware.management.machine import Machine
from firmware.runtime import WallClock

Tree = TypeVar("Tree", bound=BoxConfiguration)

CONFIGURATION = "configuration"
EXPORTS = "exports"
ALARMS = "alarms.sqlite"
MARKER = "runs"
TCP_FAILED = "CONSOLE_TCP_FAILED"


class ManagedBox(Generic[Tree]):
    """A box `name` in its folder. Made in a running event loop, before the box boots with `service.in_force`.

    Order: made; `alarms` are there, and what to boot with; the box boots; `start`; then there is its `console`.
    """

    console: BoxConsole

    def __init__(
        self, name: str, kind: BoxKind[Tree], folder: Path, wall_clock: WallClock, boot: Callable[[], Boot]
    ) -> None:
        self.name = name
        self._folder = folder
        self._wall_clock = wall_clock
        self._serials: Iterator[int] = count(1)
        usual = AlarmConfiguration(history=HISTORY_MAX)  # drops nothing before the box has booted
        with suppress(OSError):  # whatever would be kept there tells that it cannot be
            folder.mkdir(parents=True, exist_ok=True)
        self.alarms = AlarmManager(name, AlarmHistory(folder / ALARMS, usual.history), usual, wall_clock)
        store = RevisionStore.open(FolderStorage(folder / CONFIGURATION), boot())
        self.damaged = bool(store.faults)  # there may have been revisions that cannot be read
        self.service = ConfigurationService(kind, store, wall_clock, self.alarms, lambda: boot().now_ns)
        self._marker = RunMarker(folder / MARKER)
        self.metrics = Metrics()
        self._outlets = AlarmOutlets(self.alarms, self.metrics, platform.node())
        self._registry = SessionRegistry(lambda: self.service.in_force.console.sessions, self.service.discard)
        self._accesses: ConsoleServer | None = None

    def start(
        self,
        box: Target[Tree],
        commands: Sequence[CommandSet[Any]],
        tree_commands: tuple[Command[ConfigurationConsole], ...],
        machine: Machine,
        tasks: asyncio.TaskGroup,
    ) -> None:
        """The box has booted: takes changes, opens its consoles. AccessError: another serves its folder."""
        self._box = box
        auditor = Auditor(machine.audit_log, self.name, self._wall_clock, self.alarms)
        interpreter = Interpreter(
            self._heading,
            [*self._own_commands(machine, auditor, tree_commands), *commands],
            auditor,
            self._wall_clock,
            self._serials,
        )
        self.console = BoxConsole(
            name=self.name,
            banner=self._banner,
            interpreter=interpreter,
            accounts=machine.accounts,
            registry=self._registry,
            idle_logout_s=lambda: self.service.in_force.console.idle_logout_s,
            on_logout=lambda user, terminal, why: auditor.login(user, terminal, why, return_codes.OK),
            spawn=tasks.create_task,
        )
        self._accesses = ConsoleServer(self.console, self._folder, self.alarms)
        self._open_configured(self._accesses)
        self.configure_alarms(self.service.in_force.alarms)
        machine.accounts.attach(self._registry)
        self.alarms.subscribe(self._tell_alarm)
        self.service.attach(self, tasks)
        if self._marker.begin():
            self.alarms.event("BOX_RESTARTED")

    async def close(self, in_order: bool) -> None:
        """Ends sessions, timers and outlets; the next start tells of an end that was not `in_order`."""
        self.service.close()
        if self._accesses is not None:
            await self._accesses.close()
        await self._outlets.close()
        await self.alarms.close()
        if in_order:
            self._marker.end()

    # What the configuration service asks (firmware/configuration/target.py).

    async def prepare(self, old: Tree, new: Tree) -> Prepared:
        """The console's accesses and the box's own."""
        assert self._accesses is not None
        problems: list[Problem] = []
        parts: list[Prepared] = []
        try:
            parts.append(_Alarms(self, new.alarms, self._outlets.prepare(new.alarms)))
        except MetricsError as error:
            problems.append(Problem("alarms.metrics_port", str(error)))
        try:
            parts.append(self._accesses.prepare(new.console))
        except AccessError as error:
            problems.append(Problem("console", str(error)))
        try:
            parts.append(await self._box.prepare(old, new))
        except PreparationError as error:
            problems += error.problems
        except BaseException:
            PreparedTogether(parts).abort()
            raise
        if problems:
            PreparedTogether(parts).abort()
            raise PreparationError(problems)
        return PreparedTogether(parts)

    def interrupts(self, old: Tree, new: Tree) -> list[str]:
        """What the change would interrupt."""
        return self._box.interrupts(old, new)

    def configure_alarms(self, configuration: AlarmConfiguration, metrics: MetricsServer | None = None) -> None:
        """Puts a new alarm configuration in force; `metrics`: what was opened for it."""
        self.alarms.configure(configuration)
        self._outlets.configure(configuration, metrics)

    # Its console.

    def _open_configured(self, accesses: ConsoleServer) -> None:
        """What the stored configuration names may not be there to-day; the box boots all the same."""
        configuration = self.service.in_force.console
        try:
            accesses.prepare(configuration).apply()
        except AccessError as error:
            self.alarms.fault(TCP_FAILED, "", str(error))
            accesses.prepare(
                msgspec.structs.replace(configuration, tcp_port=0, tls_certificate="", tls_key="")
            ).apply()

    def _own_commands(
        self, machine: Machine, auditor: Auditor, tree_commands: tuple[Command[ConfigurationConsole], ...]
    ) -> list[CommandSet[Any]]:
        configuration = ConfigurationConsole(self.service, self._folder / EXPORTS)
        return [
            CommandSet(configuration, (*configuration_commands.COMMANDS, *tree_commands)),
            CommandSet(self.alarms, alarm_commands.COMMANDS),
            CommandSet(machine.accounts, account_commands.COMMANDS),
            CommandSet(self._registry, session_commands.COMMANDS),
            CommandSet(auditor, audit_commands.COMMANDS),
        ]

    def _heading(self) -> str:
        site = self.service.in_force.site.name
        return f"{self.name}/{site}" if site else self.name

    def _banner(self) -> list[str]:
        return [f"Trunkshelf {version('trunkshelf')}  {self._heading()}"]

    def _tell_alarm(self, report: AlarmReport) -> None:
        self._registry.tell(next(self._serials), [report.line])


class _Alarms:
    """A new alarm configuration, prepared: the port for metrics is open, where it is another one."""

    def __init__(
        self, box: ManagedBox[Any], configuration: AlarmConfiguration, metrics: MetricsServer | None
    ) -> None:
        self._box = box
        self._configuration = configuration
        self._metrics = metrics

    def apply(self) -> None:
        self._box.configure_alarms(self._configuration, self._metrics)

    def abort(self) -> None:
        if self._metrics is not None:
            self._metrics.close()
