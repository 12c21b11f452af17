"""Small real files for made-up cases: a page as PDF, a scan as PNG, a photograph as JPEG."""

from __future__ import annotations

import random
import struct
import zlib

from app.kernel.engine.materials import Upload

KINDS = {
    "application_form": "工伤认定申请表",
    "employment_proof": "劳动合同",
    "diagnosis_proof": "诊断证明书",
    "investigation_record": "调查笔录",
}
_QUANTISER = 16
# Lengths of the codes of DC categories 0–11 (ISO/IEC 10918-1, table K.3), and one AC code: end of block.
_DC_COUNTS = (0, 1, 5, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0)
_AC_COUNTS = (1, *[0] * 15)


def application_form(name: str, case_line: str) -> Upload:
    """The applicant's form, one page."""
    lines = [KINDS["application_form"], f"职工：{name}", case_line, "（演示材料，人名单位均为虚构）"]
    return Upload("application_form", "工伤认定申请表.pdf", "application/pdf", pdf_page(lines), "applicant")


def employment_proof(rng: random.Random) -> Upload:
    """A scan of the labour contract."""
    content = png_scan(rng.randrange(12))
    return Upload("employment_proof", "劳动合同扫描件.png", "image/png", content, "applicant")


def diagnosis_proof(rng: random.Random) -> Upload:
    """A photograph of the diagnosis."""
    content = jpeg_mosaic(rng.randrange(12))
    return Upload("diagnosis_proof", "诊断证明书照片.jpg", "image/jpeg", content, "applicant")


def return_slip(task_id: int) -> Upload:
    """What proves that a party received: the slip it signed."""
    content = pdf_page(["送达回证", f"任务 {task_id}", "（演示材料）"])
    return Upload("service_receipt", "送达回证.pdf", "application/pdf", content, "officer")


def pdf_page(lines: list[str]) -> bytes:
    """One A4 page of Chinese text in a font every reader has for PDF's own GB collection."""
    text = "".join(
        f"BT /F1 {18 if place == 0 else 12} Tf 72 {760 - 32 * place} Td <{line.encode('utf-16-be').hex()}> Tj ET\n"
        for place, line in enumerate(lines)
    ).encode()
    font = (
        b"<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light /Encoding /UniGB-UCS2-H /DescendantFonts"
        b" [<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /CIDSystemInfo << /Registry (Adobe)"
        b" /Ordering (GB1) /Supplement 2 >> /DW 1000 /FontDescriptor << /Type /FontDescriptor /FontName"
        b" /STSong-Light /Flags 6 /FontBBox [-25 -254 1000 880] /ItalicAngle 0 /Ascent 880 /Descent -120"
        b" /CapHeight 880 /StemV 93 >> >>] >>"
    )
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Contents 4 0 R"
        b" /Resources << /Font << /F1 5 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%sendstream" % (len(text), text),
        font,
    ]
    return _pdf_file(objects)


def _pdf_file(objects: list[bytes]) -> bytes:
    out = bytearray(b"%PDF-1.4\n")
    offsets = []
    for number, body in enumerate(objects, start=1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    start = len(out)
    out += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    out += b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    out += b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, start)
    return bytes(out)


def png_scan(seed: int, width: int = 180, height: int = 250) -> bytes:
    """Grey lines on white, like a page of text seen from far."""
    rng = random.Random(seed)
    rows = bytearray()
    for y in range(height):
        ink = y % 14 in (6, 7, 8) and 20 < y < height - 20
        end = rng.randint(100, width - 15)
        rows += b"\0" + bytes(130 if ink and 15 < x < end else 250 for x in range(width))
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(rows), 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def jpeg_mosaic(seed: int, width: int = 20, height: int = 26) -> bytes:
    """A grey baseline JPEG of `width` × `height` blocks, each of one brightness (DC coefficients only)."""
    rng = random.Random(seed)
    bits, last = "", 0
    for place in range(width * height):
        shade = 60 if place % width in (0, width - 1) else 40 + rng.randint(-12, 12)
        bits += _dc_bits(shade - last) + "0"
        last = shade
    bits += "1" * (-len(bits) % 8)
    data = int(bits, 2).to_bytes(len(bits) // 8, "big").replace(b"\xff", b"\xff\0")
    frame = struct.pack(">BHHBBBB", 8, height * 8, width * 8, 1, 1, 0x11, 0)
    return b"".join(
        (
            b"\xff\xd8",
            _segment(0xE0, b"JFIF\0\1\1\0\0\1\0\1\0\0"),
            _segment(0xDB, b"\0" + bytes([_QUANTISER] * 64)),
            _segment(0xC0, frame),
            _segment(0xC4, b"\0" + bytes(_DC_COUNTS) + bytes(range(12))),
            _segment(0xC4, b"\x10" + bytes(_AC_COUNTS) + b"\0"),
            _segment(0xDA, b"\1\1\0\0\x3f\0"),
            data,
            b"\xff\xd9",
        )
    )


def _segment(marker: int, body: bytes) -> bytes:
    return struct.pack(">BBH", 0xFF, marker, len(body) + 2) + body


def _dc_codes() -> list[str]:
    codes, code = [], 0
    for length, count in enumerate(_DC_COUNTS, start=1):
        for _ in range(count):
            codes.append(f"{code:0{length}b}")
            code += 1
        code <<= 1
    return codes


def _dc_bits(difference: int) -> str:
    category = abs(difference).bit_length()
    if category == 0:
        return _dc_codes()[0]
    value = difference if difference > 0 else difference + (1 << category) - 1
    return _dc_codes()[category] + f"{value:0{category}b}"
