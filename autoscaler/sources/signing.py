"""Who signs a request to CC-CMS: one small seam, two ways built in, others by entry point.

A secret key never shows in a repr, an error or a header.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import entry_points
from typing import Protocol, cast
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from autoscaler.errors import SettingsError

__all__ = ["ENTRY_POINT_GROUP", "PlainKey", "SdkHmacSha256", "Signer", "SignerFactory", "find_signer"]

ENTRY_POINT_GROUP = "autoscaler.signers"
"""Entry points here are `SignerFactory` objects; their names are values of the setting `signer`."""

_BUILT_IN = ("plain", "sdk-hmac-sha256")
_ALGORITHM = "SDK-HMAC-SHA256"
_SIGNED_HEADERS = "host;x-sdk-date"


class Signer(Protocol):
    """Signs one request."""

    def sign(self, method: str, url: str, headers: Mapping[str, str], body: bytes, now: datetime) -> dict[str, str]:
        """Add what proves who asks.

        Args:
            method: HTTP method, upper case.
            url: Absolute.
            headers: What is sent anyway; holds `Host`.
            body: The exact bytes that are sent.
            now: Aware UTC.

        Returns:
            `headers` and the signature's own beside them.
        """
        ...


class SignerFactory(Protocol):
    """Makes a signer of the two keys of the settings."""

    def __call__(self, access_key: str, secret_key: str, /) -> Signer:
        """Build one."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainKey:
    """`Authorization: <access key>`, for a signing proxy in front of CC-CMS."""

    access_key: str = field(repr=False)

    def sign(self, method: str, url: str, headers: Mapping[str, str], body: bytes, now: datetime) -> dict[str, str]:  # noqa: ARG002 the seam's shape
        return {**headers, "Authorization": self.access_key}


@dataclass(frozen=True, slots=True, kw_only=True)
class SdkHmacSha256:
    """`Authorization: SDK-HMAC-SHA256 …` over host, date, path, query and body (cc-gateway.md §8, C2)."""

    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)

    def sign(self, method: str, url: str, headers: Mapping[str, str], body: bytes, now: datetime) -> dict[str, str]:
        parts = urlsplit(url)
        host = next((value for name, value in headers.items() if name.lower() == "host"), parts.netloc)
        date = now.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
        canonical = "\n".join(
            (
                method.upper(),
                _canonical_path(parts.path),
                _canonical_query(parts.query),
                f"host:{host.strip()}\nx-sdk-date:{date}\n",
                _SIGNED_HEADERS,
                hashlib.sha256(body).hexdigest(),
            )
        )
        to_sign = f"{_ALGORITHM}\n{date}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
        signature = hmac.new(self.secret_key.encode(), to_sign.encode(), hashlib.sha256).hexdigest()
        return {
            **headers,
            "X-Sdk-Date": date,
            "Authorization": (
                f"{_ALGORITHM} Access={self.access_key}, SignedHeaders={_SIGNED_HEADERS}, Signature={signature}"
            ),
        }


def find_signer(name: str, *, access_key: str, secret_key: str) -> Signer:
    """Make the signer a setting names.

    Args:
        name: `sdk-hmac-sha256`, `plain`, or an entry point's name in `ENTRY_POINT_GROUP`.
        access_key, secret_key: From the settings and the secret file.

    Raises:
        SettingsError: Nothing goes by that name, or what does can't be loaded.
    """
    if name == "sdk-hmac-sha256":
        return SdkHmacSha256(access_key=access_key, secret_key=secret_key)
    if name == "plain":
        return PlainKey(access_key=access_key)
    installed = {entry.name: entry for entry in entry_points(group=ENTRY_POINT_GROUP)}
    entry = installed.get(name)
    if entry is None:
        existing = ", ".join(sorted({*_BUILT_IN, *installed}))
        raise SettingsError(
            f"no signer is called {name!r}",
            place="cms.signer",
            help=f"use one of {existing}, or install a package with an entry point {name!r} in {ENTRY_POINT_GROUP!r}",
        )
    try:
        factory = cast(SignerFactory, entry.load())
    except (ImportError, AttributeError) as error:
        raise SettingsError(
            f"the signer {name!r} can't be loaded from {entry.value}: {error}",
            place="cms.signer",
            help="install the package it comes from again, or use sdk-hmac-sha256",
        ) from error
    return factory(access_key, secret_key)


def _canonical_path(path: str) -> str:
    """Each segment percent-encoded, a slash at the end."""
    encoded = "/".join(quote(unquote(segment), safe="~") for segment in path.split("/"))
    return encoded if encoded.endswith("/") else f"{encoded}/"


def _canonical_query(query: str) -> str:
    pairs = sorted(parse_qsl(query, keep_blank_values=True))
    return "&".join(f"{quote(key, safe='~')}={quote(value, safe='~')}" for key, value in pairs)
