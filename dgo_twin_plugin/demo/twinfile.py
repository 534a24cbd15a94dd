"""The twin file of a variant: which layer plays which part, in the format of the product."""

from __future__ import annotations

import datetime
from typing import Any

import yaml

from .settings import LAW_DATE, MAP_DATE

FUNCTIONS = {
    "Rijwoningen": "dwelling", "Twee-onder-een-kap": "dwelling", "Vrijstaand": "dwelling",
    "Appartementen": "dwelling", "Winkels met wonen": "dwelling", "Supermarkt": "retail",
    "Kiosk": "retail", "Basisschool": "education", "Zorgcentrum": "care",
    "Hangar (cultuur)": "culture", "Bedrijfshal": "industry", "Kantoor": "office",
    "Rijbaan": "road", "Erfweg": "road", "Fietspad": "cycleway", "Voetpad": "footway",
    "Achterpad": "footway", "Wandelpad": "footway", "Parkeerstrook": "parking",
    "Parkeerhof": "parking", "Plein": "square", "Schoolplein": "square", "Verharding": "paved",
    "Grasbetontegels": "semi_paved", "Gazon": "grass", "Berm": "grass", "Heesters": "shrub",
    "Plantvak": "shrub", "Groeneiland": "shrub", "Bos": "wood", "Heide": "nature",
    "Bloemrijk grasland": "nature", "Moestuinen": "allotment", "Sportveld": "sport",
    "Speelplek": "play", "Tuin": "garden", "Erf": "yard", "Water": "water", "Natuuroever": "bank",
    "Wadi": "swale", "Infiltratiekratten": "infiltration_crate", "Geluidscherm": "noise_barrier",
    "Wandelroute": "footway", "Fietsroute": "cycleway",
    # today's situation
    "woning": "dwelling", "loods": "other_building", "schuur": "other_building",
    "bedrijf": "industry", "landingsbaan": "paved", "taxibaan": "paved", "platform": "paved",
    "bedrijfsterrein": "paved", "rijweg": "road", "berm": "grass", "vliegveldgras": "grass",
    "weiland": "agriculture", "akker": "agriculture", "bos": "wood", "heide": "nature",
    "sloot": "water", "tuin": "garden",
}  # fmt: skip
AREA_TYPES = {
    "Groenstedelijk": "GT04", "Centrum-dorps": "GT05", "Villa- en boswonen": "GT07",
    "Bedrijventerrein": "GT09", "Natuur en recreatie": "GT11",
}  # fmt: skip
DESIGN_FIELDS = {
    "name": "naam", "height": "hoogte", "floors": "lagen", "dwellings": "woningen",
    "dwelling_type": "woningtype", "gfa": "bvo", "residential_share": "aandeel_wonen",
    "existing": "bestaand", "roof": "dak", "green_roof": "groendak", "blue_roof": "blauwdak",
    "pv": "pv", "beng2": "beng2", "mpg": "mpg", "disconnected": "afgekoppeld",
    "storage": "berging", "bank": "oever", "public": "openbaar", "population": "personen",
    "parking_spaces": "plaatsen", "measure": "maatregel",
}  # fmt: skip
SCENARIOS = {"a": "Variant A: eerste schets", "b": "Variant B: verbeterd"}
KIND = {"kind": "soort", "name": "naam"}


