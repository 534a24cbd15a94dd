"""What a run says of services that fail, against a server on the loopback address that fails."""

from __future__ import annotations

import json
import sqlite3
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from . import service_servers as servers
from .service_servers import OAPIF, WCS, WFS, said


@pytest.fixture(scope="module")
def base(qgis_app: Any) -> Iterator[str]:
    from dgo_twin_plugin.engine.texts import set_language

    set_language("en")
    with servers.faulty() as address:
        yield address


@pytest.fixture
def fetch(base: str, tmp_path: Path) -> Any:
    """fetch(WFS, fault) -> outcome of one service; limits and service may be changed by name."""
    return servers.fetching(base, tmp_path)


def rows(path: Path) -> list[tuple]:
    with sqlite3.connect(path) as data:
        return data.execute("SELECT klasse, getal FROM vlak ORDER BY getal").fetchall()


# --- what goes well -----------------------------------------------------------------------------
@pytest.mark.parametrize("which", [WFS, OAPIF])
def test_all_pages_come_with_their_attributes(fetch: Any, tmp_path: Path, which: Any) -> None:
    done = fetch(which, "good")  # pages of 10: three of them
    assert (done.state, done.count, said(done), done.notes) == ("fetched", 25, "", [])
    assert rows(tmp_path / "a.gpkg") == [("AB"[k % 2], k) for k in range(25)]
    assert not [p for p in tmp_path.iterdir() if "part" in p.name]


def test_only_what_meets_the_box_comes(fetch: Any, tmp_path: Path) -> None:
    # x up to 150,120: columns 0 and 1; y up to 450,220: rows 0, 1, 2 -> squares 0 1 5 6 10 11
    assert fetch(WFS, "good", box=(150_010, 450_010, 150_120, 450_220)).count == 6
    assert [k for _, k in rows(tmp_path / "a.gpkg")] == [0, 1, 5, 6, 10, 11]


def test_cells_have_the_values_of_the_service(fetch: Any, tmp_path: Path) -> None:
    from osgeo import gdal

    done = fetch(WCS, "good")
    assert (done.state, done.count) == ("fetched", 256)  # 400 m / 25 m = 16 by 16
    data = gdal.Open(str(tmp_path / "a_vlak.tif"))
    # top of the box y = 450,400 is row (450,750 - 450,400) / 25 = 14 of the service: 24 and on;
    # row 20, here the seventh, is truly zero
    wanted = np.repeat((24.0 + np.arange(16.0))[:, None], 16, 1)
    wanted[6] = 0.0
    assert np.array_equal(data.ReadAsArray(), wanted)
    assert data.GetGeoTransform() == (150_000.0, 25.0, 0.0, 450_400.0, 0.0, -25.0)


def test_an_error_that_passes_is_tried_again(fetch: Any) -> None:
    done = fetch(WFS, "flaky1", retries=2)  # the first two answers are 503
    assert (done.state, done.count, len(fetch.told)) == ("fetched", 25, 2)
    assert fetch(WFS, "flaky2", retries=1).state == "failed"


# --- what goes wrong ----------------------------------------------------------------------------
@pytest.mark.parametrize("which", [WFS, OAPIF, WCS])
@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("html", "gave a web page instead of data ('Onderhoud')"),
        ("report", "reports: laag <x> bestaat niet"),
        ("bomb", "DTD or entities"),
        ("error500", "status 500"),
        ("forbidden", "refuses access (status 403)"),
        ("loop", "redirects"),  # too often, or in a circle: QGIS versions differ
        ("nothing", "gave an empty answer"),
        ("headcut", "broke off"),
    ],
)
def test_a_failure_is_named(fetch: Any, tmp_path: Path, which: Any, fault: str, words: str) -> None:
    done = fetch(which, fault, timeout=2.0)
    assert done.state == "failed"
    assert words in said(done)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("which", [WFS, OAPIF, WCS])
