"""Where the console listens over TCP: the settings read, and refused where they would be unsafe.

Beyond this machine there is no listening without TLS: a token sent in the clear is no secret.
"""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

from autoscaler.console.access import is_loopback
from autoscaler.errors import SettingsError

__all__ = ["Addresses", "check_listen", "parse_listen", "tls_context"]

PLACE = "console.listen"


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """Where a started console is.

    Attributes:
        socket: The local socket's path; None where there is none.
        url: `http(s)://host:port` of the TCP side; None where there is none.
    """

    socket: Path | None
    url: str | None


def parse_listen(text: str) -> tuple[str, int]:
    """Read `host:port`; an IPv6 address stands in brackets. Port 0 takes any free one.

    Raises:
        SettingsError: Another form.
    """
    host, colon, port = text.strip().rpartition(":")
    bare = host.removeprefix("[").removesuffix("]") if host.startswith("[") and host.endswith("]") else host
    is_sane = bool(colon and bare) and (":" not in bare or bare != host)
    if not is_sane or not (port.isascii() and port.isdecimal()) or int(port) > 65_535:
        raise SettingsError(
            f"{text!r} is no host:port", place=PLACE, help='Write it like "127.0.0.1:8787" or "[::1]:8787".'
        )
    return bare, int(port)


def check_listen(host: str, *, has_tls: bool) -> None:
    """Refuse an address beyond this machine without TLS.

    Raises:
        SettingsError: It is one.
    """
    if not has_tls and not is_loopback(host):
        raise SettingsError(
            f"{host} can be reached from other machines, and there is no TLS",
            place=PLACE,
            help="Set console.cert_file and console.key_file, or listen on 127.0.0.1 behind a proxy that does TLS.",
        )


def tls_context(cert_file: Path | None, key_file: Path | None) -> ssl.SSLContext | None:
    """The console's own certificate; None where neither file is set.

    Raises:
        SettingsError: One is set without the other, or they can't be read or do not belong together.
    """
    if cert_file is None and key_file is None:
        return None
    if cert_file is None or key_file is None:
        missing, there = ("cert_file", "key_file") if cert_file is None else ("key_file", "cert_file")
        raise SettingsError(f"is not set, though {there} is", place=f"console.{missing}", help="Set both, or neither.")
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        # an encrypted key would ask for its passphrase on the terminal; an empty one fails instead
        context.load_cert_chain(cert_file, key_file, password="")
    except OSError as error:  # ssl.SSLError is one
        raise SettingsError(
            f"{cert_file} and {key_file} can't be used ({error.strerror or type(error).__name__})",
            place="console.cert_file",
            help="Give a PEM chain, and its private key without passphrase, readable by the service's user.",
        ) from error
    return context
