"""The shipped profile is complete and as documented: norms, codes, themes, names."""

from __future__ import annotations

import numpy as np
import pytest

from dgo_twin_plugin.engine import texts
from dgo_twin_plugin.engine.norms import load_profile
from dgo_twin_plugin.engine.words import INDICATORS, THIRTEEN, TWENTY

ID = "utrecht-proposal-2026"
TYPES = [f"GT{i:02d}" for i in range(1, 12)]

# domain 2.3, copied from the document: minimum/basis/optimum for GT01 ... GT11
MATRIX = """
energy_use|100/60/20,100/60/20,100/50/0,100/50/0,100/60/20,100/50/0,100/50/0,100/60/20,100/60/20,100/50/0,100/50/0
renewable_generation|20/40/70,20/40/70,30/60/100,50/75/100,30/60/100,50/75/100,50/100/150,30/60/100,50/100/200,50/100/200,0/25/50
material_use|100/75/50,100/75/50,100/75/50,100/75/50,100/75/50,100/75/50,100/75/50,100/80/60,100/80/60,100/75/50,100/75/50
open_water|2/5/8,2/4/7,4/7/10,5/8/12,3/6/9,5/8/12,5/8/12,4/7/10,5/8/10,3/6/10,3/8/15
natural_banks|5/20/40,5/20/40,20/40/70,40/65/100,15/35/60,40/60/90,50/75/100,25/50/80,20/40/70,30/50/80,70/85/100
rain_retention|20/40/60,20/45/70,30/50/70,40/60/90,20/40/60,40/60/90,50/70/100,30/60/90,30/60/80,40/70/100,60/80/100
stormwater_disconnection|50/75/100,70/90/100,60/85/100,80/95/100,50/75/100,75/90/100,85/95/100,75/90/100,75/90/100,90/95/100,95/98/100
flood_safety|300/3000/30000,300/3000/30000,300/3000/30000,300/3000/30000,300/3000/30000,300/3000/30000,300/3000/30000,300/3000/30000,300/1000/10000,100/300/3000,30/100/300
soil_quality|85/95/100,85/95/100,85/95/100,90/97/100,85/95/100,90/97/100,90/97/100,85/95/100,80/90/100,90/97/100,95/98/100
geological_value|40/60/80,40/60/80,50/70/90,60/80/100,50/70/90,60/80/100,75/90/100,50/75/95,50/70/90,80/90/100,90/95/100
soil_bearing|15/10/3,15/10/3,20/10/5,20/10/5,20/10/5,20/10/5,20/10/5,20/10/5,15/10/5,30/20/10,nvt
green.a|10/20/35,10/20/35,15/25/40,25/35/50,15/25/40,25/35/50,60/70/80,25/40/55,10/20/35,70/80/90,85/92/98
green.b|10/20/40,10/20/40,20/36/75,40/75/110,20/40/75,50/75/120,100/150/250,nvt,nvt,nvt,nvt
traffic_noise|60/55/48,60/55/50,60/53/48,55/50/45,60/55/48,55/50/45,53/48/43,60/55/50,65/60/55,53/48/43,50/45/40
industrial_noise|53/50/45,53/50/45,50/47/42,50/45/40,50/47/42,50/45/40,48/43/40,55/50/45,55/52/45,50/45/40,45/40/35
air_quality.no2|20/15/10,20/15/10,20/15/10,20/14/10,20/15/10,20/14/10,20/13/10,20/15/10,20/16/12,20/13/10,20/12/8
air_quality.pm10|20/17/15,20/17/15,20/17/15,20/17/15,20/17/15,20/17/15,20/17/15,20/17/15,20/17/15,20/17/15,20/17/15
air_quality.pm25|10/7.5/5,10/7.5/5,10/7.5/5,10/7.5/5,10/7.5/5,10/7.5/5,10/7.5/5,10/7.5/5,10/7.5/5,10/7.5/5,10/7.5/5
individual_risk|-6/-7/-8,-6/-7/-8,-6/-7/-8,-6/-7/-8,-6/-7/-8,-6/-7/-8,-6/-7/-8,-6/-7/-8,-6/-7/-8,-6/-7/-8,-6/-7/-8
societal_risk|25/10/0,25/10/0,10/2/0,10/2/0,10/2/0,10/2/0,10/2/0,25/10/0,25/10/0,10/2/0,10/2/0
odour|2/1/0.5,2/1/0.5,2/1/0.5,2/1/0.5,2/1/0.5,2/1/0.5,5/3/1,3/1.5/0.5,5/3/1,8/5/2,5/2/0.5
light_nuisance|4/2/1,4/2/1,2/1/0.5,2/1/0.3,2/1/0.5,2/1/0.3,1/0.5/0.2,2/1/0.5,4/2/1,1/0.5/0.2,1/0.3/0.1
public_transport|10/15/25,15/25/40,3/6/12,2/4/8,2/4/8,1/2/4,.5/1/2,5/10/25,1.5/4/10,.2/.5/2,.2/.5/2
"""  # noqa: E501
CODES = {f"I{i:02d}": name for i, name in enumerate(TWENTY, 1)}
DOWN = {"energy_use", "material_use", "soil_bearing", "traffic_noise", "industrial_noise",
        "air_quality", "individual_risk", "societal_risk", "odour", "light_nuisance"}  # fmt: skip
