"""The proxy and the authentication of QGIS in front of a service: both are passed on, what fails is
a sentence with its remedy, and no secret is written down. Servers on the loopback address."""

from __future__ import annotations

import base64
import csv
import json
import os
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from . import plans as p
from . import service_servers as servers
from .service_servers import OAPIF, WCS, WFS, WMS, said

ALL = [WFS, OAPIF, WCS, WMS]
HOST = "http://dienst.invalid"  # a name that resolves nowhere (RFC 6761)
USER, PASSWORD = "piet", "zeven-sloten"  # LOGIN of faulty_server.py
PROXY_LOGIN = "jan:hoge-dijk"
# what comes where all goes well: 25 squares, 16 x 16 cells of 25 m, an image without a count
GOOD = {"wfs": ("fetched", 25), "oapif": ("fetched", 25), "wcs": ("fetched", 256),
        "wms": ("background", 0)}  # fmt: skip


@pytest.fixture(scope="module")
def base(qgis_app: Any) -> Iterator[str]:
    from dgo_twin_plugin.engine.texts import set_language

    set_language("en")
    with servers.faulty() as address:
        yield address


@pytest.fixture
def proxied(qgis_app: Any) -> Iterator[Callable[..., None]]:
    """proxied(address) makes QGIS use this proxy, as its options do; put back afterwards."""
    from qgis.core import QgsNetworkAccessManager, QgsSettings

    names = ("Enabled", "Type", "Host", "Port", "User", "Password")
    before = {n: QgsSettings().value(f"proxy/proxy{n}") for n in names}

    def put(values: dict[str, Any]) -> None:
        for name, value in values.items():
            if value is None:
                QgsSettings().remove(f"proxy/proxy{name}")
            else:
                QgsSettings().setValue(f"proxy/proxy{name}", value)
        QgsNetworkAccessManager.instance().setupDefaultProxyAndCache()

    def use(address: str, login: str = "") -> None:
        host, _, port = address.partition("//")[2].partition(":")
        user, _, password = login.partition(":")
        put(dict(zip(names, (True, "HttpProxy", host, port, user, password))))

    yield use
    put(before)


@pytest.fixture
def logins(qgis_app: Any) -> Iterator[Callable[[str], str]]:
    """logins(password) -> id of an authentication that QGIS keeps; taken out afterwards."""
    from qgis.core import QgsApplication, QgsAuthMethodConfig

    manager = QgsApplication.authManager()
    # the database of the throw-away profile, which other tests open with the same word
    assert manager.setMasterPassword("master", True)
    made: list[str] = []

    def store(password: str) -> str:
        config = QgsAuthMethodConfig("Basic")
        config.setName("dienst")
        config.setConfig("username", USER)
        config.setConfig("password", password)
        # QGIS 3.22 says whether, later ones also hand back the configuration
        stored = manager.storeAuthenticationConfig(config)
        assert stored if isinstance(stored, bool) else stored[0]
        made.append(config.id())
        return config.id()

    yield store
    for each in made:
        assert manager.removeAuthenticationConfig(each)


@pytest.fixture
def log(qgis_app: Any) -> Iterator[list[str]]:
    """What QGIS writes in its log during a test."""
    from qgis.core import QgsApplication

    lines: list[str] = []

    def hear(*words: Any) -> None:
        lines.append(" ".join(str(word) for word in words[:2]))

    QgsApplication.messageLog().messageReceived.connect(hear)
    yield lines
    QgsApplication.messageLog().messageReceived.disconnect(hear)


def asked(address: str, path: str = "/") -> Any:
    """What a server says that it was asked."""
    with urllib.request.urlopen(address + path, timeout=10) as answer:
        return json.load(answer)


def containing(folder: Path, *words: str) -> list[str]:
    """The files below a folder that hold one of the words."""
    return [str(f) for f in folder.rglob("*") if f.is_file()
            and any(w.encode() in f.read_bytes() for w in words)]  # fmt: skip


def secrets(login: str) -> tuple[str, str]:
    """The password, and how HTTP writes user and password."""
    return login.partition(":")[2], base64.b64encode(login.encode()).decode()


