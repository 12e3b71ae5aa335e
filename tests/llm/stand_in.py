"""A server that stands in for vLLM: started with its arguments, slow to begin, with a worker process of its own.

python stand_in.py [--die|--never|--deaf] MODEL --host H --port N --tensor-parallel-size N --served-model-name NAME
"""

import asyncio
import itertools
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

from metier.llm.request import Request
from metier.llm.stub import start


def answer(request: Request) -> str:
    last = request.messages[-1].content
    if last == "die":
        os._exit(3)
    return f"{request.model} says {last}"


async def main(words: list[str]) -> None:
    modes = [word for word in words if word in ("--die", "--never", "--deaf")]
    given = dict(itertools.pairwise(words))
    worker = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
    model = next(word for word in words if "/" in word and word != sys.argv[0])
    told = {"words": words, "pids": [os.getpid(), worker.pid], "gpus": os.environ.get("CUDA_VISIBLE_DEVICES")}
    Path(model, "started.json").write_text(json.dumps(told))
    print("loading weights", flush=True)
    if "--die" in modes:
        raise SystemExit("CUDA out of memory: 80 GB wanted")
    if "--deaf" in modes:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    if "--never" not in modes:
        await asyncio.sleep(0.3)
        assert given["--host"] == "127.0.0.1"
        await start(answer, port=int(given["--port"]))
    await asyncio.Event().wait()


asyncio.run(main(sys.argv[1:]))
