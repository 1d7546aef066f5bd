"""Requests one after the other on one connection without waiting for the answers (RFC 9112, section 9.3.2)."""

import socket
from dataclasses import dataclass

DEPTH = 40
READ_BYTES = 1 << 16


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes


def request(method: str, path: str, headers: dict[str, str], body: bytes) -> bytes:
    lines = [f"{method} {path} HTTP/1.1", "host: localhost", f"content-length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode() + body


class Pipeline:
    """Keeps one connection, and opens another when that was ended; what was not answered then is asked again."""

    def __init__(self, port: int):
        self.port = port
        self.connections = 0
        self._socket: socket.socket | None = None
        self._read = b""

    def __enter__(self) -> "Pipeline":
        return self

    def __exit__(self, *_) -> None:
        self._close()

    def ask(self, requests: list[bytes]) -> list[Answer]:
        """The answers in the order of the requests."""
        answers: list[Answer] = []
        while len(answers) < len(requests):
            count = len(answers)
            waiting = requests[count : count + DEPTH]
            try:
                self._open().sendall(b"".join(waiting))
                for _ in waiting:
                    answers.append(answer := self._answer())
                    if answer.headers.get("connection", "").lower() == "close":
                        self._close()
                        break
            except ConnectionError:
                self._close()
                if len(answers) == count:
                    raise AssertionError(f"no answer to {waiting[0][:300]!r}") from None
        return answers

    def _open(self) -> socket.socket:
        if self._socket is None:
            self._socket = socket.create_connection(("127.0.0.1", self.port), 60)
            self.connections += 1
        return self._socket

    def _close(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket, self._read = None, b""

    def _answer(self) -> Answer:
        while b"\r\n\r\n" not in self._read:
            self._more()
        head, _, self._read = self._read.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(headers.get("content-length", 0))
        while len(self._read) < length:
            self._more()
        body, self._read = self._read[:length], self._read[length:]
        return Answer(int(first.split(" ")[1]), headers, body)

    def _more(self) -> None:
        piece = self._open().recv(READ_BYTES)
        if not piece:
            raise ConnectionResetError("ended")
        self._read += piece
