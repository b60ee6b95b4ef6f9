"""The programs the burst is measured with: nginx as the gateway, wrk as the fastest caller there is.

Both run from a temporary folder, on loopback, and end with their block.
"""

from __future__ import annotations

import os
import re
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import trustme

__all__ = ["Gateway", "ToolMissing", "gateway", "on_core", "wrk_rate"]

ANSWER = '{"message":"success","retcode":"0"}'
BODY = '{"mediaType":"51","callnums":"4"}'
PATH = "/agentgateway/resource/mediacall/1001/setcallnums"
GUID = "279fe21d-2caa-4437-84c3-ab9e9dae20f5.AgentGateway0"
START_S = 10.0


class ToolMissing(Exception):
    """A program the benchmark needs is not installed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gateway:
    """A web server that says yes to everything.

    Attributes:
        port: On 127.0.0.1, TLS.
        ca_file: Who signed its certificate.
        folder: Temporary; ends with it.
    """

    port: int
    ca_file: Path
    folder: Path


@contextmanager
def gateway(folder: Path, *, core: int) -> Iterator[Gateway]:
    """Run one nginx worker on a core until the block ends."""
    nginx = _find("nginx")
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    certificate.private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
    port = _free_port()
    (folder / "nginx.conf").write_text(_configuration(folder, port))
    command = on_core(core, [nginx, "-c", str(folder / "nginx.conf"), "-e", str(folder / "errors.log")])
    with subprocess.Popen(command) as process:
        try:
            _wait_until_serving(port, folder / "ca.pem", process)
            yield Gateway(port=port, ca_file=folder / "ca.pem", folder=folder)
        finally:
            process.terminate()
            process.wait(timeout=10)


def wrk_rate(server: Gateway, *, core: int, connections: int, seconds: int) -> float:
    """Calls a second of one wrk thread with so many connections, POSTing what the actuator posts.

    Raises:
        RuntimeError: An answer was not a success, or wrk said something else.
    """
    script = server.folder / "post.lua"
    script.write_text(
        f"wrk.method = 'POST'\nwrk.body = '{BODY}'\n"
        f"wrk.headers['Content-Type'] = 'application/json; charset=UTF-8'\nwrk.headers['Guid'] = '{GUID}'\n"
    )
    url = f"https://127.0.0.1:{server.port}{PATH}"
    options = ["-t1", f"-c{connections}", f"-d{seconds}s", "-s", str(script)]
    said = subprocess.run(
        on_core(core, [_find("wrk"), *options, url]), check=True, capture_output=True, text=True, timeout=seconds + 30
    ).stdout
    rate = re.search(r"Requests/sec:\s+([\d.]+)", said)
    if rate is None or "Non-2xx" in said or "Socket errors" in said:
        raise RuntimeError(f"wrk was not answered well:\n{said}")
    return float(rate[1])


def on_core(core: int, command: Sequence[str]) -> list[str]:
    """The command, kept on one core."""
    return [_find("taskset"), "-c", str(core), *command]


def _find(program: str) -> str:
    found = shutil.which(program, path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if found is None:
        raise ToolMissing(f"{program} not found. Try: bench/install")
    return found


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _wait_until_serving(port: int, ca_file: Path, process: subprocess.Popen[bytes]) -> None:
    context = ssl.create_default_context(cafile=str(ca_file))
    until = time.monotonic() + START_S
    while True:
        try:
            with socket.create_connection(("127.0.0.1", port), timeout=START_S) as plain:
                context.wrap_socket(plain, server_hostname="127.0.0.1").close()
        except OSError as error:
            if process.poll() is not None or time.monotonic() > until:
                raise RuntimeError("nginx did not start; it has said why above") from error
            time.sleep(0.05)
        else:
            return


def _configuration(folder: Path, port: int) -> str:
    scratch = "\n".join(
        f"  {kind}_temp_path {folder / kind};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return f"""\
daemon off;
worker_processes 1;
pid {folder / "nginx.pid"};
error_log {folder / "errors.log"} warn;
events {{ worker_connections 1024; }}
http {{
  access_log off;
  keepalive_requests 1000000000;
  keepalive_timeout 300s;
{scratch}
  server {{
    listen 127.0.0.1:{port} ssl;
    ssl_certificate {folder / "server.pem"};
    ssl_certificate_key {folder / "server.pem"};
    location / {{
      default_type application/json;
      return 200 '{ANSWER}';
    }}
  }}
}}
"""
