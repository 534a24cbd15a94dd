"""Questions to a service, and whether an answer is what was asked for. No QGIS, no network.

Answers are looked at by patterns, not by an XML parser: nothing in them is ever expanded.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from html import unescape
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit, urlunsplit

import numpy as np
from osgeo import gdal

from ..engine.clean import quiet
from ..engine.words import DgoError
from ..engine.yaml_lines import remedy
from .catalogue import bare

XML, JSON, TIFF = "xml", "json", "tiff"
SHOWN = 300  # characters of what a server says that a sentence quotes


class ServiceProblem(DgoError):
    """Why a service gave nothing usable; ``again``: a later attempt may succeed."""

    def __init__(self, key: str, again: bool = False, **params: Any) -> None:
        super().__init__(key, **params)
        self.again = again


@dataclass(frozen=True)
class Answer:
    """The body of an answer with status 2xx, and where it came from."""

    url: str
    kind: str  # content type as the server says
    body: bytes


def check(answer: Answer, expected: str) -> Answer:
    """The answer itself. Raises ``ServiceProblem`` where it is a web page, an exception report,
    empty, broken off, or something else than ``expected``."""
    head = answer.body[:4096].lstrip(b"\xef\xbb\xbf \r\n\t")
    where = bare(answer.url)
    if not head:
        raise ServiceProblem("errors.service.nothing", True, url=where)
    low = head[:1024].lower()
    if low.startswith((b"<!doctype html", b"<html")) or (b"<html" in low and b"<?xml" in low[:10]):
        raise ServiceProblem("errors.service.html", url=where, said=_title(answer.body))
    if head.startswith(b"<"):
        body = answer.body
        if b"<!ENTITY" in body or b"<!DOCTYPE" in body:
            raise ServiceProblem("errors.service.entities", url=where)
        reported = exception(body)
        if reported:
            raise ServiceProblem("errors.service.reported", url=where, said=reported)
        if expected == XML:
            if not re.search(rb"</[\w:.-]+>\s*$|/>\s*$", body[-200:]):
                raise ServiceProblem("errors.service.truncated", True, url=where)
            return answer
    elif expected == JSON:
        try:
            json.loads(answer.body)
        except ValueError:
            cut = head[:1] in b"{["
            raise ServiceProblem("errors.service.truncated" if cut else "errors.service.strange",
                                 cut, url=where, **({} if cut else {"kind": answer.kind})
                                 ) from None  # fmt: skip
        return answer
    elif expected == TIFF and head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return answer
    raise ServiceProblem("errors.service.strange", url=where, kind=answer.kind)


def exception(body: bytes) -> str:
    """What an OGC exception report says, '' where the answer is none."""
    head = body[:20_000].decode("utf-8", "replace")
    if not re.search(r"<(?:\w+:)?(?:Service)?ExceptionReport\b", head[:2000]):
        return ""
    found = re.search(
        r"<(?:\w+:)?(?:ExceptionText|ServiceException)\b[^>]*>(.*?)</(?:\w+:)?"
        r"(?:ExceptionText|ServiceException)>", head, re.DOTALL)  # fmt: skip
    said = plain(found[1]) if found else ""
    code = re.search(r'(?:exceptionCode|\bcode)="([^"]*)"', head)
    return said or (code[1] if code else "ExceptionReport")


def plain(markup: str) -> str:
    """Text without tags and addresses, short enough to quote."""
    said = re.sub(r"<!\[CDATA\[(.*?)\]\]>", r"\1", markup, flags=re.DOTALL)
    said = re.sub(r"https?://\S+", "…", said)  # may hold what nobody should read
    said = " ".join(unescape(re.sub(r"<[^>]*>", " ", said)).split())
    return said if len(said) <= SHOWN else said[: SHOWN - 1] + "…"


def _title(body: bytes) -> str:
    head = body[:20_000].decode("utf-8", "replace")
    found = re.search(r"<title[^>]*>(.*?)</title>", head, re.DOTALL | re.IGNORECASE)
    return plain(found[1] if found else "")


@dataclass(frozen=True)
class Capabilities:
    """What a WFS or WCS says of itself and of one layer."""

    version: str
    crs: tuple[str, ...]  # EPSG codes the layer is offered in, its own first
    limit: int | None  # features per answer, where the server says so
    paging: bool


def capabilities(answer: Answer, layer: str) -> Capabilities:
    """Raises ``ServiceProblem`` where the service has no such layer."""
    body = answer.body.decode("utf-8", "replace")
    where = bare(answer.url)
    version = re.search(r"<(?:\w+:)?W[FC]S_Capabilities\b[^>]*?\sversion=[\"']([\d.]+)", body)
    if version is None:
        raise ServiceProblem("errors.service.strange", url=where, kind=answer.kind)
    blocks: dict[str, str] = {}
    for block in re.findall(r"<(?:\w+:)?(?:FeatureType|CoverageOfferingBrief|CoverageSummary)"
                            r"(?:\s[^>]*)?>(.*?)</(?:\w+:)?(?:FeatureType|CoverageOfferingBrief|"
                            r"CoverageSummary)>", body, re.DOTALL):  # fmt: skip
        name = re.search(r"<(?:\w+:)?(?:[Nn]ame|Identifier|CoverageId)>(.*?)</", block, re.DOTALL)
        if name:
            blocks[unescape(name[1]).strip()] = block
    if layer not in blocks:
        raise ServiceProblem("errors.service.no_layer", url=where, layer=layer,
                             remedy=remedy(layer, blocks))  # fmt: skip
    named = re.findall(r"<(?:\w+:)?(?:Default|Other)(?:SRS|CRS)>\s*(.*?)\s*</|<(?:\w+:)?SRS>\s*"
                       r"(.*?)\s*</", blocks[layer])  # fmt: skip
    codes = [re.search(r"EPSG\W+(?:[\d.]*[:/])?(\d{4,6})\b|CRS:?(84)\b", a or b) for a, b in named]
    crs = [f"EPSG:{'4326' if c[2] else c[1]}" for c in codes if c]
    return Capabilities(version[1], tuple(dict.fromkeys(crs)), _constraint(body, "CountDefault"),
                        bool(re.search(r'"ImplementsResultPaging".{0,400}?TRUE', body,
                                       re.DOTALL | re.IGNORECASE)))  # fmt: skip


def coverage_format(answer: Answer) -> str:
    """The name that a WCS gives to GeoTIFF. Raises ``ServiceProblem`` where it has none."""
    body = answer.body.decode("utf-8", "replace")
    found = [plain(f) for f in re.findall(r"<(?:\w+:)?formats\b[^>]*>(.*?)</", body, re.DOTALL)]
    tiff = [f for f in " ".join(found).split() if "tif" in f.lower()]
    if not tiff:
        raise ServiceProblem("errors.service.no_tiff", url=bare(answer.url),
                             formats=", ".join(found) or "–")  # fmt: skip
    return next((f for f in tiff if "geotif" in f.lower()), tiff[0])


def _constraint(body: str, name: str) -> int | None:
    found = re.search(rf'"{name}"[^>]*>.{{0,300}}?<(?:\w+:)?(?:DefaultValue|Value)>\s*(\d+)\s*<',
                      body, re.DOTALL)  # fmt: skip
    return int(found[1]) if found else None


def matched(answer: Answer, expected: str) -> int | None:
    """How many features the server has for the question; None where it does not say."""
    if expected == JSON:
        try:
            value = json.loads(answer.body).get("numberMatched")
        except (ValueError, AttributeError):
            raise ServiceProblem("errors.service.strange", url=bare(answer.url),
                                 kind=answer.kind) from None  # fmt: skip
        return value if isinstance(value, int) and value >= 0 else None
    head = answer.body[:20_000].decode("utf-8", "replace")
    found = re.search(r'\bnumber(?:Matched|OfFeatures)="(\d+)"', head)
    return int(found[1]) if found else None


# --- questions, and the cells of an answer --------------------------------------------------------
def with_query(address: str, **values: str) -> str:
    """The address with these query items, in place of items of the same name in any case."""
    parts = urlsplit(address)
    mine = {k.casefold() for k in values}
    kept = [(k, v) for k, v in parse_qsl(parts.query, True) if k.casefold() not in mine]
    query = urlencode([*kept, *values.items()], quote_via=quote, safe=",:/")
    return urlunsplit((parts.scheme, parts.netloc, parts.path, query, ""))


def numbers(values: Iterable[float]) -> str:
    """Coordinates as a service reads them: no exponent, 1e-9 of a degree or metre."""
    return ",".join(f"{value:.9f}".rstrip("0").rstrip(".") for value in values)


def read_tiff(
    answer: Answer, rows: int, columns: int
) -> tuple[np.ndarray | None, list[float]]:
    """The first band of an answer and its values for no data; None where it is not whole."""
    name = f"/vsimem/dgo_coverage_{threading.get_ident()}"
    gdal.FileFromMemBuffer(name, answer.body)
    try:
        with quiet():
            data = gdal.Open(name)
            if data is None or (data.RasterYSize, data.RasterXSize) != (rows, columns):
                return None, []
            band = data.GetRasterBand(1)
            unset = band.GetNoDataValue()
            return band.ReadAsArray(), [] if unset is None else [float(unset)]
    except RuntimeError:  # where somebody made GDAL raise
        return None, []
    finally:
        data = band = None
        gdal.Unlink(name)
