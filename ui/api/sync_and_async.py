"""Makes a blocking method and its asynchronous twin from one coroutine function."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import update_wrapper
from typing import Any, Concatenate, ParamSpec, Protocol, TypeVar

from ui.api.background_loop import BackgroundLoop


class OnBackgroundLoop(Protocol):
    """An object whose coroutines run on a loop of its own."""

    @property
    def _loop(self) -> BackgroundLoop: ...


Owner = TypeVar("Owner", bound=OnBackgroundLoop)
P = ParamSpec("P")
T = TypeVar("T")


def sync_and_async(
    core: Callable[Concatenate[Owner, P], Coroutine[Any, Any, T]],
) -> tuple[Callable[Concatenate[Owner, P], T], Callable[Concatenate[Owner, P], Coroutine[Any, Any, T]]]:
    """(blocking, asynchronous): methods that run `core`, named `_name`, on the owner's loop as `name` and `aname`.

    Both raise what `core` raises. The asynchronous one leaves the caller's own loop free; cancelling it cancels `core`.
    """

    def blocking(owner: Owner, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return owner._loop.run(core(owner, *args, **kwargs))

    async def asynchronous(owner: Owner, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await owner._loop.arun(core(owner, *args, **kwargs))

    for twin, prefix in ((blocking, ""), (asynchronous, "a")):
        update_wrapper(twin, core)
        twin.__name__ = prefix + core.__name__.removeprefix("_")
        twin.__qualname__ = f"{core.__qualname__.rpartition('.')[0]}.{twin.__name__}"
    return blocking, asynchronous
