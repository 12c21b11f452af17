"""Settings: from the environment, checked, described."""

import dataclasses
from pathlib import Path

import pytest

from config import ROOT, SETTINGS, SettingInvalid, Settings


def test_empty_environment_gives_the_described_defaults() -> None:
    assert Settings.from_environment({}) == Settings()


def test_every_field_has_a_described_setting() -> None:
    assert len(SETTINGS) == len(dataclasses.fields(Settings))
    assert len({setting.name for setting in SETTINGS}) == len(SETTINGS)
    assert all(setting.meaning_zh and setting.meaning_en for setting in SETTINGS)


@pytest.mark.parametrize(
    ("name", "value", "field", "expected"),
    [
        ("HOST", "0.0.0.0", "host", "0.0.0.0"),  # noqa: S104 - a value to read, nothing is bound
        ("PORT", "9001", "port", 9001),
        ("DATABASE_URL", "postgresql://a@b/c", "database_url", "postgresql://a@b/c"),
        ("DATABASE_OWNER_URL", "postgresql://o@b/c", "database_owner_url", "postgresql://o@b/c"),
        ("SANSHEN_TLS", "1", "tls", True),
        ("SANSHEN_UPLOAD_LIMIT", "1000", "upload_limit", 1000),
        ("SANSHEN_SESSION_MINUTES", "5", "session_minutes", 5),
        ("SANSHEN_LOCALE", "en", "locale", "en"),
        ("SANSHEN_DEMO", "0", "demo", False),
        ("SANSHEN_LOG_LEVEL", "DEBUG", "log_level", "DEBUG"),
        ("SANSHEN_WEB_THREADS", "3", "web_threads", 3),
    ],
)
def test_each_variable_sets_its_field_alone(name: str, value: str, field: str, expected: object) -> None:
    changed = dataclasses.replace(Settings(), **{field: expected})  # type: ignore[arg-type]
    assert Settings.from_environment({name: value}) == changed
    assert changed != Settings()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "８０００"),
        ("PORT", "web"),
        ("SANSHEN_TLS", "yes"),
        ("SANSHEN_LOCALE", "fr"),
        ("SANSHEN_UPLOAD_LIMIT", "-1"),
        ("SANSHEN_LOG_LEVEL", "LOUD"),
    ],
)
def test_unusable_value_is_refused_by_name(name: str, value: str) -> None:
    with pytest.raises(SettingInvalid) as refused:
        Settings.from_environment({name: value})
    assert refused.value.name == name
    assert value in str(refused.value)


def test_default_data_directory_lies_in_the_project_from_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    assert Settings.from_environment({}).data_dir == ROOT / "data"
    assert Settings.from_environment({"SANSHEN_DATA": "mine"}).data_dir == tmp_path / "mine"


def test_readme_lists_every_setting() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert [setting.name for setting in SETTINGS if f"`{setting.name}`" not in readme] == []
