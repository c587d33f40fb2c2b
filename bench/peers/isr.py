"""
The peer of row 5: idealo's image-super-resolution 2.2 on TensorFlow, its psnr-small network with random weights.
Says `ready`, then for each line that comes in `milliseconds` and how many the enlargement of one image took.

    python isr.py SIDE        # pixels of the square image
"""

import sys
import time

import numpy as np
from ISR.models import RDN

side = int(sys.argv[1])
image = np.random.default_rng(1).integers(0, 256, (side, side, 3), dtype=np.uint8)
network = RDN(arch_params={"C": 3, "D": 10, "G": 64, "G0": 64, "x": 2})

print("ready", flush=True)
for _ in sys.stdin:
    started = time.perf_counter()
    network.predict(image)
    # Keras writes a progress bar into the same line.
    print(f"\nmilliseconds {(time.perf_counter() - started) * 1000}", flush=True)
