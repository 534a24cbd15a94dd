"""Own terms to functions: which field holds them, and what each term means. Proposals only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from .functions import Functions
from .mapping_words import Words, joined, one, stem, tokens
from .words import say

if TYPE_CHECKING:
    from .mapping_guess import FieldInfo, LayerInfo, Proposal

_FITS = {"point": {"point", "canopy"}, "line": {"line"}, "polygon": {"surface", "canopy",
         "underground"}}  # fmt: skip  # geometry of a layer -> kinds of functions it can hold
_TAIL, _HEAD = 4, 3  # letters of a compound's last part, and of what stands before it
GENERAL = "other_building"
_SAMPLE = 150  # values of a field by which is judged whether it holds functions
_ALIKE = 60  # terms for which a look-alike is sought
_NAMES = 0.6  # from this share of distinct values on a field names things, it does not sort them


def guess_function(layer: LayerInfo, functions: Functions,
                   words: Words) -> tuple[Proposal | None, Proposal | None]:  # fmt: skip
    """The field that holds the function; and where none does, one function for the layer."""
    from .mapping_guess import MAYBE, Proposal

    found = [p for f in layer.fields if (p := _field(f, functions, words)) is not None]
    found.sort(key=lambda p: -p.certainty)  # stable: of equals the first field of the layer
    if found and found[0].certainty >= MAYBE:
        best = found[0]
        rivals = tuple(p.field for p in found[1:] if p.certainty > best.certainty - 0.1)
        if rivals:
            reason = say("mapping.why.rivals", fields=", ".join(rivals))
            best = Proposal(best.target, best.source, min(best.certainty, 0.84),
                            (*best.reasons, reason), rivals, best.field)  # fmt: skip
        return best, None
    return None, _whole(layer, functions, words)


def _field(info: FieldInfo, functions: Functions, words: Words) -> Proposal | None:
    from .mapping_guess import Proposal, match

    if info.kind in ("date", "yes_no"):
        return None
    named = match(info.name, "function", words.function, words, "name")
    alias = match(info.alias, "function", words.function, words, "alias") if info.alias else None
    best = max((m for m in (named, alias) if m), key=lambda m: m[0], default=None)
    total = sum(count for _, count in info.values)
    if not total:
        return None if best is None else Proposal("function", info.name, round(0.75 * best[0], 3),
                                                  (best[2],), (), info.name)  # fmt: skip
    sample = info.values[:_SAMPLE]
    total = sum(count for _, count in sample)
    terms = guess_terms(sample, info.value_map, functions, words, 0)
    known = sum(c for v, c in sample if v in terms and terms[v].certainty >= 0.6)
    share = known / total
    reasons = [say("mapping.why.terms", known=known, of=total)]
    if best is None:
        if share < 0.5 or (total > 20 and len(info.values) > _NAMES * total):
            return None
        return Proposal("function", info.name, round(0.3 + 0.5 * share, 3), tuple(reasons), (),
                        info.name)  # fmt: skip
    name, _, why = best
    if share == 0 and name < 0.9:
        return None
    return Proposal("function", info.name, round(name * (0.5 + 0.5 * share), 3),
                    (why, *reasons), (), info.name)  # fmt: skip


def _whole(layer: LayerInfo, functions: Functions, words: Words) -> Proposal | None:
    """A layer without a field of functions may hold one function, by its name."""
    from .mapping_guess import Proposal

    fits = _FITS.get(layer.geometry)
    for word in reversed([stem(t) for t in tokens(layer.name)]):
        name = words.layers.get(word)
        if name is not None and (fits is None or functions.kind(name) in fits):
            return Proposal("function", name, 0.75, (say("mapping.why.layer", layer=layer.name),))
    return None


def guess_terms(values: Iterable[tuple[str, int]], value_map: Mapping[str, str],
                functions: Functions, words: Words,
                alike: int = _ALIKE) -> dict[str, Proposal]:  # fmt: skip
    """Term -> the function it seems to mean; terms that mean nothing to us are not in it. Only for
    the first ``alike`` terms a word that merely looks like it is sought: that is slow."""
    found = {}
    for at, (value, _) in enumerate(values):
        if value.strip() and value not in found:
            proposal = guess_term(value, value_map.get(value, ""), functions, words, at < alike)
            if proposal is not None:
                found[value] = proposal
    return found


def guess_term(term: str, label: str, functions: Functions, words: Words,
               alike: bool = True) -> Proposal | None:  # fmt: skip
    """What one term means, with the label of the layer's value map where it has one."""
    from .mapping_guess import Proposal

    known = functions.resolve(term)
    if known is not None:
        return Proposal(term, known, 1.0, (say("mapping.why.known"),))
    if label:
        known = functions.resolve(label)
        if known is not None:
            return Proposal(term, known, 0.95, (say("mapping.why.value_map", label=label),))
    for text in dict.fromkeys((label, term)):
        if not text:
            continue
        found = _by_words(text, functions, words)
        if found is not None:
            name, certainty, key, word = found
            reason = say(f"mapping.why.{key}", word=word)
            if text == label:
                return Proposal(term, name, round(certainty - 0.02, 3),
                                (say("mapping.why.value_map", label=label), reason))  # fmt: skip
            return Proposal(term, name, certainty, (reason,))
    if not alike or not any(c.isalpha() for c in label or term):
        return None
    near = functions.suggest(label or term)
    if near is None:
        return None
    return Proposal(term, near, 0.4, (say("mapping.why.alike", word=label or term),))


