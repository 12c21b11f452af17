"""The PDF of an issued document: all of the page's words, PDF/A with its fonts inside, the same bytes again."""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import pkcs12
from cryptography.x509.oid import NameOID
from lxml import html
from pypdf import PdfReader

from app.kernel.documents.pdf import CharacterUnprintable, Marks, SealMark, blocks_of, render_pdf
from app.kernel.documents.signing import PadesSigner, SigningUnavailable, load_signer
from app.kernel.documents.verification import ALPHABET, new_code, normal_code

T = TypeVar("T")

AT = datetime(2026, 3, 10, 2, tzinfo=UTC)
MARKS = Marks(
    "认定工伤决定书",
    "银人社工认〔2026〕63号",
    "银川市人力资源和社会保障局",
    code="K7QM-4TZP-9XWD",
    where="在 https://gs.example/verify 输入核验码。",
    signing="本文件未作电子签名。",
    address="https://gs.example/verify/K7QM-4TZP-9XWD",
)
PAGE = """
<article class="paper" lang="zh-CN">
  <p class="paper-authority">银川市人力资源和社会保障局</p>
  <h1 class="paper-title">认定工伤决定书</h1>
  <p class="paper-number">银人社工认〔2026〕63号</p>
  <table class="paper-table"><tbody>
    <tr><th scope="row">职工姓名</th><td>苏国栋 &lt;b&gt;#panic()</td></tr>
    <tr><td colspan="2">合并一格</td></tr>
  </tbody></table>
  散落的字
  <h2 class="paper-heading">受伤害经过</h2>
  <p>第一行<br>第二行，<strong>加粗</strong>与<u>划线</u>。</p>
  <ul><li>其一</li><li>其二</li></ul>
  <div class="unknown"><p>不认识的容器</p></div>
  <p class="paper-line">签收人</p>
  <div class="paper-seal">
    <p>银川市人力资源和社会保障局</p><p class="paper-stamp">（工伤认定专用章）</p><p>2026年3月10日</p>
  </div>
  <p class="paper-foot">案号：640100-2026-00001</p>
</article>
"""


def words_of(pdf: bytes) -> str:
    return re.sub(r"\s", "", "".join(page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages))


def test_no_word_of_the_page_is_lost_and_nothing_in_it_is_run() -> None:
    pdf = render_pdf(PAGE, MARKS, at=AT)
    printed = words_of(pdf)
    for text in html.fromstring(PAGE).itertext():
        assert re.sub(r"\s", "", text) in printed, text
    assert "#panic()" in printed
    for more in (MARKS.code, MARKS.signing, "第1页，共1页"):
        assert re.sub(r"\s", "", more) in printed


def test_it_is_pdf_a_with_every_font_inside_and_the_same_bytes_again() -> None:
    pdf = render_pdf(PAGE, MARKS, at=AT)
    assert pdf == render_pdf(PAGE, MARKS, at=AT)
    assert pdf != render_pdf(PAGE, MARKS, at=AT + timedelta(days=1))
    reader = PdfReader(io.BytesIO(pdf))
    about = reader.trailer["/Root"]["/Metadata"].get_object().get_data().decode()
    assert "<pdfaid:part>2</pdfaid:part>" in about
    assert "<pdfaid:conformance>A</pdfaid:conformance>" in about
    fonts = [font.get_object() for page in reader.pages for font in page["/Resources"]["/Font"].values()]
    assert fonts
    for font in fonts:
        inner = font["/DescendantFonts"][0].get_object()
        assert any(key.startswith("/FontFile") for key in inner["/FontDescriptor"].get_object())


def test_a_seal_takes_the_place_of_the_word_for_it() -> None:
    sealed = Marks(
        MARKS.title, MARKS.number, MARKS.authority, seal=SealMark(MARKS.authority, "工伤认定专用章")
    )
    without = words_of(render_pdf(PAGE, Marks(MARKS.title, MARKS.number, MARKS.authority), at=AT))
    assert "（工伤认定专用章）" in without
    printed = words_of(render_pdf(PAGE, sealed, at=AT))
    assert "（工伤认定专用章）" not in printed
    assert "工伤认定专用章" in printed


