"""Proposals of the mapping assistant: worked cases, and what must hold for any text."""

from __future__ import annotations

import pytest

from dgo_twin_plugin.engine.functions import load_functions
from dgo_twin_plugin.engine.mapping import canonical
from dgo_twin_plugin.engine.mapping_choice import (
    Choice,
    History,
    accepted,
    coverage,
    laid,
    meaning,
    merged,
    of_entry,
    usable,
)
from dgo_twin_plugin.engine.mapping_guess import (
    LIKELY,
    SURE,
    FieldInfo,
    LayerInfo,
    guess,
    guess_fields,
)
from dgo_twin_plugin.engine.mapping_terms import guess_term
from dgo_twin_plugin.engine.mapping_words import load_words, one, stem
from dgo_twin_plugin.engine.scene import FIELDS
from dgo_twin_plugin.engine.texts import text
from dgo_twin_plugin.engine.twin import LayerEntry, Twin, dump, parse_twin
from dgo_twin_plugin.engine.words import DgoError
from tests.engine.factory import box, raw


def number(name: str, *values: float, alias: str = "") -> FieldInfo:
    counted = tuple((f"{v:g}", 10) for v in values)
    return FieldInfo(name, alias, "number", {}, counted, 10 * len(values))


def words(name: str, *values: str, alias: str = "") -> FieldInfo:
    return FieldInfo(name, alias, "text", {}, tuple((v, 10) for v in values), 10 * len(values))


def source(info: FieldInfo, name: str) -> str:
    found = guess_fields([info]).get(name)
    return "" if found is None else found.source


# --- folding ------------------------------------------------------------------------------------
@pytest.mark.parametrize(("one_", "other"), [
    ("bouwHoogte", "BOUW_HOOGTE"), ("bomen", "boom"), ("wegen", "weg"), ("huizen", "huis"),
    ("Woningen", "woning"), ("bossen", "bos"), ("Façade", "facade"), ("kratten", "krat"),
    ("parking spaces", "ParkingSpace"),
])  # fmt: skip
def test_forms_of_a_word_are_one_word(one_: str, other: str) -> None:
    assert one(one_) == one(other)


def test_different_words_stay_different() -> None:
    assert len({one(w) for w in ("hoogte", "huis", "groen", "grens", "water", "wadi")}) == 6


# --- fields: the answer stands beside the question ----------------------------------------------
@pytest.mark.parametrize(("info", "field", "expected"), [
    (number("hoogte", 6, 9), "height", "hoogte"),
    (number("Height", 6, 9), "height", "Height"),
    (number("h_m", 6, 9), "height", "h_m"),
    (number("bouwHoogte", 6, 9), "height", "bouwHoogte"),
    (number("hoogte_cm", 600, 900), "height", '="hoogte_cm" * 0.01'),
    (number("x1", 6, 9, alias="Bouwhoogte (m)"), "height", "x1"),
    (number("verdiepingen", 2, 3), "floors", "verdiepingen"),
    (number("AANTAL_BOUWLAGEN", 2, 3), "floors", "AANTAL_BOUWLAGEN"),
    (number("aantal_won", 12, 40), "dwellings", "aantal_won"),
    (number("BVO_M2", 1200), "gfa", "BVO_M2"),
    (number("groendak_pct", 0, 30), "green_roof", '="groendak_pct" * 0.01'),
    (number("groendak", 0, 60), "green_roof", '="groendak" * 0.01'),  # above 1: percentages
    (number("groendak", 0, 0.6), "green_roof", "groendak"),
    (number("zonnepanelen_pct", 0.2, 0.5), "pv", "zonnepanelen_pct"),  # holds shares already
    (number("parkeerpla", 3, 4), "parking_spaces", "parkeerpla"),  # cut at ten by a DBF file
    (number("inwoners", 100), "population", "inwoners"),
    (number("berging_l", 500), "storage", '="berging_l" * 0.001'),
    (number("vloerpeil_nap", 1.2), "floor_level", "vloerpeil_nap"),
    (number("kroondiameter", 6), "canopy_diameter", "kroondiameter"),
    (words("openbaar", "ja", "nee"), "public", "openbaar"),
    (words("energielabel", "A+++", "C"), "label", "energielabel"),
    (words("dakvorm", "plat", "zadeldak"), "roof",
     "=CASE WHEN \"dakvorm\" IN ('plat') THEN 'flat' WHEN \"dakvorm\" IN ('zadeldak') "
     "THEN 'pitched' END"),
    (words("roof", "flat", "pitched"), "roof", "roof"),
    (words("oever", "natuurvriendelijk"), "bank",
     "=CASE WHEN \"oever\" IN ('natuurvriendelijk') THEN 'natural' END"),
    (words("woningtype", "2-onder-1-kap", "galerijflat"), "dwelling_type",
     "=CASE WHEN \"woningtype\" IN ('2-onder-1-kap') THEN 'ground' WHEN \"woningtype\" IN "
     "('galerijflat') THEN 'apartment' END"),
])  # fmt: skip
def test_a_field_is_known(info: FieldInfo, field: str, expected: str) -> None:
    assert source(info, field) == expected


