"""What the mapping assistant knows of one layer: counts, proposals, choice, what is in force."""

from __future__ import annotations

from typing import Any

from qgis.core import QgsProject, QgsVectorLayer
from qgis.PyQt import sip
from qgis.PyQt.QtCore import QObject, pyqtSignal

from ..engine.functions import load_functions
from ..engine.mapping_choice import (
    Choice,
    History,
    accepted,
    cleared,
    coverage,
    meaning,
    usable,
)
from ..engine.mapping_guess import LIKELY, MAYBE, Guess, LayerInfo, Proposal, guess
from ..engine.mapping_terms import guess_terms
from ..engine.mapping_words import load_words
from ..engine.scene import FIELDS
from ..engine.texts import language, number, text
from ..engine.twin import is_expression
from ..layers.counts import Counted, Counting, info_of, ranked
from ..project.mapping import in_force
from .mapping_fields import FieldRow
from .mapping_model import (
    KNOWN,
    OWN,
    PROPOSED,
    SHARED,
    UNKNOWN,
    TermModel,
    TermRow,
    reasons,
    thousands,
)


class MappingState(QObject):
    """``changed``: show again. ``counted``: counting ended; with why not, '' = stopped or done."""

    changed = pyqtSignal()
    counted = pyqtSignal(str)
    progressed = pyqtSignal(float)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.functions = load_functions()
        self.terms = TermModel(self)
        self.counting = Counting(self)
        self.counting.progressed.connect(self.progressed)
        self.counting.ended.connect(self._ended)
        self.forget()

    def forget(self) -> None:
        """No layer."""
        self.counting.cancel(quiet=True)
        self.layer: QgsVectorLayer | None = None
        self.info = LayerInfo("")
        self.guess = Guess()
        self.shared: dict[str, str] = {}
        self.said = False  # whether project or twin file says how the layer is read
        self.kept = Choice()
        self.history = History.of(Choice())
        self.count_of: Counted | None = None
        self._taken: set[tuple[str, str]] = set()  # (target, source) taken from a proposal
        self._whole_count = True
        self._proposals: dict[str, tuple[Any, dict[str, Proposal]]] = {}

    def end(self) -> None:
        """Stop what runs."""
        self.counting.end()

    def open(self, layer: QgsVectorLayer | None, twin_file: str) -> None:
        """Another layer: what is in force now; counting starts. Raises ``DgoError`` where the
        twin cannot be read; then nothing is in force."""
        self.forget()
        self.layer = layer
        if layer is None:
            self.changed.emit()
            return
        try:
            choice, self.shared, self.said = in_force(QgsProject.instance(), layer, twin_file)
            self.kept = choice
            self.history = History.of(choice)
        finally:
            self.info = info_of(layer)
            self.guess = guess(self.info, self.functions)
            self.count(again=True)

    # --- counting ---------------------------------------------------------------------------------
    @property
    def choice(self) -> Choice:
        return self.history.choice

    @property
    def busy(self) -> bool:
        return self.counting.busy

    @property
    def is_counted(self) -> bool:
        return self.count_of is not None

    @property
    def is_dirty(self) -> bool:
        """Whether something was chosen that is not kept."""
        return self.choice != self.kept

    def uncounted(self) -> list[str]:
        """Expressions in force whose values were not counted yet."""
        known = self.count_of.columns if self.count_of is not None else {}
        return [s for s in self.choice.sources() if s not in known]

    def count(self, again: bool = False) -> None:
        """Count in the background: everything, or the expressions that are new."""
        if self.layer is None or sip.isdeleted(self.layer):
            return
        wanted = list(self.choice.sources()) if again else self.uncounted()
        if not again and (not wanted or self.counting.busy):
            return
        if again:
            self.count_of = None
        self._whole_count = again
        names = [f.name() for f in self.layer.fields()] if again else []
        self.counting.start(self.layer, names, wanted)

    def stop(self) -> None:
        """Stop counting."""
        self.counting.cancel()

    def _ended(self, outcome: Counted | None, why: str) -> None:
        if self.layer is None or sip.isdeleted(self.layer):
            return
        if outcome is not None:
            if self._whole_count or self.count_of is None:
                self.count_of = outcome
                self.info = outcome.info or self.info
                self._propose(outcome.guess or self.guess)
            else:
                self.count_of.columns.update(outcome.columns)
                self.count_of.filled.update(outcome.filled)
                self.count_of.more |= outcome.more
                self.count_of.errors.update(outcome.errors)
        self.counted.emit(why)

    def _propose(self, found: Guess) -> None:
        """Look at the counts; where nobody said anything yet, what is likely stands filled in."""
        self.guess = found
        if not self.said and self.history.at == 0 and len(self.history.steps) == 1:
            first = accepted(self.choice, self.guess, LIKELY, self.functions)
            self._note(first)
            # the first look is no step: undo does not go behind it, but it is not kept either
            self.history = History.of(first)

    def _note(self, made: Choice) -> None:
        """Remember what came from a proposal."""
        self._taken |= {(t, f) for t, f in made.terms.items() if self.choice.terms.get(t) != f}
        self._taken |= {(n, s) for n, s in made.fields.items() if self.choice.fields.get(n) != s}

    # --- what somebody does -----------------------------------------------------------------------
    def _push(self, made: Choice, label: str) -> None:
        self.history.push(made, label)
        self.changed.emit()

    def set_function(self, source: str) -> None:
        """Another field of functions, with the terms that are proposed for it."""
        made = self.choice.with_function(source)
        terms = self.term_proposals(source)
        good = {t: p.source for t, p in terms.items()
                if p.certainty >= LIKELY and self.functions.resolve(t) != p.source}  # fmt: skip
        if made is not self.choice and good:
            made = Choice(made.function, made.whole, good, made.fields)
            self._note(made)
        self._push(made, text("mapping.step.function"))

    def set_whole(self, function: str) -> None:
        self._push(self.choice.with_whole(function), text("mapping.step.whole"))

    def set_term(self, term: str, function: str) -> None:
        if function and self.functions.resolve(term) == function and term not in self.shared:
            function = ""  # what the product knows of itself needs no entry
        self._push(self.choice.with_term(term, function), text("mapping.step.term", term=term))

    def set_field(self, canonical: str, source: str) -> None:
        label = text("mapping.step.field", field=text(f"fields.{canonical}"))
        self._push(self.choice.with_field(canonical, source), label)

    def take(self, canonical: str) -> None:
        """Take the proposal for a field."""
        proposal = self.guess.fields.get(canonical)
        if proposal is not None:
            self._taken.add((canonical, proposal.source))
            self.set_field(canonical, proposal.source)

    def _with_all(self) -> Choice:
        now = Guess(self.guess.function, self.guess.whole,
                    self.term_proposals(self.choice.function) or self.guess.terms,
                    self.guess.fields)  # fmt: skip
        made = accepted(self.choice, now, MAYBE, self.functions)
        if made.function and not made.whole:
            from ..engine.mapping_choice import accepted_terms

            made = accepted_terms(made, self.term_proposals(made.function), MAYBE, self.functions)
        return made

    def accept_all(self) -> None:
        made = self._with_all()
        self._note(made)
        self._push(made, text("mapping.step.accept"))

    def offers(self) -> int:
        """How many proposals were not taken."""
        now, made = self.choice, self._with_all()
        return (len(set(made.terms) - set(now.terms)) + len(set(made.fields) - set(now.fields))
                + ((made.function, made.whole) != (now.function, now.whole)))  # fmt: skip

    def clear(self) -> None:
        self._push(cleared(self.choice), text("mapping.step.none"))

    def undo(self) -> None:
        self.history.undo()
        self.changed.emit()

    def redo(self) -> None:
        self.history.redo()
        self.changed.emit()

    def was_kept(self) -> None:
        """What is chosen is in force now."""
        self.kept, self.said = self.choice, True

    # --- what is shown ----------------------------------------------------------------------------
    def values(self, source: str) -> tuple[tuple[str, int], ...]:
        """The values of a field or an expression, with counts."""
        if self.count_of is None or source not in self.count_of.columns:
            return ()
        return ranked(self.count_of.columns[source])

    def term_proposals(self, source: str) -> dict[str, Proposal]:
        """What the terms of a field seem to mean; worked out once per count."""
        values = self.values(source)
        known = self._proposals.get(source)
        if known is None or known[0] != values:
            info = self.info.field(source)
            known = values, guess_terms(values, info.value_map if info else {}, self.functions,
                                        load_words())  # fmt: skip
            self._proposals[source] = known
        return known[1]

    def too_many(self) -> bool:
        return self.count_of is not None and self.choice.function in self.count_of.more

    def fill_terms(self) -> None:
        """The rows of the table of terms."""
        source = self.choice.function
        info = self.info.field(source)
        proposals = self.term_proposals(source)
        labels = info.value_map if info else {}
        self.terms.show_rows([self._term_row(term, n, labels.get(term, ""), proposals.get(term))
                              for term, n in self.values(source)])  # fmt: skip

    def _term_row(self, term: str, n: int, label: str, proposal: Proposal | None) -> TermRow:
        found = meaning(term, self.choice, self.functions, self.shared) or ""
        own = self.choice.terms.get(term)
        level = text(f"mapping.level.{proposal.level}") if proposal is not None else ""
        if own:
            if (term, own) in self._taken and proposal is not None and proposal.source == own:
                how = PROPOSED if self.kept.terms.get(term) != own else OWN
                why = text("mapping.row.taken", level=level) + ": " + reasons(proposal)
            else:
                how = OWN
                kept = self.kept.terms.get(term) == own and self.said
                why = text("mapping.row.in_force" if kept else "mapping.row.chosen")
        elif found:
            how = KNOWN if self.functions.resolve(term) == found else SHARED
            why = text("mapping.row.known" if how == KNOWN else "mapping.row.shared")
        else:
            how = UNKNOWN
            why = text("mapping.row.no_proposal")
            if proposal is not None:
                label_of = self.functions.label(proposal.source, language())
                why = text("mapping.row.offered", level=level, source=label_of)
                why += ": " + reasons(proposal)
        return TermRow(term, label, n, found, how, why, None if found else proposal)

    def coverage(self) -> tuple[int, int, str, str]:
        """Features with a known function, all features, the sentence about it, and what more
        there is to say."""
        if self.count_of is None:
            return 0, 0, text("mapping.coverage.none"), ""
        total = self.count_of.count
        if self.choice.whole:
            label = self.functions.label(self.choice.whole, language())
            said = text("mapping.coverage.whole", function=label, n=thousands(total))
            return total, total, said, ""
        known, filled = coverage(self.values(self.choice.function), self.choice, self.functions,
                                 self.shared)  # fmt: skip
        if total and known == total:
            return known, total, text("mapping.coverage.all", known=thousands(known)), ""
        share = number(float(int(1000 * known / total)) / 10) if total else "0"
        said = text("mapping.coverage.some", known=thousands(known), of=thousands(total),
                    share=share)  # fmt: skip
        if total > filled:
            said += " · " + text("mapping.coverage.empty", n=thousands(total - filled))
        return known, total, said, text("mapping.coverage.rest")

    def field_rows(self) -> list[FieldRow]:
        """The rows of the table of fields."""
        return [self._field_row(name) for name in FIELDS]

    def _field_row(self, name: str) -> FieldRow:
        source = self.choice.fields.get(name, "")
        proposal = self.guess.fields.get(name)
        if not source:
            if proposal is None or proposal.source in self.choice.fields.values():
                return FieldRow(name)
            level = text(f"mapping.level.{proposal.level}")
            said = text("mapping.row.offered", level=level, source=brief(proposal.source))
            return FieldRow(name, why=f"{said}: {reasons(proposal)}", offered=proposal.source)
        share, filled, invalid = self._filled(name, source)
        why, warn = self._why(name, source, proposal), False
        error = self.count_of.errors.get(source) if self.count_of is not None else None
        twin = next((n for n, s in self.choice.fields.items() if s == source and n != name), "")
        if error is not None:
            why, warn = text("mapping.row.error", count=error[0], detail=error[1]), True
        elif invalid:
            why, warn = text("mapping.row.invalid", count=thousands(invalid)), True
        elif twin:
            why = text("mapping.row.twice", field=brief(source), other=text(f"fields.{twin}"))
            warn = True
        return FieldRow(name, source, share, filled, why, warn)

    def _filled(self, name: str, source: str) -> tuple[float | None, str, int]:
        """Share of the features with a usable value, the same in words, and how many have one
        that cannot be used."""
        if self.count_of is None or source not in self.count_of.columns or not self.count_of.count:
            return None, "…" if self.busy else "", 0
        good, given = usable(name, self.values(source))
        invalid = given - good
        if source in self.count_of.more and given:  # not all values are kept apart
            filled = self.count_of.filled[source]
            good, invalid = round(filled * good / given), round(filled * invalid / given)
        share = good / self.count_of.count
        return share, f"{number(float(int(1000 * share)) / 10)} %", invalid

    def _why(self, name: str, source: str, proposal: Proposal | None) -> str:
        if self.kept.fields.get(name) == source and self.said:
            return text("mapping.row.in_force")
        if source == name:
            return text("mapping.row.own_name")
        if proposal is not None and proposal.source == source and (name, source) in self._taken:
            level = text(f"mapping.level.{proposal.level}")
            return text("mapping.row.taken", level=level) + ": " + reasons(proposal)
        return text("mapping.row.chosen")


def brief(source: str, most: int = 40) -> str:
    """A field, or the beginning of an expression."""
    shown = source[1:].strip() if is_expression(source) else source
    return shown if len(shown) <= most else shown[: most - 1] + "…"


