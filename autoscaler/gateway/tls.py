"""Whom the gateway's connections trust: a CA file, one pinned certificate, or the machine's own CA store.

No request byte leaves over a connection whose peer was not verified, and nothing switches verification off.

A pin is the SHA-256 of the server's certificate. OpenSSL can't verify a digest, so the certificate itself is needed:
one handshake that verifies nothing and sends nothing fetches it, its digest is compared with the pin, and only then it
becomes the single trust anchor of a context that verifies every connection. `VERIFY_X509_PARTIAL_CHAIN` lets a
certificate that is not self-signed be that anchor. The host name is not compared: the pin already names one
certificate, and gateways are often addressed by IP. Whoever sits in between at that first handshake can only present a
certificate with another digest, which ends it.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import re
import ssl
from dataclasses import dataclass
from pathlib import Path

from autoscaler.errors import GatewayUnreachable, SettingsError

__all__ = ["Trust", "parse_pin", "trust_ca_file", "trust_pin", "trust_system", "unreachable"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """A verifying context, and the setting it came from.

    Attributes:
        context: For every connection to the gateway; TLS 1.2 or newer.
        setting: Where a person changes whom it trusts, like `gateway.ca_file`.
    """

    context: ssl.SSLContext
    setting: str


def trust_ca_file(path: Path, *, setting: str = "gateway.ca_file") -> Trust:
    """Trust certificates signed by the CAs in a PEM file, and compare the host name.

    Raises:
        SettingsError: The file can't be read or holds no certificate.
    """
    context = _verifying()
    try:
        context.load_verify_locations(cafile=path)
    except OSError as error:  # ssl.SSLError is one too
        why = "holds no PEM certificate" if isinstance(error, ssl.SSLError) else f"can't be read ({error.strerror})"
        raise SettingsError(
            f"the file {path} {why}",
            place=setting,
            help="Point it to a readable PEM file with the certificate of the CA that signed the gateway's.",
        ) from error
    return Trust(context=context, setting=setting)


def trust_system() -> Trust:
    """Trust the CAs this machine trusts, for gateways with a public certificate."""
    context = _verifying()
    context.load_default_certs(ssl.Purpose.SERVER_AUTH)
    return Trust(context=context, setting="gateway.ca_file")


async def trust_pin(pin: str, *, host: str, port: int, timeout_s: float, setting: str = "gateway.pin_sha256") -> Trust:
    """Trust one server certificate by its SHA-256.

    Args:
        pin: As `parse_pin` takes it.
        host, port: The gateway.
        timeout_s: For the fetching handshake, real seconds.
        setting: Where the pin stands.

    Raises:
        SettingsError: The pin is no SHA-256.
        GatewayUnreachable: No handshake, or the server's certificate is another one.
    """
    wanted = parse_pin(pin, setting=setting)
    certificate = await _fetch_certificate(host, port, timeout_s, setting)
    seen = hashlib.sha256(certificate).digest()
    if not hmac.compare_digest(seen, wanted):
        raise GatewayUnreachable(
            f"the certificate of {host}:{port} has SHA-256 {seen.hex()}, which is not the pinned one",
            place=setting,
            help="If the gateway's certificate was renewed, check the new one at the server and pin it; "
            "otherwise somebody answers in the gateway's place.",
        )
    context = _verifying()
    context.check_hostname = False
    context.load_verify_locations(cadata=certificate)
    context.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    return Trust(context=context, setting=setting)


def parse_pin(pin: str, *, setting: str = "gateway.pin_sha256") -> bytes:
    """Read a pin: 64 hex digits with or without colons, or base64, with or without `sha256:` before it.

    Returns:
        32 bytes.

    Raises:
        SettingsError: It is neither.
    """
    text = re.sub(r"(?i)^sha-?256[/:=]+", "", pin.strip())
    digits = text.replace(":", "").replace(" ", "")
    if re.fullmatch(r"[0-9a-fA-F]{64}", digits):
        return bytes.fromhex(digits)
    try:
        digest = base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except (binascii.Error, ValueError):
        digest = b""
    if len(digest) != hashlib.sha256().digest_size:
        raise SettingsError(
            "the pin is no SHA-256 of a certificate",
            place=setting,
            help="Write 64 hex digits (colons allowed) or base64: "
            "openssl x509 -in gateway.pem -noout -fingerprint -sha256",
        )
    return digest


def unreachable(error: BaseException, *, address: str, trust: Trust | None) -> GatewayUnreachable:
    """Say in the field's words why there was no answer; a TLS failure names the setting that decides it.

    Args:
        error: What the network layer raised; its causes are searched.
        address: Host and port, for the message.
        trust: Of the failed connection; None when it has none.
    """
    setting = trust.setting if trust is not None else ""
    cause = _tls_cause(error)
    if isinstance(cause, ssl.SSLCertVerificationError):
        return GatewayUnreachable(
            f"the certificate of {address} is not trusted: {cause.verify_message}",
            place=setting,
            help=f"Set {setting} to the CA that signed the gateway's certificate, or set gateway.pin_sha256 to that "
            "certificate's own SHA-256; after a renewal pin the new one and restart.",
        )
    if cause is not None:
        return GatewayUnreachable(
            f"no TLS with {address}: {cause.reason or 'the handshake failed'}",
            place=setting,
            help="Check that gateway.url names the HTTPS port and that the gateway speaks TLS 1.2 or newer.",
        )
    if isinstance(error, TimeoutError):
        return GatewayUnreachable(
            f"{address} did not answer in time",
            help="Check that the gateway is up and not overloaded; gateway.timeout sets the wait.",
        )
    return GatewayUnreachable(
        f"no connection to {address} ({_reason(error)})",
        help="Check gateway.url, that the gateway is up, and the way to it.",
    )


def _verifying() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # verifies certificate and host name unless told otherwise
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


async def _fetch_certificate(host: str, port: int, timeout_s: float, setting: str) -> bytes:
    looking = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    looking.minimum_version = ssl.TLSVersion.TLSv1_2
    looking.check_hostname = False
    looking.verify_mode = ssl.CERT_NONE  # only to look: nothing is sent, and the pin decides (module docstring)
    try:
        async with asyncio.timeout(timeout_s):
            _, writer = await asyncio.open_connection(host, port, ssl=looking)
    except OSError as error:  # timeouts and TLS failures too
        raise unreachable(error, address=f"{host}:{port}", trust=Trust(context=looking, setting=setting)) from error
    handshake: ssl.SSLObject = writer.get_extra_info("ssl_object")
    certificate = handshake.getpeercert(binary_form=True)
    writer.transport.abort()  # no farewell: an unverified peer gets nothing more to say
    if certificate is None:
        raise GatewayUnreachable(
            f"{host}:{port} showed no certificate", place=setting, help="Check that gateway.url names the HTTPS port."
        )
    return certificate


def _tls_cause(error: BaseException) -> ssl.SSLError | None:
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, ssl.SSLError):
            return seen
        seen = seen.__cause__ or seen.__context__
    return None


def _reason(error: BaseException) -> str:
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, OSError) and seen.strerror:
            return seen.strerror
        seen = seen.__cause__ or seen.__context__
    return str(error) or type(error).__name__
