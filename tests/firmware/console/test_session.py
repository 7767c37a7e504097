"""A console session on a terminal in memory: logging in, giving commands, being interrupted, ending."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from tests.console.memory_terminal import MemoryTerminal
from tests.console.plant import PASSWORD, Plant, plant
from tests.firmware.accounts.plant import JumpingLoop

Scenario = Callable[[Plant], Awaitable[None]]


def run(scenario: Scenario, *, factory: bool = False, jumping: bool = True) -> None:
    """Plays a scenario; the loop's time jumps from timer to timer."""

    async def play() -> None:
        async with plant(factory=factory) as made:
            await scenario(made)

    with asyncio.Runner(loop_factory=JumpingLoop if jumping else asyncio.SelectorEventLoop) as runner:
        runner.run(play())


async def settled(seconds: float = 0.5) -> None:
    await asyncio.sleep(seconds)


def test_a_command_is_answered_and_the_user_logs_out() -> None:
    async def scenario(made: Plant) -> None:
        terminal = MemoryTerminal()
        session = await made.logged_in(terminal)
        terminal.type("dsp port:pn=2;\r")
        report = await terminal.expect("---    END\r\n")
        assert "RETCODE = 0  Operation succeeded\r\n" in report
        assert "(Number of results = 2)" in report
        terminal.type("lgo\r")
        await session
        assert terminal.text.endswith("logged out\r\n")
        assert made.registry.all() == []
        assert made.told.records[-1] == "admin on serial memory: logged out"

    run(scenario)


@pytest.mark.parametrize("goodbye", ["LGO;\r", "\x04"])
def test_a_user_logs_out_by_command_or_by_ctrl_d(goodbye: str) -> None:
    async def scenario(made: Plant) -> None:
        terminal = MemoryTerminal()
        session = await made.logged_in(terminal)
        terminal.type(goodbye)
        await session

    run(scenario)


def test_ctrl_d_on_a_line_that_is_not_empty_does_nothing() -> None:
    async def scenario(made: Plant) -> None:
        terminal = MemoryTerminal()
        session = await made.logged_in(terminal)
        terminal.type("dsp\x04 port;\r")
        await terminal.expect("---    END")
        assert not session.done()

    run(scenario)


def test_the_password_is_never_shown() -> None:
    async def scenario(made: Plant) -> None:
        terminal = MemoryTerminal()
        made.session(terminal)
        terminal.type("\r")
        shown = await terminal.expect("login: ")
        terminal.type(f"admin\r{PASSWORD}\r")
        shown += await terminal.expect("qm1>")
        terminal.type("SET PWD;\r")
        shown += await terminal.expect("PWD (")
        terminal.type("hunter22\x08\x081\r")
        shown += await terminal.expect("END")
        assert made.box.done == ["hunter1"]
        assert PASSWORD not in shown
        assert "hunter" not in shown
        assert "hunter" not in str(made.audited)

    run(scenario)


def test_in_factory_state_admin_sets_a_first_password_twice() -> None:
    async def scenario(made: Plant) -> None:
        terminal = MemoryTerminal()
        made.session(terminal)
        terminal.type("\r")
        await terminal.expect("Factory state")
        await terminal.expect("login: ")
        terminal.type("admin\r")
        for first, second in ((PASSWORD, "another way home"), ("short", "short"), (PASSWORD, PASSWORD)):
            await terminal.expect("new password: ")
            terminal.type(f"{first}\r")
            await terminal.expect("the same again: ")
            terminal.type(f"{second}\r")
        shown = await terminal.expect("qm1>")
        assert PASSWORD not in shown
        assert not made.accounts.factory

    run(scenario, factory=True)


def test_over_a_network_no_first_password_is_set() -> None:
    async def scenario(made: Plant) -> None:
        terminal = MemoryTerminal("tcp 192.0.2.7:4000")
        made.session(terminal)
        terminal.type("\r")
        await terminal.expect("set at the machine itself")
        terminal.type("admin\rwhatever else\r")
        await terminal.expect("login incorrect")
        assert made.accounts.factory

    run(scenario, factory=True)


@pytest.mark.parametrize("name", ["admin", "nobody"])
def test_wrong_passwords_are_delayed_more_and_more_and_three_end_the_session(name: str) -> None:
    async def scenario(made: Plant) -> None:
        shown, durations = "", []
        for _ in range(2):
            terminal = MemoryTerminal()
            before = asyncio.get_running_loop().time()
            session = made.session(terminal)
            terminal.type("\r" + f"{name}\rwrong password\r" * 3)
            await session
            durations.append(asyncio.get_running_loop().time() - before)
            shown += terminal.text
        assert shown.count("password: ") == 5
        assert [line for line in shown.split("\r\n") if line.startswith("login incorrect")] == [
            "login incorrect",
            "login incorrect",
            "login incorrect; wait 5 s",
            "login incorrect; wait 10 s",
            "login incorrect; wait 20 s",
        ]
        assert durations == pytest.approx([5, 10], abs=1.5)
        assert made.registry.all() == []

    run(scenario)


