"""A certificate authority of the moment and a server certificate for the loopback names."""

from __future__ import annotations

import ssl
from dataclasses import dataclass
from pathlib import Path

from autoscaler.errors import SettingsError

__all__ = ["Certificates", "make_certificates"]

NAMES = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificates:
    """What servers and their clients need.

    Attributes:
        server: For listening; TLS 1.2 or later.
        ca_file: PEM file a client trusts.
    """

    server: ssl.SSLContext
    ca_file: Path


def make_certificates(directory: Path) -> Certificates:
    """Make both, and write the authority's certificate to `directory`/ca.pem.

    Raises:
        SettingsError: The extra `simulation` is not installed.
    """
    try:
        import trustme  # noqa: PLC0415 only a simulated site needs the extra
    except ImportError as error:
        raise SettingsError(
            "a simulated site makes its certificates with trustme, which is not installed",
            help="install the extra: pip install 'autoscaler[simulation]'",
        ) from error
    authority = trustme.CA()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.minimum_version = ssl.TLSVersion.TLSv1_2
    authority.issue_cert(*NAMES).configure_cert(server)
    ca_file = directory / "ca.pem"
    authority.cert_pem.write_to_path(ca_file)
    return Certificates(server=server, ca_file=ca_file)
