"""One run over many services: copies, attempts, and what became of each. One that fails does not
stop the others."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from qgis.core import QgsCoordinateReferenceSystem, QgsRectangle

from ..engine.texts import language, moment, text
from ..engine.twin import LayerEntry, Twin, dump, parse_twin
from ..engine.words import DgoError, Message, say
from . import cache
from .answers import XML, ServiceProblem, with_query
from .catalogue import NONE, Service, entry, margin
from .fetch import Fetcher
from .opening import open_image

FETCHED, EMPTY, INCOMPLETE, COPY, OLD, BACKGROUND, FAILED = STATES = (
    "fetched", "empty", "incomplete", "copy", "old_copy", "background", "failed",
)  # fmt: skip


@dataclass
class Outcome:
    """What became of one service."""

    service: Service
    state: str
    copy: cache.Copy | None = None
    why: Message | None = None  # failed, or an old copy: what went wrong, with its remedy
    notes: list[Message] = field(default_factory=list)
    margin: float = 0.0

    @property
    def count(self) -> int:
        return self.copy.count if self.copy else 0


@dataclass(frozen=True)
class Wish:
    """What is asked: around where, into which folder, how fresh."""

    box: QgsRectangle  # of the plan, in ``plane``
    plane: QgsCoordinateReferenceSystem  # metres
    folder: Path
    max_age: float = 30.0  # days: a younger copy is used as it is
    offline: bool = False
    indicators: tuple[str, ...] = ()


def bring(
    service: Service, wish: Wish, fetcher: Fetcher,
    told: Callable[[Message], None], progress: Callable[[float], None],
) -> Outcome:  # fmt: skip
    """One service: its copy where that is fresh enough or nothing else is to be had, else anew.
    Raises ``Cancelled`` and nothing else that concerns one service only."""
    if service.background:
        return _image(service, wish, fetcher, told)
    reach = margin(service, wish.indicators)
    box = wish.box.buffered(reach)
    there = cache.find(wish.folder, service)
    if there is not None and not there.serves(service, wish.plane.authid(), box):
        there = None
    if there is not None and (wish.offline or (there.complete and there.age <= wish.max_age)):
        return Outcome(service, COPY, there, None, _notes(there), reach)
    if wish.offline:
        why = say("errors.service.no_copy", title=service.title, folder=str(wish.folder))
        return Outcome(service, FAILED, None, why, margin=reach)
    try:
        made = _fetch(service, wish, box, fetcher, told, progress)
    except DgoError as error:
        if there is None:
            return Outcome(service, FAILED, None, error.message, margin=reach)
        return Outcome(service, OLD, there, error.message, _notes(there), reach)
    state = FETCHED if made.copy.complete else INCOMPLETE
    made.state = state if made.copy.count else EMPTY
    made.margin = reach
    return made


def _fetch(
    service: Service, wish: Wish, box: QgsRectangle, fetcher: Fetcher,
    told: Callable[[Message], None], progress: Callable[[float], None],
) -> Outcome:  # fmt: skip
    layers, notes, complete, begun = {}, [], True, cache.now()
    with cache.fresh(wish.folder, service) as place:
        for k, saved in enumerate(service.layers):
            file = f"{service.id}_{saved}.tif" if service.raster else f"{service.id}.gpkg"
            read = fetcher.cells if service.raster else fetcher.features

            def part(share: float, k: int = k) -> None:
                progress((k + share) / len(service.layers))

            def once(saved: str = saved, read=read, file: str = file, part=part):  # type: ignore
                return read(service, saved, box, wish.plane, place / file, part)

            piece = fetcher.persistently(once, told)
            cache.describe(place / file, "" if service.raster else saved, service, begun)
            notes += piece.notes
            complete = complete and piece.complete
            layers[saved] = {"file": file, "layer": "" if service.raster else saved,
                             "count": piece.count, "matched": piece.matched,
                             "notes": [text(n) for n in piece.notes]}  # fmt: skip
        sides = (box.xMinimum(), box.yMinimum(), box.xMaximum(), box.yMaximum())
        copy = cache.Copy(
            begun, service.fingerprint(), wish.plane.authid(), sides, layers, complete
        )
        cache.keep(wish.folder, service, place, copy)
    return Outcome(service, FETCHED, copy, None, notes)


def _image(
    service: Service, wish: Wish, fetcher: Fetcher, told: Callable[[Message], None]
) -> Outcome:
    """A WMS: asked whether it opens; it gives no values, so it gets no role."""
    note = [say("errors.service.image", title=service.title)]
    if wish.offline:
        why = say("errors.service.image_offline", title=service.title)
        return Outcome(service, FAILED, None, why)
    # QGIS opens it by what it remembers of a former question, and does not say what is wrong
    url = with_query(service.address, SERVICE="WMS", VERSION="1.3.0", REQUEST="GetCapabilities")
    try:
        fetcher.persistently(lambda: fetcher.ask(service, url, XML), told)
    except ServiceProblem as problem:
        # WMS 1.1 begins with a DTD; the answer is not read here
        if problem.message.key != "errors.service.entities":
            return Outcome(service, FAILED, None, problem.message)
    for layer in service.layers.values():
        if not open_image(service, layer).isValid():
            why = say("errors.service.not_opened", url=service.source, layer=layer, why="")
            return Outcome(service, FAILED, None, why)
    return Outcome(service, BACKGROUND, None, None, note)


def _notes(copy: cache.Copy) -> list[Message]:
    said = [note for layer in copy.layers.values() for note in layer.get("notes", [])]
    return [say("words.either", nl=note, en=note) for note in said]


# ---------------------------------------------------------------------------- what comes of it
def context_of(
    outcomes: Iterable[Outcome], folder: Path
) -> dict[str, tuple[LayerEntry, ...]]:
    """The roles that were fetched, as a twin file has them; paths absolute."""
    blocks: dict[str, list[dict]] = {}
    for outcome in outcomes:
        if outcome.copy is None or outcome.service.role == NONE:
            continue
        for layer in outcome.copy.layers.values():
            file = os.path.join(str(folder), str(layer["file"]))
            where = f"{file}|{layer['layer']}" if layer["layer"] else file
            block = entry(outcome.service, where, outcome.copy.day)
            blocks.setdefault(outcome.service.role, []).append(block)
    return parse_twin(json.dumps({"context": blocks}), folder).context


def twin_with(base: Twin, context: dict[str, tuple[LayerEntry, ...]], plan: str) -> Twin:
    """The twin with these roles in place of its own, and the plan area where it has none; what was
    not fetched stays as it was."""
    kept = {role: tuple(_at(e, base.folder) for e in entries)
            for role, entries in base.context.items()}  # fmt: skip
    return dataclasses.replace(
        base,
        design=tuple(_at(e, base.folder) for e in base.design),
        area_types=base.area_types and _at(base.area_types, base.folder),
        plan_area=_at(base.plan_area, base.folder) if base.plan_area else LayerEntry(plan),
        context={**kept, **context},
        folder=None,
    )


def _at(one: LayerEntry, folder: Path | None) -> LayerEntry:
    mapping = one.mapping
    if mapping and folder is not None and (folder / mapping).is_file():
        mapping = str(folder / mapping)
    return dataclasses.replace(one, layer=one.resolved(folder), mapping=mapping)


def write_twin(twin: Twin, path: Path) -> None:
    """Write the twin file, paths relative to it, in one move."""
    _write(path, dump(twin, path.resolve().parent))


def write_summary(outcomes: Iterable[Outcome], path: Path) -> None:
    """The table of what came and what not, with remedies, as CSV."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\n")
    rows.writerow(["service", "title", "role", "state", "count", "fetched", "age_days", "margin_m",
                   "source", "licence", "confidence", "remark"])  # fmt: skip
    for o in outcomes:
        remarks = [*([o.why] if o.why else []), *o.notes]
        rows.writerow([
            o.service.id, o.service.title[language()], o.service.role, o.state, o.count,
            o.copy.fetched.isoformat(timespec="seconds") if o.copy else "",
            f"{max(0.0, o.copy.age):.1f}" if o.copy else "", f"{o.margin:g}", o.service.source,
            o.service.licence, o.service.confidence, " ".join(text(m) for m in remarks),
        ])  # fmt: skip
    _write(path, out.getvalue())


def _write(path: Path, content: str) -> None:
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(content, encoding="utf-8")
        os.replace(part, path)
    except OSError as error:
        raise DgoError("errors.service.folder", folder=str(path.parent),
                       why=error.strerror) from error  # fmt: skip


def line(outcome: Outcome) -> Message:
    """One line of the log."""
    params = {"title": outcome.service.title, "count": outcome.count}
    if outcome.copy is not None:
        params.update(when=moment(outcome.copy.fetched.isoformat()),
                      days=max(0, int(outcome.copy.age)))  # fmt: skip
    if outcome.why is not None:
        params["why"] = outcome.why
    return Message(f"algorithms.fetchservices.state.{outcome.state}", params)
