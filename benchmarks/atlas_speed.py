"""How many photographs a second the atlas draws on one core, and how many of them as JPEG files.

`python benchmarks/atlas_speed.py [N]`
"""

import io
import sys
import time

from PIL import Image

from dermatrust.atlas import draw_facts
from dermatrust.atlas.render import render

JOBS = [(facts, view) for facts in (draw_facts(0, "speed", n) for n in range(300)) for view in facts.views]


def per_second(n: int, *, is_encoded: bool) -> float:
    started = time.process_time()
    for place in range(n):
        pixels = render(*JOBS[place % len(JOBS)])
        if is_encoded:
            Image.fromarray(pixels).save(io.BytesIO(), "JPEG", quality=90, subsampling=0)
    return n / (time.process_time() - started)


if __name__ == "__main__":
    n = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    per_second(len(JOBS), is_encoded=False)  # the banks and body sites are made once
    print(f"drawn                {per_second(n, is_encoded=False):6.0f} photographs/s of one core")
    print(f"drawn and encoded    {per_second(n, is_encoded=True):6.0f} photographs/s of one core")
