"""The registry: one file per indicator is all it takes."""

from __future__ import annotations

import subprocess
import sys
from string import Formatter

import pytest

from dgo_twin_plugin.engine import words
from dgo_twin_plugin.engine.indicators import all_indicators, indicator, indicator_ids
from dgo_twin_plugin.engine.texts import LANGUAGES, has_text, text

CARD = ("name", "short", "about", "formula", "limits", "validity")


def test_ordered_by_code_and_unique():
    codes = [s.code for s in all_indicators()]
    assert codes == sorted(codes)
    assert len(set(codes)) == len(codes) == len({s.id for s in all_indicators()})
    assert codes[:7] == ["I01", "I02", "I03", "I04", "I05", "I06", "I07"]


def test_by_id_and_what_is_unknown():
    assert indicator("open_water").code == "I04"
    with pytest.raises(KeyError, match="closed_water.*open_water"):
        indicator("closed_water")


def test_nothing_is_imported_before_it_is_asked_for(repo):
    code = ("import sys; import dgo_twin_plugin.engine.indicators as r; "
            "early = [m for m in sys.modules if m.startswith(r.__name__ + '.')]; "
            "r.all_indicators(); print(early, 'numpy' in early)")  # fmt: skip
    done = subprocess.run([sys.executable, "-c", code], cwd=repo, capture_output=True, text=True,
                          check=True)  # fmt: skip
    assert done.stdout.strip() == "[] False"


@pytest.mark.parametrize("name", indicator_ids())
@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_indicator_has_a_card(name, lang):
    for key in CARD:
        full = f"indicators.{name}.{key}"
        assert has_text(full, lang), full
        shown = text(full, lang)
        assert shown.strip()
        assert not any(field for _, field, *_ in Formatter().parse(shown)), full
    assert indicator(name).id == name
    assert indicator(name).theme in words.THEMES


@pytest.mark.parametrize(
    "key",
    ["energy_use.no_building", "energy_use.exceeds", "energy_use.indicative",
     "energy_use.part.existing", "material_use.no_building", "material_use.exceeds",
     "material_use.indicative", "renewable_generation.no_demand", "open_water.sandy",
     "natural_banks.no_bank", "rain_retention.no_sealed", "stormwater_disconnection.no_sealed"],
)  # fmt: skip
def test_reasons_can_be_said_in_both_languages(key):
    said = [text(f"indicators.{key}", lang, value=33.0, limit=30.0) for lang in LANGUAGES]
    assert said[0] != said[1]
    assert not any("{" in s or s.startswith("indicators.") for s in said)
