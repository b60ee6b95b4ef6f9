"""Who may ask over TCP: whoever holds the token.

The token is kept as a digest and compared in constant time; it shows in no repr, log line or answer.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import ipaddress

__all__ = ["TokenGate", "is_loopback"]


class TokenGate:
    """One token, or none: then nobody passes."""

    def __init__(self, token: str | None) -> None:
        """Keep the token's digest.

        Args:
            token: Not empty; None where no token is set.
        """
        self._digest = None if token is None else _digest(token)

    @property
    def is_set(self) -> bool:
        """Whether there is a token at all."""
        return self._digest is not None

    def admits(self, authorization: str | None) -> bool:
        """Whether an `Authorization` header carries the token, as `Bearer` or as the password of `Basic`.

        Args:
            authorization: The header's value; None where it is missing.
        """
        if self._digest is None or authorization is None:
            return False
        scheme, _, rest = authorization.partition(" ")
        offered = (
            rest.strip() if scheme.lower() == "bearer" else _basic_password(rest) if scheme.lower() == "basic" else ""
        )
        return hmac.compare_digest(_digest(offered), self._digest)


def is_loopback(host: str) -> bool:
    """Whether a host, a name or an address without port, can only be reached from this machine."""
    bare = host.removeprefix("[").removesuffix("]")
    if bare.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(bare).is_loopback
    except ValueError:  # another name: who knows where it leads
        return False


def _digest(token: str) -> bytes:
    # a header that is not UTF-8 arrives with surrogates
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).digest()


def _basic_password(encoded: str) -> str:
    try:
        _, _, password = base64.b64decode(encoded.strip(), validate=True).decode("utf-8").partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return ""
    return password