@pytest.mark.parametrize("fault", ["slow", "slowdata"])
def test_silence_ends_by_the_time_out(fetch: Any, which: Any, fault: str) -> None:
    begun = time.monotonic()
    done = fetch(which, fault, timeout=1.0)
    assert done.state == "failed" and "was silent for 1 s" in said(done)
    assert time.monotonic() - begun < 15.0  # the server waits 30


@pytest.mark.parametrize("which", [WFS, OAPIF, WCS])
def test_a_cancel_is_heard_while_the_server_is_silent(fetch: Any, which: Any) -> None:
    from qgis.core import QgsFeedback

    from dgo_twin_plugin.engine.words import Cancelled

    feedback = QgsFeedback()
    timer = threading.Timer(1.5, feedback.cancel)
    timer.start()
    begun = time.monotonic()
    with pytest.raises(Cancelled):
        fetch(which, "slowdata", timeout=25.0, feedback=feedback)
    assert time.monotonic() - begun < 10.0
    timer.join()


def test_nobody_there(fetch: Any) -> None:
    done = fetch(WFS, "good", address="http://127.0.0.1:9/wfs", retries=0)
    assert done.state == "failed" and "cannot be reached" in said(done)


@pytest.mark.parametrize("which", [WFS, OAPIF])
@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("limit", "incomplete: 10 of 25"),  # ten, no further page, though 25 match
        ("page2", "broke off after 10"),
        ("unsaidpage2", "broke off after 10"),  # nor does it say how many there are
        ("cut", "broke off after 0"),
    ],
)
def test_incomplete_is_an_error(
    fetch: Any, tmp_path: Path, which: Any, fault: str, words: str
) -> None:
    done = fetch(which, fault)
    assert done.state == "failed" and words in said(done)
    assert not list(tmp_path.iterdir())


def test_half_an_xml_answer_is_an_error(fetch: Any) -> None:
    done = fetch(WFS, "cutxml")
    assert done.state == "failed" and "broke off after" in said(done)


def test_as_many_as_a_server_gives_at_most_is_incomplete(fetch: Any) -> None:
    done = fetch(WFS, "unsaidlimit")  # no count, no pages, CountDefault 10 and 10 came
    assert done.state == "failed" and "incomplete: 10 of 11" in said(done)


def test_incomplete_is_kept_and_flagged_where_asked(fetch: Any, tmp_path: Path) -> None:
    from dgo_twin_plugin.engine.texts import text

    done = fetch(OAPIF, "limit", keep_incomplete=True)
    assert (done.state, done.count) == ("incomplete", 10)
    assert "INCOMPLETE" in text(done.notes[0])
    # and a later run does not take it for whole, however young
    assert fetch(OAPIF, "limit", max_age=30.0).state == "old_copy"


@pytest.mark.parametrize("which", [WFS, OAPIF])
def test_a_count_that_nobody_confirms_is_said(fetch: Any, which: Any) -> None:
    from dgo_twin_plugin.engine.texts import text

    done = fetch(which, "unsaid")
    assert (done.state, done.count) == ("fetched", 25)
    assert "does not say how many" in text(done.notes[0])


@pytest.mark.parametrize("which", [WFS, OAPIF])
def test_a_million_is_refused_before_it_comes(fetch: Any, which: Any) -> None:
    done = fetch(which, "million")
    assert done.state == "failed" and "at least 1000000 features" in said(done)
    unsaid = fetch(which, "unsaid", max_features=7)  # where the service does not say: on the way
    assert unsaid.state == "failed" and "at least 8 features" in said(unsaid)


@pytest.mark.parametrize("which", [WFS, OAPIF])
def test_nothing_there_is_an_empty_layer(fetch: Any, tmp_path: Path, which: Any) -> None:
    done = fetch(which, "empty", role="natura2000")
    assert (done.state, done.count) == ("empty", 0)
    assert rows(tmp_path / "a.gpkg") == []


