"""An Android device on a loopback port, for Debian's real `adb`: Debian 12 has no `adbd` that runs on Linux.

It speaks the device's side of adb's protocol (packages/modules/adb, protocol.txt and SYNC.TXT), as far as shell, push
and the question whether a computer may debug it go. Commands run in a folder of this machine that stands for its root.
"""

from __future__ import annotations

import os
import socket
import struct
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

_HEADER = struct.Struct("<4s5I")
_MOST = 64 * 1024
_SHELL_STDOUT, _SHELL_EXIT = b"\x01", b"\x03"


class AndroidDevice:
    """`root` is its file system; what lies in root/bin are its programs."""

    def __init__(self, root: Path, authorised: bool = True) -> None:
        self.root = root
        self.authorised = authorised
        self.commands: list[str] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.serial = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self._connections: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def unplug(self) -> None:
        """It is gone: nobody can connect to it any more."""
        for one in (self._listener, *self._connections):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def path(self, place: str) -> str:
        return place.replace("/data/local/tmp", str(self.root / "data/local/tmp"))

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                self._connections.append(connection)
                threading.Thread(target=_Transport(self, connection).serve, daemon=True).start()


class _Transport:
    """One computer's connection, with any number of streams."""

    def __init__(self, device: AndroidDevice, connection: socket.socket) -> None:
        self.device, self.connection = device, connection
        self.sending = threading.Lock()
        self.streams: dict[int, _Stream] = {}

    def send(self, command: bytes, first: int, second: int, data: bytes = b"") -> None:
        code = int.from_bytes(command, "little")
        header = _HEADER.pack(command, first, second, len(data), sum(data) & 0xFFFFFFFF, code ^ 0xFFFFFFFF)
        with self.sending:
            self.connection.sendall(header + data)

    def serve(self) -> None:
        with suppress(OSError, EOFError), self.connection:
            while True:
                command, first, second, length, _, _ = _HEADER.unpack(self._read(_HEADER.size))
                self._obey(command, first, second, self._read(length))

    def _read(self, count: int) -> bytes:
        data = b""
        while len(data) < count:
            more = self.connection.recv(count - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    def _obey(self, command: bytes, first: int, second: int, data: bytes) -> None:
        match command:
            case b"CNXN" if self.device.authorised:
                banner = b"device::ro.product.name=test;ro.product.model=Test;features=cmd,shell_v2"
                self.send(b"CNXN", 0x01000000, _MOST, banner)
            case b"CNXN" | b"AUTH":
                if data[:4] == b"host" or first == 2:  # a new computer, or a signature by a key that is not known
                    self.send(b"AUTH", 1, 0, bytes(20))
            case b"OPEN":
                own = len(self.streams) + 1
                stream = self.streams[own] = _Stream(self, own, first)
                threading.Thread(target=stream.serve, args=(data.rstrip(b"\0").decode(),), daemon=True).start()
            case b"WRTE":
                self.streams[second].received(data)
            case b"OKAY":
                self.streams[second].writable.release()
            case b"CLSE" if second in self.streams:
                self.streams[second].closed()


class _Stream:
    def __init__(self, transport: _Transport, own: int, other: int) -> None:
        self.transport, self.own, self.other = transport, own, other
        self.writable = threading.Semaphore(1)
        """Each message waits until the one before was taken."""
        self.arrived = threading.Condition()
        self.buffer, self.open = b"", True

    def received(self, data: bytes) -> None:
        with self.arrived:
            self.buffer += data
            self.arrived.notify()
        self.transport.send(b"OKAY", self.own, self.other)

    def closed(self) -> None:
        with self.arrived:
            self.open = False
            self.arrived.notify()

    def read(self, count: int) -> bytes:
        with self.arrived:
            self.arrived.wait_for(lambda: len(self.buffer) >= count or not self.open)
            if len(self.buffer) < count:
                raise EOFError
            data, self.buffer = self.buffer[:count], self.buffer[count:]
            return data

    def write(self, data: bytes) -> None:
        for start in range(0, len(data), _MOST):
            self.writable.acquire()
            self.transport.send(b"WRTE", self.own, self.other, data[start : start + _MOST])

    def serve(self, service: str) -> None:
        self.transport.send(b"OKAY", self.own, self.other)
        with suppress(EOFError, OSError):
            name, _, argument = service.partition(":")
            if name.startswith("shell"):
                self._shell(argument)
            elif name == "sync":
                self._sync()
            self.writable.acquire()
            self.transport.send(b"CLSE", self.own, self.other)

    def _shell(self, command: str) -> None:
        device = self.transport.device
        device.commands.append(command)
        environment = {**os.environ, "PATH": f"{device.root / 'bin'}:{os.environ['PATH']}"}
        done = subprocess.run(
            ["sh", "-c", device.path(command)], cwd=device.root, env=environment, stdout=subprocess.PIPE,
            stdin=subprocess.DEVNULL, check=False,
        )  # fmt: skip
        for start in range(0, len(done.stdout), 1024):
            part = done.stdout[start : start + 1024]
            self.write(_SHELL_STDOUT + struct.pack("<I", len(part)) + part)
        self.write(_SHELL_EXIT + struct.pack("<IB", 1, done.returncode & 0xFF))

    def _sync(self) -> None:
        while True:
            request, length = struct.unpack("<4sI", self.read(8))
            if request == b"QUIT":
                return
            place = Path(self.transport.device.path(self.read(length).decode().partition(",")[0]))
            if request == b"STAT":
                mode = place.stat().st_mode if place.exists() else 0
                self.write(struct.pack("<4s3I", b"STAT", mode, 0, 0))
            elif request == b"SEND":
                self._receive(place)

    def _receive(self, place: Path) -> None:
        content = b""
        while True:
            request, length = struct.unpack("<4sI", self.read(8))
            if request == b"DONE":
                break
            content += self.read(length)
        try:
            place.write_bytes(content)
        except OSError as problem:
            reason = str(problem.strerror).encode()
            self.write(struct.pack("<4sI", b"FAIL", len(reason)) + reason)
        else:
            self.write(struct.pack("<4sI", b"OKAY", 0))


@contextmanager
def adb_server(folder: Path) -> Iterator[dict[str, str]]:
    """A server of adb's own port and keys; yields the environment in which `adb` talks to it."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    variables = {"ANDROID_ADB_SERVER_PORT": str(port), "HOME": str(folder), "ADB_MDNS_AUTO_CONNECT": "0"}
    environment = {**os.environ, **variables}
    subprocess.run(["adb", "start-server"], env=environment, check=True, capture_output=True, timeout=30)
    try:
        yield variables
    finally:
        subprocess.run(["adb", "kill-server"], env=environment, check=False, capture_output=True, timeout=30)
