"""How an exam is put to a model that answers in words: which prompt in which language, with which worked examples."""

import re
from collections.abc import Iterable, Sequence

from metier.llm.prompts import Prompt, read_prompt
from metier.model.questions import asked
from metier.records import Message, MetierError, Question

HAN, ARABIC, LATIN = (re.compile(signs) for signs in ("[\u3400-\u9fff]", "[\u0620-\u064a]", "[A-Za-z]"))
MARKS = {"zh": "、", "ar": "، "}
"""What stands between the members of a list; elsewhere a comma."""
ASKS = re.compile(r"[?？؟]|吗\W*$")
BLANK = re.compile(r"\n\s*\n")


class Asking:
    """The prompts of an exam, read once; ``reasons`` asks for reasons before the answer (chain of thought).

    Each question is asked in ``language``, else in that of its label ``language``, else in the one it is written in:
    Chinese, Arabic or, whatever else it is, English; its options count. MetierError where a prompt is missing.
    """

    def __init__(self, prompts: str, language: str, reasons: bool, system: str) -> None:
        self.prompts, self.language, self.reasons, self.system = prompts, language, reasons, system
        self._read: dict[tuple[str, str], Prompt] = {}
        self._worked: dict[int, tuple[Question, Message, Message]] = {}

    def messages(self, question: Question, examples: Sequence[Question] = ()) -> tuple[Message, ...]:
        """The conversation up to the reply: each example asked and answered, then the question."""
        turns: list[Message] = []
        for one in examples:
            if id(one) not in self._worked:  # many questions share an example: it is written once, and kept once
                self._worked[id(one)] = one, self._asked(one)[-1], Message("assistant", self._reply(one))
            turns += self._worked[id(one)][1:]
        *before, last = self._asked(question)
        system = [Message("system", self.system)] if self.system else before
        return (*system, *turns, last)

    def _asked(self, question: Question) -> tuple[Message, ...]:
        language, kind = self._spoken(question), _kind(question)
        options = [f"{label}. {option}" for label, option in question.options.items()]
        shown = "\n".join(options)
        if question.kind == "yesno":
            shown = _listed(question.options.values(), language)
        prompt = self._prompt(f"{kind}-reasons" if self.reasons else kind, language)
        return prompt.messages(question=asked(question), options=shown)

    def _reply(self, example: Question) -> str:
        """What a worked example answers; its ``reference`` holds the reasons, where these are asked for."""
        language = self._spoken(example)
        right = [label for label in example.options if label in example.key]
        answer = _listed([example.options[one] for one in right] if example.kind == "yesno" else right, language)
        if not self.reasons:
            return answer
        if not example.reference or example.reference in example.options.values():
            remedy = "give examples whose reference explains the answer, set shots: 0, or reasons: false"
            raise MetierError(f"example {example.id!r} gives no reasons for its answer; {remedy}")
        reasons = BLANK.sub("\n", example.reference)  # in a plain prompt a blank line ends an example
        return self._prompt("worked", language).messages(reasons=reasons, answer=answer)[-1].content

    def _spoken(self, question: Question) -> str:
        said = "\n".join([asked(question), *question.options.values()])
        return self.language or question.labels.get("language") or written(said)

    def _prompt(self, name: str, language: str) -> Prompt:
        if (name, language) not in self._read:
            self._read[name, language] = read_prompt(self.prompts, name, language)
        return self._read[name, language]


def written(text: str) -> str:
    """``zh``, ``ar`` or, for all else, ``en``: by its letters, one Han sign for six of Latin and one Arabic for two.

    So a question in Chinese or Arabic may name its drugs and genes in Latin letters.
    """
    signs = {"zh": 6 * len(HAN.findall(text)), "ar": 2 * len(ARABIC.findall(text)), "en": len(LATIN.findall(text))}
    return max(signs, key=lambda language: (signs[language], language == "en"))


def _kind(question: Question) -> str:
    """Which prompt puts a question: a statement is to be called true, a question is to be answered."""
    if question.kind == "yesno":
        return "yesno" if ASKS.search(question.stem) else "statement"
    return "multiple" if question.kind == "multiple" else "single"


def _listed(some: Iterable[str], language: str) -> str:
    return MARKS.get(language, ", ").join(some)
