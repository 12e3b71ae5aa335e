"""The rules that every language of the world keeps, checked when its wording is read."""

import itertools
import string
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from metier.records import MetierError
from metier.text.joined import join

if TYPE_CHECKING:
    from metier.world.wording import DrugWording, FactWording, General, GeneralFact, Genre

LEAST = 4
"""Values of a fact (a question has four options) and sentences that state it (one a genre)."""


def fail(path: Path, entry: str, problem: str) -> NoReturn:
    """A wording that breaks a rule is a MetierError that names the file and the entry."""
    raise MetierError(f"{path}: {entry}: {problem}; mend the wording")


def check_templates(path: Path, entry: str, some: Iterable[str], needed: str, allowed: str = "") -> None:
    """At least one template, each with the slots it needs and none but those and the allowed ones."""
    templates = list(some)
    if not templates:
        fail(path, entry, "is empty; write at least one")
    known = {*needed.split(), *allowed.split()}
    for template in templates:
        try:
            slots = [name for _, name, _, _ in string.Formatter().parse(template) if name is not None]
        except ValueError as error:
            fail(path, entry, f"{template!r} has a brace that is no slot ({error})")
        names = ", ".join(sorted(known)) or "none"
        if "" in slots:
            fail(path, entry, f"{template!r} has a slot without a name, known: {names}")
        if unknown := next((name for name in slots if name not in known), None):
            fail(path, entry, f"{template!r} has the unknown slot {{{unknown}}}, known: {names}")
        if missing := next((name for name in needed.split() if name not in slots), None):
            fail(path, entry, f"{template!r} lacks the slot {{{missing}}}")


def check_sentences(path: Path, entry: str, some: Iterable[str]) -> None:
    """Sentences as the script of the language ends them: set behind each other they are found again."""
    from metier.text.sentences import sentences  # it compiles many patterns

    for sentence in some:
        if len(sentences(join([sentence, sentence]))) != 2 * len(sentences(sentence)):
            fail(path, entry, f"{sentence!r} does not end as a sentence does")


def check_values(path: Path, entry: str, values: Sequence[str]) -> None:
    """Enough values for the options of a question, each apart from the others and none the beginning of another."""
    if len(values) < LEAST:
        fail(path, entry, f"{len(values)} values, a question needs {LEAST}")
    for one, other in itertools.permutations(values, 2):
        if other.startswith(one):
            fail(path, entry, f"{one!r} is the beginning of {other!r}")


def check_names(path: Path, parts: Sequence[Sequence[str]]) -> None:
    """The syllables of one list are of one length and apart, so that no two choices spell one name."""
    if not parts:
        fail(path, "parts", "is empty; write at least one list of syllables")
    for number, part in enumerate(parts, 1):
        entry = f"parts, list {number}"
        if not part:
            fail(path, entry, "is empty; write at least one syllable")
        if other := next((one for one in part if len(one) != len(part[0])), None):
            fail(path, entry, f"{part[0]!r} and {other!r} are not of one length")
        if twice := next((one for one in part if part.count(one) > 1), None):
            fail(path, entry, f"{twice!r} stands there twice")


def check_drugs(place: Path, wording: "DrugWording") -> None:
    """MetierError at the first entry of the pharmacopoeia's wording that breaks a rule."""
    check_names(place / "names.yaml", wording.names.parts)
    for name, fact in wording.facts.items():
        _check_fact(place / "facts.yaml", name, fact)
    _check_patterns(place / "patterns.csv", wording)
    pages, path = wording.pages, place / "pages.yaml"
    if not 1 <= len(pages.genres) <= min(LEAST, len(wording.facts)):
        fail(path, "genres", f"{len(pages.genres)} genres; write 1 to {min(LEAST, len(wording.facts))}")
    for kind, genre in pages.genres.items():
        _check_genre(path, f"genres.{kind}", genre)
    if "web" in pages.genres and len(set(pages.genres["web"].openings)) < 2:
        fail(path, "genres.web.openings", "one opening, a near duplicate needs another")
    check_templates(path, "title", [pages.title], "", "drug")
    check_templates(path, "strength_card.sentences", pages.strength_card.sentences, "", "drug strength")
    if len(set(pages.strength_card.strengths)) < 2:
        fail(path, "strength_card.strengths", "fewer than two, the cards of a drug differ in it")
    if len(wording.boilerplate) < 3:
        fail(place / "boilerplate.txt", "lines", f"{len(wording.boilerplate)}, a web page needs 3")
    check_templates(place / "dialogues.yaml", "greetings", wording.dialogues.greetings, "")
    check_templates(place / "dialogues.yaml", "answer", [wording.dialogues.answer], "value")
    rules = {"mixed": wording.rules.mixed, "together": wording.rules.together, "either": wording.rules.either}
    for context, meeting in rules.items():
        check_templates(place / "rules.yaml", f"{context}.messages", meeting.messages, "first second")
        check_templates(place / "rules.yaml", f"{context}.remedies", meeting.remedies, "first second")
        check_templates(place / "rules.yaml", f"{context}.breaks", meeting.breaks, "first second")
        check_templates(place / "rules.yaml", f"{context}.keeps", meeting.keeps, "first second")
    check_templates(place / "rules.yaml", "brand", [wording.rules.brand], "first last")
    check_templates(
        place / "rules.yaml", "class", [wording.rules.classes.name, *wording.rules.classes.aliases], "plant"
    )