# indicators G9
THEMES = {"energy": range(1, 4), "water": range(4, 9), "soil": range(9, 12), "green": [12],
          "environment": [13, 14, 15, 18, 19], "safety": [16, 17], "access": [20]}  # fmt: skip
# domain 3.2 (and indicators N01): minimum/basis/optimum for an urban area, here GT03
URBAN = {
    "heat_pet": (40, 20, 5), "shade": (30, 40, 50), "cool_places": (75, 90, 100),
    "cloudburst": (5, 1, 0), "drought": (30, 50, 80), "trees_visible": (60, 80, 100),
    "canopy": (10, 20, 30), "green_access": (75, 90, 100), "services_access": (50, 75, 100),
    "parking_pressure": (90, 85, 75), "play_access": (70, 85, 100),
    "healthy_environment": (30, 60, 100), "nature_inclusive": (20, 30, 45),
}  # fmt: skip
NEWER_DOWN = {"heat_pet", "cloudburst", "parking_pressure"}
# indicators G9
NEWER_THEMES = {"climate": range(1, 6), "green": [6, 7, 8, 13], "access": [9, 10, 11],
                "environment": [12]}  # fmt: skip


@pytest.fixture(scope="module")
def profile():
    return load_profile(ID)

def test_all_norms_as_documented(profile):
    rows = 0
    for line in MATRIX.strip().splitlines():
        name, _, cells = line.partition("|")
        indicator, _, part = name.partition(".")
        for area_type, cell in zip(TYPES, cells.split(",")):
            norm = profile.norm(indicator, area_type, part)
            if cell == "nvt":
                assert norm is None and profile.not_applicable(indicator, area_type, part)
            else:
                assert [norm.minimum, norm.basis, norm.optimum] == [
                    float(x) for x in cell.split("/")
                ]
                assert norm.source in profile.sources
                assert (norm.status, norm.confidence) == ("proposal", "P")
            rows += 1
    assert rows == 23 * 11
    found = {(i.id, p) for i in profile.indicators.values() for p in i.parts if i.id in TWENTY}
    assert len(found) == 23 and {i for i, _ in found} == set(TWENTY)


def test_the_newer_norms_of_an_urban_area_are_as_proposed(profile):
    assert set(profile.indicators) == set(INDICATORS)
    for name, anchors in URBAN.items():
        for part in profile.indicators[name].parts:
            norm = profile.norm(name, "GT03", part)
            assert (norm.minimum, norm.basis, norm.optimum) == anchors, (name, part)
            assert (norm.status, norm.confidence) == ("proposal", "P")


