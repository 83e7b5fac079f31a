"""A package registry and a model hub on the loopback interface, small enough to hold in the head.

Serves hand-made wheels to the real pip and a hand-made repository to the real hub client, and can break off or
stall in the middle of a file, as networks do.
"""

from __future__ import annotations

import hashlib
import io
import json
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def wheel(name: str, version: str, members: dict[str, bytes]) -> bytes:
    """The bytes of a wheel that pip accepts; the same members give the same bytes."""
    buffer = io.BytesIO()
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(buffer, "w") as archive:
        for member, content in members.items():
            archive.writestr(zipfile.ZipInfo(member), content)
        metadata = f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n"
        archive.writestr(zipfile.ZipInfo(f"{info}/METADATA"), metadata)
        tags = "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
        archive.writestr(zipfile.ZipInfo(f"{info}/WHEEL"), tags)
        archive.writestr(zipfile.ZipInfo(f"{info}/RECORD"), "")
    return buffer.getvalue()


@dataclass
class SmallRegistry:
    """`wheels` by file name; `repositories` by "owner/name", then file name. `url` is known once it runs."""

    wheels: dict[str, bytes] = field(default_factory=dict)
    repositories: dict[str, dict[str, bytes]] = field(default_factory=dict)
    gated: set[str] = field(default_factory=set)  # repositories whose terms nobody has accepted
    url: str = ""
    served: list[str] = field(default_factory=list)
    break_off: bool = False
    stall: threading.Event = field(default_factory=threading.Event)
    mute: threading.Event = field(default_factory=threading.Event)  # cleared: the hub does not answer
    half_served: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.stall.set()
        self.mute.set()

    @contextmanager
    def running(self) -> Iterator[SmallRegistry]:
        server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        server.daemon_threads = True
        self.url = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self.stall.set()
            self.mute.set()
            server.shutdown()
            server.server_close()
            thread.join()

    def answer(self, path: str) -> tuple[int, bytes, dict[str, str]]:
        """Status, body and extra headers for `path`."""
        kind, _, rest = path.strip("/").partition("/")
        if kind == "simple":
            links = [
                f'<a href="/wheels/{each}">{each}</a>' for each in self.wheels if _project(each) == rest.strip("/")
            ]
            return (200 if links else 404), "".join(links).encode(), {"Content-Type": "text/html"}
        if kind == "wheels":
            return 200, self.wheels[rest], {}
        if kind == "api":
            repository = "/".join(rest.split("/")[1:3])
            if repository in self.gated:
                return 403, b"{}", {"X-Error-Code": "GatedRepo"}
            if repository not in self.repositories:
                return 404, b"{}", {"X-Error-Code": "RepoNotFound"}
            return 200, json.dumps(self._hub_answer(repository, tree="/tree/" in rest)).encode(), {}
        self.mute.wait()
        return self._hub_file(path)

    def _hub_answer(self, repository: str, tree: bool) -> object:
        files = self.repositories[repository]
        if not tree:
            return {"id": repository, "sha": COMMIT, "siblings": [{"rfilename": name} for name in files]}
        return [
            {"type": "file", "path": name, "size": len(content), "oid": hashlib.sha1(content).hexdigest()}
            for name, content in files.items()
        ]

    def _hub_file(self, path: str) -> tuple[int, bytes, dict[str, str]]:
        owner, name, _resolve, _revision, file = path.strip("/").split("/", 4)
        if file not in self.repositories.get(f"{owner}/{name}", {}):
            return 404, b"", {"X-Error-Code": "EntryNotFound"}
        content = self.repositories[f"{owner}/{name}"][file]
        return 200, content, {"X-Repo-Commit": COMMIT, "ETag": f'"{hashlib.sha256(content).hexdigest()}"'}

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        registry = self

        class Handler(BaseHTTPRequestHandler):
            def do_HEAD(self) -> None:
                self._head()

            def do_GET(self) -> None:
                body, half = self._head(), 0
                if self.path.startswith("/wheels/"):
                    registry.served.append(self.path)
                    half = len(body) // 2
                    self.wfile.write(body[:half])
                    self.wfile.flush()
                    registry.half_served.set()
                    registry.stall.wait()
                    if registry.break_off:
                        self.close_connection = True
                        return
                self.wfile.write(body[half:])

            def _head(self) -> bytes:
                status, body, headers = registry.answer(self.path)
                self.send_response(status)
                for key, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(key, value)
                self.end_headers()
                return body

            def log_message(self, *_args: object) -> None:
                """Tests are quiet."""

        return Handler


def _project(wheel_name: str) -> str:
    return wheel_name.split("-", maxsplit=1)[0].replace("_", "-")
