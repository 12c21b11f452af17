"""What bin/test does inside the environment: style, types, tests."""

import argparse
import hashlib
import os
import secrets
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PYTHON = sys.executable
STAMPS = ROOT / ".stamps" / "long"
SEED_VARIABLE = "SANSHEN_TEST_SEED"
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FONTS = "fonts-noto-cjk"
WORKERS = "2"
NOTHING_COLLECTED = 5


def say(text: str) -> None:
    print(f"== {text}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(prog="bin/test", add_help=False)
    parser.add_argument("--long", action="store_true")
    chosen, passed_on = parser.parse_known_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    os.environ["PATH"] = f"{Path(PYTHON).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}"
    try:
        if chosen.long:
            return long_regime(passed_on)
        return short_regime(passed_on)
    except KeyboardInterrupt:
        print("!! 已中断 / interrupted", file=sys.stderr)
        return 130


def short_regime(passed_on: list[str]) -> int:
    """Everything but the long regimes; with arguments, only the tests they name."""
    browser = browser_ready()
    # Paths may be given relative to wherever the user stands.
    passed_on = [absolute(argument) for argument in passed_on]
    failed = [] if passed_on else [name for name in ("lint", "format", "types") if not check(name)]
    seed = os.environ.setdefault(SEED_VARIABLE, str(secrets.randbelow(2**32)))
    say(f"测试 / tests ({SEED_VARIABLE}={seed})")
    markers = "not long" if browser else "not long and not browser"
    # In the order of the folders: browsers and databases first, so that at the end only quick files are left to share.
    shared = ["-n", WORKERS, "--dist", "loadfile", "--no-loadscope-reorder"]
    status = pytest([*shared, "-m", markers, *passed_on], seed)
    if failed:
        say(f"未通过 / failed: {', '.join(failed)}")
    return status or (1 if failed else 0)


def check(name: str) -> bool:
    """Run one static check; true when it passes."""
    commands = {
        "lint": ["ruff", "check", "."],
        "format": ["ruff", "format", "--check", "--quiet", "."],
        "types": ["mypy"],
    }
    say(f"{name}: {' '.join(commands[name])}")
    return run([PYTHON, "-m", *commands[name]]) == 0


def long_regime(passed_on: list[str]) -> int:
    """The tests marked `long`, one file after the other; a file that passed for this tree and seed is skipped."""
    browser_ready()
    STAMPS.mkdir(parents=True, exist_ok=True)
    tree = tree_digest()
    kept_seed = STAMPS / f"{tree}.seed"
    if not kept_seed.exists():
        kept_seed.write_text(str(secrets.randbelow(2**32)))
    seed = os.environ.setdefault(SEED_VARIABLE, kept_seed.read_text())
    say(f"长测试 / long regimes ({SEED_VARIABLE}={seed})")
    statuses = [long_part(part, tree, seed, passed_on) for part in long_parts()]
    say(f"{statuses.count(0)} / {len(statuses)} 部分通过 / parts passed")
    return max(statuses, default=0)


def long_part(part: str, tree: str, seed: str, passed_on: list[str]) -> int:
    name = hashlib.sha256(f"{part}\0{passed_on}".encode()).hexdigest()[:16]
    stamp = STAMPS / f"{tree}-{seed}-{name}"
    if stamp.exists():
        say(f"{part}: 已完成，跳过 / done before, skipped")
        return 0
    say(part)
    began = time.monotonic()
    status = pytest(["-m", "long", part, *passed_on], seed)
    if status == 0:
        stamp.write_text(f"{part} {time.monotonic() - began:.0f} s\n")
    return status


def long_parts() -> list[str]:
    """The test files that hold at least one test marked `long`."""
    asked = [PYTHON, "-m", "pytest", "--collect-only", "-qq", "-m", "long"]
    done = subprocess.run(asked, cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode not in (0, NOTHING_COLLECTED):
        print(done.stdout, done.stderr, file=sys.stderr)
        sys.exit(done.returncode)
    names = (line.partition(":")[0] for line in done.stdout.splitlines() if ".py:" in line)
    return list(dict.fromkeys(names))


def tree_digest() -> str:
    """Of everything that can change a result: the commit and what differs from it; the files where there is no git."""
    total = hashlib.sha256()
    for command in (["git", "rev-parse", "HEAD"], ["git", "diff", "HEAD"], ["git", "status", "--porcelain"]):
        done = (
            subprocess.run(command, cwd=ROOT, capture_output=True, check=False)
            if shutil.which("git")
            else None
        )
        if done is None or done.returncode != 0:
            return files_digest()
        total.update(done.stdout)
    return total.hexdigest()[:16]


def files_digest() -> str:
    total = hashlib.sha256()
    for folder in ("app", "tests", "migrations", "workflows"):
        for path in sorted((ROOT / folder).rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                total.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return total.hexdigest()[:16]


def pytest(arguments: list[str], seed: str) -> int:
    return run([PYTHON, "-m", "pytest", f"--hypothesis-seed={seed}", *arguments])


def run(command: list[str]) -> int:
    """Run it in the foreground: Ctrl-C reaches it too, and we wait until it has cleared up."""
    process = subprocess.Popen(command, cwd=ROOT)
    try:
        return process.wait()
    except BaseException:
        # Ctrl-C was delivered to it by the terminal; a SIGTERM was for us alone.
        if not isinstance(sys.exc_info()[1], KeyboardInterrupt):
            process.send_signal(signal.SIGINT)
        process.wait()
        raise


def absolute(argument: str) -> str:
    path, separator, rest = argument.partition("::")
    if argument.startswith("-") or not Path(path).exists():
        return argument
    return f"{Path(path).resolve()}{separator}{rest}"


# -- the browser -------------------------------------------------------------------------------------------------


def browser_ready() -> bool:
    """Whether browser tests can run; installs what is missing where that is allowed.

    Exits when they can't and CI demands them.
    """
    missing = missing_packages()
    if missing and os.geteuid() == 0 and shutil.which("apt-get"):
        install(missing)
        missing = missing_packages()
    if not missing:
        return True
    say(
        f"缺少 {'、'.join(missing)}：浏览器测试不运行（Debian：apt-get install {' '.join(missing)}）"
        f" / missing {', '.join(missing)}: the browser tests are NOT run"
    )
    if os.environ.get("CI", "").lower() in ("true", "1"):
        say("CI=true：缺少浏览器即为失败 / a missing browser is a failure")
        sys.exit(1)
    return False


def missing_packages() -> list[str]:
    browser = os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, BROWSERS)), None)
    missing = [] if browser else ["chromium"]
    return missing if has_chinese_font() else [*missing, FONTS]


def has_chinese_font() -> bool:
    if not shutil.which("fc-list"):
        return any(Path("/usr/share/fonts").rglob("NotoSansCJK*"))
    listed = subprocess.run(["fc-list", ":lang=zh-cn", "family"], capture_output=True, text=True, check=False)
    return "Noto Sans CJK" in listed.stdout


def install(packages: list[str]) -> None:
    say(f"安装 / installing {', '.join(packages)} (apt-get)")
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    apt = ["apt-get", "-qq", "-o", "DPkg::Lock::Timeout=120"]
    for command in ([*apt, "update"], [*apt, "install", "--yes", "--no-install-recommends", *packages]):
        done = subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, check=False)
        if done.returncode != 0:
            say(f"{' '.join(command)}: 失败 / failed ({done.returncode})")
            return


if __name__ == "__main__":
    sys.exit(main())
