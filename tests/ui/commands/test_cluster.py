"""`omnilive cluster`: what its replicas are made of. Also tests `ui/commands/options/access_options.py`."""

from __future__ import annotations

from stream.models.setup import SETUPS
from ui.commands.cluster import new_service
from ui.rtc.ice_servers import IceServers


def test_replicas_tell_pages_the_ice_servers_of_the_command_line() -> None:
    ice = IceServers(("stun:stun.example:3478",))
    assert new_service(SETUPS["laptop"], ice).state.ice == ice
