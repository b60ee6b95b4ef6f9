"""How CC-CMS checks who asks: the Huawei SDK's HMAC signature, or the bare access key.

Which of the two a real CC-CMS wants is not public; the simulation takes the one it is configured for.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import parse_qsl, quote, unquote

from autoscaler.simulation.site import Signer

__all__ = ["is_signed", "signature"]

ALGORITHM = "SDK-HMAC-SHA256"


def is_signed(
    signer: Signer,
    *,
    access_key: str,
    secret_key: str,
    method: str,
    path: str,
    query: str,
    headers: Mapping[str, str],
    body: bytes,
) -> bool:
    """Whether a request carries a good signature.

    Args:
        signer: The form wanted.
        access_key, secret_key: Of the one who may ask.
        method, path, query: As sent; the query without its question mark.
        headers: Any letter case (a case-insensitive mapping).
        body: As sent.
    """
    authorization = headers.get("Authorization", "")
    if signer is Signer.PLAIN:
        return hmac.compare_digest(authorization.encode(), access_key.encode())
    algorithm, _, rest = authorization.partition(" ")
    parts = dict(part.strip().partition("=")[::2] for part in rest.split(","))
    if algorithm != ALGORITHM or parts.get("Access") != access_key:
        return False
    names = parts.get("SignedHeaders", "").split(";")
    if "x-sdk-date" not in names or any(name not in headers for name in names):
        return False
    wanted = signature(
        secret_key=secret_key,
        method=method,
        path=path,
        query=query,
        signed={name: headers[name] for name in names},
        date=headers["X-Sdk-Date"],
        body=body,
    )
    return hmac.compare_digest(parts.get("Signature", "").encode(), wanted.encode())


def signature(
    *, secret_key: str, method: str, path: str, query: str, signed: Mapping[str, str], date: str, body: bytes
) -> str:
    """The hexadecimal signature of a request.

    Args:
        secret_key: Shared with the one who asks.
        method, path, query, body: As sent.
        signed: Values of the signed headers by lower-case name.
        date: `X-Sdk-Date`, YYYYMMDDTHHMMSSZ.
    """
    names = sorted(signed)
    canonical = "\n".join(
        (
            method,
            _canonical_path(path),
            _canonical_query(query),
            *(f"{name}:{signed[name].strip()}" for name in names),
            "",
            ";".join(names),
            hashlib.sha256(body).hexdigest(),
        )
    )
    to_sign = f"{ALGORITHM}\n{date}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    return hmac.new(secret_key.encode(), to_sign.encode(), hashlib.sha256).hexdigest()


def _canonical_path(path: str) -> str:
    encoded = "/".join(quote(unquote(part), safe="~") for part in path.split("/"))
    return encoded if encoded.endswith("/") else encoded + "/"


def _canonical_query(query: str) -> str:
    pairs = sorted(parse_qsl(query, keep_blank_values=True))
    return "&".join(f"{quote(name, safe='~')}={quote(value, safe='~')}" for name, value in pairs)