def test_who_says_nothing_is_dropped_after_a_minute() -> None:
    async def scenario(made: Plant) -> None:
        terminal = MemoryTerminal("tcp 127.0.0.1:4711")
        before = asyncio.get_running_loop().time()
        await made.session(terminal)
        assert 60 <= asyncio.get_running_loop().time() - before < 70

    run(scenario)


def test_a_serial_console_waits_for_enter_and_says_nothing_before() -> None:
    async def scenario(made: Plant) -> None:
        terminal = MemoryTerminal(present=False)
        made.session(terminal)
        terminal.type(b"\x00\xff\x80noise\x03\x7f")
        await settled(1000)
        assert terminal.output == b""
        terminal.type("\r")
        await terminal.expect("login: ")

    run(scenario)


def test_noise_of_a_wrong_speed_never_reaches_the_accounts() -> None:
    async def scenario(made: Plant) -> None:
        terminal = MemoryTerminal(present=False)
        made.session(terminal)
        records = list(made.told.records)
        noise = bytes((number * 151 + 7) % 256 for number in range(20_000))  # \r and \n among it
        for start in range(0, len(noise), 500):
            terminal.type(noise[start : start + 500])
            await settled(2)
        assert made.told.records == records
        assert made.registry.all() == []

    run(scenario)


def test_a_break_before_login_changes_the_speed_and_after_it_clears_the_line() -> None:
    async def scenario(made: Plant) -> None:
        terminal = MemoryTerminal(present=False)
        made.session(terminal)
        terminal.type("\r")
        await terminal.expect("login: ")
        terminal.on_break()
        await settled()
        assert terminal.speed == 1
        terminal.type("\r")
        await terminal.expect("login: ")
        terminal.type(f"admin\r{PASSWORD}\r")
        await terminal.expect("qm1> ")
        terminal.type("RST BOX")
        await terminal.expect("RST BOX")
        terminal.on_break()
        await terminal.expect("qm1> ")
        terminal.type("\r")
        await terminal.expect("qm1> ")
        assert made.box.done == []
        assert terminal.speed == 1

    run(scenario)


def test_an_idle_session_is_logged_out() -> None:
    async def scenario(made: Plant) -> None:
        made.idle_logout_s = 900
        terminal = MemoryTerminal()
        session = await made.logged_in(terminal)
        await settled(890)
        terminal.type(" ")
        await settled(890)
        assert not session.done()
        await settled(20)
        assert session.done()
        assert "idle for 900 s" in terminal.text

    run(scenario)


def test_a_session_is_ended_by_another_and_told_by_whom() -> None:
    async def scenario(made: Plant) -> None:
        one, other = MemoryTerminal(), MemoryTerminal("serial other")
        session = await made.logged_in(one)
        await made.logged_in(other)
        other.type("RMV SES:SN=1,FORCE=YES;\r")
        await session
        assert "session ended by admin from serial other" in one.text

    run(scenario)


def test_the_limit_of_sessions_never_locks_an_administrator_out() -> None:
    async def scenario(made: Plant) -> None:
        made.sessions = 2
        guest, bob, refused, admin = (MemoryTerminal(f"serial {number}") for number in range(4))
        session_of_guest = await made.logged_in(guest, user="eve")
        await settled(10)
        await made.logged_in(bob, user="bob")
        made.session(refused)
        refused.type(f"olga\r{PASSWORD}\r")
        await refused.expect("all 2 sessions are in use")
        await made.logged_in(admin)
        await session_of_guest
        assert "session taken over by admin from serial 3" in guest.text
        assert [live.session.user for live in made.registry.all()] == ["bob", "admin"]

    run(scenario)


def test_a_takeover_spares_administrators() -> None:
    async def scenario(made: Plant) -> None:
        made.sessions = 4
        terminals = [MemoryTerminal(f"serial {number}") for number in range(5)]
        for terminal, user in zip(terminals, ("admin", "eve", "bob", "olga", "admin"), strict=True):
            await made.logged_in(terminal, user=user)
            await settled(10)
        assert ["taken over" in terminal.text for terminal in terminals] == [False, True, False, False, False]
        assert [live.session.terminal for live in made.registry.all()] == [f"serial {n}" for n in (0, 2, 3, 4)]

    run(scenario)


def test_a_dangerous_command_asks_and_a_no_is_a_no() -> None:
    async def scenario(made: Plant) -> None:
        made.box.interrupted = ["3 calls in progress"]
        terminal = MemoryTerminal()
        await made.logged_in(terminal)
        for answer, done in (("n\r", []), ("\x03", []), ("y\r", ["RST BOX"])):
            terminal.type("RST BOX;\r")
            await terminal.expect("3 calls in progress")
            await terminal.expect("(Y/N) ")
            terminal.type(answer)
            await terminal.expect("---    END")
            assert made.box.done == done

    run(scenario)