def test_a_character_no_font_has_is_told_by_name() -> None:
    with pytest.raises(CharacterUnprintable) as refused:
        render_pdf("<p>职工：李𰻞😀</p>", MARKS, at=AT, fonts=Path("/nowhere/fonts"))
    assert refused.value.params["folder"] == "/nowhere/fonts"
    assert set(str(refused.value.params["characters"])) & {"𰻞", "😀"}


def test_white_space_is_what_a_page_shows() -> None:
    (block,) = blocks_of("<p>\n  一  行\n  又一行 <b> 粗 </b>\n</p>")
    assert block["c"] == ["一 行 又一行 ", {"t": "b", "c": ["粗"]}]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A signing configuration over a key pair of this test's own."""
    folder = tmp_path_factory.mktemp("signing")
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "三审测试签名证书")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=30))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.KeyUsage(True, True, False, False, False, True, False, False, False),
            critical=True,
        )
        .sign(key, hashes.SHA256())
    )
    secret = serialization.BestAvailableEncryption(b"test")
    (folder / "authority.p12").write_bytes(
        pkcs12.serialize_key_and_certificates(b"a", key, made, None, secret)
    )
    (folder / "authority.pass").write_text("test")
    config = folder / "signing.toml"
    config.write_text('kind = "pkcs12"\nfile = "authority.p12"\npassword_file = "authority.pass"\n')
    return config


def apart(call: Callable[[], T]) -> T:
    """What a call that runs an event loop of its own gives; a browser of other tests may hold this thread's."""
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(call).result()


def test_a_signature_is_pades_over_the_whole_file_and_breaks_with_it(certificate: Path) -> None:
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext

    signer = load_signer(certificate)
    assert isinstance(signer, PadesSigner)
    assert "三审测试签名证书" in signer.subject

    async def signed_in_a_loop() -> bytes:
        return signer.sign(render_pdf(PAGE, MARKS, at=AT), reason="认定工伤决定书")

    signed = apart(lambda: asyncio.run(signed_in_a_loop()))

    def status(pdf: bytes) -> tuple[bool, bool, str]:
        embedded = PdfFileReader(io.BytesIO(pdf)).embedded_signatures[0]
        trusted = ValidationContext(trust_roots=[signer.signer.signing_cert], allow_fetching=False)
        found = apart(lambda: validate_pdf_signature(embedded, trusted))
        return found.intact and found.valid, found.trusted, str(embedded.sig_object["/SubFilter"])

    assert status(signed) == (True, True, "/ETSI.CAdES.detached")
    place = signed.index(b"stream") + 100  # inside the first stream
    broken = signed[:place] + bytes([signed[place] ^ 1]) + signed[place + 1 :]
    assert status(broken)[0] is False


def test_a_wrong_password_is_told_at_start_up(certificate: Path) -> None:
    wrong = certificate.with_name("wrong.toml")
    wrong.write_text('kind = "pkcs12"\nfile = "authority.p12"\n')
    with pytest.raises(SigningUnavailable, match=r"wrong\.toml"):
        load_signer(wrong)
    with pytest.raises(SigningUnavailable):
        load_signer(certificate.with_name("missing.toml"))
    assert load_signer(None) is None


def test_codes_can_be_typed_in_any_case_with_or_without_dashes() -> None:
    codes = {new_code() for _ in range(200)}
    assert len(codes) == 200
    for code in codes:
        assert set(code) <= {*ALPHABET, "-"}
        assert normal_code(code.lower().replace("-", " ")) == code
    assert [normal_code(typed) for typed in ("", "K7QM-4TZP", "K7QM-4TZP-9XW0", "'; DROP")] == [None] * 4


def test_the_code_stands_beside_the_seal_and_takes_no_sheet_of_its_own() -> None:
    reasons = "<p>事实和理由的一段话。</p>" * 9
    page = PAGE.replace('<p class="paper-line">', f'{reasons}<p class="paper-line">')
    sealed = replace(MARKS, seal=SealMark(MARKS.authority, "工伤认定专用章"))
    reader = PdfReader(io.BytesIO(render_pdf(page, sealed, at=AT)))
    assert len(reader.pages) == 1
    assert MARKS.code in reader.pages[0].extract_text()
