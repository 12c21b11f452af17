"""The port for signing PDFs with a certificate, and PAdES by pyHanko behind it.

Configured by a TOML file (setting SANSHEN_SIGNING); without one documents are issued unsigned and say so:

    kind = "pkcs12"                 # or "pkcs11": a token or HSM
    file = "authority.p12"          # beside this file, or absolute
    password_file = "authority.pass"

    kind = "pkcs11"
    library = "/usr/lib/libsofthsm2.so"
    token = "authority"
    certificate = "signing"         # label of certificate and key
    pin_file = "token.pin"

The level is PAdES B-B (ETSI EN 319 142-1): no timestamp of a third party. pyHanko is only loaded when configured.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, Final, Protocol

FIELD: Final = "Authority"


class SigningUnavailable(ValueError):
    """The configured certificate can't be used; the message says why, in both languages."""


class Signer(Protocol):
    """Signs a finished PDF. `subject` is the subject of its certificate."""

    @property
    def subject(self) -> str: ...

    def sign(self, pdf: bytes, *, reason: str) -> bytes:
        """The PDF with a signature over all of it."""


@dataclass(frozen=True)
class PadesSigner:
    """PAdES B-B with a pyHanko signer over a certificate from a file or a token."""

    signer: Any

    @property
    def subject(self) -> str:
        return str(self.signer.signing_cert.subject.human_friendly)

    def sign(self, pdf: bytes, *, reason: str) -> bytes:
        from pyhanko.pdf_utils.incremental_writer import IncrementalPdfFileWriter
        from pyhanko.sign import fields, signers

        about = signers.PdfSignatureMetadata(
            field_name=FIELD,
            md_algorithm="sha256",
            subfilter=fields.SigSeedSubFilter.PADES,
            reason=reason,
        )
        # The library runs an event loop of its own, which the thread of a caller with a loop doesn't allow.
        with ThreadPoolExecutor(1) as apart:
            signed = apart.submit(
                signers.sign_pdf, IncrementalPdfFileWriter(BytesIO(pdf)), about, signer=self.signer
            )
        return bytes(signed.result().getvalue())


@dataclass(frozen=True)
class Issuing:
    """What this installation issues documents with; see the settings SANSHEN_PUBLIC_URL and SANSHEN_SIGNING."""

    public_url: str = ""
    """Where the public reaches this system, without a slash at the end; empty: the QR code holds only the code."""
    fonts: Path | None = None
    """A folder with fonts for characters that the shipped ones lack."""
    signer: Signer | None = None


def load_signer(path: Path | None) -> Signer | None:
    """The signer that the configuration names, None without one. Raise SigningUnavailable."""
    if path is None:
        return None
    try:
        table = tomllib.loads(path.read_text("utf-8"))
        loaded = _LOADERS[table["kind"]](table, path.parent)
    except (OSError, KeyError, ValueError, ImportError) as error:
        raise SigningUnavailable(
            f"签名证书不能用 / the signing certificate can't be used: {path}: {error!r}"
        ) from error
    if loaded is None:
        raise SigningUnavailable(f"证书或者口令不对 / wrong certificate or password: {path}")
    return PadesSigner(loaded)


def _secret(table: Mapping[str, Any], key: str, folder: Path) -> str:
    return (folder / table[key]).read_text("utf-8").strip() if key in table else ""


def _pkcs12(table: Mapping[str, Any], folder: Path) -> Any:
    from pyhanko.sign import signers

    passphrase = _secret(table, "password_file", folder).encode() or None
    load: Any = signers.SimpleSigner.load_pkcs12
    return load(str(folder / table["file"]), passphrase=passphrase)


def _pkcs11(table: Mapping[str, Any], folder: Path) -> Any:
    """Needs python-pkcs11, which only an office with a token installs."""
    from pyhanko.config.pkcs11 import TokenCriteria
    from pyhanko.sign.pkcs11 import PKCS11Signer, open_pkcs11_session

    wanted = TokenCriteria(label=table["token"])
    pin = _secret(table, "pin_file", folder)
    session = open_pkcs11_session(table["library"], token_criteria=wanted, user_pin=pin)
    return PKCS11Signer(session, cert_label=table["certificate"], key_label=table["certificate"])


_LOADERS: Final = {"pkcs12": _pkcs12, "pkcs11": _pkcs11}
