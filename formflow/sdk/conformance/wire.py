"""A wire between a connector and a server on this computer that can be broken in the ways in which wires break.

with Wire(server_port) as wire:
    settings = MySettings(host="127.0.0.1", port=wire.port)
    Trial(..., faults=wire.faults, hosts={"127.0.0.1"})
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from functools import partial
from types import TracebackType
from typing import Self

LOOPBACK = "127.0.0.1"
CHUNK = 1 << 16  # bytes
AT_ONCE = struct.pack("ii", 1, 0)  # SO_LINGER: a close is a reset


class Wire:
    """Passes bytes on to a port of this computer, and back, until it is broken. Ends with its block.

    `asked` is after how many bytes of a delivery everything is asked, so that the next answer can be lost.
    """

    def __init__(self, port: int, asked: int = 1000) -> None:
        self._server, self._asked = port, asked
        self._listener = socket.create_server((LOOPBACK, 0))
        self.port: int = self._listener.getsockname()[1]
        self._meets: Callable[[socket.socket], None] = self._pass_on
        self._open: list[socket.socket] = []
        self._met: list[threading.Thread] = []
        self._is_over = False
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        problem: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._is_over = True
        self._hang_up()
        with contextlib.suppress(OSError), socket.create_connection((LOOPBACK, self.port)):
            pass  # wakes the thread that accepts
        self._accepting.join()
        self._listener.close()
        for met in self._met:
            met.join()

    @property
    def faults(self) -> Mapping[str, Callable[[], AbstractContextManager[object]]]:
        """In which ways the wire can be broken, each for as long as its block lasts."""
        ways: Mapping[str, Callable[[socket.socket], None]] = {
            "refused": self._reset,
            "closed without an answer": self._close,
            "silent": self._open.append,
            "cut off in the middle of an answer": partial(self._pass_on, most=20),
            "the answer lost": partial(self._pass_on, asked=self._asked),
        }
        return {name: partial(self._broken, way) for name, way in ways.items()}

    @contextlib.contextmanager
    def _broken(self, way: Callable[[socket.socket], None]) -> Iterator[None]:
        self._meets = way
        try:
            yield
        finally:
            self._meets = self._pass_on
            self._hang_up()

    def _accept(self) -> None:
        while True:
            caller, _ = self._listener.accept()
            if self._is_over:
                caller.close()
                return
            self._met.append(threading.Thread(target=self._meets, args=(caller,), daemon=True))
            self._met[-1].start()

    def _hang_up(self) -> None:
        while self._open:
            with contextlib.suppress(OSError), self._open.pop() as passing:
                passing.shutdown(socket.SHUT_RDWR)  # whoever waits for it hears so

    def _reset(self, caller: socket.socket) -> None:
        caller.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
        caller.close()

    def _close(self, caller: socket.socket) -> None:
        with contextlib.suppress(OSError):
            caller.recv(CHUNK)
        caller.close()

    def _pass_on(
        self, caller: socket.socket, most: int | None = None, asked: int | None = None
    ) -> None:
        """Pass bytes on in both directions: of the answers `most`, and none once so much is `asked`."""
        passed: list[int] = []
        answered = 0
        server = socket.create_connection((LOOPBACK, self._server))
        self._open += [caller, server]
        with contextlib.suppress(OSError), caller, server:
            threading.Thread(target=_copy, args=(caller, server, passed), daemon=True).start()
            while content := server.recv(CHUNK):
                if asked is not None and sum(passed) >= asked:
                    break  # the server has it, and nobody hears so
                caller.sendall(content if most is None else content[: most - answered])
                answered += len(content)
                if most is not None and answered >= most:
                    break
            caller.shutdown(socket.SHUT_RDWR)  # closed alone, it stays open while it is read


def _copy(source: socket.socket, target: socket.socket, passed: list[int]) -> None:
    """Copy what comes until it ends; note how many bytes have come."""
    with contextlib.suppress(OSError):
        while content := source.recv(CHUNK):
            passed.append(len(content))
            target.sendall(content)
        target.shutdown(socket.SHUT_WR)
