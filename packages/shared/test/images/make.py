"""
Makes the photos that the image tests are judged by, with Pillow, ImageMagick and libjpeg's tools: `python3 make.py <folder>`.
What a missing tool or profile would make is left out, and named.
"""

import os
import shutil
import struct
import subprocess
import sys

import numpy
from PIL import Image, ImageDraw, ImageFilter

folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)
PROFILES = "/usr/share/color/icc/ghostscript"
# On some machines `convert` is another program.
CONVERT = next((tool for tool in ("magick", "/usr/bin/convert", "convert") if shutil.which(tool)), None)


def at(name):
    return os.path.join(folder, name)


def run(name, *command):
    """Runs a tool whose output is the file `name`."""
    try:
        subprocess.run(command, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError) as error:
        print(f"left out {name}: {error}")


def scene(width=160, height=120):
    """Gradients, edges, saturated colours and a little grain: no two sides are alike, so that a rotation shows."""
    x, y = numpy.meshgrid(numpy.linspace(0, 1, width), numpy.linspace(0, 1, height))
    pixels = numpy.stack([255 * x, 255 * y, 255 * (1 - x) * (1 - y)], 2)
    pixels += numpy.random.default_rng(7).normal(0, 4, pixels.shape)
    image = Image.fromarray(pixels.clip(0, 255).astype(numpy.uint8))
    draw = ImageDraw.Draw(image)
    draw.rectangle((10, 10, 50, 40), fill=(250, 20, 30))
    draw.ellipse((90, 50, 150, 110), fill=(20, 60, 250))
    draw.line((0, 119, 159, 0), fill=(255, 255, 255), width=3)
    return image.filter(ImageFilter.GaussianBlur(0.6))


def display_p3():
    """An ICC profile (ICC.1:2001) of the colours of Display P3, which phones embed: its primaries adapted to D50, gamma 2.2."""

    def fixed(*values):
        return b"".join(struct.pack(">i", round(value * 65536)) for value in values)

    curve = b"curv" + bytes(4) + struct.pack(">IH", 1, round(2.2 * 256)) + bytes(2)
    tags = {
        b"desc": b"desc" + bytes(4) + struct.pack(">I", 8) + b"Like P3\0" + bytes(80),
        b"wtpt": b"XYZ " + bytes(4) + fixed(0.9642, 1, 0.8249),
        b"rXYZ": b"XYZ " + bytes(4) + fixed(0.5151, 0.2412, -0.0011),
        b"gXYZ": b"XYZ " + bytes(4) + fixed(0.2920, 0.6922, 0.0419),
        b"bXYZ": b"XYZ " + bytes(4) + fixed(0.1571, 0.0666, 0.7841),
        b"rTRC": curve,
        b"gTRC": curve,
        b"bTRC": curve,
    }
    start = 128 + 4 + 12 * len(tags)
    table, data = struct.pack(">I", len(tags)), b""
    for name, tag in tags.items():
        table += name + struct.pack(">II", start + len(data), len(tag))
        data += tag + bytes(-len(tag) % 4)
    head = struct.pack(">I4xI4s4s4s12x4s", start + len(data), 0x02100000, b"mntr", b"RGB ", b"XYZ ", b"acsp")
    head = head.ljust(68, b"\0") + fixed(0.9642, 1, 0.8249)
    return head.ljust(128, b"\0") + table + data