# --- proxy --------------------------------------------------------------------------------------
@pytest.mark.parametrize("which", ALL, ids=lambda w: w[0])
def test_a_service_behind_the_proxy_of_qgis_comes(
    base: str, proxied: Any, tmp_path: Path, which: Any
) -> None:
    with servers.proxy(base) as address:
        proxied(address)
        done = servers.fetching(HOST, tmp_path)(which, "good")
        assert (done.state, done.count, said(done)) == (*GOOD[which[0]], "")
        through = asked(address)
    # the questions of the plugin and those of the provider: the whole of it went that way
    assert through and all(url.startswith(f"{HOST}/good/") for url in through)
    if which == WFS:  # hits, then three pages of at most ten
        pages = [url for url in through if "GetFeature" in url and "hits" not in url.lower()]
        assert len([u for u in pages if "STARTINDEX" in u.upper()]) >= 3


@pytest.mark.parametrize("which", ALL, ids=lambda w: w[0])
def test_without_the_proxy_the_sentence_names_it(
    base: str, tmp_path: Path, which: Any
) -> None:
    done = servers.fetching(HOST, tmp_path)(which, "off")
    assert done.state == "failed"
    assert said(done).startswith(f"{HOST}/off/{which[1]}")
    assert "cannot be reached" in said(done) and "the proxy of QGIS" in said(done)
    assert not list(tmp_path.iterdir())


def test_a_proxy_that_is_not_there_is_a_sentence(proxied: Any, tmp_path: Path) -> None:
    proxied("http://127.0.0.1:9")
    done = servers.fetching(HOST, tmp_path)(WFS, "good")
    assert done.state == "failed" and "Check the connection, the proxy of QGIS" in said(done)


@pytest.mark.parametrize("which", ALL, ids=lambda w: w[0])
def test_a_proxy_that_wants_a_password(
    base: str, proxied: Any, tmp_path: Path, log: list[str], which: Any
) -> None:
    """Without it, and with a wrong one, a sentence about the proxy (not about the service); with
    it everything comes, and it stands nowhere."""
    with servers.proxy(base, PROXY_LOGIN) as address:
        for login in ("", "jan:lage-dijk"):
            proxied(address, login)
            done = servers.fetching(HOST, tmp_path)(which, "good", retries=2)
            assert done.state == "failed"
            assert "proxy" in said(done) and "wants a user and password" in said(done)
            assert "Settings, Options, Network" in said(done) and "authcfg" not in said(done)
            assert not list(tmp_path.iterdir())
        assert asked(address) == []
        proxied(address, PROXY_LOGIN)
        fetch = servers.fetching(HOST, tmp_path)
        done = fetch(which, "good")
        assert (done.state, done.count) == GOOD[which[0]]
    assert containing(tmp_path, *secrets(PROXY_LOGIN)) == []
    told = " ".join([*log, *map(str, fetch.told), repr(done)])
    assert not [word for word in secrets(PROXY_LOGIN) if word in told]


@pytest.mark.parametrize("which", ALL, ids=lambda w: w[0])
def test_what_passes_is_tried_again_through_the_proxy(
    base: str, proxied: Any, tmp_path: Path, which: Any
) -> None:
    with servers.proxy(base) as address:
        proxied(address)
        fetch = servers.fetching(HOST, tmp_path)
        done = fetch(which, "flakyproxied", retries=2)  # the first two answers are 503
        assert (done.state, done.count) == GOOD[which[0]]
        # Qt repeats a question by itself where a connection was closed under its hands, now and
        # then both times; test_services_faults.py counts our own repeats without a proxy
        assert [m.params["attempt"] for m in fetch.told] in ([], [1], [1, 2])


# --- authentication -----------------------------------------------------------------------------
@pytest.mark.parametrize("which", ALL, ids=lambda w: w[0])
def test_with_an_authentication_of_qgis_it_comes(
    base: str, logins: Any, tmp_path: Path, which: Any
) -> None:
    done = servers.fetching(base, tmp_path)(which, "locked", authcfg=logins(PASSWORD))
    assert (done.state, done.count, said(done)) == (*GOOD[which[0]], "")


