"""The same questions through the official ``openai`` client: run by a Python that has it.

PEER -m benchmarks.llm_peer URL ROWS CONCURRENCY QUESTIONS.json
"""

import asyncio
import json
import sys
import time
from pathlib import Path


async def ask(url: str, rows: int, concurrency: int, bodies: list[dict[str, object]]) -> dict[str, float]:
    """Seconds and CPU seconds of so many questions."""
    import openai

    client = openai.AsyncOpenAI(base_url=url, api_key="none", max_retries=0, timeout=60)
    turns = asyncio.Semaphore(concurrency)
    made = 0

    async def one(body: dict[str, object]) -> None:
        nonlocal made
        async with turns:
            reply = await client.chat.completions.create(**body)  # type: ignore[call-overload]
        made += bool(reply.choices[0].message.content)

    await asyncio.gather(*(one(body) for body in bodies[:20]))  # what is done once is not counted
    cpu, begin, made = time.process_time(), time.perf_counter(), 0
    await asyncio.gather(*(one(body) for body in bodies[20 : 20 + rows]))
    told = {"seconds": time.perf_counter() - begin, "cpu": time.process_time() - cpu, "made": made}
    await client.close()
    return told


if __name__ == "__main__":
    url, rows, concurrency, questions = sys.argv[1:]
    bodies = json.loads(Path(questions).read_text())
    print(json.dumps(asyncio.run(ask(url, int(rows), int(concurrency), bodies))))
