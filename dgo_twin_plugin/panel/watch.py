"""Sees that a layer of the run is edited after it: the watch of the live numbers, with less to
listen to, for what a stored run must say is only whether it still holds."""

from __future__ import annotations

from ..live import watch

ONCE = ("layerModified", "afterRollBack", "subsetStringChanged", "dataSourceChanged")


class Watch(watch.Watch):
    """Emits ``changed`` once for each edit of a followed layer."""

    HEARD = {name: watch.HEARD[name] for name in ONCE}
