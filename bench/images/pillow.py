"""Pillow's way to the same prints. Reads lines of JSON {"file", "type", "filter", "quality"}, answers each with milliseconds."""

import io
import json
import sys
import time

from PIL import Image, ImageOps

MATRIX = (0.393, 0.769, 0.189, 0, 0.349, 0.686, 0.168, 0, 0.272, 0.534, 0.131, 0)

for line in sys.stdin:
    task = json.loads(line)
    with open(task["file"], "rb") as file:
        data = file.read()
    begun = time.perf_counter()
    image = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    image = image.convert("L") if task["filter"] == "grayscale" else image.convert("RGB").convert("RGB", MATRIX)
    kind = task["type"].split("/")[1]
    options = {"quality": task["quality"]} if task.get("quality") else {}
    image.save(io.BytesIO(), kind, **options, **({"subsampling": 2} if kind == "jpeg" else {}))
    print(round((time.perf_counter() - begun) * 1000, 1), flush=True)
