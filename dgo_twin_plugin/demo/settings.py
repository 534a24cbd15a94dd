"""The figures of the demo that may be tuned, in one table. Nothing here is real: the plan is
fictitious, drawn on coordinates near the former air base of Soesterberg."""

from __future__ import annotations

from dataclasses import dataclass

EPSG = 28992
ORIGIN = (146_500.0, 458_700.0)  # world coordinates of the drawing's (0, 0), m
SEED = 1951  # of the few random choices (tree kinds, crown sizes)
MAP_DATE = 2025
LAW_DATE = "2026-11-21"


@dataclass(frozen=True)
class Tuning:
    """What makes one variant differ from the other."""

    # --- streets -------------------------------------------------------------------------
    main_speed: int  # km/h
    main_intensity: int  # vehicles per weekday day, main street
    lane_intensity: int
    swales: bool  # wadis in the streets instead of parking bays
    noise_barrier: bool  # along the provincial road; also in that variant's noise map
    # --- blocks --------------------------------------------------------------------------
    blocks_at_provincial_road: bool
    ridge_open: bool  # the push-moraine slope in the east stays unbuilt
    row_floors: tuple[int, ...]
    apartment_floors: int
    park_apartments: bool
    # --- water and green -----------------------------------------------------------------
    ponds: int  # 1: small pond with hard banks; 2: two larger ponds with natural banks
    natural_banks: bool
    bank_width: float  # m
    wood_edge: bool  # wood between provincial road and business strip
    court: str  # own term for the ground of parking courts
    garden: str  # own term for plots of rows
    tree_spacing: float  # m along a street, per side
    crown: float  # size of the crowns against those of young trees
    own_parking: float  # spaces on the plot per dwelling of villas and pairs
    built_parking: float  # spaces inside an apartment building per dwelling
    # --- buildings -----------------------------------------------------------------------
    beng2_ground: float | None  # kWh/m2.yr; None: left out, so assumed
    beng2_apartment: float | None
    beng2_work: float | None
    mpg: float | None  # euro/m2.yr, dwellings
    mpg_work: float | None
    pv_pitched: float  # share of the roof
    pv_flat: float
    green_roof: float
    blue_roof: float
    disconnected: float | None  # roofs
    disconnected_ground: float | None  # streets, courts and squares; None: from the sewer map
    swale_depth: float  # m of water that a wadi holds
    crates: bool
    # --- light and public transport ------------------------------------------------------
    candela: float  # luminous intensity of a lamp post towards a facade
    lamp_spacing: float  # m
    east_stop: bool
    departures: tuple[float, float, float]  # per hour: routes 56, 74 and 258


TUNING = {
    "a": Tuning(
        main_speed=50, main_intensity=5200, lane_intensity=700, swales=False,
        noise_barrier=False, blocks_at_provincial_road=True, ridge_open=False,
        row_floors=(2, 3, 2, 2, 3), apartment_floors=4, park_apartments=False,
        ponds=1, natural_banks=False, bank_width=0.0, wood_edge=False, court="Parkeerhof",
        garden="Erf", tree_spacing=44.0, crown=1.0, own_parking=1.0, built_parking=0.0,
        beng2_ground=28.0, beng2_apartment=48.0, beng2_work=None, mpg=0.72, mpg_work=None,
        pv_pitched=0.12, pv_flat=0.10, green_roof=0.0, blue_roof=0.0, disconnected=0.75,
        disconnected_ground=None,
        swale_depth=0.35, crates=False, candela=150.0, lamp_spacing=54.0,
        east_stop=False, departures=(4.0, 2.0, 2.0),
    ),
    "b": Tuning(
        main_speed=30, main_intensity=1600, lane_intensity=300, swales=True,
        noise_barrier=True, blocks_at_provincial_road=False, ridge_open=True,
        row_floors=(2, 3, 2, 3, 3), apartment_floors=5, park_apartments=True,
        ponds=2, natural_banks=True, bank_width=4.5, wood_edge=True, court="Grasbetontegels",
        garden="Tuin", tree_spacing=32.0, crown=1.5, own_parking=2.0, built_parking=1.1,
        beng2_ground=16.0, beng2_apartment=26.0, beng2_work=24.0, mpg=0.56, mpg_work=0.75,
        pv_pitched=0.45, pv_flat=0.45, green_roof=0.45, blue_roof=0.35, disconnected=1.0,
        disconnected_ground=1.0,
        swale_depth=0.40, crates=True, candela=42.0, lamp_spacing=58.0,
        east_stop=True, departures=(6.0, 4.0, 2.0),
    ),
}  # fmt: skip
