"""What the laboratory needs and the machine does not have: servers from Debian,
unpacked into a folder (installed, their packages would push each other out, and
start on this machine's ports; the libraries that they need are in
packaging/deps.txt), and a parser from npm."""
import pathlib
import shutil
import subprocess

HERE = pathlib.Path(__file__).resolve().parent
CACHE = HERE.parents[1] / "build" / "lab"
SERVERS = ["nsd", "unbound", "postfix", "opensmtpd", "dovecot-core"]
ROOTS = {name: CACHE / name for name in SERVERS}
MAILPARSER = CACHE / "mailparser"


class Missing(Exception):
    """Cannot be had here; the text says why."""


def try_to(folder, *command):
    """None, or why it failed."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=300)
    return None if done.returncode == 0 else f"{' '.join(command)}: {(done.stderr.strip().splitlines() or [''])[-1]}"


def unpack(name):
    root, debs = ROOTS[name], CACHE / "debs"
    if root.exists():
        return
    debs.mkdir(parents=True, exist_ok=True)
    if not list(debs.glob(f"{name}_*.deb")):
        why = try_to(debs, "apt-get", "download", name)
        if why:
            try_to(debs, "apt-get", "update")
            why = try_to(debs, "apt-get", "download", name)
        if why:
            raise Missing(why)
    part = root.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    subprocess.run(["dpkg-deb", "-x", next(debs.glob(f"{name}_*.deb")), part], check=True, timeout=60)
    part.rename(root)


def install_mailparser():
    """None, or why it cannot be had."""
    if (MAILPARSER / "node_modules").exists():
        return None
    if not (shutil.which("npm") and shutil.which("node")):
        return "npm or node is not installed"
    part = MAILPARSER.with_suffix(".part")
    shutil.rmtree(part, ignore_errors=True)
    shutil.copytree(HERE / "mailparser", part)
    why = try_to(part, "npm", "ci", "--no-audit", "--no-fund")
    if not why:
        shutil.rmtree(MAILPARSER, ignore_errors=True)
        part.rename(MAILPARSER)
    return why


def get_all():
    """Downloads what is missing; raises Missing."""
    for name in SERVERS:
        unpack(name)
    install_mailparser()
