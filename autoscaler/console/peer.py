"""Who sits at the other end of the local socket, as the kernel says; nobody can claim another name.

In a service with `PrivateUsers=yes` the kernel would call everybody 65534, which is why the unit does without.
"""

from __future__ import annotations

import asyncio
import pwd
import socket
import struct

from aiohttp import web

from autoscaler.errors import ControlError

__all__ = ["peer_name"]

_UCRED = struct.Struct("3i")  # pid, uid, gid
NAME_DEADLINE_S = 2.0
"""User names may come from a directory service over the network."""


async def peer_name(request: web.Request) -> str:
    """The caller's user name; `uid 1234` where the machine knows no name in time.

    Raises:
        ControlError: The connection is gone.
    """
    transport = request.transport
    connection = None if transport is None else transport.get_extra_info("socket")
    if connection is None:
        raise ControlError("the caller hung up", place="local socket", help="Ask again.")
    _, uid, _ = _UCRED.unpack(connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, _UCRED.size))
    try:
        async with asyncio.timeout(NAME_DEADLINE_S):
            return (await asyncio.to_thread(pwd.getpwuid, uid)).pw_name
    except (KeyError, TimeoutError):
        return f"uid {uid}"
