"""Two network namespaces that see nobody else: "here", where the sender runs and
this process lives, and "world", where every other host of the laboratory is.

run.py starts this process in new network, mount and process namespaces; all
that is made here goes with it. Hosts of the world have addresses below HOSTS4
and HOSTS6: each is local there, so that a server only has to bind it. Who
connects to one that nobody binds is refused at once; packets to BLACK_HOLE4
and BLACK_HOLE6 are lost.
"""
import contextlib
import ctypes
import os
import pathlib
import socket
import subprocess
import sys

HERE4, HERE6 = "192.0.2.1", "2001:db8::1"
WORLD4, WORLD6 = "192.0.2.2", "2001:db8::2"
HOSTS4, HOSTS6 = "198.18.0.0/16", "2001:db8:1::/64"
BLACK_HOLE4, BLACK_HOLE6 = "198.19.0.1", "2001:db8:2::1"
CLONE_NEWNET = 0x40000000
NAMESPACES = ["unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]


def refusal():
    """None, or why this machine lets us have no namespaces."""
    done = subprocess.run([*NAMESPACES, "true"], capture_output=True, text=True, timeout=20)
    return None if done.returncode == 0 else done.stderr.strip() or "no namespaces here"


def enter_command(*script):
    """Runs the script with Python in new namespaces. A shell is the first process there, and reaps what daemons leave."""
    return [*NAMESPACES, "sh", "-c", '"$@"; exit $?', "sh", sys.executable, *script]


def ip(*words, inside=False):
    where = ["nsenter", "--net=/run/netns/world"] if inside else []
    subprocess.run([*where, "ip", *words], check=True, capture_output=True, text=True, timeout=20)


def overlay(path, text):
    """This text in place of the file, for this mount namespace only."""
    target = os.path.realpath(path)
    copy = pathlib.Path("/run/lab") / target.strip("/").replace("/", "-")
    copy.write_text(text)
    copy.chmod(0o644)
    subprocess.run(["mount", "--bind", copy, target], check=True, timeout=20)


def mount(folder, target):
    """The folder in place of target, which is made when it is not there. That
    needs a layer above its parent, so that nothing is left on the machine."""
    target = pathlib.Path(target)
    if not target.exists():
        parent = target.parent
        while not parent.exists():
            parent = parent.parent
        layer = pathlib.Path("/run/lab") / ("layer" + str(parent).replace("/", "-"))
        for sub in ("up", "work"):
            (layer / sub).mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", "-t", "overlay", "overlay", "-o",
                        f"lowerdir={parent},upperdir={layer}/up,workdir={layer}/work", parent],
                       check=True, timeout=20)
        target.mkdir(parents=True)
    subprocess.run(["mount", "--bind", folder, target], check=True, timeout=20)


def make():
    """Raises CalledProcessError when the machine does not let us."""
    subprocess.run(["mount", "-t", "tmpfs", "-o", "mode=0755", "tmpfs", "/run"], check=True, timeout=20)
    pathlib.Path("/run/lab").mkdir()
    ip("netns", "add", "world")
    ip("link", "add", "lab0", "type", "veth", "peer", "name", "lab1", "netns", "world")
    for there, link, four, six in ((False, "lab0", HERE4, HERE6), (True, "lab1", WORLD4, WORLD6)):
        ip("link", "set", "lo", "up", inside=there)
        ip("addr", "add", f"{four}/24", "dev", link, inside=there)
        ip("addr", "add", f"{six}/64", "dev", link, "nodad", inside=there)
        ip("link", "set", link, "up", inside=there)
    ip("route", "add", "default", "via", WORLD4)
    ip("-6", "route", "add", "default", "via", WORLD6)
    for net in (HOSTS4, HOSTS6):
        family = "-6" if ":" in net else "-4"
        ip(family, "route", "add", "local", net, "dev", "lo", inside=True)
    with inside():
        pathlib.Path("/proc/sys/net/ipv6/ip_nonlocal_bind").write_text("1")
    ip("route", "add", "blackhole", f"{BLACK_HOLE4}/32", inside=True)
    ip("-6", "route", "add", "blackhole", f"{BLACK_HOLE6}/128", inside=True)


@contextlib.contextmanager
def inside():
    """Sockets that this thread makes meanwhile are the world's, and stay so."""
    libc = ctypes.CDLL(None, use_errno=True)
    here = os.open("/proc/thread-self/ns/net", os.O_RDONLY)
    world = os.open("/run/netns/world", os.O_RDONLY)
    try:
        if libc.setns(world, CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns")
        yield
    finally:
        libc.setns(here, CLONE_NEWNET)
        os.close(here)
        os.close(world)


def accepts(address, port):
    """Somebody listens there."""
    try:
        socket.create_connection((address, port), 5).close()
        return True
    except OSError:
        return False


def start(command, log, **how):
    """A program of the world's, in the foreground."""
    with open(log, "ab") as out:
        return subprocess.Popen(["nsenter", "--net=/run/netns/world", *command], stdin=subprocess.DEVNULL,
                                stdout=out, stderr=out, start_new_session=True, **how)