def test_codes_directions_scales_and_themes(profile):
    newer = {f"N{i:02d}": name for i, name in enumerate(THIRTEEN, 1)}
    assert {i.code: i.id for i in profile.indicators.values()} == {**CODES, **newer}
    for theme in {**THEMES, **NEWER_THEMES}:
        assert {i.code for i in profile.indicators.values() if i.theme == theme} == {
            *(f"I{n:02d}" for n in THEMES.get(theme, ())),
            *(f"N{n:02d}" for n in NEWER_THEMES.get(theme, ())),
        }
    for i in profile.indicators.values():
        assert i.weight == 1
        assert i.direction == ("down" if i.id in DOWN | NEWER_DOWN else "up"), i.id
        # I16 is a logarithm already, I17 is linear: only flood safety and odour are on a log scale
        assert i.scale == ("log" if i.id in ("flood_safety", "odour") else "linear"), i.id
    # domain 5.3
    assert profile.indicators["traffic_noise"].sigma == (2, "absolute")
    assert profile.part("air_quality", "pm25").sigma == (0.15, "relative")
    assert profile.indicators["rain_retention"].sigma == (0.3, "relative")
    assert profile.indicators["flood_safety"].sigma == (1, "decades")


def test_it_says_that_it_is_a_proposal(profile):
    assert profile.status == "proposal" and not profile.adopted
    assert profile.adopted_by is None and profile.adopted_on is None
    assert texts.text("norms.status.proposal", "nl") == "voorstel, niet vastgesteld"
    assert profile.min_coverage == 0.5
    assert set(profile.theme_weights.values()) == {1.0} and len(profile.theme_weights) == 8


def test_anchors_are_vectors_with_nan_for_nvt(profile):
    low, mid, high = profile.anchors("green", ["GT04", "GT08", None, "GT99"], "b")
    np.testing.assert_array_equal(low, [40, np.nan, np.nan, np.nan])
    np.testing.assert_array_equal(mid, [75, np.nan, np.nan, np.nan])
    np.testing.assert_array_equal(high, [110, np.nan, np.nan, np.nan])
    assert [len(a) for a in profile.anchors("green", [], "a")] == [0, 0, 0]


@pytest.mark.parametrize("term, expected", [
    ("GT04", "GT04"), ("gt 04", "GT04"), ("Groenstedelijk", "GT04"), ("GROEN STEDELIJK", "GT04"),
    ("Green-urban", "GT04"), ("StedelijkGebiedGroenStedelijk", "GT04"),
    ("Industrieterrein", "GT09"),
    ("http://standaarden.omgevingswet.overheid.nl/functie/id/concept/Kantoorlocatie", "GT08"),
    ("stationsgebied", "GT02"), ("Dorps wonen", "GT06"), ("LandelijkGebied", "GT07"),
    ("LandelijkGebiedAgrarisch", "GT10"), ("Groen", None), ("", None), (None, None), (7, None),
])  # fmt: skip
def test_area_types_by_any_name(profile, term, expected):
    assert profile.resolve_type(term) == expected


def test_built_form_of_the_types(profile):
    """domain 1.2, GT04 and GT10."""
    green, farm = profile.area_types["GT04"], profile.area_types["GT10"]
    assert (green.fsi, green.gsi, green.floors, green.osr) == (
        (0.45, 0.75), (0.18, 0.28), (2, 3), (1.0, 1.8))  # fmt: skip
    assert (green.mxi, green.dwellings_ha) == ((0.85, 1.0), (25, 55))
    assert green.public_space == {
        "sealed": (0.65, 0.7),
        "green": (0.18, 0.21),
        "water": (0.12, 0.14),
    }
    assert farm.fsi == (0, 0.05) and farm.mxi is None
    assert list(profile.area_types) == TYPES
