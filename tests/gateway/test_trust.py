"""Whom a connection trusts, over real TLS on loopback."""

import asyncio
import base64
import hashlib
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trustme

from autoscaler.errors import GatewayUnreachable, SettingsError
from autoscaler.gateway.address import Address, parse_address
from autoscaler.gateway.rare import RareTransport
from autoscaler.gateway.tls import Trust, parse_pin, trust_ca_file, trust_pin

ANSWER = b'HTTP/1.1 200 OK\r\nContent-Length: 35\r\n\r\n{"message":"success","retcode":"0"}'


class Server:
    """A TLS server that counts the request bytes it decrypts."""

    def __init__(self, port: int, leaf: trustme.LeafCert) -> None:
        self.address = Address(host="127.0.0.1", port=port)
        self.leaf = leaf
        self.received = b""

    @property
    def digest(self) -> bytes:
        pem = self.leaf.cert_chain_pems[0].bytes().decode()
        return hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).digest()


@asynccontextmanager
async def serving(authority: trustme.CA, *, name: str = "127.0.0.1") -> AsyncIterator[Server]:
    leaf = authority.issue_cert(name)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    leaf.configure_cert(context)
    server: Server

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while data := await reader.read(65_536):
                server.received += data
                writer.write(ANSWER)
        except OSError:
            pass  # a client that aborts is one of the cases
        finally:
            writer.transport.abort()

    listening = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)
    async with listening:
        server = Server(listening.sockets[0].getsockname()[1], leaf)
        yield server


async def ask(server: Server, trust: Trust) -> bytes:
    transport = RareTransport(server.address, trust)
    try:
        async with asyncio.timeout(10):
            return (await transport.send("GET", "/x", [("Guid", "secret")], b"")).body
    finally:
        await transport.close()


def ca_file(authority: trustme.CA, folder: Path) -> Path:
    path = folder / "ca.pem"
    authority.cert_pem.write_to_path(path)
    return path


async def test_the_ca_that_signed_the_gateways_certificate_is_trusted(tmp_path: Path) -> None:
    authority = trustme.CA()
    async with serving(authority) as server:
        assert b'"retcode":"0"' in await ask(server, trust_ca_file(ca_file(authority, tmp_path)))


async def test_another_ca_is_not_trusted_and_the_error_names_the_setting(tmp_path: Path) -> None:
    async with serving(trustme.CA()) as server:
        with pytest.raises(GatewayUnreachable) as raised:
            await ask(server, trust_ca_file(ca_file(trustme.CA(), tmp_path)))
        assert raised.value.place == "gateway.ca_file"
        assert "gateway.pin_sha256" in raised.value.help
        assert server.received == b""


async def test_a_certificate_for_another_host_is_not_trusted(tmp_path: Path) -> None:
    authority = trustme.CA()
    async with serving(authority, name="gateway.example") as server:
        with pytest.raises(GatewayUnreachable, match="not trusted"):
            await ask(server, trust_ca_file(ca_file(authority, tmp_path)))
        assert server.received == b""


async def test_a_pinned_certificate_is_trusted_without_its_ca_and_whatever_its_name() -> None:
    async with serving(trustme.CA(), name="gateway.example") as server:
        trust = await trust_pin(server.digest.hex(), host="127.0.0.1", port=server.address.port, timeout_s=5)
        assert server.received == b"", "the look at the certificate sends nothing"
        assert b'"retcode":"0"' in await ask(server, trust)


async def test_a_wrong_pin_is_told_at_once_and_nothing_is_sent() -> None:
    async with serving(trustme.CA()) as server:
        with pytest.raises(GatewayUnreachable, match=server.digest.hex()) as raised:
            await trust_pin("00" * 32, host="127.0.0.1", port=server.address.port, timeout_s=5)
        assert raised.value.place == "gateway.pin_sha256"
        assert raised.value.help
        assert server.received == b""


async def test_a_pin_holds_on_later_connections_even_against_the_same_ca() -> None:
    authority = trustme.CA()
    async with serving(authority) as pinned, serving(authority) as other:
        trust = await trust_pin(pinned.digest.hex(), host="127.0.0.1", port=pinned.address.port, timeout_s=5)
        with pytest.raises(GatewayUnreachable) as raised:
            await ask(other, trust)
        assert raised.value.place == "gateway.pin_sha256"
        assert other.received == b""


async def test_a_pin_needs_a_gateway_that_is_up() -> None:
    async with serving(trustme.CA()) as server:
        port = server.address.port
    with pytest.raises(GatewayUnreachable) as raised:
        await trust_pin("00" * 32, host="127.0.0.1", port=port, timeout_s=5)
    assert raised.value.help


async def test_plain_text_instead_of_tls_is_told(tmp_path: Path) -> None:
    async def shout(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(shout, "127.0.0.1", 0) as listening:
        port = listening.sockets[0].getsockname()[1]
        with pytest.raises(GatewayUnreachable, match="TLS") as raised:
            await trust_pin("00" * 32, host="127.0.0.1", port=port, timeout_s=5)
    assert raised.value.help


async def test_tls_older_than_1_2_is_refused(tmp_path: Path) -> None:
    trust = trust_ca_file(ca_file(trustme.CA(), tmp_path))
    assert trust.context.minimum_version is ssl.TLSVersion.TLSv1_2
    assert trust.context.verify_mode is ssl.CERT_REQUIRED


DIGEST = bytes(range(32))


@pytest.mark.parametrize(
    "text",
    [
        DIGEST.hex(),
        DIGEST.hex().upper(),
        DIGEST.hex(":"),
        DIGEST.hex(":").upper(),
        base64.b64encode(DIGEST).decode(),
        base64.b64encode(DIGEST).decode().rstrip("="),
        "sha256:" + DIGEST.hex(),
        "SHA256/" + base64.b64encode(DIGEST).decode(),
        f" {DIGEST.hex()}\n",
    ],
)
def test_a_pin_is_read_in_every_usual_spelling(text: str) -> None:
    assert parse_pin(text) == DIGEST


@pytest.mark.parametrize("text", ["", "abc", DIGEST.hex()[:-2], "zz" * 32, base64.b64encode(DIGEST[:-1]).decode()])
def test_what_is_no_sha256_is_no_pin(text: str) -> None:
    with pytest.raises(SettingsError) as raised:
        parse_pin(text)
    assert raised.value.place == "gateway.pin_sha256"
    assert "openssl" in raised.value.help


@pytest.mark.parametrize("content", [None, b"", b"not a certificate"])
def test_a_ca_file_that_is_missing_or_holds_none_is_told(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "ca.pem"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(SettingsError) as raised:
        trust_ca_file(path)
    assert raised.value.place == "gateway.ca_file"
    assert raised.value.help


@pytest.mark.parametrize(
    ("url", "netloc"),
    [
        ("https://10.0.0.5:8043", "10.0.0.5:8043"),
        ("https://gateway.example/", "gateway.example:8043"),
        ("https://[::1]:9", "[::1]:9"),
    ],
)
def test_an_address_is_read(url: str, netloc: str) -> None:
    assert parse_address(url).netloc == netloc


@pytest.mark.parametrize(
    "url",
    ["http://10.0.0.5", "10.0.0.5:8043", "https://", "https://a:b@c", "https://a/agentgateway", "https://a:x", ""],
)
def test_an_address_that_is_not_https_host_port_is_refused(url: str) -> None:
    with pytest.raises(SettingsError) as raised:
        parse_address(url)
    assert raised.value.place == "gateway.url"
    assert "a:b" not in str(raised.value)
