"""Whether a forbidden sentence leaves the guard, wherever the stream is cut.

Replies are made of harmless sentences in Chinese, English or Arabic (with decimals, abbreviations, lists, tables and
emphasis) and, one in two, of a sentence that breaks a rule of the table that ships, as written, or with characters that
are meant to slip past: zero-width, full-width, decomposed. The harmless half warns instead, or says nothing of rules.
The written cases of ``planted_rules`` come beside them, with the turns before the reply and the patient's card. Every
reply is fed whole and then cut at random in ways of five kinds. Counted are: outputs that differ from the whole one,
sentences that the checker finds to break a rule in the whole reply and of which any eight characters in a row left that
nothing else accounts for, outputs in which the checker finds a rule broken, and the characters held beyond one
sentence. Run ``python -m benchmarks.rules_stream``.
"""

import itertools
import random
import sys
import time
import unicodedata
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from benchmarks.bars import Bar, conclude
from benchmarks.rules_cases import HOME, cases
from metier.proportion import wilson
from metier.records import Message
from metier.rules.card import Card, parse
from metier.rules.check import Checker
from metier.rules.firing import Firing
from metier.rules.guard import Held, Policy, Reply, on_reply
from metier.rules.table import Table, read
from metier.text.sentences import sentences

REPLIES, CUTS = 1_200, 10
"""Replies, and ways in which each is cut: 12,000 streams, and those of the written cases."""
WINDOW = 8
"""Characters in a row of a forbidden sentence that must not leave."""
MARK = 4
"""Characters of the next line that tell whether it is an item of a list, which ends the sentence before it."""
POLICY = Policy(forbidden="block", caution="block", note="block", missed=False)
FILLERS = {
    "en": (
        "Good morning. ", "Drink 1.5 to 2 litres of water a day. ", "See Dr. Hall, e.g. on Monday, if it hurts. ",
        "**Please note:** rest is the best cure! ", "How long have you had this cough? ", "\n\n## What to do\n\n",
        "- Sleep well.\n- Eat fruit, vegetables etc.\n", "1. Measure the temperature.\n2. Write it down.\n",
        "\n| day | walk |\n|---|---|\n| 1 | 2.5 km |\n\n", "`x = 3.5`\n", 'He said: "Rest is enough." ',
        "It is not serious... but come back on Nov. 3 at 10 a.m. ",
    ),
    "zh": (
        "您好。", "每天喝水1.5～2升。", "如有不适，请及时就医！", "“多休息就好。”医生说。", "咳嗽多久了？",
        "\n\n## 注意事项\n\n", "- 早睡早起\n- 饮食清淡\n", "1. 测体温\n2. 做记录\n", "（详见说明书。）",
        "**提示：**保持通风。",
        "\n| 日 | 步行 |\n|---|---|\n| 1 | 2.5公里 |\n\n", "病情不重……请三天后复诊。",
    ),
    "ar": (
        "صباح الخير. ", "اشرب 1.5 إلى 2 لتر من الماء كل يوم. ", "راجع د. سامي إذا استمر الألم! ", "كم مضى على السعال؟ ",
        "\n\n## ما العمل\n\n", "- نم جيدا.\n- كل الفاكهة، والخضر.\n", "1. قس الحرارة.\n2. اكتبها.\n",
        "الراحة خير علاج؛ لا تقلق. ", "\n| اليوم | المشي |\n|---|---|\n| 1 | 2.5 كم |\n\n", "قال: «الراحة تكفي.» ",
        "الحالة ليست خطيرة... عد بعد ثلاثة أيام. ", "**تنبيه:** حافظ على التهوية. ",
    ),
}  # fmt: skip
ENDS = {"en": " ", "zh": "", "ar": " "}


class Made(NamedTuple):
    """A reply: what stands before, in and behind the sentence that breaks a rule (``planted``) or looks like it."""

    language: str
    before: str
    said: str
    after: str
    planted: bool
    messages: tuple[Message, ...] = ()
    card: Card | None = None

    @property
    def text(self) -> str:
        """The reply."""
        return self.before + self.said + self.after

    @property
    def longest(self) -> int:
        """The length of its longest sentence."""
        return max(map(len, sentences(self.text)), default=0)


class Counts(NamedTuple):
    """What went wrong in the streams of one reply."""

    streams: int
    differing: int
    leaked: int
    violating: int
    beyond: int
    chunks: int
    blocked: bool


def replies(table: Table, count: int, seed: int) -> Iterator[Made]:
    """Replies by turns in each language; one in two breaks a rule, as far as its examples say."""
    examples: dict[tuple[str, bool], list[str]] = {}
    for rule in table.rules:
        for example in rule.examples:
            if not example.card and example.text.strip():
                examples.setdefault((script(example.text), example.fires), []).append(example.text.strip())
    for number in range(count):
        draw = random.Random(f"{seed}:{number}")
        language = ("en", "zh", "ar")[number % 3]
        planted = number // 3 % 2 == 0
        some = examples.get((language, planted)) or examples["en", planted]
        said = draw.choice(some)
        said = disguised(said, draw) if planted and draw.random() < 0.3 else said
        before, after = ("".join(draw.choices(FILLERS[language], k=draw.randint(0, 6))) for _ in range(2))
        yield Made(language, before, said, (ENDS[language] or draw.choice(("", "\n"))) + after, planted)


def written(table: Table) -> Iterator[Made]:
    """The replies of the written cases; where one asserts what a rule forbids, all of it does."""
    for path in sorted(HOME.glob("*.jsonl")):
        for case in cases(path, table):
            *before, reply = case.messages
            if reply.role == "assistant" and reply.content:
                card = parse(case.card) if case.card else None
                yield Made(case.language, "", reply.content, "", bool(case.violated), tuple(before), card)


