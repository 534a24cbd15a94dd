"""The shipped norms are complete: 11 area types x 33 indicators, each with anchors or `nvt`."""

from __future__ import annotations

import yaml

from dgo_twin_plugin.engine.indicators import all_indicators
from dgo_twin_plugin.engine.norms import load_profile
from tests.structure.source import REPO

PROFILE = "utrecht-proposal-2026"
AREA_TYPES = [f"GT{number:02d}" for number in range(1, 12)]
CODES = [f"I{n:02d}" for n in range(1, 21)] + [f"N{n:02d}" for n in range(1, 14)]
NORMS = REPO / "profiles" / PROFILE / "norms"


def raw() -> dict[str, dict]:
    """Indicator id -> what its file says."""
    read = (yaml.safe_load(p.read_text(encoding="utf-8")) for p in sorted(NORMS.glob("*.yml")))
    return {entry["indicator"]: entry for entry in read}


def test_all_thirty_three_have_norms_and_a_method() -> None:
    assert sorted(entry["code"] for entry in raw().values()) == CODES
    registered = {spec.code: spec.id for spec in all_indicators()}
    assert [code for code in CODES if code not in registered] == []
    assert {registered[code] for code in CODES} == set(raw())


def test_every_area_type_has_three_anchors_or_nvt() -> None:
    incomplete = []
    for name, entry in raw().items():
        parts = entry.get("parts") or {"": entry}
        for part, body in parts.items():
            for area_type in AREA_TYPES:
                anchors = body["norms"].get(area_type)
                if anchors != "nvt" and not (isinstance(anchors, list) and len(anchors) == 3):
                    incomplete.append(f"{name}/{part}/{area_type}: {anchors!r}")
    assert not incomplete, "\n".join(incomplete)


def test_the_profile_gives_what_the_files_say() -> None:
    profile = load_profile(PROFILE)
    assert sorted(profile.area_types) == AREA_TYPES
    for name, entry in raw().items():
        for part, body in (entry.get("parts") or {"": entry}).items():
            for area_type in AREA_TYPES:
                norm = profile.norm(name, area_type, part)
                anchors = body["norms"][area_type]
                if anchors == "nvt":
                    assert norm is None, (name, part, area_type)
                else:
                    assert [norm.minimum, norm.basis, norm.optimum] == anchors


def test_units_and_codes_agree_with_the_specifications() -> None:
    profile = load_profile(PROFILE)
    for spec in all_indicators():
        if spec.id not in profile.indicators:
            continue
        assert profile.indicators[spec.id].code == spec.code
        marked = {part.id for part in spec.parts if not part.informative}
        parts = raw()[spec.id].get("parts") or {"": None}
        assert marked == set(parts), spec.id


def test_the_profile_says_that_it_is_a_proposal() -> None:
    assert load_profile(PROFILE).status == "proposal"
