"""A live session that works nothing out: it judges a given assessment, as the real one does when a
slider moves. So the page is tested apart from what computes."""

from __future__ import annotations

from typing import Any

from qgis.PyQt.QtCore import QObject, pyqtSignal

from dgo_twin_plugin.engine.alerts import Alert
from dgo_twin_plugin.engine.indicators.spec import LegalTest
from dgo_twin_plugin.engine.mix import Mix
from dgo_twin_plugin.engine.norms import load_profile
from dgo_twin_plugin.engine.words import EXCEEDS, NORMAL, say
from dgo_twin_plugin.live.session import LIVE, OFF, LiveState
from tests.panel.mix_case import assessment

PROFILE = load_profile("utrecht-proposal-2026")
TYPES = ["GT04", "GT07", "GT04"]  # zones are numbered by type: 1 and 2 are GT04, 3 is GT07
BROKEN = LegalTest(1, 1, "industry", 58.0, 55.0, EXCEEDS)


def case(shade: float = 45.0) -> Any:
    """33 indicators in three zones; shade is given per zone, one breach of the law in zone 1."""
    made = assessment(PROFILE, TYPES, {"shade": {"": [shade, 50.0, 55.0]}},
                      legal={"industrial_noise": [BROKEN]})  # fmt: skip
    made.breaches.append(("industrial_noise", BROKEN))
    made.alerts.append(Alert("rule", NORMAL, "x", "kaart", 1, None, 2, 10.0,
                             say("mixer.total")))  # fmt: skip
    return made


class FakeSession(QObject):
    """The signals and the judging of a LiveSession."""

    assessed = pyqtSignal(object)
    state_changed = pyqtSignal(object)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.assessment: Any = None
        self.mix = Mix()
        self.active = True
        self.state = LiveState(OFF)

    def give(self, made: Any) -> None:
        """The design was worked out."""
        self.assessment = made.judged(*self.mix.laid(PROFILE))
        self.tell(LIVE)
        self.assessed.emit(self.assessment)

    def tell(self, kind: str, **more: Any) -> None:
        """Another state."""
        self.state = LiveState(kind, **more)
        self.state_changed.emit(self.state)

    def set_mix(self, mix: Mix) -> None:
        """A slider moved."""
        self.mix = mix
        if self.assessment is not None and self.active:
            self.assessment = self.assessment.judged(*mix.laid(PROFILE))
            self.assessed.emit(self.assessment)
