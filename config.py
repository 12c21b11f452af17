"""Settings of the application: every one comes from the environment and is described in `SETTINGS`.

DATABASE_OWNER_URL may change the schema. It is for migrations only: `sanshen serve` never hands it to the web
server or the worker.
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent


class SettingInvalid(ValueError):
    """A value in the environment can't be used; `name` and `value` say which."""

    def __init__(self, name: str, value: str, expected: str) -> None:
        super().__init__(f"{name}={value!r}: 应为 {expected} / expected {expected}")
        self.name = name
        self.value = value


@dataclass(frozen=True)
class Setting:
    """One variable of the environment: its name, the value when unset and what it means."""

    name: str
    default: str
    meaning_zh: str
    meaning_en: str


SETTINGS: tuple[Setting, ...] = (
    Setting("HOST", "127.0.0.1", "网页服务监听的地址", "address the web server listens on"),
    Setting("PORT", "8000", "网页服务监听的端口", "port the web server listens on"),
    Setting(
        "SANSHEN_DATA",
        "./data",
        "数据目录：内置数据库、附件、密钥、日志",
        "data directory: embedded database, attachments, keys, logs",
    ),
    Setting(
        "DATABASE_URL",
        "",
        "PostgreSQL 连接地址；不设则使用内置数据库",
        "PostgreSQL to use; unset means the embedded server",
    ),
    Setting(
        "DATABASE_OWNER_URL",
        "",
        "数据库属主的连接地址，仅用于迁移，绝不交给网页与后台进程",
        "the schema owner's PostgreSQL URL, for migrations only, never given to web or worker",
    ),
    Setting(
        "SANSHEN_TLS", "0", "1：经 HTTPS 提供服务（__Host- Cookie）", "1: served over HTTPS (__Host- cookies)"
    ),
    Setting(
        "SANSHEN_UPLOAD_LIMIT", str(20 * 1024 * 1024), "单个上传文件的字节上限", "largest upload in bytes"
    ),
    Setting(
        "SANSHEN_SESSION_MINUTES",
        "30",
        "无操作多少分钟后须重新登录",
        "minutes of idleness until log-in is asked",
    ),
    Setting(
        "SANSHEN_LOCALE", "zh", "默认界面语言：zh 或 en", "language of the interface by default: zh or en"
    ),
    Setting(
        "SANSHEN_DEMO",
        "1",
        "1：数据库为空时载入演示地区",
        "1: load the demonstration region when the database is empty",
    ),
    Setting(
        "SANSHEN_PUBLIC_URL",
        "",
        "公众访问本系统的网址，印在文书的核验二维码里",
        "address at which the public reaches the system, in the QR code of documents",
    ),
    Setting(
        "SANSHEN_SIGNING",
        "",
        "电子签名证书的配置文件（docs/documents.md）；不设则文书不签名",
        "configuration of the signing certificate (docs/documents.md); unset, documents are unsigned",
    ),
    Setting("SANSHEN_LOG_LEVEL", "INFO", "日志级别", "level of the log"),
    Setting("SANSHEN_WEB_THREADS", "8", "网页服务的线程数", "threads of the web server"),
)
DEFAULTS = {setting.name: setting.default for setting in SETTINGS}
LOG_LEVELS = ("DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL")


@dataclass(frozen=True)
class Settings:
    """What the environment says, checked. Sizes in bytes, paths absolute, URLs None when unset."""

    host: str = "127.0.0.1"
    port: int = 8000
    data_dir: Path = ROOT / "data"
    database_url: str | None = None
    database_owner_url: str | None = None
    tls: bool = False
    upload_limit: int = 20 * 1024 * 1024
    session_minutes: int = 30
    locale: str = "zh"
    demo: bool = True
    public_url: str = ""
    signing: Path | None = None
    log_level: str = "INFO"
    web_threads: int = 8

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """Read the settings.

        Raises SettingInvalid, which names the variable, for a value that can't be used.
        """
        source = _Source(os.environ if environ is None else environ)
        return cls(
            host=source.text("HOST"),
            port=source.number("PORT", 1, 65535),
            data_dir=_data_dir(source.text("SANSHEN_DATA")),
            database_url=source.text("DATABASE_URL") or None,
            database_owner_url=source.text("DATABASE_OWNER_URL") or None,
            tls=source.flag("SANSHEN_TLS"),
            upload_limit=source.number("SANSHEN_UPLOAD_LIMIT", 1, 2**40),
            session_minutes=source.number("SANSHEN_SESSION_MINUTES", 1, 24 * 60),
            locale=source.choice("SANSHEN_LOCALE", ("zh", "en")),
            demo=source.flag("SANSHEN_DEMO"),
            public_url=source.address("SANSHEN_PUBLIC_URL"),
            signing=source.path("SANSHEN_SIGNING"),
            log_level=source.choice("SANSHEN_LOG_LEVEL", LOG_LEVELS),
            web_threads=source.number("SANSHEN_WEB_THREADS", 1, 256),
        )


def _data_dir(value: str) -> Path:
    """The default lies in the project, wherever the command is started; a given relative path is the user's."""
    if value == DEFAULTS["SANSHEN_DATA"]:
        return ROOT / "data"
    return Path(value).expanduser().absolute()


class _Source:
    def __init__(self, environ: Mapping[str, str]) -> None:
        self._environ = environ

    def text(self, name: str) -> str:
        return self._environ.get(name, "").strip() or DEFAULTS[name]

    def address(self, name: str) -> str:
        value = self.text(name).rstrip("/")
        if value and not value.startswith(("https://", "http://")):
            raise SettingInvalid(name, value, "https://…")
        return value

    def path(self, name: str) -> Path | None:
        value = self.text(name)
        return Path(value).expanduser().absolute() if value else None

    def number(self, name: str, low: int, high: int) -> int:
        value = self.text(name)
        if not (value.isascii() and value.isdigit()) or not low <= int(value) <= high:
            raise SettingInvalid(name, value, f"{low}…{high}")
        return int(value)

    def flag(self, name: str) -> bool:
        return self.choice(name, ("0", "1")) == "1"

    def choice(self, name: str, allowed: tuple[str, ...]) -> str:
        value = self.text(name)
        if value not in allowed:
            raise SettingInvalid(name, value, " | ".join(allowed))
        return value