@pytest.mark.parametrize("fault", ["degrees", "swapped"])
def test_axes_are_put_right(fetch: Any, tmp_path: Path, fault: str) -> None:
    """A WFS in degrees only: latitude first as the standard says, or the other way round."""
    from qgis.core import QgsVectorLayer

    from dgo_twin_plugin.engine.texts import text

    # half a square beyond what is drawn, so that no edge is in doubt
    done = fetch(WFS, fault, box=(149_975.0, 449_975.0, 150_475.0, 450_475.0))
    assert (done.state, done.count) == ("fetched", 25)
    notes = " ".join(text(n) for n in done.notes)
    assert ("swaps the axes; that was put right" in notes) == (fault == "swapped")
    layer = QgsVectorLayer(f"{tmp_path / 'a.gpkg'}|layername=vlak", "x", "ogr")
    assert layer.crs().authid() == "EPSG:4326"
    # the area lies near 5.32 E, 52.04 N
    assert layer.extent().contains(layer.extent().center()) and 5.3 < layer.extent().xMinimum()
    assert layer.extent().xMaximum() < 5.35 and 52.0 < layer.extent().yMinimum() < 52.1


def test_swapped_axes_that_cannot_be_put_right_are_an_error(fetch: Any) -> None:
    done = fetch(OAPIF, "swapped")
    assert done.state == "failed" and "lies elsewhere" in said(done)


@pytest.mark.parametrize(
    ("fault", "words"), [("htmldata", "a web page"), ("cutdata", "did not arrive whole")]
)
def test_a_raster_that_fails_is_not_a_raster_of_zeros(
    fetch: Any, tmp_path: Path, fault: str, words: str
) -> None:
    done = fetch(WCS, fault)
    assert done.state == "failed" and words in said(done)
    assert not list(tmp_path.iterdir())


def test_a_layer_that_is_not_there_brings_those_that_are(fetch: Any) -> None:
    done = fetch(WFS, "good", layers={"x": "t:vlek"})
    assert done.state == "failed" and "Did you mean t:vlak?" in said(done)
    assert "status 404" in said(fetch(OAPIF, "good", layers={"x": "anders"}))


# --- copies -------------------------------------------------------------------------------------
def test_a_copy_stands_in_and_says_its_age(fetch: Any, base: str, tmp_path: Path) -> None:
    begun = fetch(WFS, "good")
    note = tmp_path / "a.bron.json"
    told = json.loads(note.read_text())
    assert told["source"] == f"{base}/good/wfs" and told["licence"] == "CC0"
    assert told["layers"]["vlak"]["count"] == 25
    assert fetch(WFS, "good", max_age=30.0).state == "copy"
    # forty days later: too old while there is a connection, good enough without
    told["fetched"] = "2020-01-01T00:00:00+00:00"
    note.write_text(json.dumps(told))
    offline = fetch(WFS, "good", max_age=30.0, offline=True)
    assert offline.state == "copy" and offline.copy.age > 2000
    assert fetch(WFS, "good", max_age=30.0).state == "fetched"
    assert begun.copy.day == fetch(WFS, "good", max_age=30.0).copy.day


def test_offline_without_a_copy_is_a_sentence(fetch: Any) -> None:
    assert "no copy of A that covers this area" in said(fetch(WFS, "good", offline=True))
    fetch(WFS, "good", box=(150_010, 450_010, 150_120, 450_220))
    assert "no copy of A" in said(fetch(WFS, "good", offline=True))  # it covers too little


def test_a_failure_leaves_the_copy_as_it_was(fetch: Any, tmp_path: Path, base: str) -> None:
    fetch(WFS, "good")
    before = (tmp_path / "a.gpkg").read_bytes()
    stopped = fetch(WFS, "good", max_features=3)
    assert stopped.state == "old_copy" and "more than the limit" in said(stopped)
    assert (tmp_path / "a.gpkg").read_bytes() == before
    # another question is another copy
    assert fetch(WFS, "empty", max_age=30.0).state == "empty"
