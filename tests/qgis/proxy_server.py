"""A small HTTP proxy that knows one host only, for the tests of the services.

    python proxy_server.py <port> [user:password]

prints its port on the first line; ends when stdin closes. What is asked of ``*.invalid`` (a name
that resolves nowhere: RFC 6761) goes to ``127.0.0.1:<port>`` with the Host it came with, so the
answer's own links lead through the proxy too. With ``user:password`` it wants those first (407).
A GET to the proxy itself tells what was asked, as JSON: a list of addresses.
"""

from __future__ import annotations

import base64
import http.client
import http.server
import json
import sys
import threading
from typing import Any
from urllib.parse import urlsplit

asked: list[str] = []


class Handler(http.server.BaseHTTPRequestHandler):
    upstream = 0
    password = ""

    def log_message(self, *args: Any) -> None:
        pass

    def send(self, status: int, body: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def do_GET(self) -> None:  # noqa: N802
        parts = urlsplit(self.path)
        if not parts.hostname:
            return self.send(200, json.dumps(asked).encode(), {})
        wanted = "Basic " + base64.b64encode(self.password.encode()).decode()
        if self.password and self.headers.get("Proxy-Authorization") != wanted:
            return self.send(407, b"", {"Proxy-Authenticate": 'Basic realm="proxy"'})
        asked.append(self.path)
        if not parts.hostname.endswith(".invalid"):
            return self.send(502, b"", {})
        way = http.client.HTTPConnection("127.0.0.1", self.upstream, timeout=20)
        try:
            given = {k: v for k, v in self.headers.items() if not k.lower().startswith("proxy-")}
            way.request("GET", f"{parts.path}?{parts.query}", headers=given)
            answer = way.getresponse()
            self.send(answer.status, answer.read(), {
                k: v for k, v in answer.getheaders()
                if k.lower() in ("content-type", "location", "www-authenticate")})  # fmt: skip
        except OSError:
            pass  # who asked went away
        finally:
            way.close()


if __name__ == "__main__":
    Handler.upstream = int(sys.argv[1])
    Handler.password = sys.argv[2] if len(sys.argv) > 2 else ""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    print(server.server_address[1], flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()