def script(text: str) -> str:
    """The language of an example, by its script."""
    if any("\u4e00" <= letter <= "\u9fff" for letter in text):
        return "zh"
    return "ar" if any("\u0620" <= letter <= "\u064a" for letter in text) else "en"


def disguised(text: str, draw: random.Random) -> str:
    """A sentence with characters in it that a plain search stumbles over."""
    way = draw.choice(("zero width", "full width", "decomposed"))
    if way == "zero width":
        return "".join(letter + ("\u200b" if letter.isalpha() and draw.random() < 0.2 else "") for letter in text)
    if way == "full width":
        return "".join(chr(ord(one) + 0xFEE0) if one.isascii() and one.isalnum() else one for one in text)
    return unicodedata.normalize("NFD", text)


def cuts(text: str, draw: random.Random) -> Iterator[str]:
    """A text in chunks: single characters, tokens, lines of a server, halves, or anything."""
    low, high = draw.choice(((1, 1), (1, 6), (10, 60), (len(text) // 2 + 1, len(text) + 1), (1, 200)))
    at = 0
    while at < len(text):
        size = draw.randint(low, high)
        yield text[at : at + size]
        at += size


def whole(checker: Checker, made: Made) -> Reply:
    """What leaves of a reply that comes in one piece."""
    return on_reply(checker, made.messages, made.text, made.card, POLICY)


def streamed(checker: Checker, made: Made, draw: random.Random) -> tuple[Reply, int, int]:
    """What leaves of a reply cut at random, the most that was held beyond one sentence, and the number of chunks."""
    held = Held(checker, made.messages, made.card, POLICY)
    left, beyond, chunks = "", 0, 0
    for chunk in cuts(made.text, draw):
        left += held.feed(chunk)
        chunks += 1
        beyond = max(beyond, len(held.waiting.strip()) - made.longest)
    return Reply(left + held.close(), held.ruled), beyond, chunks


def violations(checker: Checker, made: Made, text: str) -> list[Firing]:
    """The rules that a reply breaks in its dialogue."""
    found = checker.check([*made.messages, Message("assistant", text)], made.card)
    return [one for one in found if one.violates and one.turn == len(made.messages)]


def leaked(checker: Checker, made: Made, left: Reply) -> bool:
    """Whether something of a forbidden sentence left that neither the rest of its reply nor a rule accounts for."""
    begin, end = len(made.before), len(made.before + made.said)
    broken = [one for one in violations(checker, made, made.text) if one.start < end and begin < one.end]
    if not broken:
        return False
    begin, end = max(begin, broken[0].start), min(end, broken[0].end)
    fair = windows("\0".join([made.text[:begin], made.text[end:], *(one.text for one in left.ruled)]))
    return bool((windows(made.text[begin:end]) - fair) & windows(left.text))


def windows(text: str) -> set[str]:
    """Every run of so many characters in a text."""
    return {text[at : at + WINDOW] for at in range(len(text) - WINDOW + 1)}


def measure(checker: Checker, made: Made, seed: int) -> Counts:
    """One reply, whole and cut in many ways."""
    wanted = whole(checker, made)
    differing = beyond = chunks = 0
    outputs = {wanted.text: wanted}
    for way in range(CUTS):
        left, more, some = streamed(checker, made, random.Random(f"{seed}:{way}:{made.text}"))
        differing += left != wanted
        outputs[left.text] = left
        beyond, chunks = max(beyond, more), chunks + some
    gone = sum(leaked(checker, made, left) for left in outputs.values())
    broken = sum(bool(violations(checker, made, text)) for text in outputs)
    return Counts(CUTS, differing, gone, broken, beyond, chunks, bool(wanted.ruled))


def tell(name: str, some: Sequence[tuple[Made, Counts]]) -> None:
    """Print how many replies are blocked that break a rule, and how many that do not."""
    for language, planted in itertools.product(FILLERS, (True, False)):
        group = [counts.blocked for made, counts in some if (made.language, made.planted) == (language, planted)]
        share = sum(group) / max(len(group), 1)
        low, high = wilson(share, max(len(group), 1))
        what = "break a rule" if planted else "break none"
        print(f"{name}, {language}, {what}: blocked {sum(group)}/{len(group)} = {share:.3f} ({low:.3f} to {high:.3f})")


def bars() -> list[Bar]:
    """Leaks, differences and what is held, over all streams; what is blocked is told beside them."""
    table = read("domain:medicine")
    checker = Checker(table)
    found: list[Counts] = []
    begun = time.perf_counter()
    for name, some in (("made", replies(table, REPLIES, 7)), ("written", written(table))):
        pairs = [(made, measure(checker, made, 7)) for made in some]
        tell(name, pairs)
        found += [counts for _, counts in pairs]
    streams, differing, gone, violating, _, chunks, _ = (sum(column) for column in zip(*found, strict=True))
    print(f"{streams} streams of {len(found)} replies, {chunks} chunks, {time.perf_counter() - begun:.0f} s")
    return [
        Bar("streams", streams, "streams", ">= 10000"),
        Bar("outputs that depend on the cuts", differing, "streams", "<= 0"),
        Bar("forbidden sentences leaked", gone, "leaks", "<= 0"),
        Bar("outputs that break a rule", violating, "outputs", "<= 0"),
        Bar("held beyond one sentence", max(one.beyond for one in found), "chars", f"<= {MARK}"),
    ]


if __name__ == "__main__":
    sys.exit(conclude("rules_stream", bars()))
