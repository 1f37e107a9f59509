"""What stands in front of a Space: https under its own name, and huggingface.co, which shows it in a frame."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from pathlib import Path

HUB = "huggingface.co"
_CERTIFICATE = """
import datetime, ipaddress, sys
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
key = ec.generate_private_key(ec.SECP256R1())
name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "space")])
now = datetime.datetime.now(datetime.UTC)
made = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(1).not_valid_before(now - datetime.timedelta(1))
        .not_valid_after(now + datetime.timedelta(1)).sign(key, hashes.SHA256()))
sys.stdout.buffer.write(key.private_bytes(serialization.Encoding.PEM,
    serialization.PrivateFormat.PKCS8, serialization.NoEncryption()))
sys.stdout.buffer.write(made.public_bytes(serialization.Encoding.PEM))
"""


@contextmanager
def front(python: Path, host: str, port: int, place: Path) -> Iterator[int]:
    """The port where https://`host` leads to the app at `port`, and https://huggingface.co frames it.

    python: has the package that makes certificates, as every Space with login has.
    """
    pem = place / "front.pem"
    pem.write_bytes(
        subprocess.run([python, "-c", _CERTIFICATE], capture_output=True, check=True).stdout
    )
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    loop = asyncio.new_event_loop()
    threading.Thread(target=loop.run_forever, daemon=True).start()

    async def listen() -> asyncio.Server:
        serve = partial(_serve, host, port)
        return await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context)

    server = asyncio.run_coroutine_threadsafe(listen(), loop).result()
    yield server.sockets[0].getsockname()[1]
    loop.call_soon_threadsafe(loop.stop)


async def _serve(host: str, port: int, browser, to_browser) -> None:
    """One request a connection: its head with what a proxy adds, then bytes both ways."""
    with suppress(OSError, asyncio.IncompleteReadError), closing(to_browser):
        head = await browser.readuntil(b"\r\n\r\n")
        if f"host: {HUB}\r\n".encode() in head.lower():
            page = f'<!doctype html><iframe src="https://{host}/" width=1200 height=800></iframe>'
            told = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n"
            to_browser.write((told + page).encode())
            await to_browser.drain()
            return
        lines = head.strip().split(b"\r\n")
        lines = [line for line in lines if not line.lower().startswith(b"connection:")]
        lines += [b"Connection: close", b"X-Forwarded-Proto: https", b"X-Forwarded-For: 1.2.3.4"]
        app, to_app = await asyncio.open_connection("127.0.0.1", port)
        with closing(to_app):
            to_app.write(b"\r\n".join(lines) + b"\r\n\r\n")
            upwards = asyncio.create_task(_pipe(browser, to_app))
            await _pipe(app, to_browser)
            upwards.cancel()
            await asyncio.wait([upwards])


async def _pipe(source: asyncio.StreamReader, to: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while part := await source.read(65536):
            to.write(part)
            await to.drain()
