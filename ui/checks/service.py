"""Checks what a server needs: weights, a free port, and a certificate for browsers on other machines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from dialogue.errors import AssistantError
from stream.models.weights import WeightsState, WeightStore
from ui.checks.finding import Finding
from ui.host.address import listen, machine_addresses
from ui.http.certificate import certificate_for


def check_weights(store: WeightStore, names: Sequence[str] | None = None) -> Finding:
    """Verifies every byte of the weights in `names`, by default those of the setup laptop."""
    listed = store.verify(store.default_names() if names is None else names)
    bad = [each for each in listed if each.condition is not WeightsState.PRESENT]
    if bad:
        states = ", ".join(f"{each.weights.name} is {each.condition.value}" for each in bad)
        return Finding("weights", "problem", states, "run `omnilive models pull`")
    size = sum(each.weights.size for each in listed) / 1e6
    return Finding("weights", "ok", f"{len(listed)} models, {size:.0f} MB, sha256 as pinned")


def check_port(host: str, port: int) -> Finding:
    try:
        listening, address = listen(host, port)
    except AssistantError as error:
        return Finding("port", "problem", f"{host}:{port} cannot be used", str(error))
    listening.close()
    return Finding("port", "ok", f"{address.url()} can be served")


def check_certificate(home: Path) -> Iterator[Finding]:
    """The certificate for browsers on other machines, which allow camera and microphone only on HTTPS pages."""
    addresses = machine_addresses()
    if not addresses:
        yield Finding("network", "warning", "no network address: only this machine can reach the page")
        return
    try:
        home.mkdir(parents=True, exist_ok=True)
        made = certificate_for(addresses, home)
    except OSError as error:
        advice = "set OMNILIVE_HOME to a writable folder"
        yield Finding("certificate", "problem", f"cannot be stored in {home}: {error.strerror}", advice)
        return
    found = f"for {', '.join(addresses)} in {home}; fingerprint {made.fingerprint[:23]}…"
    yield Finding("certificate", "ok", found)
