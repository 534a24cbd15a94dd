"""Fetching from services through QGIS: its providers for the data, its network for the questions.

Everything that touches the network stands here. Each layer is first asked about (is it there, how
many are there in the box?) by a plain request, whose answer can be judged, then read through QGIS's
provider (WFS, OAPIF, WCS), whose paging, proxy and authentication are those of QGIS; what came is
held against what was promised. Works in the thread of an algorithm as in the main thread.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import quote

import numpy as np
from qgis.core import (
    QgsBlockingNetworkRequest,
    QgsCoordinateReferenceSystem,
    QgsCoordinateTransform,
    QgsCoordinateTransformContext,
    QgsCsException,
    QgsFeatureRequest,
    QgsFeedback,
    QgsRasterBlockFeedback,
    QgsRectangle,
    QgsVectorLayer,
)
from qgis.PyQt.QtCore import QCoreApplication, QUrl
from qgis.PyQt.QtNetwork import QNetworkRequest

from ..engine.words import Cancelled, Message, say
from .answers import (
    JSON,
    TIFF,
    XML,
    Answer,
    ServiceProblem,
    capabilities,
    check,
    coverage_format,
    matched,
    numbers,
    plain,
    read_tiff,
    with_query,
)
from .attempts import Limits, Piece, Watch, failure
from .catalogue import OAPIF, Service, bare
from .opening import open_raster, open_vector
from .writer import LayerWriter, RasterWriter

REDIRECTS = 5
SLICE = 0.5  # s: how long a silent service is listened to before the user is
# A service may see a box of another coordinate system up to so much larger (share of its size: the
# grids of the Netherlands are turned by less than 1.7 degrees to the meridians).
EDGE = 0.03
MOST_ROUNDS = 2  # a whole answer may take so many times the time-out, as long as it keeps coming
_T = TypeVar("_T")
_NUMPY = {1: np.uint8, 2: np.uint16, 3: np.int16, 4: np.uint32, 5: np.int32, 6: np.float32,
          7: np.float64, 14: np.int8}  # fmt: skip


class Fetcher:
    """Asks and reads services for one run. Raises ``ServiceProblem``, ``DgoError`` or, where the
    user asked to stop, ``Cancelled``."""

    def __init__(
        self, limits: Limits, feedback: QgsFeedback, transforms: QgsCoordinateTransformContext
    ) -> None:
        self.limits, self.feedback, self.transforms = limits, feedback, transforms
        self._asked: dict[str, Answer] = {}  # capabilities of this run

    # ------------------------------------------------------------------ attempts
    def persistently(self, work: Callable[[], _T], told: Callable[[Message], None]) -> _T:
        """``work``, again after a pause where it failed by something that may pass."""
        attempt = 0
        while True:
            self.tick()
            try:
                return work()
            except ServiceProblem as problem:
                attempt += 1
                if not problem.again or attempt > self.limits.retries:
                    raise
                told(say("errors.service.again", why=problem.message, attempt=attempt,
                         most=self.limits.retries))  # fmt: skip
                until = time.monotonic() + min(8.0, 0.5 * 2.0 ** (attempt - 1))
                while time.monotonic() < until:
                    self.tick()
                    time.sleep(0.05)

    def tick(self) -> None:
        if self.feedback.isCanceled():
            raise Cancelled

    # ------------------------------------------------------------------ one question
    def ask(self, service: Service, url: str, expected: str) -> Answer:
        """One GET through QGIS's network (its proxy, certificates, authentication)."""
        where = bare(url)
        request = QNetworkRequest(QUrl(url))
        request.setAttribute(
            QNetworkRequest.Attribute.RedirectPolicyAttribute,
            # who shows a password shows it to nobody else
            QNetworkRequest.RedirectPolicy.SameOriginRedirectPolicy if service.authcfg
            else QNetworkRequest.RedirectPolicy.NoLessSafeRedirectPolicy,
        )  # fmt: skip
        request.setMaximumRedirectsAllowed(REDIRECTS)
        request.setTransferTimeout(int(1000 * self.limits.timeout))
        accept = {XML: b"text/xml, application/xml", TIFF: b"image/tiff, */*",
                  JSON: b"application/json"}  # fmt: skip
        if url.partition("?")[0].endswith("/items"):
            accept[JSON] = b"application/geo+json, application/json"
        request.setRawHeader(b"Accept", accept[expected])  # QGIS Server refuses other lists
        call = QgsBlockingNetworkRequest()
        if service.authcfg:
            call.setAuthCfg(service.authcfg)
        begun = time.monotonic()
        with Watch(self.feedback, MOST_ROUNDS * self.limits.timeout) as watch:
            code = call.get(request, True, watch.feedback)
        self.tick()
        reply = call.reply()
        body = bytes(reply.content())
        status = reply.attribute(QNetworkRequest.Attribute.HttpStatusCodeAttribute)
        # a request that was given up in silence comes back as an empty answer without an error
        seconds = self.limits.timeout
        late = not body and time.monotonic() - begun >= 0.9 * seconds
        if watch.late:  # a circle of redirects too: from some version on QGIS follows for ever
            raise ServiceProblem("errors.service.endless", url=where, seconds=MOST_ROUNDS * seconds)
        if late or code != QgsBlockingNetworkRequest.ErrorCode.NoError:
            raise failure(where, reply.error(), status, call.errorMessage(), body,
                          seconds if late else 0.0, service.authcfg)  # fmt: skip
        promised = bytes(reply.rawHeader(b"Content-Length")).decode("ascii", "replace")
        packed = bytes(reply.rawHeader(b"Content-Encoding"))
        if promised.isdigit() and not packed and len(body) < int(promised):
            raise ServiceProblem("errors.service.truncated", True, url=where)
        kind = bytes(reply.rawHeader(b"Content-Type")).decode("latin-1")
        return check(Answer(url, kind, body), expected)

    def _about(self, service: Service, url: str, expected: str) -> Answer:
        if url not in self._asked:
            self._asked[url] = self.ask(service, url, expected)
        return self._asked[url]

    # ------------------------------------------------------------------ features
    def features(
        self, service: Service, saved: str, box: QgsRectangle, plane: QgsCoordinateReferenceSystem,
        path: Path, progress: Callable[[float], None],
    ) -> Piece:  # fmt: skip
        """One layer of a WFS or OGC API Features inside ``box`` (``plane``) into a GeoPackage."""
        layer = service.layers[saved]
        notes: list[Message] = []
        crs = QgsCoordinateReferenceSystem(service.crs)
        version, most = service.version, None
        if service.type != OAPIF:
            url = with_query(service.address, SERVICE="WFS", REQUEST="GetCapabilities", **(
                {"ACCEPTVERSIONS": "2.0.0,1.1.0,1.0.0"} if version == "auto"
                else {"VERSION": version, "ACCEPTVERSIONS": version}))  # fmt: skip
            about = capabilities(self._about(service, url, XML), layer)
            version = about.version
            most = None if about.paging else about.limit
            if about.crs and service.crs not in about.crs:
                crs = QgsCoordinateReferenceSystem(about.crs[0])
                notes.append(say("errors.service.other_crs", crs=service.crs, used=about.crs[0]))
        asked = self._box(box, plane, crs, service)
        for swapped in (False, True) if service.type != OAPIF else (False,):
            found = self._matched(service, layer, asked, crs, version, swapped)
            if found is not None and found > self.limits.max_features:
                raise ServiceProblem("errors.service.too_many", layer=layer, count=found,
                                     limit=self.limits.max_features)  # fmt: skip
            if found == 0 and service.type != OAPIF and not swapped:
                continue  # perhaps it reads the box the other way round; if not: nothing is there
            inner = asked.buffered(-EDGE * max(asked.width(), asked.height()))

            def sure(inner: QgsRectangle = inner, swapped: bool = swapped) -> int | None:
                return self._matched(service, layer, inner, crs, version, swapped)

            piece = self._read(service, saved, asked, crs, version, swapped, found, most, path,
                               progress, sure)  # fmt: skip
            if piece.got or not found:
                if piece.got and swapped:
                    notes.append(say("errors.service.swapped", layer=layer))
                piece.notes = notes + piece.notes
                return piece
            if swapped or service.type == OAPIF:
                raise ServiceProblem("errors.service.elsewhere", layer=layer, count=found,
                                     crs=crs.authid())  # fmt: skip
        raise AssertionError("unreachable")

    def _box(
        self, box: QgsRectangle, plane: QgsCoordinateReferenceSystem,
        crs: QgsCoordinateReferenceSystem, service: Service,
    ) -> QgsRectangle:  # fmt: skip
        try:
            made = QgsCoordinateTransform(plane, crs, self.transforms).transformBoundingBox(box)
        except QgsCsException as error:
            raise ServiceProblem("errors.service.transform", crs=crs.authid()) from error
        if made.isEmpty() or not made.isFinite():
            raise ServiceProblem("errors.service.transform", crs=crs.authid())
        return made

    def _matched(
        self, service: Service, layer: str, box: QgsRectangle, crs: QgsCoordinateReferenceSystem,
        version: str, swapped: bool,
    ) -> int | None:  # fmt: skip
        """How many features the server has in the box; None where it does not say."""
        sides = [box.xMinimum(), box.yMinimum(), box.xMaximum(), box.yMaximum()]
        if service.type == OAPIF:
            base = f"{service.address.rstrip('/')}/collections/{quote(layer, safe='')}"
            self._about(service, base, JSON)
            url = with_query(f"{base}/items", limit="1", bbox=numbers(sides))
            return matched(self.ask(service, url, JSON), JSON)
        old = version.startswith("1.0")
        if old:
            return None  # WFS 1.0 cannot be asked for a number
        if crs.hasAxisInverted() != swapped:
            sides = [sides[1], sides[0], sides[3], sides[2]]
        two = version.startswith("2")
        name = f"urn:ogc:def:crs:EPSG::{crs.postgisSrid()}" if two else crs.authid()
        url = with_query(
            service.address, SERVICE="WFS", VERSION=version, REQUEST="GetFeature",
            **{"TYPENAMES" if two else "TYPENAME": layer}, SRSNAME=name, RESULTTYPE="hits",
            BBOX=f"{numbers(sides)},{name}",
        )  # fmt: skip
        return matched(self.ask(service, url, XML), XML)

    def _read(
        self, service: Service, saved: str, box: QgsRectangle, crs: QgsCoordinateReferenceSystem,
        version: str, swapped: bool, promised: int | None, most: int | None, path: Path,
        progress: Callable[[float], None], sure: Callable[[], int | None],
    ) -> Piece:  # fmt: skip
        layer = service.layers[saved]
        source = open_vector(service, layer, crs, version, swapped)
        if not source.isValid():
            raise ServiceProblem("errors.service.not_opened", url=service.source, layer=layer,
                                 why=_error(source))  # fmt: skip
        out = LayerWriter(path, saved, service, source.crs(), source.fields(), source.wkbType(),
                          self.transforms)  # fmt: skip
        try:
            got = self._copy(source, layer, box, out, promised, progress)
            QCoreApplication.sendPostedEvents()  # errors come by signal, from the reading thread
            said = plain("; ".join(source.dataProvider().errors()))
            piece = Piece(out.count, promised, got)
            self._judge(piece, layer, most, said, sure)
            if out.others:
                piece.notes.append(say("errors.service.others", layer=layer, count=out.others))
            for term, count in sorted(out.strange.items())[:20]:
                piece.notes.append(say("errors.service.term", layer=layer, term=term, count=count))
            out.close()
        finally:
            out.release()
        return piece

    def _copy(
        self, source: QgsVectorLayer, layer: str, box: QgsRectangle, out: LayerWriter,
        promised: int | None, progress: Callable[[float], None],
    ) -> int:  # fmt: skip
        """Write what the provider hands over; how many that were.

        Its iterator hears no cancel while a server is silent, but it has a time-out. So it is
        asked in slices: one that ends by its time-out is followed by another, which takes part in
        the same download and begins with what is there already. No slice is much shorter than
        going through that again took."""
        seen: set[int] = set()
        last, slice_ = time.monotonic(), SLICE
        while True:
            request = QgsFeatureRequest().setFilterRect(box)
            request.setTimeout(int(1000 * slice_))
            begun = asked = time.monotonic()
            features = source.getFeatures(request)
            for feature in features:
                if feature.id() not in seen:
                    seen.add(feature.id())
                    if len(seen) > self.limits.max_features:
                        raise ServiceProblem(
                            "errors.service.too_many", layer=layer, count=len(seen),
                            limit=self.limits.max_features)  # fmt: skip
                    out.add(feature)
                    last = time.monotonic()
                    if len(seen) % 200 == 1:
                        progress(min(1.0, len(seen) / promised) if promised
                                 else 1.0 - 1.0 / (1.0 + len(seen) / 1000.0))  # fmt: skip
                self.tick()
                asked = time.monotonic()
            self.tick()
            now = time.monotonic()
            if now - asked < 0.9 * slice_:
                return len(seen)
            if now - last > self.limits.timeout:
                raise ServiceProblem("errors.service.timeout", True, url=layer,
                                     seconds=self.limits.timeout)  # fmt: skip
            slice_ = max(SLICE, 3.0 * (asked - begun))

    def _judge(
        self, piece: Piece, layer: str, most: int | None, said: str, sure: Callable[[], int | None]
    ) -> None:
        """Hold what came against what was promised: incomplete is an error, or flagged where the
        user wants to keep it; never silent.

        A few may be missing that only touch the edge of the box as the service sees it. So a
        shortage is let pass, and said, where no fewer came than ``sure()`` promises for a smaller
        box; but not where a round number came, as a limit of a server is."""
        got, promised = piece.got, piece.matched
        if promised is None and most is not None and got >= most and not said:
            promised = got + 1  # exactly as many as the server gives at most: there are more
        if said and (promised is None or got < promised):
            problem = ServiceProblem("errors.service.broken_off", True, layer=layer, count=got,
                                     why=said)  # fmt: skip
        elif promised is not None and 0 < got < promised:
            problem = ServiceProblem("errors.service.incomplete", True, layer=layer, count=got,
                                     matched=promised)  # fmt: skip
        else:
            if promised is None and got:
                piece.notes.append(say("errors.service.unconfirmed", layer=layer, count=got))
            return
        if not said and promised == piece.matched and got % 10 and got != most:
            least = sure()
            if least is not None and got >= least:
                piece.notes.append(
                    say("errors.service.edge", layer=layer, count=got, matched=promised)
                )
                return
        if not (self.limits.keep_incomplete and got):
            raise problem
        piece.complete = False
        piece.notes.append(say("errors.service.kept", why=problem.message))

    # ------------------------------------------------------------------ cells
    def cells(
        self, service: Service, saved: str, box: QgsRectangle, plane: QgsCoordinateReferenceSystem,
        path: Path, progress: Callable[[float], None],
    ) -> Piece:  # fmt: skip
        """One coverage of a WCS inside ``box`` (``plane``) into a GeoTIFF (32 bit, no data = NaN).

        The provider of QGIS hands over zeros where an answer failed. So wherever a block has a
        zero, the server is asked for the same block once more, and the answer is read by GDAL:
        only what both agree on is kept."""
        layer = service.layers[saved]
        about = {"SERVICE": "WCS", "VERSION": "1.0.0"}
        url = with_query(service.address, **about, REQUEST="GetCapabilities")
        capabilities(self._about(service, url, XML), layer)
        url = with_query(service.address, **about, REQUEST="DescribeCoverage", COVERAGE=layer)
        kind = coverage_format(self._about(service, url, XML))
        source = open_raster(service, layer, kind)
        if not source.isValid():
            raise ServiceProblem("errors.service.not_opened", url=service.source, layer=layer,
                                 why=_error(source))  # fmt: skip
        provider, whole = source.dataProvider(), source.extent()
        asked = self._box(box, plane, source.crs(), service)
        dx = service.cell or whole.width() / max(1, source.width())
        dy = service.cell or whole.height() / max(1, source.height())
        west, north = whole.xMinimum(), whole.yMaximum()
        c0 = max(0, int(np.floor((asked.xMinimum() - west) / dx)))
        c1 = min(round(whole.width() / dx), int(np.ceil((asked.xMaximum() - west) / dx)))
        r0 = max(0, int(np.floor((north - asked.yMaximum()) / dy)))
        r1 = min(round(whole.height() / dy), int(np.ceil((north - asked.yMinimum()) / dy)))
        if c1 <= c0 or r1 <= r0:
            raise ServiceProblem("errors.service.outside", layer=layer)
        cells = (c1 - c0) * (r1 - r0)
        if cells > self.limits.max_cells:
            raise ServiceProblem("errors.service.too_many_cells", layer=layer, count=cells,
                                 limit=self.limits.max_cells)  # fmt: skip
        x0, y0 = west + c0 * dx, north - r0 * dy
        out = RasterWriter(path, c1 - c0, r1 - r0, (x0, dx, 0.0, y0, 0.0, -dy), source.crs())
        known, edge, done = 0, service.page_size, 0
        for r in range(0, r1 - r0, edge):
            for c in range(0, c1 - c0, edge):
                self.tick()
                rows, columns = min(edge, r1 - r0 - r), min(edge, c1 - c0 - c)
                part = QgsRectangle(x0 + c * dx, y0 - (r + rows) * dy, x0 + (c + columns) * dx,
                                    y0 - r * dy)  # fmt: skip
                values = self._block(service, layer, kind, provider, part, rows, columns)
                known += int(np.isfinite(values).sum())
                out.add(values, c, r)
                done += rows * columns
                progress(done / cells)
        out.close()
        return Piece(known, cells, known)

    def _block(
        self, service: Service, layer: str, kind: str, provider: Any, part: QgsRectangle,
        rows: int, columns: int,
    ) -> np.ndarray:  # fmt: skip
        """The cells of one answer, NaN where there is no data."""
        with Watch(self.feedback, self.limits.timeout, QgsRasterBlockFeedback()) as watch:
            block = provider.block(1, part, columns, rows, watch.feedback)
        self.tick()
        if watch.late:
            raise ServiceProblem("errors.service.timeout", True, url=service.source,
                                 seconds=self.limits.timeout)  # fmt: skip
        type_ = block.dataType() if block is not None and block.isValid() else 0
        dtype = _NUMPY.get(int(getattr(type_, "value", type_)))
        if dtype is None:
            raise ServiceProblem("errors.service.cells", True, layer=layer)
        got = np.frombuffer(bytes(block.data()), dtype).reshape(rows, columns)
        empty = [block.noDataValue()] if block.hasNoDataValue() else []
        if (got == 0).any():
            sides = (part.xMinimum(), part.yMinimum(), part.xMaximum(), part.yMaximum())
            url = with_query(
                service.address, SERVICE="WCS", VERSION="1.0.0", REQUEST="GetCoverage",
                COVERAGE=layer, FORMAT=kind, CRS=service.crs, RESPONSE_CRS=service.crs,
                BBOX=numbers(sides), WIDTH=str(columns), HEIGHT=str(rows),
            )  # fmt: skip
            again, unset = read_tiff(self.ask(service, url, TIFF), rows, columns)
            if again is None or not np.array_equal(again, got):
                raise ServiceProblem("errors.service.cells", True, layer=layer)
            empty += unset
        values = got.astype(np.float32)
        values[~(np.abs(values) <= 1e30)] = np.nan
        for value in [*empty, *([] if service.nodata is None else [service.nodata])]:
            values[values == np.float32(value)] = np.nan
        return values


def _error(layer: Any) -> str:
    """What QGIS says of a layer that did not open; an empty error may not even be summarised."""
    error = layer.error()
    return "" if error.isEmpty() else plain(error.summary())