@lru_cache(maxsize=4)
def _lexicon(functions: Functions, words: Words) -> dict[str, str]:
    """Joined stems of every label and alias, and of the words beside them -> function."""
    found: dict[str, str] = {}
    for name, function in functions.by_name.items():
        for word in (name.replace("_", " "), *function.label.values(), *function.aliases):
            found.setdefault(one(word), name)
    return {**found, **words.terms}


def _by_words(text: str, functions: Functions,
              words: Words) -> tuple[str, float, str, str] | None:  # fmt: skip
    """Function, certainty, key of the reason, word: by words.yml, plurals, parts of the term."""
    lexicon = _lexicon(functions, words)
    parts = [stem(t) for t in tokens(text)]
    whole = joined(parts)
    if whole in lexicon:
        return lexicon[whole], 0.9, "word", text
    pieces = _pieces(parts, lexicon)
    if pieces:
        if len({lexicon[p] for p in pieces}) == 1:
            return lexicon[pieces[0]], 0.65, "part", text
        return lexicon[pieces[0]], 0.45, "parts", text
    for part in parts:
        for start in range(_HEAD, len(part) - _TAIL + 1):  # the longest tail first
            name = lexicon.get(part[start:])
            if name is not None:
                return _of_head(part[:start], name, functions, lexicon), 0.6, "tail", text
    for part in parts:
        for end in range(len(part) - _HEAD, _TAIL, -1):  # `kantoortoren`: the head says a little
            if part[:end] in lexicon:
                return lexicon[part[:end]], 0.45, "part", text
    return None


def _of_head(head: str, name: str, functions: Functions, lexicon: Mapping[str, str]) -> str:
    """A compound is what its last part says, unless that says no more than "a building": then the
    first part may say which (``appartementengebouw``)."""
    if name == GENERAL:
        for word in (head, stem(head)):
            found = lexicon.get(word)
            if found is not None and functions[found].group == functions[GENERAL].group:
                return found
    return name


def _pieces(parts: list[str], lexicon: Mapping[str, str]) -> list[str]:
    """The words of a term that are terms themselves, in their order; the longest at each place."""
    found: list[str] = []
    start = 0
    while start < len(parts):
        for end in range(len(parts), start, -1):
            piece = joined(parts[start:end])
            if len(piece) >= 3 and piece in lexicon:
                found.append(piece)
                start = end - 1
                break
        start += 1
    return found
