"""Signers: the exact bytes of the documented form, and which one a setting names."""

from __future__ import annotations

import hashlib
import hmac
from datetime import UTC, datetime
from pathlib import Path

import pytest

from autoscaler.errors import SettingsError
from autoscaler.sources.signing import PlainKey, SdkHmacSha256, find_signer

NOW = datetime(2026, 3, 2, 9, 5, 7, tzinfo=UTC)
URL = "https://10.0.0.6:28443/rest/cmsapp/v1/openapi/vdn/totalagentstate"


def test_the_hmac_signature_covers_what_the_form_says() -> None:
    headers = SdkHmacSha256(access_key="AK", secret_key="SK").sign(
        "POST", URL, {"Host": "10.0.0.6:28443"}, b'{"ccId":1}', NOW
    )
    canonical = (
        "POST\n/rest/cmsapp/v1/openapi/vdn/totalagentstate/\n\n"
        "host:10.0.0.6:28443\nx-sdk-date:20260302T090507Z\n\nhost;x-sdk-date\n"
        + hashlib.sha256(b'{"ccId":1}').hexdigest()
    )
    to_sign = "SDK-HMAC-SHA256\n20260302T090507Z\n" + hashlib.sha256(canonical.encode()).hexdigest()
    signature = hmac.new(b"SK", to_sign.encode(), hashlib.sha256).hexdigest()
    assert headers == {
        "Host": "10.0.0.6:28443",
        "X-Sdk-Date": "20260302T090507Z",
        "Authorization": f"SDK-HMAC-SHA256 Access=AK, SignedHeaders=host;x-sdk-date, Signature={signature}",
    }


@pytest.mark.parametrize(
    ("url", "body"), [(URL + "?b=2&a=1", b""), (URL, b"other"), (URL.replace("vdn", "v%20n"), b"")]
)
def test_query_path_and_body_change_the_signature(url: str, body: bytes) -> None:
    signer = SdkHmacSha256(access_key="AK", secret_key="SK")
    plain = signer.sign("POST", URL, {}, b"", NOW)["Authorization"]
    assert signer.sign("POST", url, {}, body, NOW)["Authorization"] != plain


def test_the_order_of_a_query_does_not_matter() -> None:
    signer = SdkHmacSha256(access_key="AK", secret_key="SK")
    assert signer.sign("GET", URL + "?b=2&a=1", {}, b"", NOW) == signer.sign("GET", URL + "?a=1&b=2", {}, b"", NOW)


def test_the_plain_signer_sends_the_access_key_alone() -> None:
    signer = find_signer("plain", access_key="AK", secret_key="SK")
    assert signer.sign("POST", URL, {"A": "b"}, b"", NOW) == {"A": "b", "Authorization": "AK"}


def test_no_key_shows_in_a_repr() -> None:
    assert "secret" not in repr(SdkHmacSha256(access_key="AK-secret", secret_key="SK-secret"))
    assert "secret" not in repr(PlainKey(access_key="AK-secret"))


def test_an_unknown_signer_is_refused_with_the_names_there_are() -> None:
    with pytest.raises(SettingsError, match="no signer is called 'hmac'") as caught:
        find_signer("hmac", access_key="AK", secret_key="SK-secret")
    assert "plain, sdk-hmac-sha256" in caught.value.help
    assert "SK-secret" not in str(caught.value)


def test_an_installed_entry_point_is_found_by_its_name(installed: None) -> None:
    signer = find_signer("custom", access_key="AK", secret_key="SK")
    assert signer.sign("POST", URL, {}, b"", NOW) == {"Authorization": "AK/SK"}


def test_an_entry_point_that_can_not_be_loaded_says_where_it_points(installed: None) -> None:
    with pytest.raises(SettingsError, match="signers_of_the_test:absent"):
        find_signer("broken", access_key="AK", secret_key="SK")


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A package with two entry points, one of them broken, on the path."""
    (tmp_path / "signers_of_the_test.py").write_text(
        "class Custom:\n"
        "    def __init__(self, access_key, secret_key): self.keys = f'{access_key}/{secret_key}'\n"
        "    def sign(self, method, url, headers, body, now): return {**headers, 'Authorization': self.keys}\n"
    )
    info = tmp_path / "signers_of_the_test-1.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: signers-of-the-test\nVersion: 1\n")
    (info / "entry_points.txt").write_text(
        "[autoscaler.signers]\ncustom = signers_of_the_test:Custom\nbroken = signers_of_the_test:absent\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
