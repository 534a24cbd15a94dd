"""How long, how often and how much is tried, and why a request failed. Asks nothing itself."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any

from qgis.core import QgsFeedback
from qgis.PyQt.QtCore import QTimer
from qgis.PyQt.QtNetwork import QNetworkReply

from ..engine.words import Message
from .answers import ServiceProblem, exception, plain


@dataclass(frozen=True)
class Limits:
    """How long, how often, how much."""

    timeout: float = 30.0  # s without anything coming
    retries: int = 2
    max_features: int = 200_000  # per layer
    max_cells: int = 64_000_000  # per raster
    keep_incomplete: bool = False


@dataclass
class Piece:
    """What came of one layer."""

    count: int  # features written, or cells with a value
    matched: int | None  # what the server promised
    got: int  # features that came
    notes: list[Message] = field(default_factory=list)
    complete: bool = True


class Watch:
    """Hands a stop to whatever QGIS does inside the block: the user's, or that nothing came for
    ``seconds``. A thread looks after it, and a timer of this thread's own event loop: for some
    calls of QGIS keep the interpreter while they wait, and run that loop."""

    def __init__(
        self, outer: QgsFeedback, seconds: float, inner: QgsFeedback | None = None
    ) -> None:
        self.feedback = inner or QgsFeedback()
        self._outer, self._seconds, self._begun = outer, seconds, time.monotonic()
        self.late = False
        self._done = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._timer = QTimer()

    def look(self) -> None:
        """Cancel where it is time to."""
        self.late = self.late or time.monotonic() - self._begun > self._seconds
        if self.late or self._outer.isCanceled():
            self.feedback.cancel()
            self._done.set()

    def _watch(self) -> None:
        while not self._done.wait(0.1):
            self.look()

    def __enter__(self) -> Watch:
        self._timer.timeout.connect(self.look)
        self._timer.start(100)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:  # fmt: skip
        self._timer.stop()
        self._done.set()
        self._thread.join()


def failure(
    url: str, error: Any, status: Any, text: str, body: bytes, late: float, authcfg: str = ""
) -> ServiceProblem:
    """What a request that failed comes to; ``late``: the seconds of silence that ended it, or 0;
    ``authcfg``: the authentication that it named."""
    status = int(status or 0)
    if status == 407 or error == QNetworkReply.NetworkError.ProxyAuthenticationRequiredError:
        return ServiceProblem("errors.service.proxy_login", url=url)
    if status >= 400:
        said = exception(body) or plain(text.rpartition("server replied: ")[2])
        if status in (401, 403):
            if authcfg:
                return ServiceProblem("errors.service.login", url=url, status=status,
                                      authcfg=authcfg)  # fmt: skip
            return ServiceProblem("errors.service.forbidden", url=url, status=status)
        if status == 404:
            return ServiceProblem("errors.service.not_found", url=url)
        again = status >= 500 or status in (408, 429)
        return ServiceProblem("errors.service.status", again, url=url, status=status, said=said)
    if late or error in (
        QNetworkReply.NetworkError.TimeoutError,
        QNetworkReply.NetworkError.OperationCanceledError,
    ):
        return ServiceProblem("errors.service.timeout", True, url=url, seconds=late or "?")
    if 300 <= status < 400 or error in (
        QNetworkReply.NetworkError.TooManyRedirectsError,
        QNetworkReply.NetworkError.InsecureRedirectError,
    ):
        return ServiceProblem("errors.service.redirects", url=url)
    if error == QNetworkReply.NetworkError.RemoteHostClosedError:
        return ServiceProblem("errors.service.truncated", True, url=url)
    if error == QNetworkReply.NetworkError.NoError and not body:
        if authcfg and not status:  # QGIS did not even ask
            return ServiceProblem("errors.service.no_login", url=url, authcfg=authcfg)
        return ServiceProblem("errors.service.nothing", True, url=url)
    return ServiceProblem("errors.service.unreachable", True, url=url, why=plain(text))
