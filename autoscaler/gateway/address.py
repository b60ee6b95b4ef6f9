"""Where the gateway is: its address out of the settings, checked once.

It is always HTTPS, and never carries a user name or password.
"""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import urlsplit

from autoscaler.errors import SettingsError

__all__ = ["DEFAULT_PORT", "Address", "parse_address"]

DEFAULT_PORT = 8043


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """One gateway or its load balancer.

    Attributes:
        host: Name or IP address, IPv6 without brackets.
        port: 1..65535.
    """

    host: str
    port: int

    @property
    def netloc(self) -> str:
        """Host and port as they stand in a URL and a `Host` header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def base(self) -> str:
        """Scheme, host and port."""
        return f"https://{self.netloc}"


def parse_address(url: str, *, setting: str = "gateway.url") -> Address:
    """Read `https://host[:port]`; without a port it is 8043.

    Raises:
        SettingsError: Another scheme, no host, a path, a query or a user name.
    """
    help_ = "Write it like https://10.0.0.5:8043."
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise SettingsError(f"the address makes no sense: {error}", place=setting, help=help_) from error
    if parts.username is not None or parts.password is not None:
        raise SettingsError("the address holds a user name or password", place=setting, help=help_)
    if parts.scheme != "https" or not parts.hostname:
        raise SettingsError(f"{url!r} is no https address", place=setting, help=help_)
    if parts.path not in ("", "/") or parts.query or parts.fragment:
        raise SettingsError(f"{url!r} has something after the port", place=setting, help=help_)
    return Address(host=parts.hostname, port=DEFAULT_PORT if port is None else port)
