"""The runs in a results file: list, and delete.

Besides its rows a run may own files (rasters): they stand in ``<results>_files/<run_id>/`` beside
the GeoPackage and go with the run.
"""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..engine.texts import text
from ..engine.words import DgoError
from . import access, postgis, schema, upgrade
from .read import rows
from .target import Postgres, Where, files_folder, place

__all__ = ["adopted", "delete_runs", "files_folder", "find_run", "list_runs", "profile_status"]


def list_runs(path: Where) -> list[dict[str, Any]]:
    """The rows of ``runs``, newest first. Raises ``DgoError`` as :func:`upgrade.open_results`."""
    found = rows(path, "runs")
    return sorted(found, key=lambda r: (r["started"] or "", r["id"]), reverse=True)


def find_run(path: Where, run_id: str = "") -> dict[str, Any]:
    """The run with an id or the start of one; the newest where none is named.

    Raises ``DgoError`` where there is no such run, or where the start fits several.
    """
    known = list_runs(path)
    fitting = [r for r in known if r["run_id"] == run_id] or [
        r for r in known if r["run_id"].startswith(run_id)]  # fmt: skip
    if not fitting or (run_id and len(fitting) > 1):
        raise DgoError("results.error.run", run=run_id, path=str(path), n=len(known))
    return fitting[0]


def delete_runs(path: Where, run_ids: Sequence[str], compact: bool = False) -> int:
    """Delete runs, all in one transaction; returns how many rows of tables went.

    ``compact`` also gives the space back to the disk (takes a copy of the file while it works).
    Raises ``DgoError`` where a run is not there or the file cannot be written: nothing is gone.
    """
    path = place(path)
    wanted = [find_run(path, run_id)["run_id"] for run_id in run_ids if run_id]
    if not wanted:
        return 0
    ds = upgrade.open_results(path, update=True)
    chosen = ", ".join(schema.literal(run_id) for run_id in wanted)
    database = isinstance(path, Postgres)
    folders = _folders(path, wanted)
    gone = 0
    try:
        if database:
            postgis.begin(ds, path, False, lambda: None)
            postgis.hold(ds, path, [*schema.BY_NAME, schema.PLACE_VALUES], "ROW EXCLUSIVE")
        else:
            access.transaction_begin(ds)
        try:
            access.sql(ds, "DELETE FROM place_values WHERE id IN (SELECT v.id FROM place_sets s "
                           "CROSS JOIN place_values v WHERE v.id BETWEEN s.first_id AND s.last_id "
                           f"AND s.run_id IN ({chosen}))")  # fmt: skip
            for table in schema.TABLES:
                where = f"FROM {schema.quoted(table.name)} WHERE run_id IN ({chosen})"
                gone += int(access.query(ds, f"SELECT count(*) {where}")[0][0])
                access.sql(ds, f"DELETE {where}")
            access.transaction_commit(ds)
        except BaseException:
            access.transaction_undo(ds)
            raise
        if compact:
            access.sql(ds, "VACUUM")
    except access.SqlError as problem:
        if database:
            raise postgis.translated(problem, path) from problem
        raise access.translated(problem, path) from problem
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
    return gone


def _folders(path: Path | Postgres, run_ids: Sequence[str]) -> list[Path]:
    """The folders that go with runs. A database only knows where each map was written; a folder
    counts where it has the name of its run."""
    if not isinstance(path, Postgres):
        return [folder for i in run_ids if (folder := files_folder(path, i)) is not None]
    found = []
    for run_id in run_ids:
        folders = {Path(row["file"]).parent for row in rows(path, schema.MAPS.name, run_id)}
        found += [folder for folder in folders if folder.name == run_id]
    return found


def profile_status(run: dict[str, Any], lang: str) -> str:
    """'voorstel, niet vastgesteld', or by whom and when the norms were adopted. Adopted counts
    only with both filled in (indicators, attack 1)."""
    if adopted(run):
        return text("results.adopted", lang, by=run["adopted_by"], on=run["adopted_on"])
    return text("results.proposal", lang)


def adopted(run: dict[str, Any]) -> bool:
    """Whether somebody adopted the norms of the run."""
    return bool(run.get("profile_status") == "adopted" and run.get("adopted_by")
                and run.get("adopted_on"))  # fmt: skip
