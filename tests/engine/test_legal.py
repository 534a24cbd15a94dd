"""The law: outcomes, whole decibels, scope, and the exact words."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pytest

from dgo_twin_plugin.engine import legal, words
from dgo_twin_plugin.engine.functions import load_functions
from dgo_twin_plugin.engine.indicators.spec import LegalTest
from dgo_twin_plugin.engine.kept import Kept
from dgo_twin_plugin.engine.texts import FOLDER, text

NAN = float("nan")


@pytest.mark.parametrize(
    ("level", "whole"),
    [
        (60.4, 60), (60.49, 60), (60.51, 61),
        (60.5, 60), (61.5, 62), (70.5, 70), (53.5, 54),  # an exact half: to the even number
        (60.4999999999, 60), (61.4999999999, 62),  # a half but for the dust of binary floats
        (-0.5, 0),
    ],
)  # fmt: skip
def test_whole_decibels(level: float, whole: float) -> None:
    assert legal.whole_db(level) == whole


@pytest.mark.parametrize(
    ("value", "limit", "basis_legal", "in_scope", "expected"),
    [
        (70.0, 70, True, True, words.COMPLIES),  # at the limit is within it
        (70.4, 70, True, True, words.COMPLIES),  # 70 in whole dB
        (70.6, 70, True, True, words.EXCEEDS),  # 71
        (70.6, 70, False, True, words.INDICATIVE),  # a map of today cannot be certain
        (60.0, 70, False, True, words.COMPLIES),
        (70.6, 70, True, False, words.NOT_IN_SCOPE),  # an existing house
        (NAN, 70, True, True, words.NOT_TESTED),
        (70.6, NAN, True, True, words.NOT_TESTED),  # no legal number
        (NAN, NAN, True, False, words.NOT_IN_SCOPE),
        (float("inf"), 70, True, True, words.EXCEEDS),
    ],
)
def test_outcomes_of_noise(
    value: float, limit: float, basis_legal: bool, in_scope: bool, expected: str
) -> None:
    got = legal.test_limit(value, limit, 53, basis_legal, in_scope, whole_db=True)
    assert got == expected


def test_outcomes_without_rounding() -> None:
    # air: 40.1 exceeds 40 as it is; an energy figure equal to its limit but for dust complies
    assert legal.test_limit(40.1, 40, basis_legal=True) == words.EXCEEDS
    assert legal.test_limit(40.1, 40, basis_legal=True, whole_db=True) == words.COMPLIES
    assert legal.test_limit(0.1 + 0.2, 0.3, basis_legal=True) == words.COMPLIES
    assert legal.test_limit(None, 40) == legal.test_limit(40, None) == words.NOT_TESTED
    # a floor instead of a ceiling
    assert legal.test_limit(45, 50, basis_legal=True, lower_is_worse=True) == words.EXCEEDS
    assert legal.test_limit(55, 50, basis_legal=True, lower_is_worse=True) == words.COMPLIES
    # an exception that is known to be open; without a legal basis still only indicative
    assert legal.test_limit(71, 70, basis_legal=True, exception=True) == words.EXCEEDS_EXCEPTION
    assert legal.test_limit(71, 70, basis_legal=False, exception=True) == words.INDICATIVE


def test_many_at_once() -> None:
    got = legal.test_limits(
        [71, 71, 69, NAN], [70, 70, 70, 70], [True, False, True, True], [True, True, True, True]
    )
    assert list(got) == [words.EXCEEDS, words.INDICATIVE, words.COMPLIES, words.NOT_TESTED]


def test_standard() -> None:
    assert legal.above_standard(53.6, 53, whole=True)
    assert not legal.above_standard(53.4, 53, whole=True)
    assert not legal.above_standard(NAN, 53) and not legal.above_standard(60, None)


# --- words ------------------------------------------------------------------------------------


def test_the_exact_dutch_words() -> None:
    say = lambda m: text(m, "nl")  # noqa: E731
    assert say(legal.message(words.EXCEEDS, noise=True)) == (
        "grenswaarde overschreden; uitzonderingen Bkl 5.78v–z nagaan"
    )
    assert say(legal.message(words.INDICATIVE)) == "grenswaarde mogelijk overschreden (indicatief)"
    assert say(legal.disclaimer()) == (
        "vervangt geen akoestisch onderzoek, QRA of NTA 8800-berekening"
    )
    # the exceptions of the noise rules are not those of energy or risk
    assert "5.78" not in say(legal.message(words.EXCEEDS))


def test_a_standard_exceeded_within_the_limit_is_said() -> None:
    within = legal.message(words.COMPLIES, 60, 53, noise=True)
    assert text(within, "nl") == (
        "grenswaarde niet overschreden, standaardwaarde (53) wel: motivering nodig"
    )
    assert legal.message(words.COMPLIES, 50, 53, noise=True).key == "legal.complies"
    assert legal.message(words.COMPLIES, 53.4, 53, noise=True).key == "legal.complies"
    assert legal.message(words.COMPLIES, 53.4, 53).key == "legal.standard_exceeded"


def test_no_text_calls_anything_illegal_and_both_languages_are_complete() -> None:
    catalogues = {
        (area, lang): json.loads((FOLDER / lang / f"{area}.json").read_text(encoding="utf-8"))
        for area in ("legal", "reasons")
        for lang in ("nl", "en")
    }
    for area in ("legal", "reasons"):
        nl, en = catalogues[area, "nl"], catalogues[area, "en"]
        assert list(nl) == list(en)
        for key in nl:
            holes = lambda s: sorted(p.split("}")[0] for p in s.split("{")[1:])  # noqa: E731
            assert holes(nl[key]) == holes(en[key]), key
    for lang in ("nl", "en"):
        spoken = " ".join(catalogues["legal", lang].values()).lower()
        assert not any(w in spoken for w in ("illeg", "onrechtmatig", "unlawful", "strafbaar"))
    for outcome in words.LEGAL_CHECKS:
        assert outcome in catalogues["legal", "nl"]


def test_describe_fills_only_what_has_no_text() -> None:
    own = words.say("legal.not_tested")
    tests = [
        LegalTest(1, 1, "rail", 66, 65, words.EXCEEDS),
        LegalTest(1, 1, "rail", 60, 65, words.COMPLIES, standard=55),
        LegalTest(1, 1, "rail", 66, 65, words.EXCEEDS, text=own),
    ]
    legal.describe(tests, "traffic_noise")
    assert [t.text.key for t in tests] == [
        "legal.exceeds_noise", "legal.standard_exceeded", "legal.not_tested"]  # fmt: skip
    other = [LegalTest(1, 1, "", 130, 100, words.EXCEEDS)]
    legal.describe(other, "energy_use")
    assert other[0].text.key == "legal.exceeds"


# --- the worst ----------------------------------------------------------------------------------


def test_worst_first_and_of_equals_the_one_furthest_beyond() -> None:
    tests = [
        LegalTest(1, 1, "road", 60, 70, words.COMPLIES),
        LegalTest(1, 1, "rail", 66, 65, words.EXCEEDS),
        LegalTest(2, 1, "rail", 69, 65, words.EXCEEDS),
        LegalTest(3, 1, "road", 75, 70, words.INDICATIVE),
    ]
    worst = legal.worst_test(tests)
    assert (worst.outcome, worst.n_breach, worst.limit, worst.test) == (
        "exceeds", 2, 65, tests[2])  # fmt: skip
    assert legal.legal_result(tests[:1]) == ("complies", 0)
    assert legal.legal_result([]) == ("not_tested", 0)
    assert legal.legal_result([], "not_in_scope") == ("not_in_scope", 0)


def random_test(random: np.random.Generator) -> LegalTest:
    outcome = words.LEGAL_CHECKS[random.integers(0, len(words.LEGAL_CHECKS))]
    limit = NAN if random.random() < 0.2 else float(random.integers(50, 53))
    return LegalTest(int(random.integers(-1, 5)), int(random.integers(1, 4)), "road",
                     float(random.integers(50, 56)), limit, outcome,
                     part=str(random.integers(0, 2)))  # fmt: skip


def one_by_one(tests: list[LegalTest], zone: int, part: str | None) -> tuple:
    """The worst of a zone as the definition says it."""
    mine = [(i, t) for i, t in enumerate(tests)
            if zone in (0, t.zone) and part in (None, t.part)]  # fmt: skip
    if not mine:
        return "not_tested", 0, None
    _, first = min(mine, key=lambda it: (
        words.LEGAL_CHECKS.index(it[1].outcome),
        -it[1].value + it[1].limit if it[1].limit == it[1].limit else np.inf, it[0]))  # fmt: skip
    objects = {(t.feature if t.feature >= 0 else -1 - i, t.part) for i, t in mine
               if t.outcome in (words.EXCEEDS, words.EXCEEDS_EXCEPTION)}  # fmt: skip
    return first.outcome, len(objects), first


@pytest.mark.parametrize("seed", range(6))
def test_verdicts_of_zones_and_parts_after_any_edits(seed: int) -> None:
    random = np.random.default_rng(seed)
    tests = [random_test(random) for _ in range(12)]
    before = None
    for _ in range(8):
        law = legal.Verdicts(tests, 3, before)
        for part in (None, "0", "1", "2"):
            for zone, worst in enumerate(law.by_zone("not_tested", part)):
                outcome, many, test = one_by_one(tests, zone, part)
                assert (worst.outcome, worst.n_breach) == (outcome, many)
                assert worst.test is test
        assert law.found() == [i for i, t in enumerate(tests) if t.outcome in words.FOUND]
        again = legal.Verdicts(list(tests), 3, law)
        assert not again.new and again.by_zone("not_tested") is law.by_zone("not_tested")
        if before is not None and len(before.tests) == len(tests):
            stays = {1, 2, 3} - {t.zone for t in law.new} - {
                a.zone for a, b in zip(before.tests, tests) if a is not b}  # fmt: skip
            for zone in stays:  # not made again
                assert law.by_zone("not_tested")[zone] is before.by_zone("not_tested")[zone]
        before, tests = law, list(tests)
        if random.random() < 0.3:
            tests.insert(int(random.integers(0, 12)), random_test(random))
        for _ in range(int(random.integers(1, 3))):
            tests[random.integers(0, len(tests))] = random_test(random)


def test_one_untested_object_keeps_the_zone_from_complying() -> None:
    tests = [
        LegalTest(1, 1, "road", 60, 70, words.COMPLIES),
        LegalTest(2, 1, "road", 60, NAN, words.NOT_TESTED),
        LegalTest(3, 1, "road", NAN, 70, words.NOT_IN_SCOPE),
    ]
    assert legal.legal_result(tests) == ("not_tested", 0)
    assert legal.legal_result(tests[::2]) == ("complies", 0)


def test_an_object_counts_once_per_source_kind() -> None:
    def test(feature: int, zone: int, kind: str) -> LegalTest:
        return LegalTest(feature, zone, kind, 71, 70, words.EXCEEDS)

    # building 1 in two zones; building 1 by rail as well; two objects that are no surface
    tests = [test(1, 1, "road"), test(1, 2, "road"), test(1, 1, "rail"),
             test(-1, 1, "road"), test(-1, 1, "road")]  # fmt: skip
    assert legal.worst_test(tests).n_breach == 4


# --- scope ----------------------------------------------------------------------------------


def surfaces(**columns: list) -> SimpleNamespace:
    n = len(columns["function"])
    fields = {
        "existing": np.array(columns.get("existing", [NAN] * n), float),
        "use_class": np.array(columns.get("use_class", [None] * n), object),
        "dwelling_type": np.array([None] * n, object),
        "gfa": np.array(columns.get("gfa", [NAN] * n), float),
    }
    functions, function = load_functions(), np.array(columns["function"], object)
    return SimpleNamespace(
        function=function,
        uses=functions.uses_of(functions.codes(function), fields["use_class"]),
        codes=functions.codes(function),
        current=np.array(columns.get("current", [False] * n), bool),
        fields=fields,
        functions=functions,
    )


def scene(surfaces: SimpleNamespace, kept: Kept | None = None) -> SimpleNamespace:
    reuse = None if kept is None else SimpleNamespace(kept=kept)
    return SimpleNamespace(surfaces=surfaces, reuse=reuse)


def test_new_is_design_that_is_not_said_to_exist() -> None:
    s = surfaces(
        function=["dwelling"] * 5,
        existing=[NAN, 0, 1, NAN, 0],
        current=[False, False, False, True, True],
    )
    assert legal.is_new(s).tolist() == [True, True, False, False, False]
    assert legal.noise_scope(scene(s)).tolist() == [True, True, False, False, False]


def test_noise_sensitive_functions() -> None:
    names = ["dwelling", "education", "care", "office", "retail", "hotel", "culture", "road"]
    s = scene(surfaces(function=names))
    assert legal.noise_sensitive(s).tolist() == [True] * 3 + [False] * 5
    # a use class goes before the function: childcare with beds in a retail building
    s = scene(surfaces(function=["retail", "education"],
                       use_class=["childcare_beds", "childcare"]))  # fmt: skip
    assert legal.noise_sensitive(s).tolist() == [True, False]


def test_vulnerability() -> None:
    s = surfaces(function=["care", "dwelling", "office", "office", "road"],
                 gfa=[NAN, NAN, 1600, 1400, NAN])  # fmt: skip
    which, answers = legal.asked(scene(s), "vulnerability")
    assert answers[which].tolist() == [
        "very_vulnerable", "vulnerable", "vulnerable", "limited_vulnerable", None]  # fmt: skip


def test_what_the_law_asks_is_asked_again_when_features_say_something_else() -> None:
    kept = Kept()

    def asked(**columns: list[object]) -> tuple[np.ndarray, list[bool]]:
        kept.begin()
        s = scene(surfaces(function=["office", "dwelling"], **columns), kept)
        which, answers = legal.asked(s, "vulnerability")
        assert answers[which].tolist() == legal.asked(scene(s.surfaces), "vulnerability")[1][
            which].tolist()  # fmt: skip
        scope = legal.noise_scope(s)
        assert scope.tolist() == legal.noise_scope(scene(s.surfaces)).tolist()
        kept.settle()
        return which, scope.tolist()

    first, scope = asked(gfa=[1600, NAN])
    assert asked(gfa=[1600, NAN])[0] is first and scope == [False, True]
    assert asked(gfa=[1400, NAN])[0].tolist() != first.tolist()
    assert asked(gfa=[1600, NAN], existing=[NAN, 1])[1] == [False, False]
    assert asked(gfa=[1600, NAN], use_class=["childcare_beds", None])[1] == [True, True]
