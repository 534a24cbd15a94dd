"""A small plan in the project, a live session on it, and the full run to compare with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from tests.panel.conftest import demo, demo_once, language, make_dock, provider, window  # noqa: F401

from .plan import Plan


@pytest.fixture
def plan(qgis_project: Any) -> Plan:
    """A plan of twenty squares in memory, in the project."""
    return Plan(qgis_project)


@pytest.fixture
def make_session(qgis_project: Any) -> Iterator[Callable[..., Any]]:
    """Makes sessions, and ends them."""
    from qgis.PyQt import sip
    from qgis.PyQt.QtCore import QEvent
    from qgis.PyQt.QtWidgets import QApplication

    from dgo_twin_plugin.live.session import LiveSession

    made: list[Any] = []

    def make(parameters: dict[str, Any] | None = None) -> Any:
        session = LiveSession()
        made.append(session)
        if parameters is not None:
            session.set_inputs(parameters)
        return session

    yield make
    for session in made:
        if not sip.isdeleted(session):
            session.end()
            assert session.connections() == 0
            session.deleteLater()
    made.clear()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)


@pytest.fixture
def session(make_session: Callable[..., Any], plan: Plan) -> Any:
    """A session that has assessed the plan."""
    from .plan import settled

    made = make_session(plan.parameters())
    settled(made)
    return made
