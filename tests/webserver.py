"""A real server on loopback that misbehaves, for tests of downloads."""

from __future__ import annotations

from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Remote:
    """A file on the server and how the server misbehaves when asked for it."""

    body: bytes
    status: int = 200
    ranges: bool = True  # whether it can continue
    cuts: list[int] = field(default_factory=list)  # bytes after which each answer is cut off
    version: str = '"1"'
    length: bool = True  # whether it says how long the file is
    shift: int = 0  # by how much it is off when it continues


class Server(ThreadingHTTPServer):
    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.remotes: dict[str, Remote] = {}
        self.asked: list[tuple[str, str | None]] = []  # path and Range of each request

    def add(self, path: str, remote: Remote) -> str:
        self.remotes[path] = remote
        return f"http://127.0.0.1:{self.server_port}{path}"


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        asked = self.headers.get("Range")
        self.server.asked.append((self.path, asked))
        remote = self.server.remotes.get(self.path)
        if remote is None or remote.status != 200:
            self.send_error(404 if remote is None else remote.status)
            return
        start, size = 0, len(remote.body)
        if asked and remote.ranges and self.headers.get("If-Range") in (None, remote.version):
            start = int(asked.removeprefix("bytes=").removesuffix("-"))
            if start >= size:
                self.send_response(416)
                self.send_header("Content-Range", f"bytes */{size}")
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            start += remote.shift
            self.send_response(206)
            self.send_header("Content-Range", f"bytes {start}-{size - 1}/{size}")
        else:
            self.send_response(200)
        if remote.version:
            self.send_header("ETag", remote.version)
        if remote.length:
            self.send_header("Content-Length", str(size - start))
        self.send_header("Connection", "close")
        self.end_headers()
        stop = start + remote.cuts.pop(0) if remote.cuts else size
        self.wfile.write(remote.body[start:stop])
        self.close_connection = True