@pytest.mark.parametrize(("info", "field"), [
    (number("pv_kwp", 12), "pv"),  # a power is no share
    (number("groendak_m2", 300), "green_roof"),  # an area is no share
    (number("maaiveldhoogte", 3), "height"),  # height of the ground
    (words("openbaar", "gemeente", "Rijk"), "public"),  # values that are no yes or no
    (words("hoogte", "hoog", "laag"), "height"),  # words are no height
    (number("hoogte", -3, -8), "height"),  # impossible as a height
    (words("woningnaam", "De Hoef"), "dwellings"),
    (number("fietsparkeerplaatsen", 20), "parking_spaces"),
    (FieldInfo("hoogte", "", "date"), "height"),
    (words("label", "Noord", "Zuid"), "label"),  # no energy label
])  # fmt: skip
def test_a_field_that_cannot_be_it_is_not_proposed(info: FieldInfo, field: str) -> None:
    assert source(info, field) == ""


def test_two_fields_for_one_are_a_choice_for_a_person() -> None:
    found = guess_fields([number("hoogte", 6), number("bouwhoogte", 7)])["height"]
    assert found.source == "hoogte"  # of equals the first
    assert found.rivals == ("bouwhoogte",)
    assert found.certainty < LIKELY
    assert any(reason.key == "mapping.why.rivals" for reason in found.reasons)


def test_a_clear_winner_is_certain() -> None:
    found = guess_fields([number("goothoogte", 5), number("hoogte", 6)])["height"]
    assert (found.source, found.rivals) == ("hoogte", ())
    assert found.certainty >= SURE


def test_a_quote_in_a_name_or_value_does_not_break_the_expression() -> None:
    found = guess_fields([words('dak"vorm', "plat", "pan's zadeldak")])["roof"]
    assert found.source == (
        "=CASE WHEN \"dak\"\"vorm\" IN ('plat') THEN 'flat' WHEN \"dak\"\"vorm\" IN "
        "('pan''s zadeldak') THEN 'pitched' END")


# --- functions ----------------------------------------------------------------------------------
@pytest.mark.parametrize(("term", "expected", "least"), [
    ("Wadi", "swale", 1.0), ("dwelling", "dwelling", 1.0), ("Kantoor", "office", 1.0),
    ("asfalt", "road", 0.9), ("Rijwoningen", "dwelling", 0.9), ("trees", "tree", 0.9),
    ("Woningen laag", "dwelling", 0.65), ("eengezinsrijwoning", "dwelling", 0.6),
    ("appartementengebouw", "dwelling", 0.6), ("dorpsschool", "education", 0.6),
    ("ontsluitingsweg", "road", 0.6),
])  # fmt: skip
def test_a_term_is_known(term: str, expected: str, least: float) -> None:
    found = guess_term(term, "", load_functions(), load_words())
    assert found is not None
    assert found.source == expected
    assert found.certainty >= least