@pytest.mark.parametrize("which", ALL, ids=lambda w: w[0])
def test_what_is_wrong_with_an_authentication_is_said(
    base: str, logins: Any, tmp_path: Path, which: Any
) -> None:
    """None, one with another password, one that is not there: three remedies. Also after somebody
    who may has had it: what QGIS remembers of that is not handed over."""
    fetch = servers.fetching(base, tmp_path / "right")
    assert fetch(which, "locked", authcfg=logins(PASSWORD)).state == GOOD[which[0]][0]
    wrong = logins("acht-sloten")
    fetch = servers.fetching(base, tmp_path / "wrong")
    where = f"{base}/locked/{which[1]}"
    for authcfg, words in (
        ("", "refuses access (status 401). Make an authentication in QGIS and name its id under "
             "authcfg"),
        (wrong, f"refuses the authentication '{wrong}' (status 401). Check its user and password"),
        ("gone123", "QGIS cannot use the authentication 'gone123' that the catalogue names. Check "
                    "that it exists"),
    ):  # fmt: skip
        done = fetch(which, "locked", authcfg=authcfg, retries=2)
        assert done.state == "failed" and fetch.told == []  # to ask again would not help
        assert said(done).startswith(where) and words in said(done)
        assert not (tmp_path / "wrong").exists() or not list((tmp_path / "wrong").iterdir())


def test_without_the_master_password_it_is_said(base: str, logins: Any, tmp_path: Path) -> None:
    from qgis.core import QgsApplication

    manager, authcfg = QgsApplication.authManager(), logins(PASSWORD)
    manager.clearCachedConfig(authcfg)
    manager.clearMasterPassword()
    try:
        done = servers.fetching(base, tmp_path)(WFS, "locked", authcfg=authcfg)
    finally:
        assert manager.setMasterPassword("master", True)
    assert done.state == "failed" and "give the master password" in said(done)


@pytest.mark.parametrize("which", ALL, ids=lambda w: w[0])
def test_a_password_is_not_shown_to_another_host(
    base: str, logins: Any, tmp_path: Path, which: Any
) -> None:
    """The service sends on to another name; without a password that is followed, with one not."""
    from qgis.core import Qgis

    done = servers.fetching(base, tmp_path)(which, "lockedaway", authcfg=logins(PASSWORD))
    if done.state != "failed" and Qgis.QGIS_VERSION_INT >= 32400:
        pytest.skip("this QGIS follows by itself, whatever it is asked (docs/import/services.md)")
    assert done.state == "failed" and "redirects too often or unsafely" in said(done)
    seen, showed = asked(base, "/told")
    assert f"elsewhere/{which[1]}" not in seen and showed[f"lockedaway/{which[1]}"] >= 1


@pytest.mark.parametrize("which", [WFS, OAPIF, WCS], ids=lambda w: w[0])
def test_again_and_copies_with_an_authentication(
    base: str, logins: Any, tmp_path: Path, which: Any
) -> None:
    """Two failures that pass; then the copy with today's date serves who asks for no newer one,
    and stands in, with the reason, where the password holds no longer."""
    fetch = servers.fetching(base, tmp_path)
    right = logins(PASSWORD)
    done = fetch(which, "lockedflaky", authcfg=right, retries=2)  # the first two answers are 503
    assert (done.state, done.count) == GOOD[which[0]] and 1 <= len(fetch.told) <= 2
    assert done.copy.day == time.strftime("%Y-%m-%d", time.gmtime())
    before = asked(base, "/told")[0]
    assert fetch(which, "lockedflaky", authcfg=right, max_age=1.0).state == "copy"
    assert fetch(which, "lockedflaky", offline=True).state == "copy"
    assert asked(base, "/told")[0] == before  # nobody was asked
    old = fetch(which, "lockedflaky", authcfg=logins("acht-sloten"))
    assert (old.state, old.count) == ("old_copy", GOOD[which[0]][1])
    assert "refuses the authentication" in said(old) and old.copy.day == done.copy.day


# --- the algorithm ------------------------------------------------------------------------------
def catalogue(folder: Path, address: str, authcfg: str, host: str = "") -> dict[str, Any]:
    """Parameters of dgo:fetchservices for a plan that meets all squares, and a catalogue whose four
    services want a password. The hectares of tests/qgis/plans.py begin at the same corner."""
    folder.mkdir()
    login = f", authcfg: {authcfg}" if authcfg else ""
    at = f"{host or address}/locked"
    own = folder / "own.yml"
    own.write_text(f"""
services:
  natura2000: {{address: "{at}/wfs", layers: {{n2000: "t:vlak"}}{login}}}
  nature_network: {{address: "{at}/ogc", type: oapif, layers: {{nnn: vlak}}{login}}}
  rivm_no2: {{address: "{at}/wcs", layers: {{no2: laag}}, cell: 25{login}}}
  aerial_photo: {{address: "{at}/wms", layers: {{luchtfoto: beeld}}{login}}}
""", encoding="utf-8")
    plan = p.write(folder / "plan.gpkg", "plan", [(p.box(0, 0, 400, 400), {"name": "x"})])
    return {"PLAN_AREA": p.uri(plan), "CATALOGUE": str(own), "RETRIES": 0,
            "FOLDER": str(folder / "out"), "TIMEOUT": 10.0,
            "SERVICES": "natura2000, nature_network, rivm_no2, aerial_photo"}  # fmt: skip


