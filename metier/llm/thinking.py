"""What a model thinks before it answers: asked for by one setting, and told apart from the answer."""

import re

OPEN, CLOSE = "<think>", "</think>"
_BLOCK = re.compile(r"<think>(.*?)</think>\s*", re.S)


def split_thinking(text: str) -> tuple[str, str]:
    """(thinking, answer) of a text with ``<think>`` blocks.

    A text that begins inside a block, because the template opened it, is thinking up to the mark that closes it. A
    block that was never closed leaves no answer: the reply ended before there was one.
    """
    if CLOSE in text and (OPEN not in text or text.index(CLOSE) < text.index(OPEN)):
        text = OPEN + text
    thoughts = [found.strip() for found in _BLOCK.findall(text)]
    answer = _BLOCK.sub("", text)
    if OPEN in answer:
        answer, _, unfinished = answer.partition(OPEN)
        thoughts.append(unfinished.strip())
    if not thoughts:
        return "", text
    return "\n\n".join(filter(None, thoughts)), answer.strip()