def test_a_terminal_that_closes_in_the_middle_of_a_dialogue_has_said_no() -> None:
    async def scenario(made: Plant) -> None:
        made.box.interrupted = ["3 calls in progress"]
        terminal = MemoryTerminal()
        session = await made.logged_in(terminal)
        terminal.type("RST BOX;\r")
        await terminal.expect("(Y/N) ")
        terminal.hang_up()
        await session
        await settled()
        assert made.box.done == []
        assert made.audited[-1].code == 2003  # NOT_CONFIRMED
        assert made.registry.all() == []

    run(scenario)


def test_a_command_is_carried_out_though_its_session_ends() -> None:
    async def scenario(made: Plant) -> None:
        terminal = MemoryTerminal()
        session = await made.logged_in(terminal)
        terminal.type("TST BOX;\r")
        await settled()
        made.registry.find(1).end("somebody ends it")  # type: ignore[union-attr]
        await session
        assert made.box.done == []
        made.box.hold.set()
        await settled()
        assert made.box.done == ["TST BOX"]
        assert made.audited[-1].code == 0

    run(scenario)


def test_what_was_typed_before_hanging_up_is_carried_out() -> None:
    async def scenario(made: Plant) -> None:
        terminal = MemoryTerminal()
        session = await made.logged_in(terminal)
        terminal.type("RST BOX;\rRST BOX;\rRST")
        terminal.hang_up()
        await session
        assert made.box.done == ["RST BOX"] * 2

    run(scenario)


def test_open_commands_go_on_in_the_next_line_and_ctrl_c_gives_them_up() -> None:
    async def scenario(made: Plant) -> None:
        terminal = MemoryTerminal()
        await made.logged_in(terminal)
        terminal.type("DSP PORT:\r")
        await terminal.expect("...> ")
        terminal.type("PN=1;\r")
        await terminal.expect("(Number of results = 1)")
        terminal.type("DSP PORT:\r")
        await terminal.expect("...> ")
        terminal.type("\x03")
        await terminal.expect("qm1> ")

    run(scenario)


@pytest.mark.parametrize(
    ("typed", "command"),
    [
        ("dsp prot\x08\x08\x7fort;", "DSP PORT;"),
        ("xxx\x15DSP PORT;", "DSP PORT;"),
        ("DSP wrong\x17PORT;", "DSP PORT;"),
        ("DSP P\x1b[D\x1b[A\x1bOHORT;", "DSP PORT;"),  # arrow keys are no part of a command
    ],
)
def test_plain_editing(typed: str, command: str) -> None:
    async def scenario(made: Plant) -> None:
        terminal = MemoryTerminal()
        await made.logged_in(terminal)
        terminal.type(typed.encode("latin-1") + b"\r")
        await terminal.expect(f"%%{command}%%")

    run(scenario)


def test_a_command_that_noise_has_hit_is_not_carried_out() -> None:
    async def scenario(made: Plant) -> None:
        terminal = MemoryTerminal()
        await made.logged_in(terminal)
        terminal.type(b"RST BOX\xff;\r")
        await terminal.expect("what came here is no UTF-8")
        assert made.box.done == []

    run(scenario)


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("end", ["\r", "\n", "\r\n", "\r\0"])
def test_a_line_ends_once_whatever_ends_it(end: str, whole: bool) -> None:
    async def scenario(made: Plant) -> None:
        terminal = MemoryTerminal()
        await made.logged_in(terminal)
        line = f"RST BOX;{end}"
        for octets in [line] if whole else line:
            terminal.type(octets)
        await terminal.expect("END")
        await settled()
        assert terminal.text.count("qm1> ") == 1

    run(scenario)


def test_a_line_of_a_megabyte_is_refused_and_does_nothing() -> None:
    async def scenario(made: Plant) -> None:
        terminal = MemoryTerminal()
        await made.logged_in(terminal)
        for _ in range(256):
            terminal.type(b"x" * 4096)
        terminal.type("\rDSP PORT;\r")
        await terminal.expect("RETCODE = 1006")
        await terminal.expect("(Number of results = 4)")

    run(scenario)


def test_sessions_are_interleaved() -> None:
    async def scenario(made: Plant) -> None:
        made.sessions = 12
        terminals = [MemoryTerminal(f"serial {number}") for number in range(6)]
        for terminal in terminals:
            await made.logged_in(terminal)
        lines = [f"DSP PORT:PN={number};\r" for number in range(1, 7)]
        for octets in zip(*(line.encode() for line in lines), strict=True):
            for terminal, octet in zip(terminals, octets, strict=True):
                terminal.type(bytes((octet,)))
                await asyncio.sleep(0)
        for number, terminal in enumerate(terminals, 1):
            await terminal.expect(f"(Number of results = {number})")

    run(scenario)


def test_those_at_two_screens_do_not_stand_in_each_others_way() -> None:
    async def scenario(made: Plant) -> None:
        first, second = MemoryTerminal("serial first"), MemoryTerminal("serial second")
        await made.logged_in(first, "24;80")
        await made.logged_in(second, "24;80", "bob")
        for terminal, ports in ((first, 2), (second, 3), (first, 4)):
            terminal.type(f"dsp port:pn={ports};\r")
        for terminal, ports in ((first, 2), (second, 3), (first, 4)):
            await terminal.expect(f"(Number of results = {ports})")

    run(scenario)
