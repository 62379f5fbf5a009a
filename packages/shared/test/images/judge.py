"""
An independent judge of prints: Pillow, LittleCMS and numpy, none of Darkroom's own code.

Reads lines of JSON {"original": path, "print": path, "filter": "grayscale" | "sepia"} from its input, and answers each with
{"frames": [original, print], "size": [[w, h], [w, h]], "worst": largest difference of a colour, "alpha": largest difference of
alpha, "psnr": dB, "mode": of the print, "metadata": [names]} or {"error": what went wrong}.
"""

import io
import json
import sys

import numpy
from PIL import Image, ImageCms, ImageOps, ImageSequence

Image.MAX_IMAGE_PIXELS = None
SRGB = ImageCms.createProfile("sRGB")
SEPIA = numpy.array([[0.393, 0.769, 0.189], [0.349, 0.686, 0.168], [0.272, 0.534, 0.131]])


def eight_bits(image):
    """Pillow clips 16-bit greys where it should scale them."""
    if image.mode.startswith("I;16") or image.mode == "I":
        scaled = Image.fromarray((numpy.asarray(image).astype(numpy.uint32) >> 8).clip(0, 255).astype(numpy.uint8))
        return scaled
    return image


def rgba(image):
    """Upright, sRGB, 8 bits."""
    profile = image.info.get("icc_profile")
    image = eight_bits(ImageOps.exif_transpose(image))
    if profile and image.mode in ("RGB", "RGBA", "CMYK", "L", "LA", "P", "PA"):
        alpha = image.convert("RGBA").getchannel("A") if image.mode in ("RGBA", "LA", "P", "PA") else None
        if image.mode in ("P", "PA", "RGBA"):
            image = image.convert("RGB")
        if image.mode == "LA":
            image = image.convert("L")
        try:
            source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
            image = ImageCms.profileToProfile(image, source, SRGB, renderingIntent=0, outputMode="RGB")
        except ImageCms.PyCMSError:
            pass
        image = image.convert("RGB")
        if alpha is not None:
            image.putalpha(alpha)
    return numpy.asarray(image.convert("RGBA")).astype(numpy.int32)


def frames(path, animated):
    image = Image.open(path)
    if not animated:
        return [rgba(image)]
    return [rgba(frame.copy()) for frame in ImageSequence.Iterator(image)]


def expected(pixels, name):
    colours, alpha = pixels[..., :3], pixels[..., 3:]
    if name == "grayscale":
        luma = Image.fromarray(colours.astype(numpy.uint8)).convert("L")
        changed = numpy.repeat(numpy.asarray(luma).astype(numpy.int32)[..., None], 3, 2)
    else:
        changed = numpy.clip(numpy.rint(colours @ SEPIA.T), 0, 255).astype(numpy.int32)
    return numpy.concatenate([changed, alpha], 2)


def on_white(pixels):
    alpha = pixels[..., 3:] / 255
    white = numpy.rint(pixels[..., :3] * alpha + 255 * (1 - alpha)).astype(numpy.int32)
    return numpy.concatenate([white, numpy.full_like(pixels[..., 3:], 255)], 2)


def durations(image):
    return [frame.info.get("duration") for frame in ImageSequence.Iterator(image)]


def merged(pictures):
    kept = pictures[:1]
    for picture in pictures[1:]:
        if not numpy.array_equal(picture, kept[-1]):
            kept.append(picture)
    return kept


def judge(task):
    print_ = Image.open(task["print"])
    original = Image.open(task["original"])
    moves = original.format in ("GIF", "WEBP") and print_.format in ("GIF", "WEBP")
    wanted = [expected(pixels, task["filter"]) for pixels in frames(task["original"], moves)]
    if print_.format == "JPEG":
        wanted = [on_white(pixels) for pixels in wanted]
    got = frames(task["print"], moves)
    verdict = {
        "format": [original.format, print_.format],
        "from": original.mode,
        "mode": print_.mode,
        "frames": [len(wanted), len(got)],
        "size": [list(wanted[0].shape[1::-1]), list(got[0].shape[1::-1])],
        "metadata": [name for name in ("exif", "icc_profile", "xmp", "photoshop", "comment") if print_.info.get(name)],
        "durations": [durations(original), durations(print_)] if moves else [[], []],
        "loop": [original.info.get("loop"), print_.info.get("loop")],
    }
    if len(wanted) != len(got):  # encoders join frames that are equal; what is seen is the same
        wanted, got = merged(wanted), merged(got)
        verdict["frames"] = [len(wanted), len(got)]
    if len(wanted) == len(got) and wanted[0].shape == got[0].shape:
        seen = [w[..., 3] > 0 for w in wanted]
        differences = [numpy.abs(w - g) for w, g in zip(wanted, got)]
        colour = [d[..., :3][s] for d, s in zip(differences, seen)]
        squares = sum((c.astype(numpy.float64) ** 2).sum() for c in colour)
        count = sum(c.size for c in colour)
        verdict["worst"] = int(max((c.max() for c in colour if c.size), default=0))
        verdict["alpha"] = int(max(d[..., 3].max() for d in differences))
        verdict["psnr"] = 99.0 if squares == 0 else round(float(10 * numpy.log10(65025 * count / squares)), 2)
    return verdict


for line in sys.stdin:
    try:
        answer = judge(json.loads(line))
    except Exception as error:  # one bad file must not end the run
        answer = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(answer), flush=True)
