"""A small WFS 2.0, OGC API Features, WCS 1.0 and WMS with faults, for the tests of the services.

    python faulty_server.py          prints its port on the first line; ends when stdin closes

The address chooses the fault: ``http://127.0.0.1:<port>/<fault>/wfs`` (or ``/ogc``, ``/wcs``,
``/wms``); ``/good/...`` has none, ``/locked...`` wants ``LOGIN``; ``/told`` says how often each was
asked, and how often with credentials. It stands in a process of its own: QGIS may hold the
interpreter while it waits. Data: 25 squares of 50 m every 100 m from (150000, 450000), class A and
B in turn.
"""

from __future__ import annotations

import base64
import http.server
import json
import re
import sys
import threading
import time
from collections import Counter
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from osgeo import gdal, osr

N, X, Y, SIDE, STEP = 25, 150_000.0, 450_000.0, 50.0, 100.0
NS = ('xmlns:wfs="http://www.opengis.net/wfs/2.0" xmlns:gml="http://www.opengis.net/gml/3.2" '
      'xmlns:ows="http://www.opengis.net/ows/1.1" xmlns:t="http://example.org/t" '
      'xmlns:xlink="http://www.w3.org/1999/xlink"')  # fmt: skip
LOGIN = "piet:zeven-sloten"
seen: Counter[str] = Counter()
showed: Counter[str] = Counter()  # the same, of requests that came with credentials
lock = threading.Lock()