def test_the_algorithm_writes_no_secret_down(
    dgo: Any, base: str, logins: Any, proxied: Any, tmp_path: Path, log: list[str]
) -> None:
    """Four services behind a proxy with a password that want another password: fetched, and
    neither stands in what was made, the log, the results, or the memory of QGIS."""
    feedback = p.Said.new()
    with servers.proxy(base, PROXY_LOGIN) as address:
        proxied(address, PROXY_LOGIN)
        wish = catalogue(tmp_path / "w", base, logins(PASSWORD), HOST)
        done = p.run("fetchservices", wish, feedback)
    assert (done["FETCHED"], done["FAILED"]) == (4, 0), feedback.errors
    words = (*secrets(f"{USER}:{PASSWORD}"), *secrets(PROXY_LOGIN))
    assert containing(tmp_path, *words) == []
    assert len(containing(tmp_path / "w" / "out", "dienst.invalid")) >= 4  # they are read well
    told = "\n".join([*log, *feedback.infos, *feedback.warnings, *feedback.errors, repr(done),
                      feedback.textLog(), feedback.htmlLog()])  # fmt: skip
    assert "Natura 2000" in told and not [word for word in words if word in told]
    # the profile of QGIS with its cache of the network and database of logins: only its options,
    # where QGIS itself keeps the password of the proxy
    profile = Path(os.environ["QGIS_CUSTOM_CONFIG_PATH"])
    assert [f for f in containing(profile, *words) if not f.endswith(".ini")] == []


def test_the_algorithm_names_the_service_and_the_remedy(
    dgo: Any, base: str, tmp_path: Path
) -> None:
    wish = catalogue(tmp_path / "w", base, "")
    feedback = p.Said.new()
    with pytest.raises(Exception, match="Not one service gave anything.*refuses access"):
        p.run("fetchservices", wish, feedback)
    titles = ("Natura 2000", "Nature network", "Aerial photograph")
    for title in titles:
        lines = [line for line in feedback.errors if title in line]
        assert lines and "Make an authentication in QGIS" in lines[0], feedback.errors
    with (tmp_path / "w" / "out" / "services.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["state"] for row in rows] == ["failed"] * 4
    assert all("authcfg" in row["remark"] for row in rows)


@pytest.mark.parametrize("password", [PASSWORD, ""], ids=["with", "without"])
def test_in_the_background_too(
    dgo: Any, base: str, logins: Any, tmp_path: Path, password: str
) -> None:
    """As a task of QGIS, where the request of a password would be asked of the main thread."""
    from qgis.core import (
        QgsApplication,
        QgsProcessingAlgRunnerTask,
        QgsProcessingContext,
        QgsProject,
    )
    from qgis.PyQt.QtCore import QCoreApplication

    wish = catalogue(tmp_path / "w", base, logins(password) if password else "")
    context, feedback = QgsProcessingContext(), p.Said.new()
    context.setProject(QgsProject.instance())
    algorithm = QgsApplication.processingRegistry().createAlgorithmById("dgo:fetchservices")
    task = QgsProcessingAlgRunnerTask(algorithm, wish, context, feedback)
    ended: list[tuple[bool, dict]] = []
    task.executed.connect(lambda good, results: ended.append((good, results)))
    QgsApplication.taskManager().addTask(task)
    until = time.monotonic() + 120
    while not ended and time.monotonic() < until:
        QCoreApplication.processEvents()
        time.sleep(0.005)
    good, results = ended[0]
    assert good == bool(password), feedback.errors
    if password:
        assert (results["FETCHED"], results["FAILED"]) == (4, 0)
    else:
        assert any("refuses access (status 401)" in line for line in feedback.errors)
