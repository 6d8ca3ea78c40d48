"""Telling systemd how the service does; does nothing where it was not started by systemd."""

import contextlib
import os
import socket


def notify(state: str) -> None:
    """Send a line such as ``READY=1`` to ``$NOTIFY_SOCKET`` (man sd_notify)."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if address.startswith("@"):  # an abstract socket
        address = f"\0{address[1:]}"
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
        channel.sendto(state.encode(), address)