def ring(k: int) -> list[tuple[float, float]]:
    x, y = X + STEP * (k % 5), Y + STEP * (k // 5)
    return [(x, y), (x + SIDE, y), (x + SIDE, y + SIDE), (x, y + SIDE), (x, y)]


def degrees(points: list[tuple[float, float]], back: bool = False) -> list[tuple[float, float]]:
    """(lon, lat) of national coordinates, or the other way round."""
    systems = []
    for code in (28992, 4326):
        systems.append(osr.SpatialReference())
        systems[-1].ImportFromEPSG(code)
        systems[-1].SetAxisMappingStrategy(osr.OAMS_TRADITIONAL_GIS_ORDER)
    way = osr.CoordinateTransformation(*(systems[::-1] if back else systems))
    return [p[:2] for p in way.TransformPoints(points)]


def inside(box: list[float]) -> list[int]:
    """Squares that meet a box (x0, y0, x1, y1), national."""
    return [k for k in range(N)
            if ring(k)[0][0] <= box[2] and ring(k)[2][0] >= box[0]
            and ring(k)[0][1] <= box[3] and ring(k)[2][1] >= box[1]]  # fmt: skip


class Handler(http.server.BaseHTTPRequestHandler):
    def log_message(self, *args: Any) -> None:
        pass

    def send(self, body: bytes | str, kind: str, status: int = 200, cut: bool = False) -> None:
        body = body.encode() if isinstance(body, str) else body
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        if status == 401:
            self.send_header("WWW-Authenticate", 'Basic realm="t"')
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if cut else body)
        self.close_connection = True

    def do_GET(self) -> None:  # noqa: N802
        try:
            self.answer()
        except (BrokenPipeError, ConnectionResetError):
            pass

    def answer(self) -> None:
        parts = urlsplit(self.path)
        if parts.path == "/told":
            return self.send(json.dumps([seen, showed]), "application/json")
        fault, kind, *rest = parts.path.strip("/").split("/")
        query = {k.upper(): v for k, v in parse_qsl(parts.query)}
        with lock:
            seen[f"{fault}/{kind}"] += 1
            times = seen[f"{fault}/{kind}"]
            showed[f"{fault}/{kind}"] += "Authorization" in self.headers
        host = f"http://{self.headers['Host']}/{fault}/{kind}"
        if fault == "slow":
            time.sleep(30)
        elif fault == "loop":
            self.send_response(302)
            self.send_header("Location", f"{host}?{times}")
            self.end_headers()
            return
        elif fault == "html":
            page = "<!DOCTYPE html><html><head><title>Onderhoud</title></head><body/></html>"
            return self.send(page, "text/html")
        elif fault == "report":
            return self.send('<?xml version="1.0"?><ows:ExceptionReport xmlns:ows="http://www.'
                             'opengis.net/ows/1.1"><ows:Exception exceptionCode="X"><ows:'
                             "ExceptionText>laag &lt;x&gt; bestaat niet</ows:ExceptionText></ows:"
                             "Exception></ows:ExceptionReport>", "text/xml")  # fmt: skip
        elif fault == "bomb":
            return self.send('<?xml version="1.0"?><!DOCTYPE a [<!ENTITY a "aaaa">'
                             '<!ENTITY b "&a;&a;">]><a>&b;</a>', "text/xml")  # fmt: skip
        elif fault == "error500":
            return self.send("kapot", "text/plain", 500)
        elif fault == "forbidden":
            return self.send("nee", "text/plain", 403)
        elif fault == "nothing":
            return self.send("", "text/xml")
        elif fault == "headcut":
            return self.send("<a>" + "x" * 1000 + "</a>", "text/xml", cut=True)
        elif fault.startswith("flaky") and times <= 2:
            return self.send("even niet", "text/plain", 503)
        elif fault.startswith("locked"):
            right = "Basic " + base64.b64encode(LOGIN.encode()).decode()
            if self.headers.get("Authorization") != right:
                return self.send("wie bent u?", "text/plain", 401)
            if fault.endswith("flaky") and times <= 2:
                return self.send("even niet", "text/plain", 503)
            if fault.endswith("away"):  # to another origin: another name of this machine
                self.send_response(302)
                port = self.headers["Host"].rpartition(":")[2]
                self.send_header("Location", f"http://localhost:{port}{self.path}".replace(
                    fault, "elsewhere"))  # fmt: skip
                self.end_headers()
                return
        getattr(self, kind)(fault, query, rest, host)

    # ------------------------------------------------------------------ OGC API Features
    def ogc(self, fault: str, query: dict[str, str], rest: list[str], host: str) -> None:
        def give(what: Any, cut: bool = False) -> None:
            self.send(json.dumps(what), "application/json", cut=cut)

        link = {"rel": "data", "type": "application/json", "href": f"{host}/collections"}
        if not rest:
            return give({"title": "t", "links": [link, {**link, "rel": "service-desc",
                         "type": "application/vnd.oai.openapi+json;version=3.0",
                         "href": f"{host}/api"}]})  # fmt: skip
        if rest == ["api"]:
            return give({"openapi": "3.0.0", "paths": {}, "components": {"parameters": {"limit": {
                "name": "limit", "in": "query", "schema": {"maximum": 1000, "default": 10}}}}})
        about = {"id": "vlak", "title": "vlak", "extent": {"spatial": {"bbox": [[5, 52, 6, 53]]}},
                 "links": [{"rel": "items", "type": "application/geo+json",
                            "href": f"{host}/collections/vlak/items"}]}  # fmt: skip
        if rest == ["collections"]:
            return give({"collections": [about], "links": []})
        if rest[:2] != ["collections", "vlak"]:
            return self.send("{}", "application/json", 404)
        if len(rest) == 2:
            return give(about)
        rows = list(range(N))
        if "BBOX" in query:
            box = [float(v) for v in query["BBOX"].split(",")]
            a, b = degrees([(box[0], box[1]), (box[2], box[3])], back=True)
            rows = [] if fault == "empty" else inside([a[0], a[1], b[0], b[1]])
        start, limit = int(query.get("OFFSET", 0)), int(query.get("LIMIT", 10))
        page = rows[start : start + limit]
        found = {"type": "FeatureCollection", "numberReturned": len(page), "links": [],
                 "features": [self.json(k, fault) for k in page]}  # fmt: skip
        if not fault.startswith("unsaid"):
            found["numberMatched"] = 1_000_000 if fault == "million" else len(rows)
        data = limit > 1 or start > 0
        if start + limit < len(rows) and not (fault == "limit" and data):
            box = f"&bbox={query['BBOX']}" if "BBOX" in query else ""
            found["links"].append({"rel": "next", "type": "application/geo+json", "href":
                f"{host}/collections/vlak/items?limit={limit}&offset={start + limit}{box}"})
        if data and "BBOX" in query:
            if fault == "slowdata":
                time.sleep(30)
            if fault.endswith("page2") and start > 0:
                return self.send("stuk", "text/plain", 500)
            return give(found, cut=fault == "cut")
        give(found)

    def json(self, k: int, fault: str) -> dict[str, Any]:
        points = degrees(ring(k))
        if fault == "swapped":
            points = [(y, x) for x, y in points]
        return {"type": "Feature", "id": k, "properties": self.values(k),
                "geometry": {"type": "Polygon", "coordinates": [points]}}  # fmt: skip

    @staticmethod
    def values(k: int) -> dict[str, Any]:
        return {"fid": 7, "klasse": "AB"[k % 2], "getal": k}

    # ------------------------------------------------------------------ WFS
    def wfs(self, fault: str, query: dict[str, str], rest: list[str], host: str) -> None:
        asked = query.get("REQUEST", "")
        crs = "urn:ogc:def:crs:EPSG::4326" if fault in ("swapped", "degrees") else (
            "urn:ogc:def:crs:EPSG::28992")  # fmt: skip
        if asked == "GetCapabilities":
            op = "".join(
                f'<ows:Operation name="{n}"><ows:DCP><ows:HTTP><ows:Get xlink:href="{host}?"/>'
                "</ows:HTTP></ows:DCP></ows:Operation>"
                for n in ("GetCapabilities", "DescribeFeatureType", "GetFeature"))  # fmt: skip
            paging = "FALSE" if fault in ("limit", "unsaidlimit") else "TRUE"
            return self.send(
                f'<?xml version="1.0"?><wfs:WFS_Capabilities version="2.0.0" {NS}>'
                f"<ows:OperationsMetadata>{op}"
                '<ows:Constraint name="ImplementsResultPaging"><ows:NoValues/><ows:DefaultValue>'
                f"{paging}</ows:DefaultValue></ows:Constraint>"
                '<ows:Constraint name="CountDefault"><ows:NoValues/><ows:DefaultValue>10'
                "</ows:DefaultValue></ows:Constraint></ows:OperationsMetadata>"
                "<wfs:FeatureTypeList><wfs:FeatureType><wfs:Name>t:vlak</wfs:Name>"
                f"<wfs:Title>vlak</wfs:Title><wfs:DefaultCRS>{crs}</wfs:DefaultCRS>"
                "<ows:WGS84BoundingBox><ows:LowerCorner>5 52</ows:LowerCorner><ows:UpperCorner>"
                "6 53</ows:UpperCorner></ows:WGS84BoundingBox></wfs:FeatureType>"
                "</wfs:FeatureTypeList></wfs:WFS_Capabilities>", "text/xml")  # fmt: skip
        if asked == "DescribeFeatureType":
            return self.send(
                '<?xml version="1.0"?><xsd:schema xmlns:xsd="http://www.w3.org/2001/XMLSchema" '
                'xmlns:gml="http://www.opengis.net/gml/3.2" xmlns:t="http://example.org/t" '
                'targetNamespace="http://example.org/t" elementFormDefault="qualified">'
                '<xsd:import namespace="http://www.opengis.net/gml/3.2"/>'
                '<xsd:complexType name="vlakType"><xsd:complexContent><xsd:extension base='
                '"gml:AbstractFeatureType"><xsd:sequence>'
                '<xsd:element name="klasse" type="xsd:string" minOccurs="0"/>'
                '<xsd:element name="getal" type="xsd:int" minOccurs="0"/>'
                '<xsd:element name="geom" type="gml:SurfacePropertyType" minOccurs="0"/>'
                "</xsd:sequence></xsd:extension></xsd:complexContent></xsd:complexType>"
                '<xsd:element name="vlak" type="t:vlakType" substitutionGroup='
                '"gml:AbstractFeature"/></xsd:schema>', "text/xml")  # fmt: skip
        rows = list(range(N))
        bounds = re.findall(r"-?\d+(?:\.\d+)?", query.get("BBOX", "").split(",urn")[0])
        if bounds:
            a = [float(v) for v in bounds]
            if "4326" in crs:
                # "degrees" reads lat, lon as the standard says; "swapped" wants lon, lat
                if fault == "degrees":
                    a = [a[1], a[0], a[3], a[2]]
                (x0, y0), (x1, y1) = degrees([(a[0], a[1]), (a[2], a[3])], back=True)
                rows = inside([x0, y0, x1, y1]) if all(abs(v) < 1e9 for v in (x0, y1)) else []
            else:
                rows = inside(a)
        if fault == "empty":
            rows = []
        hits = query.get("RESULTTYPE", "").lower() == "hits"
        found = 1_000_000 if fault == "million" else len(rows)
        told = "unknown" if fault.startswith("unsaid") else str(found)
        head = f'<?xml version="1.0"?><wfs:FeatureCollection {NS} numberMatched="{told}" '
        if hits:
            return self.send(head + 'numberReturned="0"/>', "text/xml")
        start, count = int(query.get("STARTINDEX", 0)), int(query.get("COUNT", 10))
        page = rows[start : start + (10 if fault.endswith("limit") else count)]
        if fault.endswith("limit") and start:
            page = []
        if fault == "slowdata" and bounds:  # not what QGIS asks when it opens the layer
            time.sleep(30)
        if fault.endswith("page2") and start:
            return self.send("stuk", "text/plain", 500)
        body = head + f'numberReturned="{len(page)}">' + "".join(
            self.gml(k, crs, fault) for k in page) + "</wfs:FeatureCollection>"  # fmt: skip
        if fault == "cutxml":
            body = body[: len(body) * 2 // 3]
        self.send(body, "text/xml", cut=fault == "cut")

    def gml(self, k: int, crs: str, fault: str) -> str:
        points = degrees(ring(k)) if "4326" in crs else ring(k)
        if fault == "degrees":
            points = [(y, x) for x, y in points]
        places = " ".join(f"{x:.9f} {y:.9f}" for x, y in points)
        v = self.values(k)
        return (f'<wfs:member><t:vlak gml:id="vlak.{k}"><t:klasse>{v["klasse"]}</t:klasse>'
                f'<t:getal>{k}</t:getal><t:geom><gml:Polygon srsName="{crs}" gml:id="p{k}">'
                f"<gml:exterior><gml:LinearRing><gml:posList>{places}</gml:posList>"
                "</gml:LinearRing></gml:exterior></gml:Polygon></t:geom></t:vlak></wfs:member>")

    # ------------------------------------------------------------------ WCS
    def wcs(self, fault: str, query: dict[str, str], rest: list[str], host: str) -> None:
        """A coverage of 40 x 40 cells of 25 m from (149750, 449750): 10 + row, 0 in row 20."""
        asked = query.get("REQUEST", "")
        space = 'xmlns="http://www.opengis.net/wcs" xmlns:gml="http://www.opengis.net/gml"'
        envelope = ('<lonLatEnvelope srsName="urn:ogc:def:crs:OGC:1.3:CRS84"><gml:pos>5.30 52.02'
                    "</gml:pos><gml:pos>5.34 52.06</gml:pos></lonLatEnvelope>")  # fmt: skip
        if asked == "GetCapabilities":
            get = "".join(
                f"<{n}><DCPType><HTTP><Get><OnlineResource xmlns:xlink="
                f'"http://www.w3.org/1999/xlink" xlink:href="{host}?"/></Get></HTTP></DCPType>'
                f"</{n}>"
                for n in ("GetCapabilities", "DescribeCoverage", "GetCoverage"))  # fmt: skip
            return self.send(
                f'<?xml version="1.0"?><WCS_Capabilities version="1.0.0" {space}><Service>'
                f"<name>t</name><label>t</label></Service><Capability><Request>{get}</Request>"
                "</Capability><ContentMetadata><CoverageOfferingBrief><name>laag</name><label>l"
                f"</label>{envelope}</CoverageOfferingBrief></ContentMetadata></WCS_Capabilities>",
                "text/xml")  # fmt: skip
        if asked == "DescribeCoverage":
            return self.send(
                f'<?xml version="1.0"?><CoverageDescription version="1.0.0" {space}>'
                f"<CoverageOffering><name>laag</name><label>l</label>{envelope}<domainSet>"
                '<spatialDomain><gml:Envelope srsName="EPSG:28992"><gml:pos>149750 449750</gml:pos>'
                "<gml:pos>150750 450750</gml:pos></gml:Envelope><gml:RectifiedGrid dimension="
                '"2"><gml:limits><gml:GridEnvelope><gml:low>0 0</gml:low><gml:high>39 39'
                "</gml:high></gml:GridEnvelope></gml:limits><gml:axisName>x</gml:axisName>"
                "<gml:axisName>y</gml:axisName><gml:origin><gml:pos>149762.5 450737.5</gml:pos>"
                "</gml:origin><gml:offsetVector>25 0</gml:offsetVector><gml:offsetVector>0 -25"
                "</gml:offsetVector></gml:RectifiedGrid></spatialDomain></domainSet><rangeSet>"
                "<RangeSet><name>b</name><label>b</label></RangeSet></rangeSet><supportedCRSs>"
                "<requestResponseCRSs>EPSG:28992</requestResponseCRSs></supportedCRSs>"
                "<supportedFormats><formats>GeoTIFF</formats></supportedFormats>"
                "</CoverageOffering></CoverageDescription>", "text/xml")  # fmt: skip
        x0, y0, x1, y1 = (float(v) for v in query["BBOX"].split(",")[:4])
        columns, rows = int(query["WIDTH"]), int(query["HEIGHT"])
        probe = (columns, rows) != (16, 16)  # QGIS looks at other pieces when it opens the layer
        if fault == "htmldata" and not probe:
            return self.send("<html><title>Storing</title></html>", "text/html")
        if fault == "slowdata" and not probe:
            time.sleep(30)
        import numpy as np

        size = (y1 - y0) / rows
        up = y1 - size * (np.arange(rows) + 0.5)
        values = 10.0 + np.floor((450_750.0 - up) / 25.0)
        values[values == 30.0] = 0.0
        name = f"/vsimem/{threading.get_ident()}.tif"
        made = gdal.GetDriverByName("GTiff").Create(name, columns, rows, 1, gdal.GDT_Float32)
        made.SetGeoTransform((x0, (x1 - x0) / columns, 0, y1, 0, -size))
        national = osr.SpatialReference()
        national.ImportFromEPSG(28992)
        made.SetProjection(national.ExportToWkt())
        made.GetRasterBand(1).WriteArray(np.repeat(values[:, None], columns, 1))
        made = None
        file = gdal.VSIFOpenL(name, "rb")
        body = bytes(gdal.VSIFReadL(1, gdal.VSIStatL(name).size, file))
        gdal.VSIFCloseL(file)
        gdal.Unlink(name)
        if fault == "cutdata" and not probe:
            body = body[: len(body) // 2]
        self.send(body, "image/tiff")

    # ------------------------------------------------------------------ WMS
    def wms(self, fault: str, query: dict[str, str], rest: list[str], host: str) -> None:
        """A WMS 1.3.0 that says it has a layer ``beeld``."""
        get = "".join(
            f"<{n}><Format>{kind}</Format><DCPType><HTTP><Get><OnlineResource xmlns:xlink="
            f'"http://www.w3.org/1999/xlink" xlink:href="{host}?"/></Get></HTTP></DCPType></{n}>'
            for n, kind in (("GetCapabilities", "text/xml"), ("GetMap", "image/png")))  # fmt: skip
        self.send(
            '<?xml version="1.0"?><WMS_Capabilities version="1.3.0" xmlns="http://www.opengis.net/'
            f'wms"><Service><Name>WMS</Name><Title>t</Title></Service><Capability><Request>{get}'
            "</Request><Exception><Format>XML</Format></Exception><Layer><Title>t</Title>"
            "<CRS>EPSG:28992</CRS><Layer queryable=\"0\"><Name>beeld</Name><Title>b</Title>"
            "<CRS>EPSG:28992</CRS><EX_GeographicBoundingBox><westBoundLongitude>5"
            "</westBoundLongitude><eastBoundLongitude>6</eastBoundLongitude><southBoundLatitude>52"
            "</southBoundLatitude><northBoundLatitude>53</northBoundLatitude>"
            '</EX_GeographicBoundingBox><BoundingBox CRS="EPSG:28992" minx="149000" miny="449000" '
            'maxx="151000" maxy="451000"/></Layer></Layer></Capability></WMS_Capabilities>',
            "text/xml")  # fmt: skip


if __name__ == "__main__":
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    print(server.server_address[1], flush=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    sys.stdin.read()