def test_a_value_map_says_what_a_code_means() -> None:
    found = guess_term("17", "Fietspad", load_functions(), load_words())
    assert found is not None and (found.source, found.certainty) == ("cycleway", 0.95)
    assert guess_term("17", "", load_functions(), load_words()) is None


def test_a_term_with_two_functions_is_only_a_guess() -> None:
    found = guess_term("groen bij school", "", load_functions(), load_words())
    assert found is not None and found.certainty < 0.6


def test_the_field_of_functions_is_found_by_its_values() -> None:
    layer = LayerInfo("plan", (
        words("naam", "De Hoef", "Zuidrand"), words("omschr", "Woning", "Wadi", "Water"),
        number("hoogte", 6)), "polygon", 30)  # fmt: skip
    found = guess(layer)
    assert found.function is not None and found.function.source == "omschr"
    assert found.whole is None
    assert {t: p.source for t, p in found.terms.items()} == {
        "Woning": "dwelling", "Wadi": "swale", "Water": "water"}  # fmt: skip
    assert found.fields["height"].source == "hoogte"
    assert found.fields["name"].source == "naam"


def test_a_layer_without_terms_may_be_one_function() -> None:
    trees = guess(LayerInfo("ontwerp_bomen", (number("hoogte", 8),), "point", 10))
    assert trees.function is None
    assert trees.whole is not None and trees.whole.source == "tree"
    # a point cannot be a building
    assert guess(LayerInfo("gebouwen", (), "point", 10)).whole is None


# --- what must hold for anything ----------------------------------------------------------------
def test_any_text_is_read_and_the_same_twice() -> None:
    hypothesis = pytest.importorskip("hypothesis")
    st = hypothesis.strategies
    anything = st.one_of(st.text(max_size=24), st.sampled_from(
        ["hoogte", "m2", "%", "\x00", "ı̇", "Woning", "aantal_", "_pct", "ß", "２"]))  # fmt: skip
    field_ = st.builds(
        FieldInfo, anything, anything, st.sampled_from(["text", "number", "yes_no", "date", "?"]),
        st.dictionaries(anything, anything, max_size=3),
        st.lists(st.tuples(anything, st.integers(1, 9)), max_size=4).map(tuple))  # fmt: skip

    @hypothesis.given(st.lists(field_, max_size=5), anything)
    @hypothesis.settings(max_examples=150)
    def check(fields: list[FieldInfo], name: str) -> None:
        layer = LayerInfo(name, tuple(fields), "polygon", 9)
        found = guess(layer)
        assert found == guess(layer)
        used = [p.field for p in found.fields.values()]
        # fields with one and the same name cannot be told apart by anybody
        assert len(used) == len(set(used))
        assert set(found.fields) <= set(FIELDS)
        assert all(0 <= p.certainty <= 1 for p in (*found.fields.values(), *found.terms.values()))
        first = accepted(Choice(), found)
        assert accepted(first, found) == first  # taking all twice is taking all once
        assert len(set(first.fields.values())) == len(first.fields)

    check()


def test_a_stem_is_never_empty() -> None:
    for word in ("s", "en", "een", "ens", "ss", "zz", "ies", "series", "vv", "aaaa"):
        assert stem(word), word


def test_every_reason_has_its_text() -> None:
    layer = LayerInfo("x", (
        number("hoogte", 6), number("bouwhoogte", 7), words("functie", "asfalt", "Woningen laag"),
        number("groendak", 60), words("dakvorm", "plat"), number("berging_l", 5)), "", 9)
    found = guess(layer)
    assert found.function is not None
    every = [found.function, *found.fields.values(), *found.terms.values()]
    for proposal in every:
        assert proposal.reasons
        for reason in proposal.reasons:
            for lang in ("nl", "en"):
                said = text(reason, lang)
                assert said != reason.key and "{" not in said