rgb = scene()
alpha = Image.linear_gradient("L").resize(rgb.size)
rgba = rgb.copy()
rgba.putalpha(alpha)
grey = rgb.convert("L")
palette = rgb.quantize(64)
inks = rgb.convert("CMYK")
inks = Image.merge("CMYK", (*inks.split()[:3], alpha.point(lambda value: value // 2)))  # Pillow itself makes no black ink

# JPEG
for name, options in {
    "baseline": {},
    "progressive": {"progressive": True},
    "full-chroma": {"subsampling": 0},
    "wide-chroma": {"subsampling": 1},
    "restarts": {"restart_marker_rows": 1},
}.items():
    rgb.save(at(f"{name}.jpg"), quality=95, **options)
grey.save(at("grey.jpg"), quality=95)
inks.save(at("inks.jpg"), quality=95)
for orientation in range(1, 9):
    exif = Image.Exif()
    exif[0x0112] = orientation
    exif.get_ifd(0x8825)[1] = "N"  # GPSLatitudeRef
    rgb.save(at(f"orientation-{orientation}.jpg"), quality=95, exif=exif)
rgb.save(at("ppm.ppm"))
run("arithmetic.jpg", "cjpeg", "-quality", "95", "-arithmetic", "-outfile", at("arithmetic.jpg"), at("ppm.ppm"))
run("rgb-inside.jpg", "cjpeg", "-quality", "95", "-rgb", "-outfile", at("rgb-inside.jpg"), at("ppm.ppm"))
os.remove(at("ppm.ppm"))
with open(at("baseline.jpg"), "rb") as file:
    whole = file.read()
with open(at("stray-bytes.jpg"), "wb") as file:
    file.write(whole[:20] + b"\0\0\0" + whole[20:])  # between the first two segments
for name, profile, image in (("adobe-rgb", "a98.icc", rgb), ("inks-with-profile", "default_cmyk.icc", inks)):
    if os.path.exists(os.path.join(PROFILES, profile)):
        with open(os.path.join(PROFILES, profile), "rb") as file:
            image.save(at(f"{name}.jpg"), quality=95, icc_profile=file.read())
    else:
        print(f"left out {name}.jpg: no {profile}")

rgb.save(at("display-p3.jpg"), quality=95, icc_profile=display_p3())

# PNG
rgb.save(at("display-p3.png"), icc_profile=display_p3())
rgb.save(at("rgb.png"))
rgba.save(at("rgba.png"))
grey.save(at("grey.png"))
grey.convert("1").save(at("1-bit.png"))
Image.merge("LA", (grey, alpha)).save(at("grey-alpha.png"))
palette.save(at("palette.png"))
palette.save(at("palette-transparent.png"), transparency=3)
rgb.save(at("transparent-colour.png"), transparency=rgb.getpixel((20, 20)))
rgb.quantize(4).save(at("palette-2-bits.png"), bits=2)
rgb.quantize(16).save(at("palette-4-bits.png"), bits=4)
deep = (numpy.asarray(grey).astype(numpy.uint16) * 257)
Image.fromarray(deep).save(at("grey-16.png"))
if CONVERT:
    for name, options in {
        "rgb-16.png": ["-depth", "16", "-define", "png:color-type=2", "-define", "png:bit-depth=16"],
        "rgba-16.png": ["-alpha", "set", "-channel", "A", "-evaluate", "set", "40%", "+channel", "-depth", "16",
                        "-define", "png:color-type=6", "-define", "png:bit-depth=16"],
        "interlaced.png": ["-interlace", "PNG"],
        "grey-4-bits.png": ["-colorspace", "Gray", "-depth", "4", "-define", "png:color-type=0", "-define", "png:bit-depth=4"],
        "rgb-lzw.tiff": ["-compress", "LZW"],
        "rgb-tiles.tiff": ["-define", "tiff:tile-geometry=64x64"],
        "rgb-16.tiff": ["-depth", "16"],
        "rgb-jpeg.tiff": ["-compress", "JPEG", "-quality", "97"],
        "runs-8.bmp": ["-colors", "64", "-compress", "RLE"],
        "core.bmp": ["BMP2:"],
    }.items():
        target = f"{options.pop()}{at(name)}" if options[-1].endswith(":") else at(name)
        run(name, CONVERT, at("rgb.png"), *options, target)

# WebP, AVIF, TIFF, BMP
rgb.save(at("lossy.webp"), quality=95)
rgb.save(at("lossless.webp"), lossless=True)
rgba.save(at("lossy-alpha.webp"), quality=95)
rgba.save(at("lossless-alpha.webp"), lossless=True, exact=True)
if ".avif" in Image.registered_extensions():
    rgb.save(at("photo.avif"), quality=95)
    rgba.save(at("alpha.avif"), quality=95)
rgb.save(at("rgb.tiff"))
rgba.save(at("rgba.tiff"), compression="tiff_deflate")
grey.convert("1").save(at("fax.tiff"), compression="group4")
inks.save(at("inks.tiff"))
rgb.save(at("pages.tiff"), save_all=True, append_images=[grey.convert("RGB")])
rgb.save(at("rgb.bmp"))
palette.save(at("palette.bmp"))
grey.convert("1").save(at("1-bit.bmp"))
scene(157, 120).quantize(16).save(at("odd-width.bmp"))

# Animations: a disc that moves over what was there, shows it again, or erases it.
frames = []
for step in range(6):
    frame = Image.new("RGBA", (80, 60), (0, 0, 0, 0))
    ImageDraw.Draw(frame).ellipse((step * 10, 10, step * 10 + 24, 34), fill=(40 * step, 250 - 40 * step, 90, 255))
    frames.append(frame)
times = [50, 100, 150, 200, 250, 300]
for disposal in (1, 2):
    frames[0].save(at(f"disposal-{disposal}.gif"), save_all=True, append_images=frames[1:], duration=times, loop=3, disposal=disposal)
frames[0].save(at("forever.gif"), save_all=True, append_images=frames[1:], duration=times, loop=0, disposal=2)
frames[0].save(at("still.gif"))
frames[0].save(at("moving.webp"), save_all=True, append_images=frames[1:], duration=times, loop=3, lossless=True)
