"""A start that is refused, stopped or fails: a sentence that says why, and nothing left behind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from . import plans as p
from .plans import run
from .starts import leftovers, parameters, write_material


@pytest.fixture
def material(tmp_path: Path) -> Path:
    """What a plan starts from."""
    return write_material(tmp_path / "bron")


@pytest.fixture
def given(material: Path, tmp_path: Path) -> dict[str, Any]:
    """Parameters of a start."""
    return parameters(material, tmp_path / "Plannen")


def failing(parameters: dict[str, Any]) -> str:
    """The sentence with which a start is refused."""
    from qgis.core import QgsProcessingException

    with pytest.raises(QgsProcessingException) as raised:
        run("startplan", parameters)
    return str(raised.value)


def test_nothing_is_ever_overwritten(dgo: Any, qgis_project: Any, given: dict[str, Any]) -> None:
    folder = Path(given["FOLDER"])
    folder.mkdir(parents=True)
    (folder / "brief.txt").write_text("van mij")
    assert "not empty" in failing(given)
    assert leftovers(folder) == ["brief.txt"] and leftovers(folder.parent) == [folder.name]
    (folder / "brief.txt").unlink()
    assert Path(run("startplan", given)["PROJECT"]).is_file()  # an empty folder will do
    assert "not empty" in failing(given)


@pytest.mark.parametrize("change, said", [
    ({"PLAN_AREA": None}, "no plan area"),
    ({"CONTEXT": "natura2000: [}"}, "CONTEXT"),
    ({"CONTEXT": "natura_2000: x.gpkg"}, "natura2000"),
    ({"CONTEXT": "natura2000: nergens.gpkg"}, "nergens.gpkg"),
    ({"AREA_TYPE": "Stadsrand"}, "Stadsrand"),
    ({"OVERRULE": "Weiland: Stadsrand"}, "Stadsrand"),
    ({"TWIN": "nergens.yml"}, "nergens.yml"),
    ({"BGT": "nergens.zip"}, "nergens.zip"),
])  # fmt: skip
def test_what_is_wrong_is_named_and_leaves_nothing(dgo: Any, qgis_project: Any,
                                                   given: dict[str, Any], change: dict[str, Any],
                                                   said: str) -> None:  # fmt: skip
    assert said in failing({**given, **change})
    assert leftovers(Path(given["FOLDER"]).parent) == []


def test_a_layer_that_says_not_what_is_there(dgo: Any, qgis_project: Any, given: dict[str, Any],
                                             material: Path) -> None:  # fmt: skip
    source = p.uri(f"{material / 'nu.gpkg'}|vlakken")
    assert "no field function" in failing({**given, "CURRENT": [source]})


def test_a_cancelled_start_leaves_nothing(dgo: Any, qgis_project: Any,
                                          given: dict[str, Any]) -> None:  # fmt: skip
    """Stopped as each of its six steps begins, from the first to the last."""
    from qgis.core import (
        QgsApplication,
        QgsProcessingContext,
        QgsProcessingFeedback,
        QgsProject,
    )

    class Stopper(QgsProcessingFeedback):
        def __init__(self, at: float) -> None:
            super().__init__(False)
            self.at, self.most = at, 0.0

        def setProgressText(self, _text: str) -> None:  # noqa: N802
            self.most += 1
            if self.most >= self.at:
                self.cancel()

    steps = 0
    for at in range(1, 7):
        algorithm = QgsApplication.processingRegistry().createAlgorithmById("dgo:startplan")
        context = QgsProcessingContext()
        context.setProject(QgsProject.instance())
        feedback = Stopper(at)
        results, _ = algorithm.run(given, context, feedback)
        assert feedback.isCanceled(), at
        assert not results.get("PROJECT") and not Path(given["FOLDER"]).exists(), at
        del algorithm
        assert leftovers(Path(given["FOLDER"]).parent) == [], at
        steps += 1
    assert steps == 6


def test_an_error_half_way_leaves_nothing(dgo: Any, qgis_project: Any, given: dict[str, Any],
                                          monkeypatch: pytest.MonkeyPatch) -> None:  # fmt: skip
    from dgo_twin_plugin.processing import starting

    def broken(*_: Any) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(starting, "write_findings", broken)
    assert "disk full" in failing(given)
    assert leftovers(Path(given["FOLDER"]).parent) == []


def test_a_start_that_is_never_finished_disappears(dgo: Any, qgis_project: Any,
                                                   given: dict[str, Any]) -> None:  # fmt: skip
    """Prepared and worked out in the background, and then QGIS goes on without finishing it."""
    import gc

    from qgis.core import QgsProcessingContext, QgsProcessingFeedback, QgsProject

    from dgo_twin_plugin.processing.start_plan import Algorithm

    algorithm = Algorithm()
    algorithm.initAlgorithm()
    context, feedback = QgsProcessingContext(), QgsProcessingFeedback(False)
    context.setProject(QgsProject.instance())
    job = algorithm.job(given, context)
    job.carry_out(feedback)
    assert len(leftovers(Path(given["FOLDER"]).parent)) == 1
    del job
    gc.collect()
    assert leftovers(Path(given["FOLDER"]).parent) == []


def test_inputs_are_only_read(dgo: Any, qgis_project: Any, given: dict[str, Any],
                              material: Path) -> None:  # fmt: skip
    before = {f.name: f.read_bytes() for f in material.iterdir()}
    run("startplan", given)
    after = {f.name: f.read_bytes() for f in material.iterdir() if not f.name.endswith(".aux.xml")}
    assert {k: before[k] for k in before} == {k: after[k] for k in before}