# --- the choice ---------------------------------------------------------------------------------
def test_a_choice_goes_into_the_twin_and_comes_back() -> None:
    names = ["height", "laag_h", "functie"]
    choice = Choice("functie", "", {"Blok": "dwelling"}, {"height": "laag_h", "floors": "=2 + 1"})
    entry = laid(choice, LayerEntry("a.gpkg|x", filter="1 = 1", date="2025"), names)
    assert of_entry(entry, names) == choice
    assert (entry.filter, entry.date) == ("1 = 1", "2025")
    twin = Twin(design=(LayerEntry("b.gpkg"), LayerEntry("a.gpkg|x")), profile="p", scenario="s",
                functions={"Veld": "grass"})  # fmt: skip
    found = merged(twin, entry, 1)
    assert found.design[0] == twin.design[0] and found.scenario == "s"
    assert parse_twin(dump(merged(Twin(), entry, None))).design == (entry,)


def test_a_field_of_its_own_can_be_left_unread() -> None:
    entry = laid(Choice("functie"), LayerEntry("x"), ["height", "functie"])
    assert entry.fields == {"height": "=NULL"}
    assert of_entry(entry, ["height", "functie"]) == Choice("functie")
    # and said to be read it needs no word
    assert laid(Choice("functie", "", {}, {"height": "height"}), LayerEntry("x"),
                ["height", "functie"]).fields == {}  # fmt: skip


def test_an_expression_must_say_something() -> None:
    with pytest.raises(DgoError) as caught:
        parse_twin("design:\n  - layer: x\n    fields: {height: '='}\n")
    assert "2" in str(caught.value) or "3" in str(caught.value)
    twin = parse_twin("design:\n  - layer: x\n    fields: {height: '=\"lagen\" * 3'}\n")
    assert twin.design[0].fields == {"height": '="lagen" * 3'}


def test_the_engine_reads_an_expression_as_a_column() -> None:
    layer = raw("x", [(box(0, 0, 1, 1), {"f": "Blok", '="l" * 3': 9.0})],
                {"function": "f", "functions": {"Blok": "dwelling"},
                 "fields": {"height": '="l" * 3'}})  # fmt: skip
    found = canonical(layer, load_functions(), {}, None, checks := [])
    assert found.fields["height"].tolist() == [9.0] and found.function.tolist() == ["dwelling"]
    assert checks == []


def test_coverage_counts_features_as_a_run_reads_them() -> None:
    values = [("Woning", 5), ("blok", 3), ("Veld", 2), ("???", 4)]
    choice = Choice("f", "", {"Blok": "dwelling"})
    # Woning is known, blok by the layer's terms in another case, Veld by those of the plan: 5+3+2
    assert coverage(values, choice, load_functions(), {"Veld": "grass"}) == (10, 14)
    assert coverage(values, choice.with_whole("tree"), load_functions()) == (14, 14)
    layer = raw("x", [(box(0, 0, 1, 1), {"f": v}) for v, _ in values],
                {"function": "f", "functions": {"Blok": "dwelling"}})  # fmt: skip
    read = canonical(layer, load_functions(), {"Veld": "grass"}, None, [])
    assert [meaning(v, choice, load_functions(), {"Veld": "grass"})
            for v, _ in values] == read.function.tolist()  # fmt: skip


def test_usable_values() -> None:
    # a height of 9 (2x) and of "7,5" (3x) can be used; -1 and "hoog" cannot
    assert usable("height", [("9", 2), ("-1", 4), ("7,5", 3), ("hoog", 1)]) == (5, 10)
    assert usable("public", [("ja", 2), ("misschien", 3)]) == (2, 5)


def test_undo_and_redo() -> None:
    history = History.of(Choice())
    assert not history.push(Choice(), "nothing")
    assert history.push(Choice("a"), "one") and history.push(Choice("b"), "two")
    assert history.can_undo == "two"
    history.undo()
    assert (history.choice, history.can_undo, history.can_redo) == (Choice("a"), "one", "two")
    history.push(Choice("c"), "three")
    assert history.can_redo == "" and history.choice == Choice("c")
    history.undo()
    history.undo()
    history.undo()
    assert history.choice == Choice()
