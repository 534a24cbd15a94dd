"""PostGIS by way of QGIS: its stored connections and authentication configurations, and layers.

A layer in a project never holds a password: it names ``authcfg``, or leaves it to libpq (password
file, service) or to the question QGIS asks. The password of a stored connection is handed to QGIS
for this session only.
"""

from __future__ import annotations

from dataclasses import replace

from qgis.core import (
    QgsCoordinateTransformContext,
    QgsCredentials,
    QgsDataSourceUri,
    QgsException,
    QgsProviderConnectionException,
    QgsProviderRegistry,
    QgsVectorLayer,
    QgsWkbTypes,
)

from ..engine.words import DgoError
from ..store import target
from ..store.target import Postgres

PROVIDER = "postgres"
KEYS = ("id", "fid", "ogc_fid", "gid", "objectid")  # of a view, in this order
# keys of libpq that QgsDataSourceUri has a place for; the others go along as parameters
_PLACED = ("dbname", "host", "port", "user", "service", "sslmode")


def install() -> None:
    """Let :mod:`..store` open databases with what QGIS knows."""
    target.set_resolver(expanded)


def expanded(given: Postgres) -> str:
    """The text for libpq, secrets filled in; never shown or kept. Raises ``DgoError``."""
    uri = connection_uri(given, with_password=True)
    text = str(uri.connectionInfo(True))
    if uri.authConfigId() and "authcfg=" in text:
        raise DgoError("results.error.pg_authcfg", authcfg=uri.authConfigId())
    for key, value in given.values:
        if key not in _PLACED:
            text += f" {key}={target.quoted(value)}"
    return text


def connection_uri(given: Postgres, with_password: bool = False) -> QgsDataSourceUri:
    """The connection, without table. Raises ``DgoError`` where QGIS knows no such connection."""
    uri = QgsDataSourceUri()
    if given.connection:
        known = QgsProviderRegistry.instance().providerMetadata(PROVIDER).connections()
        if given.connection not in known:
            raise DgoError("results.error.pg_connection", name=given.connection,
                           known=", ".join(sorted(known)) or "–")  # fmt: skip
        uri = QgsDataSourceUri(known[given.connection].uri())
    values = dict(given.values)
    auth = given.authcfg or uri.authConfigId()
    user = values.get("user", uri.username())
    password = uri.password() if user == uri.username() else ""
    if password and not with_password:
        plain = _connected(uri, values, user, "", auth)
        QgsCredentials.instance().put(plain.connectionInfo(False), user, password)
        password = ""
    return _connected(uri, values, user, password, auth)


def _connected(known: QgsDataSourceUri, values: dict[str, str], user: str, password: str,
               auth: str) -> QgsDataSourceUri:  # fmt: skip
    uri = QgsDataSourceUri()
    database = values.get("dbname", known.database())
    mode = known.sslMode()
    if "sslmode" in values:
        mode = QgsDataSourceUri.decodeSslMode(values["sslmode"])
    service = values.get("service", known.service())
    if service:
        uri.setConnection(service, database, user, password, mode, auth)
    else:
        uri.setConnection(values.get("host", known.host()), values.get("port", known.port()),
                          database, user, password, mode, auth)  # fmt: skip
    return uri


def table_uri(given: Postgres, table: str, geometry: str, key: str, subset: str = "",
              kind: str = "", srid: int = 0) -> str:  # fmt: skip
    """The source of a layer of the provider ``postgres``. ``kind``: 'POINT' ..., '' = no
    geometry."""
    uri = connection_uri(given)
    uri.setDataSource(given.schema, table, geometry if kind else "", subset, key)
    # a view cannot promise that its key is unique; ours and those that are named are
    uri.setParam("checkPrimaryKeyUnicity", "0")
    if kind:
        uri.setWkbType(QgsWkbTypes.parseType(kind))
        if srid:
            uri.setSrid(str(srid))
    return str(uri.uri(False))


def open_table(text: str, transforms: QgsCoordinateTransformContext) -> QgsVectorLayer:
    """The table or view that a text names (``|schema.table``), opened by QGIS.

    Raises ``DgoError`` where it names none, it is not there, or it holds several kinds of
    geometry: points and areas are different layers to QGIS.
    """
    given = target.parse(text)
    schema, _, table = given.table.rpartition(".")
    schema = schema or (given.schema if given.named else "public")
    if not table:
        raise DgoError("results.error.pg_table", path=given.text)
    where = f"{schema}.{table}"
    uri = connection_uri(given, with_password=True)
    metadata = QgsProviderRegistry.instance().providerMetadata(PROVIDER)
    try:
        found = metadata.createConnection(uri.uri(False), {}).table(schema, table)
    except (QgsException, QgsProviderConnectionException) as problem:
        raise DgoError("results.error.pg_no_table", table=where, path=given.text,
                       detail=target.without_secrets(str(problem))) from problem  # fmt: skip
    kinds = {c.wkbType for c in found.geometryColumnTypes()}
    kinds = {k for k in kinds if k not in (QgsWkbTypes.Type.Unknown, QgsWkbTypes.Type.NoGeometry)}
    if len(kinds) > 1:
        shown = ", ".join(sorted(QgsWkbTypes.displayString(k) for k in kinds))
        raise DgoError("results.error.pg_kinds", table=where, kinds=shown)
    keys = list(found.primaryKeyColumns())
    given = replace(given, schema=schema, table="")
    kind = QgsWkbTypes.displayString(kinds.pop()) if kinds else ""
    srid = next((c.crs.postgisSrid() for c in found.geometryColumnTypes()), 0) if kind else 0
    key = keys[0] if len(keys) == 1 else ""
    if not key:
        names = {f.name().lower(): f.name() for f in _fields(metadata, uri, schema, table)}
        key = next((names[k] for k in KEYS if k in names), "")
    options = QgsVectorLayer.LayerOptions(transforms, False)
    layer = QgsVectorLayer(table_uri(given, table, found.geometryColumn(), key, "", kind, srid),
                           table, PROVIDER, options)  # fmt: skip
    if not layer.isValid():
        raise DgoError("results.error.pg_no_table", table=where, path=given.text,
                       detail=layer.dataProvider().error().summary())  # fmt: skip
    return layer


def _fields(metadata: object, uri: QgsDataSourceUri, schema: str, table: str) -> object:
    return metadata.createConnection(uri.uri(False), {}).fields(schema, table)  # type: ignore
