"""A program that calls the API over HTTP, as `gradio_client` does, and sees what it is answered."""

from __future__ import annotations

import json
import socket

import httpx


class Caller(httpx.Client):
    """With a cookie where `GET /config` gave one, as Gradio's Python client has; without: a bare program."""

    def __init__(self, address: str, cookie: bool = True):
        super().__init__(base_url=address, timeout=60)
        if cookie:
            self.get("/config")

    def hand_in(self, file: bytes, name: str = "scan.png") -> str:
        """The name that the file has got here."""
        answer = self.post("/gradio_api/upload", files={"files": (name, file)})
        assert answer.status_code == 200, answer.text
        return answer.json()[0]

    def call(self, endpoint: str, *data: object) -> tuple[str, object]:
        """("complete", what the endpoint gave) or ("error", what it says)."""
        answer = self.post(f"/gradio_api/call/{endpoint}", json={"data": list(data)})
        assert answer.status_code == 200, answer.text
        stream = self.get(f"/gradio_api/call/{endpoint}/{answer.json()['event_id']}").text
        event, told = stream.strip().split("\n\n")[-1].split("\n")
        return event.removeprefix("event: "), json.loads(told.removeprefix("data: "))

    def answered(self, endpoint: str, *data: object) -> dict:
        event, told = self.call(endpoint, *data)
        assert event == "complete", told
        return told[0]

    def refused(self, endpoint: str, *data: object) -> str:
        event, told = self.call(endpoint, *data)
        assert event == "error", told
        return told["error"]


def file(path: str, **others: object) -> dict:
    """A file as Gradio's clients name it."""
    return {"path": path, "meta": {"_type": "gradio.FileData"}, **others}


def announced(client: httpx.Client, path: str, length: int) -> str:
    """Announce a form of this length, send the beginning of it, and hear the answer."""
    host, port = client.base_url.host, client.base_url.port
    with socket.create_connection((host, port), timeout=20) as line:
        head = (
            f"POST {path} HTTP/1.1\r\nHost: {host}:{port}\r\nContent-Length: {length}\r\n"
            "Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n"
        )
        line.sendall(head.encode())
        heard = b""
        while part := line.recv(4096):
            heard += part
            if heard.endswith(b"}"):
                break
        return heard.decode()
