"""Opens the listening socket of a server, and finds the addresses under which it can be reached."""

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
    """Whether `host` can be reached only from this machine."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def machine_addresses() -> list[str]:
    """The IP addresses of this machine that other machines can reach, IPv4 first; none without a network."""
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
    """The address of a server. Off loopback it is HTTPS, without which browsers give no camera and microphone."""

    host: str  # as given
    port: int  # as bound

    @property
    def local(self) -> bool:
        return is_loopback(self.host)

    @property
    def names(self) -> tuple[str, ...]:
        """Every host name and address under which browsers may reach the server."""
        local = ("localhost", "127.0.0.1", "::1")
        if self.local:
            return tuple(dict.fromkeys((self.host, *local)))
        name = socket.gethostname()
        given = () if self.host in ANYWHERE else (self.host,)
        return tuple(dict.fromkeys((*given, *machine_addresses(), name, f"{name}.local", *local)))

    def url(self, token: str | None = None) -> str:
        """The URL to open. The token is in the fragment, which browsers do not send."""
        host = self.host if self.host not in ANYWHERE else next(iter(machine_addresses()), "localhost")
        shown = f"[{host}]" if ":" in host else host
        scheme = "http" if self.local else "https"
        return f"{scheme}://{shown}:{self.port}/" + (f"#token={token}" if token else "")


def listen(host: str, port: int) -> tuple[socket.socket, Address]:
    """A listening socket; port 0 takes any free one. Raises AssistantError that names the option to change."""
    try:
        # Browsers try the IPv4 address of a name with several addresses, such as localhost, first.
        found = sorted(socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE))
    except (OSError, UnicodeError):
        raise AssistantError(f"{host} is not an address of this machine. Choose another one with --host.") from None
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
    """The addresses for media of calls whose page `listening` serves; None for all addresses of the machine."""
    bound = ipaddress.ip_address(listening.getsockname()[0])
    if bound.is_unspecified or bound.is_link_local:  # browsers accept no candidate with a zone, which link-local needs
        return None
    return LOOPBACK if bound.is_loopback else (str(bound),)


def _advice(host: str, port: int, error: OSError) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} is in use, perhaps by another omnilive. Choose another one with --port, or 0 for any."
    if error.errno == errno.EACCES:
        return f"Port {port} is reserved for the system. Choose one above 1023 with --port."
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is not an address of this machine. Choose another one with --host."
    return f"The server cannot listen on {host}:{port} ({error.strerror or error}). Try another --host or --port."
