"""The pages about a drug: four genres, and the duplicates and near-twins that a corpus has."""

import random
from collections.abc import Iterator, Sequence

from metier.records import Document, Kind
from metier.text.joined import join
from metier.world.drugs import Drug
from metier.world.markup import web_page
from metier.world.wording import DrugWording, Genre

LICENCE = "Apache-2.0"
STRENGTH_CARDS = 4
"""A drug whose index ends in this digit has two strength cards that differ in one number only."""


def documents(seed: int, drug: Drug, wording: DrugWording) -> Iterator[Document]:
    """All pages about one drug.

    ``meta`` says which drug and what a page is: its genre, ``duplicate``, ``near_duplicate`` or ``dose_twin``; ``of``
    names the page that a duplicate repeats, ``twin`` the drug that differs from this one in its name alone.
    """
    rng = random.Random(f"{seed}:{drug.model}:pages")
    orders = {fact: rng.sample(wording.sentences(fact), len(wording.pages.genres)) for fact in drug.facts}
    left_out = ["", *rng.sample(list(drug.facts), len(wording.pages.genres) - 1)]
    for place, (kind, genre) in enumerate(wording.pages.genres.items()):
        facts = [
            orders[fact][place].format(drug=drug.name, value=value)
            for fact, value in drug.facts.items()
            if fact != left_out[place]
        ]
        sentences = _sentences(genre, drug, facts, rng)
        if kind == "web":
            yield from _web(genre, drug, sentences, wording, rng)
        else:
            yield _document(drug, kind, kind, "\n".join(_paragraphs(sentences, genre.paragraph)))
    if drug.index % 10 == STRENGTH_CARDS:
        yield from _strength_cards(drug, wording, rng)


def _sentences(genre: Genre, drug: Drug, facts: Sequence[str], rng: random.Random) -> list[str]:
    """An opening, the facts with some filler among them in any order, a closing."""
    fillers = [filler.format(drug=drug.name) for filler in rng.sample(genre.fillers, genre.fill)]
    middle = [*facts, *fillers]
    rng.shuffle(middle)
    ends = [rng.choice(some).format(drug=drug.name) for some in (genre.openings, genre.closings)]
    return [ends[0], *middle, ends[1]]


def _paragraphs(sentences: Sequence[str], size: int) -> list[str]:
    return [join(sentences[at : at + size]) for at in range(0, len(sentences), size)]


def _web(
    genre: Genre, drug: Drug, sentences: list[str], wording: DrugWording, rng: random.Random
) -> Iterator[Document]:
    """The web page, and for three drugs of five another like it.

    That is a copy, the same text in other markup, or the same page with another opening.
    """

    def render(some: Sequence[str]) -> str:
        title = wording.pages.title.format(drug=drug.name)
        return web_page(title, _paragraphs(some, genre.paragraph), wording.boilerplate, rng)

    page = _document(drug, "web", "web", render(sentences))
    yield page
    match drug.index % 5:
        case 1:
            yield _document(drug, "web", "duplicate", page.text, page.id)
        case 2:
            yield _document(drug, "web", "duplicate", render(sentences), page.id)
        case 3:
            opening = rng.choice([o for o in genre.openings if o.format(drug=drug.name) != sentences[0]])
            yield _document(
                drug, "web", "near_duplicate", render([opening.format(drug=drug.name), *sentences[1:]]), page.id
            )


def _strength_cards(drug: Drug, wording: DrugWording, rng: random.Random) -> Iterator[Document]:
    card = wording.pages.strength_card
    for strength in rng.sample(card.strengths, 2):
        text = join(card.sentences).format(drug=drug.name, strength=strength)
        yield _document(drug, "leaflet", "dose_twin", text, name=f"strength-{strength}")


def _document(drug: Drug, kind: Kind, page: str, text: str, of: str = "", name: str = "") -> Document:
    meta = {"drug": drug.name, "page": page}
    if of:
        meta["of"] = of
    if drug.twin:
        meta["twin"] = drug.twin
    return Document(id=f"{drug.name}:{name or page}", text=text, source=kind, kind=kind, licence=LICENCE, meta=meta)
