"""Android devices by way of `adb`, the Android Debug Bridge, which the user has installed.

What adb says is told apart here: a command that failed on the device, a device that has gone, and an adb that is not
there. It is run as a program, so that its server, its keys and its settings are the user's own.
"""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from exporter.errors import VitexportError
from exporter.printable import printable

_PATIENCE = 60.0
"""Seconds for what takes a moment"""
_SHOWN = 200
"""Characters of a message of adb's"""
_STATES = {
    "unauthorized": "has not allowed this computer to debug it: unlock it and accept the question on its screen.",
    "offline": "does not answer adb: unplug it and plug it in again.",
    "no permissions": "may not be used by this account: see https://developer.android.com/tools/device.",
}
"""State that `adb devices` gives -> what is the matter and what to do"""


class AdbError(VitexportError):
    """No device, or one that does not do what it is asked."""


class DeviceGone(AdbError):
    """A device that was there, and does not answer any more."""


@dataclass(frozen=True)
class Answer:
    """What a command on the device said."""

    text: str
    """Standard output and standard error"""
    status: int


@dataclass(frozen=True)
class Adb:
    """A connected device."""

    program: str
    serial: str

    def shell(self, command: str, seconds: float = _PATIENCE) -> Answer:
        """Run a command on the device. Raises `DeviceGone`, and `AdbError` where it takes longer than `seconds`."""
        # Older devices give no status of their own.
        done = self._run(["shell", f"({command}) 2>&1; status=$?; echo; echo status=$status"], seconds, command)
        text, mark, status = done.stdout.replace("\r\n", "\n").rpartition("\nstatus=")
        if not mark or not status.strip().isdigit():
            self._gone(done)
            raise AdbError(f"{self.serial} did not finish '{_short(command)}': {_said(done)}")
        return Answer(text, int(status))

    def push(self, files: Sequence[Path], folder: str, seconds: float = 10 * _PATIENCE) -> None:
        """Copy files into a folder of the device. Raises `DeviceGone`, or `AdbError` such as for a full device."""
        done = self._run(["push", *map(str, files), folder], seconds, "push")
        if done.returncode:
            self._gone(done)
            raise AdbError(f"{self.serial} does not take files into {folder}: {_said(done)}")

    def _run(self, arguments: Sequence[str], seconds: float, what: str) -> subprocess.CompletedProcess[str]:
        try:
            return _adb(self.program, ["-s", self.serial, *arguments], seconds)
        except subprocess.TimeoutExpired:
            self._gone(None)
            raise AdbError(f"{self.serial} took more than {seconds:g} s for '{_short(what)}'.") from None

    def _gone(self, done: subprocess.CompletedProcess[str] | None) -> None:
        """Raise `DeviceGone` if the device is not there any more."""
        try:
            state = _adb(self.program, ["-s", self.serial, "get-state"], _PATIENCE)
        except subprocess.TimeoutExpired:
            state = None
        if state is None or state.stdout.strip() != "device":
            said = f" ({_said(done)})" if done is not None and _said(done) else ""
            raise DeviceGone(f"{self.serial} has gone{said}: connect it again.")


def connected(serial: str | None = None) -> Adb:
    """The device of this serial number, or the only one. Raises `AdbError`, which says what to do, where there is none
    that can be used."""
    program = shutil.which("adb")
    if program is None:
        raise AdbError("adb is not installed: apt-get install adb, or Android's platform tools.")
    states = _states(program)
    if serial is None:
        # adb goes on listing what it was once told to connect to.
        ready = [name for name, state in states.items() if state == "device"]
        if not states:
            raise AdbError("No Android device is connected: plug one in, with USB debugging turned on in its settings.")
        if len(ready) > 1:
            raise AdbError(f"Several devices are connected: pass --serial with one of {', '.join(sorted(ready))}.")
        serial = ready[0] if ready else next(iter(states))
    if serial not in states:
        there = f"connected are {', '.join(sorted(states))}" if states else "none is connected"
        raise AdbError(f"No device has the serial number {printable(serial)}; {there}.")
    if (state := states[serial]) != "device":
        known = next((meaning for name, meaning in _STATES.items() if state.startswith(name)), None)
        raise AdbError(f"{serial} {known or f'is in the state {printable(state)!r}: start it normally.'}")
    return Adb(program, serial)


def _states(program: str) -> dict[str, str]:
    """Serial number -> state, of all devices that adb lists."""
    try:
        done = _adb(program, ["devices"], _PATIENCE)
    except subprocess.TimeoutExpired:
        raise AdbError("adb does not answer: adb kill-server, and try again.") from None
    if done.returncode:
        raise AdbError(f"adb lists no devices: {_said(done)}")
    _, _, lines = done.stdout.partition("List of devices attached")
    pairs = (line.split("\t", 1) for line in lines.splitlines() if "\t" in line)
    return {serial.strip(): state.strip() for serial, state in pairs}


def _adb(program: str, arguments: Sequence[str], seconds: float) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [program, *arguments],
        capture_output=True,
        text=True,
        errors="replace",
        timeout=seconds,
        stdin=subprocess.DEVNULL,
        check=False,
    )


def _said(done: subprocess.CompletedProcess[str]) -> str:
    """The last line of what adb printed, its errors first."""
    lines = (done.stderr.strip() or done.stdout.strip()).splitlines()
    return _short(lines[-1]) if lines else ""


def _short(text: str) -> str:
    return printable(text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…")
