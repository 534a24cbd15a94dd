"""What this is: version, licence, status of the norms, dates of law and profile, where to read."""

from __future__ import annotations

import datetime
import html
from typing import Any

from qgis.core import Qgis, QgsProject
from qgis.PyQt import sip
from qgis.PyQt.QtCore import Qt, qVersion
from qgis.PyQt.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QLabel,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from ..engine.norms import Profile, load_profile
from ..engine.texts import language, text
from ..engine.twin import DEFAULT_PROFILE
from ..engine.words import DgoError
from ..processing.provider import plugin_version
from ..project import options
from ..project.roles import project_twin
from . import memory
from .guard import guarded
from .guide import open_guide, shipped_text

LICENCE = "GPL-2.0-or-later"
LINKS = ("guide", "changes", "licence.link")
_open: list[Any] = []  # the one window that may be open


def profile_in_use(project: QgsProject) -> str:
    """Id or path of the profile: of the panel's form, the project's twin, the settings, else the
    shipped proposal."""
    try:
        kept = project_twin(project).profile
    except DgoError:
        kept = ""
    chosen = memory.recall(project, "profile") or kept or options.get(options.PROFILE)
    return str(chosen or DEFAULT_PROFILE)


def facts(profile: str = DEFAULT_PROFILE, today: datetime.date | None = None) -> list[str]:
    """What the page says of a profile, sentence by sentence, in the language in force."""
    try:
        found = load_profile(profile)
    except DgoError as error:
        return [text("settings.about.unreadable", why=error.message)]
    status = text(f"results.value.norm_status.{found.status}")
    if found.adopted:
        status = text("results.adopted", by=found.adopted_by, on=_day(found.adopted_on))
    lines = [text("settings.about.profile", title=found.title, id=found.id,
                  version=str(found.version), status=status)]  # fmt: skip
    if not found.adopted:
        lines.append(text("settings.about.proposal"))
    lines += [*_law(found, today or datetime.date.today()), text("settings.about.data")]
    return lines


def _law(profile: Profile, today: datetime.date) -> list[str]:
    dated = [law for norms in profile.indicators.values() for law in norms.law
             if law.status == "law"]  # fmt: skip
    if not dated:
        return []
    starts = sorted({law.start for law in dated})
    lines = [text("settings.about.law", n=len(dated), first=_day(starts[0]),
                  last=_day(max(s for s in starts if s <= today) if starts[0] <= today
                            else starts[0]))]  # fmt: skip
    coming = [_day(start) for start in starts if start > today]
    if coming:
        lines.append(text("settings.about.law.coming", dates=", ".join(coming)))
    return lines


def _day(date: datetime.date | None) -> str:
    if date is None:
        return "\u2013"
    return date.strftime("%d-%m-%Y" if language() == "nl" else "%Y-%m-%d")


class About(QDialog):
    """The page, with the links as buttons: they work with the keyboard and a screen reader."""

    def __init__(self, iface: Any) -> None:  # noqa: QGS105 - QGIS hands it to the plugin
        super().__init__(iface.mainWindow() if iface is not None else None)
        self.iface = iface
        self.setObjectName("dgo_about")
        self.setWindowTitle(text("settings.about.title"))
        inside = QWidget(self)
        column = QVBoxLayout(inside)
        versions = text("settings.about.version", version=plugin_version(), qgis=Qgis.version(),
                        qt=qVersion())  # fmt: skip
        for heading, lines in (
            ("", [versions, text("settings.about.licence", licence=LICENCE)]),
            ("norms", facts(profile_in_use(QgsProject.instance()))),
            ("read", []),
        ):
            said = "".join(f"<p>{html.escape(line)}</p>" for line in lines)
            if heading:
                title = html.escape(text(f"settings.about.{heading}"))
                said = f"<h3>{title}</h3>{said}"
            label = QLabel(said, inside)
            label.setTextFormat(Qt.TextFormat.RichText)
            label.setWordWrap(True)
            label.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse
                                          | Qt.TextInteractionFlag.TextSelectableByKeyboard)
            column.addWidget(label)
        self.links = {name: self._link(name, inside) for name in LINKS}
        for button in self.links.values():
            column.addWidget(button)
        column.addStretch(1)
        scroll = QScrollArea(self)
        scroll.setWidgetResizable(True)
        scroll.setFrameShape(QScrollArea.Shape.NoFrame)
        scroll.setWidget(inside)
        close = QDialogButtonBox(self)
        self.shut = close.addButton(text("settings.close"),
                                    QDialogButtonBox.ButtonRole.RejectRole)  # fmt: skip
        close.rejected.connect(self.reject)
        whole = QVBoxLayout(self)
        whole.addWidget(scroll, 1)
        whole.addWidget(close)
        self.resize(520, 540)

    def _link(self, name: str, parent: QWidget) -> QPushButton:
        button = QPushButton(text(f"settings.about.{name}"), parent)
        button.setObjectName(f"dgo_about_{name.partition('.')[0]}")
        button.setAutoDefault(False)
        button.clicked.connect(getattr(self, f"_open_{name.partition('.')[0]}"))
        return button

    @guarded
    def _open_guide(self) -> None:
        open_guide(self.iface)

    @guarded
    def _open_changes(self) -> None:
        open_guide(self.iface, shipped_text("CHANGELOG.md"))

    @guarded
    def _open_licence(self) -> None:
        open_guide(self.iface, shipped_text("LICENSE"))


def show_about(iface: Any) -> About:  # noqa: QGS105 - QGIS hands it to the plugin
    """Open the page anew: project and profile may have changed."""
    close_about()
    window = About(iface)
    _open[:] = [window]
    window.show()
    window.raise_()
    return window


def close_about() -> None:
    """Take the page away."""
    windows, _open[:] = list(_open), []
    for window in windows:
        if not sip.isdeleted(window):
            window.close()
            window.deleteLater()
