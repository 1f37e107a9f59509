"""An OpenID provider on the loopback, as huggingface.co is one for its Spaces: whoever asks is logged in at once."""

from __future__ import annotations

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote, urlsplit

from joserfc import jwt
from joserfc.jwk import RSAKey

CLIENT, SECRET = "bcweb-client", "bcweb-secret"


class Provider:
    """Use as a context. user: who is logged in next, orgs: of which organisations, lasts: for how long."""

    def __init__(self):
        self.user, self.orgs, self.lasts = "ann", [], 3600
        self._key = RSAKey.generate_key(2048, parameters={"kid": "1", "use": "sig", "alg": "RS256"})
        self._nonces: dict[str, str] = {}
        handler = type("Handler", (_Handler,), {"provider": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Provider:
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._server.server_close()

    @property
    def environment(self) -> dict[str, str]:
        """As a Space with `hf_oauth: true` has it."""
        return {
            "SYSTEM": "spaces", "SPACE_ID": "ann/bcweb", "OAUTH_CLIENT_ID": CLIENT,
            "OAUTH_CLIENT_SECRET": SECRET, "OAUTH_SCOPES": "openid profile",
            "OPENID_PROVIDER_URL": self.url,
        }  # fmt: skip

    def metadata(self) -> dict:
        return {
            "issuer": self.url, "authorization_endpoint": f"{self.url}/oauth/authorize",
            "token_endpoint": f"{self.url}/oauth/token", "jwks_uri": f"{self.url}/keys",
            "id_token_signing_alg_values_supported": ["RS256"],
        }  # fmt: skip

    def authorize(self, asked: dict[str, str]) -> str:
        """Where the browser is sent."""
        code = f"code-{len(self._nonces)}"
        self._nonces[code] = asked["nonce"]
        return f"{asked['redirect_uri']}&code={code}&state={quote(asked['state'])}"

    def token(self, asked: dict[str, str]) -> dict:
        now = int(time.time())
        told = {
            "iss": self.url, "aud": CLIENT, "sub": self.user, "iat": now, "exp": now + 60,
            "nonce": self._nonces.pop(asked["code"]), "name": self.user.title(),
            "preferred_username": self.user, "orgs": self.orgs,
        }  # fmt: skip
        signed = jwt.encode({"alg": "RS256", "kid": "1"}, told, self._key)
        return {
            "access_token": "x",
            "token_type": "bearer",
            "expires_in": self.lasts,
            "id_token": signed,
        }


class _Handler(BaseHTTPRequestHandler):
    provider: Provider

    def log_message(self, *_: object) -> None:
        pass

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        if url.path == "/oauth/authorize":
            asked = {name: values[0] for name, values in parse_qs(url.query).items()}
            self.send_response(302)
            self.send_header("Location", self.provider.authorize(asked))
            self.end_headers()
        elif url.path == "/keys":
            self._answer({"keys": [self.provider._key.as_dict(private=False)]})
        else:
            self._answer(self.provider.metadata())

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        asked = {name: values[0] for name, values in parse_qs(body).items()}
        self._answer(self.provider.token(asked))

    def _answer(self, told: dict) -> None:
        content = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)
