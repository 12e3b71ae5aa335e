"""One process of the model-call benchmark: ask a stub so many questions, and print what that took.

python -m benchmarks.llm_client URL CACHE [--rows 5000] [--concurrency 256] [--per-minute 0]
"""

import argparse
import json
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from metier.llm.llm import LLM, Failed
from metier.llm.request import Request
from metier.llm.session import session
from metier.llm.spec import Endpoint, Limits
from metier.records import Conversation, Message

MODEL = "benchmarks.llm_client:answer"
"""Its name is that of the function behind the stub, so that a scripted model has the same requests."""
SYSTEM = Message(
    "system", "You are a pharmacist who explains medicines to patients in plain words. Be brief and exact."
)
PASSAGE = "Take one tablet of 25 mg in the morning with water. Do not take it with grapefruit juice. " * 8


def answer(request: Request) -> str:
    """What the stub says: as long as a short answer, and it names the question."""
    return f"{request.messages[-1].content[:40]} ... " + "Keep to one tablet a day, and ask before you change it. " * 5


def question(row: int) -> tuple[Message, ...]:
    """What is asked for a row."""
    return SYSTEM, Message("user", f"Question {row}: what does the patient have to know?\n{PASSAGE}")


def rows(writer: LLM, count: int) -> Iterator[Conversation | Failed[int]]:
    """A conversation a row, or why there is none."""

    async def write(row: int) -> Conversation:
        asked = question(row)
        reply = await writer.ask(asked)
        return Conversation(f"{row}?0", (*asked[1:], Message("assistant", reply.text)), request=reply.request)

    for _, made in writer.map(range(count), write):
        yield made


def main() -> int:
    """Ask, and print one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("url")
    parser.add_argument("cache", type=Path)
    parser.add_argument("--rows", type=int, default=5000)
    parser.add_argument("--concurrency", type=int, default=256)
    parser.add_argument("--per-minute", type=float, default=0)
    given = parser.parse_args()
    limits = Limits(concurrency=given.concurrency, requests_per_minute=given.per_minute, timeout=10)
    with session(given.cache, {"teacher": Endpoint(base_url=given.url, model=MODEL, limits=limits)}) as calls:
        writer = calls.llm("teacher")
        cpu, begin = time.process_time(), time.perf_counter()
        made, reasons = 0, Counter[str]()
        for number, row in enumerate(rows(writer, given.rows)):
            if isinstance(row, Failed):
                reasons[row.why] += 1
            else:
                assert row.id == f"{number}?0" and row.messages[-1].content.startswith(f"Question {number}:"), row
                made += 1
        spent = calls.spent()["teacher"]
        told = {
            "seconds": time.perf_counter() - begin, "cpu": time.process_time() - cpu, "made": made,
            "failed": dict(reasons), "sent": spent.sent, "cached": spent.cached,
        }  # fmt: skip
    print(json.dumps(told))
    return 0


if __name__ == "__main__":
    sys.exit(main())
