"""The face's own defences, without a database: headers, tokens, origins, addresses to go back to."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.faces.web import create_app
from app.faces.web.built_assets import NEEDED, Assets
from app.faces.web.shell import safe_next
from app.kernel.kernel import Kernel
from app.storage.blobs import BlobStore
from app.storage.crypto import KeyRing
from app.storage.database import Database
from config import Settings

HERE = "http://localhost"


def application(tmp_path: Path, *, tls: bool = False) -> Flask:
    kernel = Kernel(
        database=Database("postgresql://nobody@127.0.0.1:9/none"),
        keyring=KeyRing.create(tmp_path / "keys"),
        blobs=BlobStore(tmp_path / "blobs"),
    )
    app = create_app(kernel, Settings(data_dir=tmp_path, tls=tls, upload_limit=1000))
    app.extensions["sanshen_assets"] = assets = Assets(tmp_path)
    app.jinja_env.globals["asset"] = assets.url
    (tmp_path / "dist").mkdir()
    (tmp_path / "dist/manifest.json").write_text(json.dumps({name: name for name in NEEDED}))
    return app


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    return application(tmp_path).test_client()


def token(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found is not None
    return found.group(1)


def test_every_script_and_policy_share_one_nonce_that_changes(client: FlaskClient) -> None:
    seen = set()
    for _ in range(2):
        answer = client.get("/login")
        policy = answer.headers["Content-Security-Policy"]
        nonces = set(re.findall(r'nonce="([^"]+)"', answer.text))
        assert len(nonces) == 1
        assert f"'nonce-{nonces.copy().pop()}'" in policy
        assert "unsafe" not in policy
        seen |= nonces
    assert len(seen) == 2


def test_safety_headers_are_on_every_answer(client: FlaskClient) -> None:
    for path in ("/login", "/health/live", "/no-such-page"):
        headers = client.get(path).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["X-Frame-Options"] == "DENY"
        assert headers["Cache-Control"] == "no-store"
        assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]


def test_post_without_token_is_refused(client: FlaskClient) -> None:
    answer = client.post("/language", data={"language": "en"}, headers={"Origin": HERE})
    assert answer.status_code == 403
    assert "sanshen_lang" not in answer.headers.get("Set-Cookie", "")


def test_post_with_somebody_elses_token_is_refused(client: FlaskClient, tmp_path: Path) -> None:
    elsewhere = tmp_path / "other"
    elsewhere.mkdir()
    other = application(elsewhere).test_client()
    foreign = token(other.get("/login").text)
    client.get("/login")
    answer = client.post(
        "/language", data={"language": "en", "csrf_token": foreign}, headers={"Origin": HERE}
    )
    assert answer.status_code == 403


@pytest.mark.parametrize("headers", [{"Origin": "http://evil.example"}, {"Origin": "null"}, {}])
def test_post_from_elsewhere_is_refused(client: FlaskClient, headers: dict[str, str]) -> None:
    mine = token(client.get("/login").text)
    answer = client.post("/language", data={"language": "en", "csrf_token": mine}, headers=headers)
    assert answer.status_code == 403


def test_post_with_token_from_here_is_carried_out(client: FlaskClient) -> None:
    mine = token(client.get("/login").text)
    answer = client.post("/language", data={"language": "en", "csrf_token": mine}, headers={"Origin": HERE})
    assert answer.status_code == 302
    assert 'lang="en"' in client.get("/login").text


def test_pages_behind_log_in_lead_there_and_back(client: FlaskClient) -> None:
    answer = client.get("/?tab=all")
    assert (answer.status_code, answer.headers["Location"]) == (302, "/login?next=/?tab%3Dall")


def test_posted_form_of_a_signed_out_officer_is_kept_and_not_carried_out(client: FlaskClient) -> None:
    answer = client.post(
        "/tasks/1/complete",
        data={"opinion": "写了一半", "csrf_token": "old", "outcome": "agree"},
        headers={"Origin": HERE},
    )
    assert answer.status_code == 401
    assert 'name="draft.opinion" value="写了一半"' in answer.text
    assert "draft.csrf_token" not in answer.text


def test_cookies_over_tls_carry_the_host_prefix_rules(tmp_path: Path) -> None:
    client = application(tmp_path, tls=True).test_client()
    answer = client.get("/login", base_url="https://localhost")
    cookie = answer.headers["Set-Cookie"]
    assert "Secure" in cookie
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert "Strict-Transport-Security" in answer.headers
    assert client.application.config["SANSHEN_COOKIE"] == "__Host-sanshen"


def test_oversized_body_is_refused_with_a_page(client: FlaskClient) -> None:
    mine = token(client.get("/login").text)
    data = {"csrf_token": mine, "filler": "x" * (3 * 1024 * 1024)}
    answer = client.post("/language", data=data, headers={"Origin": HERE})
    assert answer.status_code == 413
    assert "文件太大" in answer.text


def test_unknown_page_says_what_to_do(client: FlaskClient) -> None:
    answer = client.get("/health/nothing")
    assert answer.status_code == 404
    assert "没有这一页" in answer.text


def test_health_says_what_is_wrong(client: FlaskClient) -> None:
    assert client.get("/health/live").json == {"status": "live"}
    ready = client.get("/health/ready")
    assert ready.status_code == 503
    assert ready.json is not None
    assert ready.json["wrong"], "a database that does not answer is something wrong"


def test_fault_is_told_without_its_details(client: FlaskClient) -> None:
    client.set_cookie("sanshen", "some-token")  # looking it up fails: there is no database
    answer = client.get("/")
    assert answer.status_code == 500
    assert "Traceback" not in answer.text
    assert "psycopg" not in answer.text
    assert answer.headers["X-Request-Id"] in answer.text


def test_request_id_of_a_proxy_is_kept_only_when_well_formed(client: FlaskClient) -> None:
    assert (
        client.get("/login", headers={"X-Request-Id": "abcdef12-34"}).headers["X-Request-Id"] == "abcdef12-34"
    )
    assert client.get("/login", headers={"X-Request-Id": "<script>"}).headers["X-Request-Id"] != "<script>"


@pytest.mark.parametrize(
    "address",
    ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:alert(1)", "", "/a\nb"],
)
def test_address_outside_the_site_leads_to_the_queue(tmp_path: Path, address: str) -> None:
    with application(tmp_path).test_request_context():
        assert safe_next(address) == "/"


def test_address_inside_the_site_is_kept(tmp_path: Path) -> None:
    with application(tmp_path).test_request_context():
        assert safe_next("/cases/7/?reveal=x") == "/cases/7/?reveal=x"
