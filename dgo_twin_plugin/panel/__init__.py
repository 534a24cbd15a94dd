"""The dock: pick the inputs, score in the background, read the marks and what was found."""

from __future__ import annotations

from typing import Any


def create_dock(iface: Any) -> Any:  # noqa: QGS105 - QGIS hands it to the plugin
    """The dock ``dgo_twin_dock``, not yet added to a window: its head and foot, the rest follows
    in steps. ``complete()`` makes it whole at once."""
    from .dock import Dock

    return Dock(iface)


_open: list[Any] = []  # the one wizard that may be open


def open_wizard(iface: Any) -> Any:  # noqa: QGS105 - QGIS hands it to the plugin
    """Show the wizard that starts a plan; there is one at a time. All imports happen here."""
    from qgis.PyQt import sip

    if _open and not sip.isdeleted(_open[0]):
        wizard = _open[0]
    else:
        from .wizard import StartWizard

        wizard = StartWizard(iface)
        wizard.finished.connect(lambda _: _open.clear())
        _open[:] = [wizard]
    wizard.show()
    wizard.raise_()
    wizard.activateWindow()
    return wizard


def close_wizard() -> None:
    """End the wizard where it is open: the plugin goes."""
    from qgis.PyQt import sip

    wizards, _open[:] = list(_open), []
    for wizard in wizards:
        if not sip.isdeleted(wizard):
            wizard.reject()


def close_windows() -> None:
    """Take away the windows that stand by themselves: guide, log, about."""
    import sys

    for module, name in (("guide", "close_guide"), ("log_window", "close_log"),
                         ("about", "close_about")):  # fmt: skip
        loaded = sys.modules.get(f"{__name__}.{module}")
        if loaded is not None:  # never opened, nothing to close
            getattr(loaded, name)()
