"""Draws every size of the app's icon from icon.svg, in headless Chromium; packs the .ico and the .icns.

Run it in this folder after a change of icon.svg. Needs chromium on the PATH, and nothing else.
"""
import pathlib, struct, subprocess, tempfile

SVG = pathlib.Path("icon.svg").read_text()


def draw(size: int) -> bytes:
    with tempfile.TemporaryDirectory() as work:
        page, shot = pathlib.Path(work, "icon.html"), pathlib.Path(work, "icon.png")
        # Headless Chromium has a least window size: draw in the corner of a larger page, and cut.
        page.write_text(f"<!doctype html><style>body{{margin:0}}svg{{display:block;width:{size}px;height:{size}px}}</style>{SVG}")
        subprocess.run(
            ["chromium", "--headless=new", "--no-sandbox", "--hide-scrollbars", "--default-background-color=00000000",
             "--force-device-scale-factor=1", f"--window-size={max(size, 600)},{max(size, 600) + 200}",
             f"--screenshot={shot}", page.as_uri()],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return cut(shot.read_bytes(), size)


def cut(png: bytes, size: int) -> bytes:
    """The top left square of an 8-bit RGBA picture."""
    import zlib
    at, data, header = 8, b"", None
    while at < len(png):
        length, kind = struct.unpack(">I4s", png[at:at + 8])
        body = png[at + 8:at + 8 + length]
        header = body if kind == b"IHDR" else header
        data += body if kind == b"IDAT" else b""
        at += 12 + length
    width, height, depth, colour = struct.unpack(">IIBB", header[:10])
    assert (depth, colour) == (8, 6), (depth, colour)
    raw, stride, rows, before = zlib.decompress(data), width * 4, [], bytearray(width * 4)
    for y in range(size):
        kind, line = raw[y * (stride + 1)], bytearray(raw[y * (stride + 1) + 1:(y + 1) * (stride + 1)])
        for i in range(stride):
            left = line[i - 4] if i >= 4 else 0
            up, corner = before[i], before[i - 4] if i >= 4 else 0
            guess = left + up - corner
            paeth = min((abs(guess - left), 0, left), (abs(guess - up), 1, up), (abs(guess - corner), 2, corner))[2]
            line[i] = (line[i] + [0, left, up, (left + up) // 2, paeth][kind]) & 255
        rows.append(b"\0" + bytes(line[:size * 4]))
        before = line
    chunk = lambda kind, body: struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    head = struct.pack(">IIBBBBB", size, size, 8, 6, 0, 0, 0)
    return png[:8] + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"".join(rows), 9)) + chunk(b"IEND", b"")


drawn = {size: draw(size) for size in (16, 32, 48, 64, 128, 256, 512)}
for name, size in (("32x32", 32), ("128x128", 128), ("128x128@2x", 256), ("icon", 512)):
    pathlib.Path(name + ".png").write_bytes(drawn[size])

ico, at = b"", 6 + 16 * 5
sizes = (16, 32, 48, 64, 256)
for size in sizes:
    ico += struct.pack("<BBBBHHII", size % 256, size % 256, 0, 0, 1, 32, len(drawn[size]), at)
    at += len(drawn[size])
pathlib.Path("icon.ico").write_bytes(struct.pack("<HHH", 0, 1, len(sizes)) + ico + b"".join(drawn[s] for s in sizes))

icns = b"".join(kind + struct.pack(">I", 8 + len(drawn[size])) + drawn[size]
                for kind, size in ((b"icp4", 16), (b"icp5", 32), (b"icp6", 64), (b"ic07", 128), (b"ic08", 256), (b"ic09", 512)))
pathlib.Path("icon.icns").write_bytes(b"icns" + struct.pack(">I", 8 + len(icns)) + icns)