def _check_fact(path: Path, name: str, fact: "FactWording") -> None:
    check_values(path, f"{name}.values", fact.values)
    for entry, some, needed in (
        ("dialogue", fact.dialogue, "drug"),
        ("dialogue_yes_no", fact.dialogue_yes_no, "drug value"),
        ("exam", fact.exam, "drug"),
        ("exam_yes_no", fact.exam_yes_no, "drug value"),
    ):
        check_templates(path, f"{name}.{entry}", some, needed)


def _check_genre(path: Path, entry: str, genre: "Genre") -> None:
    for name, some in (("openings", genre.openings), ("fillers", genre.fillers), ("closings", genre.closings)):
        check_templates(path, f"{entry}.{name}", some, "", "drug")
        check_sentences(path, f"{entry}.{name}", some)
    if not 0 <= genre.fill <= len(genre.fillers):
        fail(path, f"{entry}.fill", f"{genre.fill} is not between 0 and the {len(genre.fillers)} fillers there are")
    if genre.paragraph < 1:
        fail(path, f"{entry}.paragraph", f"{genre.paragraph} sentences are no paragraph")


def _check_patterns(path: Path, wording: "DrugWording") -> None:
    stated: dict[str, set[str]] = {fact: set() for fact in wording.facts}
    for row in wording.patterns:
        if row.fact not in stated:
            fail(path, row.fact, f"no fact of facts.yaml, known: {', '.join(stated)}")
        check_templates(path, f"{row.fact}, sentence", [row.sentence], "drug value")
        check_sentences(path, f"{row.fact}, sentence", [row.sentence])
        check_templates(path, f"{row.fact}, question", [row.question], "", "drug value")
        check_templates(path, f"{row.fact}, answer", [row.answer], "", "drug value")
        stated[row.fact].add(row.sentence)
    for fact, ways in stated.items():
        if len(ways) < LEAST:
            fail(path, fact, f"{len(ways)} sentences state it, the pages need {LEAST}")


def check_general(path: Path, wording: "General") -> None:
    """MetierError at the first entry of the general world's wording that breaks a rule."""
    people, places = wording.people, wording.places
    for name, some in (("given", people.names.given), ("family", people.names.family)):
        if not some or len(set(some)) < len(some):
            fail(path, f"people.names.{name}", "is empty or names somebody twice")
    check_templates(path, "people.names.whole", [people.names.whole], "given family")
    if not places.names or len(set(places.names)) < len(places.names):
        fail(path, "places.names", "is empty or names a place twice")
    for topic, group in (("people", people), ("places", places)):
        check_templates(path, f"{topic}.openings", group.openings, "", "name")
        check_templates(path, f"{topic}.closings", group.closings, "", "name")
        check_sentences(path, f"{topic}.openings, closings", (*group.openings, *group.closings))
        _check_general_facts(path, topic, group.facts, places.names)
    for sign, one in (("plus", wording.arithmetic.plus), ("minus", wording.arithmetic.minus)):
        check_templates(path, f"arithmetic.{sign}.questions", one.questions, "a b")
        check_templates(path, f"arithmetic.{sign}.exam", one.exam, "a b")
    check_values(path, "small_talk, replies", [exchange.reply for exchange in wording.small_talk])
    if mute := next((exchange for exchange in wording.small_talk if not exchange.prompts), None):
        fail(path, f"small_talk, {mute.reply!r}", "has no prompt; write at least one")


def _check_general_facts(path: Path, topic: str, facts: Mapping[str, "GeneralFact"], places: Sequence[str]) -> None:
    if len(facts) < 2:
        fail(path, f"{topic}.facts", "fewer than two, a conversation asks for two")
    for name, fact in facts.items():
        entry = f"{topic}.facts.{name}"
        if isinstance(fact.values, str) and fact.values != "places":
            fail(path, f"{entry}.values", f"{fact.values!r} is neither a list nor the word places")
        check_values(path, f"{entry}.values", places if isinstance(fact.values, str) else fact.values)
        check_templates(path, f"{entry}.sentences", fact.sentences, "name value")
        check_sentences(path, f"{entry}.sentences", fact.sentences)
        check_templates(path, f"{entry}.questions", fact.questions, "name")
        check_templates(path, f"{entry}.exam", fact.exam, "name")
        for kind, some in (("yes_no", fact.yes_no), ("exam_yes_no", fact.exam_yes_no)):
            if some:
                check_templates(path, f"{entry}.{kind}", some, "name value")
