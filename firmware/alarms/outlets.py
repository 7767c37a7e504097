"""Where a box's alarms go besides its console: a syslog server, and metrics for a monitoring system."""

import asyncio
from contextlib import suppress

from drivers.metrics import Metrics, MetricsError, MetricsServer
from drivers.syslog import SyslogAddressError, SyslogSender, parse_address
from firmware.alarms.alarm import AlarmReport, News
from firmware.alarms.kind import Severity
from firmware.alarms.manager import AlarmManager
from firmware.configuration.common import AlarmConfiguration
from protocols.syslog import DOCUMENTATION_ENTERPRISE, Facility, SyslogMessage, Urgency, encode

APPLICATION = "trunkshelf"
DATA_ID = f"alarm@{DOCUMENTATION_ENTERPRISE}"
FAILED = "SYSLOG_FAILED"
RETRY_S = 30.0  # a port that is busy may be free later

# RFC 5674 2, table 1; what is cleared is a notice there, what is acknowledged is one here.
URGENCY = {
    Severity.CRITICAL: Urgency.ALERT,
    Severity.MAJOR: Urgency.CRITICAL,
    Severity.MINOR: Urgency.ERROR,
    Severity.WARNING: Urgency.WARNING,
}


def syslog_message(report: AlarmReport, box: str, host: str) -> SyslogMessage:
    """A report as a syslog message: for people in the text, for programs in the structured data."""
    alarm = report.alarm
    begins = report.news in {News.RAISED, News.HAPPENED}
    return SyslogMessage(
        facility=Facility.LOCAL0,
        urgency=URGENCY[alarm.kind.severity] if begins else Urgency.NOTICE,
        at=report.at,
        host=host,
        application=APPLICATION,
        process=box,
        identifier=alarm.kind.name,
        data={
            DATA_ID: {
                "box": box,
                "serial": str(alarm.serial),
                "code": str(alarm.kind.code),
                "name": alarm.kind.name,
                "severity": alarm.kind.severity.name,
                "object": alarm.place,
                "news": report.news.value,
                "occurrences": str(alarm.occurrences),
            }
        },
        text=report.line,
    )


class AlarmOutlets:
    """Sends and serves as the configuration says; what fails is an alarm, tried again, and stops nothing."""

    def __init__(self, alarms: AlarmManager, metrics: Metrics, host: str) -> None:
        """`host`: what this machine is called in syslog messages."""
        self._alarms = alarms
        self._metrics = metrics
        self._host = host
        self._loop = asyncio.get_running_loop()
        self._syslog_to = ""
        self._sender: SyslogSender | None = None
        self._serve_at: tuple[str, int] = ("", 0)
        self._server: MetricsServer | None = None
        self._retry: asyncio.TimerHandle | None = None
        self._sent = self._dropped = 0  # by senders of before
        self._raised = dict.fromkeys(Severity, 0)
        self._unsubscribe = alarms.subscribe(self._handle)
        self._register()

    @property
    def metrics_port(self) -> int:
        """Where metrics are served now; 0: nowhere."""
        return self._server.port if self._server is not None else 0

    def prepare(self, configuration: AlarmConfiguration) -> MetricsServer | None:
        """Opens what a new configuration needs and could be refused, for `configure` to take over; or close it.
        Raises MetricsError."""
        address, port = configuration.metrics_address, configuration.metrics_port
        if not port or (address, port) == self._serve_at:
            return None
        return MetricsServer(self._metrics, address, port)

    def configure(self, configuration: AlarmConfiguration, server: MetricsServer | None = None) -> None:
        """Changes what differs, at once; cannot fail. `server`: what was prepared for it."""
        if configuration.syslog != self._syslog_to:
            self._syslog_to = configuration.syslog
            self._send_elsewhere()
        serve_at = (configuration.metrics_address, configuration.metrics_port)
        if serve_at != self._serve_at:
            self._serve_at = serve_at
            self._serve_elsewhere(server)

    async def close(self) -> None:
        """Ends both."""
        self._unsubscribe()
        self._close_sender()
        self._close_server()

    def _handle(self, report: AlarmReport) -> None:
        if report.news in {News.RAISED, News.HAPPENED}:
            self._raised[report.alarm.kind.severity] += 1
        # That the server cannot be reached is no news for the server; and sending it would be the next to fail.
        if self._sender is not None and report.alarm.kind.name != FAILED:
            self._sender.send(encode(syslog_message(report, self._alarms.box, self._host)))

    # Syslog.

    def _send_elsewhere(self) -> None:
        self._close_sender()
        self._alarms.recover(FAILED)
        if not self._syslog_to:
            return
        try:
            host, port = parse_address(self._syslog_to)
        except SyslogAddressError as error:
            self._alarms.fault(FAILED, detail=str(error))
            return
        sender = SyslogSender(host, port, lambda failure: self._outcome(sender, failure))
        self._sender = sender

    def _outcome(self, sender: SyslogSender, failure: str) -> None:
        """In the sender's thread."""
        with suppress(RuntimeError):  # the loop has ended meanwhile
            self._loop.call_soon_threadsafe(self._take_outcome, sender, failure)

    def _take_outcome(self, sender: SyslogSender, failure: str) -> None:
        if sender is not self._sender:
            return
        if failure:
            self._alarms.fault(FAILED, detail=failure)
        else:
            self._alarms.recover(FAILED)

    def _close_sender(self) -> None:
        if self._sender is not None:
            self._sender.close()
            self._sent += self._sender.sent
            self._dropped += self._sender.dropped
            self._sender = None

    # Metrics.

    def _serve_elsewhere(self, server: MetricsServer | None = None) -> None:
        self._close_server()
        self._server = server
        address, port = self._serve_at
        try:
            if port and server is None:
                self._server = MetricsServer(self._metrics, address, port)
        except MetricsError as error:
            self._alarms.fault("METRICS_FAILED", detail=str(error))
            self._retry = self._loop.call_later(RETRY_S, self._serve_elsewhere)
        else:
            self._alarms.recover("METRICS_FAILED")

    def _close_server(self) -> None:
        if self._retry is not None:
            self._retry.cancel()
            self._retry = None
        if self._server is not None:
            self._server.close()
            self._server = None

    def _register(self) -> None:
        alarms, metrics = self._alarms, self._metrics
        metrics.gauge(
            "trunkshelf_alarms_active",
            "Alarms that stand and are not hidden by others",
            ("severity",),
            lambda: [((severity.name,), count) for severity, count in alarms.counts().items()],
        )
        metrics.gauge(
            "trunkshelf_alarm",
            "1 for each alarm that stands and is not hidden by others",
            ("name", "object", "severity"),
            lambda: [((alarm.kind.name, alarm.place, alarm.kind.severity.name), 1) for alarm in alarms.active()],
        )
        metrics.counter(
            "trunkshelf_alarms_told",
            "Alarms and events told since the start of the box",
            ("severity",),
            lambda: [((severity.name,), count) for severity, count in self._raised.items()],
        )
        metrics.counter(
            "trunkshelf_syslog_messages",
            "Messages to the syslog server since the start of the box",
            ("outcome",),
            lambda: [(("sent",), self._count("sent")), (("dropped",), self._count("dropped"))],
        )

    def _count(self, outcome: str) -> int:
        before = self._sent if outcome == "sent" else self._dropped
        return before + (getattr(self._sender, outcome) if self._sender is not None else 0)
