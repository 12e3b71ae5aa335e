"""Packing: padding and displacement on lengths like those of real data, and isolation on a real model.

python -m benchmarks.packing [RUN/STEP ...]       (finished training steps are measured as they were packed)
"""

import json
import random
import sys
import time
from pathlib import Path

import numpy as np

from benchmarks.bars import Bar, conclude
from metier.train.pack import WHOLE, Shape, displacement, pack, padding

WINDOW = 512


def lengths() -> dict[str, tuple[Shape, bool]]:
    """Items by kind: their lengths, what may be cut, and whether the bar of 3% is meant for them."""
    draw = random.Random(1)
    world = [draw.randint(20, 60) for _ in range(30_000)]
    answers = [min(6000, round(draw.lognormvariate(5.78, 0.83))) + 20 for _ in range(16_000)]
    large = [draw.randint(370, 450) if draw.random() < 0.5 else draw.randint(50, 370) for _ in range(20_000)]
    return {
        "world conversations, 20-60 tokens": (Shape.whole(world), True),
        "MedQuAD-like answers, whole": (Shape(answers, [25 if n > WINDOW else WHOLE for n in answers]), True),
        "raw documents, half of 370-450": (Shape(large, [0] * len(large)), True),
        "conversations, half of 370-450": (Shape.whole(large), False),
    }


def synthetic() -> tuple[float, int]:
    """Print padding and displacement of every kind; return the worst of those the bar is meant for."""
    worst, furthest = 0.0, 0
    print(f"{'items':44}{'windows':>9}{'padding':>9}{'repeated':>10}{'displaced':>11}{'seconds':>9}")
    for name, (shape, meant) in lengths().items():
        start = time.perf_counter()
        windows = pack(shape, WINDOW)
        spent = time.perf_counter() - start
        share, most = padding(windows, WINDOW), int(np.abs(displacement(windows)).max())
        used = sum(piece.size for one in windows for piece in one)
        extra = used / sum(shape.lengths) - 1
        print(f"{name:44}{len(windows):9,}{share:9.2%}{extra:10.2%}{most:11d}{spent:9.2f}")
        worst, furthest = max(worst, share if meant else 0), max(furthest, most)
    return worst, furthest


def finished(steps: list[str]) -> tuple[float, int]:
    """Print what training steps noted of their packing; return the worst."""
    worst, furthest = 0.0, 0
    for step in steps:
        notes = json.loads((Path(step) / "notes.json").read_text())
        print(f"{step:44}{notes['windows']:9,}{notes['padding']:9.2%}{'':10}{notes['max_displacement']:11d}")
        worst, furthest = max(worst, notes["padding"]), max(furthest, notes["max_displacement"])
    return worst, furthest


def isolation() -> float:
    """Largest difference between the logits of items packed together and of each alone."""
    import torch
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    shape = LlamaConfig(
        vocab_size=1024, hidden_size=128, intermediate_size=352, num_hidden_layers=4, num_attention_heads=4
    )
    model = LlamaForCausalLM(shape).eval()
    sizes = [40, 1, 97, 200, 30, 144]
    ids = torch.randint(0, 1024, (1, sum(sizes)))
    positions = torch.cat([torch.arange(size) for size in sizes])[None]
    worst, first = 0.0, 0
    with torch.inference_mode():
        packed = model(ids, position_ids=positions, use_cache=False).logits[0]
        for size in sizes:
            alone = model(ids[:, first : first + size], use_cache=False).logits[0]
            worst = max(worst, float((packed[first : first + size] - alone).abs().max()))
            first += size
    return worst


def main() -> int:
    """Print the table and the bars; the exit code is 1 where a bar does not hold."""
    worst, furthest = synthetic()
    found, far = finished(sys.argv[1:])
    difference = isolation()
    print(f"isolation: packed and alone differ by at most {difference:.1e}")
    bars = [
        Bar("padding", round(max(worst, found), 5), "share", "<= 0.03"),
        Bar("displacement", max(furthest, far), "places", "<= 64"),
        Bar("isolation", float(f"{difference:.2g}"), "logit", "<= 1e-5"),
    ]
    return conclude("packing", bars)


if __name__ == "__main__":
    sys.exit(main())