def twin(variant: str, fields: set[str], crates: bool) -> dict[str, Any]:
    """The twin file as a mapping. ``fields``: those that the variant's surfaces have."""
    design_file, roads_file = f"ontwerp_{variant}.gpkg", "wegen.gpkg"
    design: list[dict[str, Any]] = [
        {"layer": f"{design_file}|vlakken", "function": "functie",
         "fields": {k: v for k, v in DESIGN_FIELDS.items() if v in fields}},
        {"layer": f"{design_file}|bomen", "functions": "tree",
         "fields": {"canopy_diameter": "kroondiameter", "height": "hoogte", "public": "openbaar"}},
        {"layer": f"{design_file}|lijnen", "function": "functie",
         "fields": {"height": "hoogte", "name": "naam",
                    **({"measure": "maatregel"} if crates else {})}},
        {"layer": f"{design_file}|lampen", "functions": "luminaire",
         "fields": {"luminous_intensity": "lichtsterkte", "height": "hoogte"}},
    ]  # fmt: skip
    if crates:
        design.append({"layer": f"{design_file}|ondergronds", "function": "functie",
                       "fields": {"storage": "berging", "measure": "maatregel"}})  # fmt: skip

    def vector(name: str, fields: dict[str, str], **more: Any) -> dict[str, Any]:
        return {"layer": f"omgeving.gpkg|{name}", "fields": fields, "date": MAP_DATE,
                "basis": "indicative", **more}  # fmt: skip

    def raster(name: str, **more: Any) -> dict[str, Any]:
        return {"layer": f"{name}.tif", "date": MAP_DATE, "basis": "indicative", **more}

    context: dict[str, Any] = {
        "current": {"layer": "huidig.gpkg|vlakken", "function": "klasse", "date": MAP_DATE,
                    "fields": {"height": "hoogte", "dwellings": "woningen"}},
        "roads": {"layer": f"{roads_file}|wegen_{variant}", "date": MAP_DATE,
                  "fields": {"intensity": "etmaal", "medium": "middel_pct", "heavy": "zwaar_pct",
                             "speed": "snelheid", "surface": "verharding", "owner": "beheerder",
                             "origin": "herkomst"}},
        "railways": {"layer": f"{roads_file}|spoor", "date": MAP_DATE,
                     "fields": {"day": "dag", "evening": "avond", "night": "nacht",
                                "speed": "snelheid", "category": "categorie"}},
        "noise_road": [
            raster(f"geluid_gemeentelijk_{variant}", owner="municipal", sigma=2.0),
            {"layer": f"geluid_provinciaal_{variant}.tif", "date": 2026, "basis": "legal",
             "owner": "provincial", "sigma": 1.5}],
        "noise_rail": raster("geluid_rail", sigma=2.0),
        "noise_industry": vector("geluid_industrie", {"lden_from": "lden_van",
                                                      "lden_to": "lden_tot"}),
        # without the roads of this file: the model adds those
        **{name: raster(name, contribution="background") for name in ("no2", "pm10", "pm25")},
        "o3": raster("o3"), "infiltration": raster("doorlatendheid"),
        "risk_contours": vector("risicocontouren", {"pr": "pr"}),
        "attention_areas": vector("aandachtsgebieden", {"kind": "soort"}),
        "odour": raster("geur"), "light": raster("licht"),
        "stops": {"layer": f"{roads_file}|haltes_{variant}", "date": MAP_DATE,
                  "fields": {"mode": "soort", "route": "lijn", "freq": "frequentie"}},
        "flood_return_period": raster("overstroming"),
        "soil_class": vector("bodemkwaliteit", {"class": "klasse"}),
        "soil_function": vector(f"bodemfunctie_{variant}", {"class": "klasse"}),
        "geological_values": vector("aardkundig", {"weight": "weging", "name": "naam"}),
        "settlement": raster("zetting"),
        "sewer": vector("riolering", {"combined": "gemengd"}),
        "trees": vector("bomen", {"height": "hoogte", "canopy_diameter": "kroondiameter"}),
        "dsm": raster("dsm"), "dtm": raster("dtm"), "groundwater": raster("grondwater"),
        "facilities": vector("voorzieningen", {"kind": "soort"}),
        "play_spots": vector("speelplekken", {"kind": "soort"}),
        "population": vector("bevolking", {"residents": "inwoners", "workers": "werkenden"}),
        "drinking_water": vector("drinkwater", KIND),
        "desiccation": vector("verdroging", KIND),
        "soil_remediation": vector("bodemsanering", KIND),
        "nature_network": vector("natuurnetwerk", KIND),
        "natura2000": vector("natura2000", KIND),
        "quiet_areas": vector("stiltegebied", KIND),
    }  # fmt: skip
    return {
        "design": design,
        "functions": dict(FUNCTIONS),
        "area_types": {"layer": "gebiedstypen.gpkg|kaart", "type": "gebiedstype",
                       "types": dict(AREA_TYPES), "filter": "status = 'vastgesteld'",
                       "flags": {"high_sandy_ground": "hoge_zandgrond"}},
        "plan_area": {"layer": "plangebied.gpkg|plangebied"},
        "context": context,
        "profile": "utrecht-proposal-2026",
        "scenario": SCENARIOS[variant],
        "assessment_date": datetime.date.fromisoformat(LAW_DATE),
        "ambitions": {"all": {}, "GT04": {"traffic_noise": 50, "rain_retention": 70}},
        "weights": {},
    }  # fmt: skip


def text(variant: str, fields: set[str], crates: bool) -> str:
    """The twin file as YAML."""
    head = (
        f"# Twin-bestand van demo-variant {variant.upper()}: fictieve woningbouw op een\n"
        "# voormalige vliegbasis. Alle kaarten zijn verzonnen met formules; niets is gemeten.\n"
        "# De paden zijn relatief aan dit bestand.\n"
    )
    body: str = yaml.safe_dump(
        twin(variant, fields, crates), sort_keys=False, allow_unicode=True, width=100,
        default_flow_style=None,
    )  # fmt: skip
    return head + body
