"""Where a server listens, and under which addresses it can be reached. Opens a socket, serves nothing."""

from __future__ import annotations

import errno
import ipaddress
import socket
from dataclasses import dataclass

import ifaddr

from dialogue.errors import AssistantError

BACKLOG = 128
ANYWHERE = frozenset({"", "0.0.0.0", "::"})
LOOPBACK = ("127.0.0.1", "::1")


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach `host`."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def machine_addresses() -> list[str]:
    """The IP addresses of this machine that others may reach, IPv4 first; none without a network."""
    found: list[ipaddress.IPv4Address | ipaddress.IPv6Address] = []
    for adapter in ifaddr.get_adapters():
        for ip in adapter.ips:
            text = ip.ip if isinstance(ip.ip, str) else ip.ip[0]
            address = ipaddress.ip_address(text.split("%")[0])
            if not (address.is_loopback or address.is_link_local or address.is_unspecified):
                found.append(address)
    return [str(address) for address in sorted(found, key=lambda address: address.version)]


@dataclass(frozen=True, slots=True)
class Address:
    """What a person opens. Off loopback it is HTTPS: browsers give camera and microphone to nothing else."""

    host: str  # as asked for
    port: int  # as bound

    @property
    def local(self) -> bool:
        return is_loopback(self.host)

    @property
    def names(self) -> tuple[str, ...]:
        """Every name under which browsers may reach us."""
        mine = ("localhost", "127.0.0.1", "::1")
        if self.local:
            return tuple(dict.fromkeys((self.host, *mine)))
        name = socket.gethostname()
        given = () if self.host in ANYWHERE else (self.host,)
        return tuple(dict.fromkeys((*given, *machine_addresses(), name, f"{name}.local", *mine)))

    def url(self, token: str | None = None) -> str:
        """The address to open; the token travels in the fragment, which no browser sends."""
        host = self.host if self.host not in ANYWHERE else next(iter(machine_addresses()), "localhost")
        shown = f"[{host}]" if ":" in host else host
        scheme = "http" if self.local else "https"
        return f"{scheme}://{shown}:{self.port}/" + (f"#token={token}" if token else "")


def listen(host: str, port: int) -> tuple[socket.socket, Address]:
    """A bound and listening socket; port 0 takes any. Raises AssistantError that says which option to change."""
    try:
        # Where a name has several addresses, as localhost has, the IPv4 one is what browsers try and people expect.
        found = sorted(socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE))
    except (OSError, UnicodeError):
        raise AssistantError(f"{host} is no address of this machine: give another one with --host.") from None
    family, kind, protocol, _, place = found[0]
    listening = socket.socket(family, kind, protocol)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(place)
        listening.listen(BACKLOG)
        listening.setblocking(False)
    except OSError as error:
        listening.close()
        raise AssistantError(_advice(host, port, error)) from error
    return listening, Address(host, int(listening.getsockname()[1]))


def media_hosts(listening: socket.socket) -> tuple[str, ...] | None:
    """The addresses that media may be sent to where pages are served by `listening`; None for all of the machine."""
    bound = ipaddress.ip_address(listening.getsockname()[0])
    if bound.is_unspecified or bound.is_link_local:  # browsers read no candidate with the zone that the latter needs
        return None
    return LOOPBACK if bound.is_loopback else (str(bound),)


def _advice(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is taken, perhaps by another omnilive: give another one with --port, or 0 for any."
    if error.errno == errno.EACCES:
        return f"Port {port} is reserved for the system: give one above 1023 with --port."
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is no address of this machine: give another one with --host."
    return f"Cannot listen on {host}:{port} ({error.strerror or error}): try another --host or --port."
