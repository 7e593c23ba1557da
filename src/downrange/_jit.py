"""The only file that knows numba's flags, and where compiled kernels are kept.

numba's cache looks at the file of the function itself, so after an edit in a helper the old
physics would stay, silently. Each kernel file therefore gets a cache folder of its own, named
by a hash of its text and of every file that it imports, transitively: an edit recompiles what
depends on it and nothing else. Processes that need the same kernel at once compile it once: the
second waits for the first and reads what that has kept.
"""

from __future__ import annotations

import ast
import atexit
import hashlib
import os
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import IO, Any, ParamSpec, Protocol, TypeVar, cast

import numba
import platformdirs
from numba.core.compiler_lock import global_compiler_lock

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

P = ParamSpec("P")
R = TypeVar("R")
R_co = TypeVar("R_co", covariant=True)

KEEP_FOLDERS = 200  # a checkout has some 25 kernel files, so this is several edits of each
KEEP_S = 30 * 86400.0
YOUNG_S = 3600.0  # another process may be filling it
PATIENCE_S = 120.0  # with another process that compiles what is needed: twice the whole
LOOK_S = 0.02

_config: Any = numba.config
COMPILED = not _config.DISABLE_JIT  # NUMBA_DISABLE_JIT=1 runs kernels as plain Python
_unliteral: Any = numba.types.unliteral
_lock = threading.Lock()
_claims: set[Path] = set()  # of this process; the compiler's own lock guards it


class Kernel(Protocol[P, R_co]):
    """A compiled function: called like the plain one, which is its `py_func`."""

    py_func: Callable[..., Any]
    signatures: list[Any]
    stats: Any

    def compile(self, signature: tuple[Any, ...]) -> Any:
        """Compile it for these types of arguments, or read it from the cache."""

    def __call__(self, *args: P.args, **kwargs: P.kwargs) -> R_co:
        """Run it, compiling it first for a new set of argument types."""


def njit(function: Callable[P, R]) -> Kernel[P, R]:
    """Compile a kernel: IEEE arithmetic as written, without the GIL, kept on disk.

    Kernels only borrow the arrays of their caller, so they neither make nor return any, and no
    references are counted: counting took a third of a tick and half of the compiling.

    A function that stands in no file (typed at a prompt) is compiled anew in each process.
    """
    return _compiled(function, {})


def inner(function: Callable[P, R]) -> Kernel[P, R]:
    """Compile a kernel that only other kernels call, and most often one of them.

    It is put into its caller's code and can't be called from Python (but for its `py_func`): to
    unpack structures of a hundred arrays for Python costs seconds of compiling a function.
    """
    return _compiled(function, _INNER)


def inlined(function: Callable[P, R]) -> Kernel[P, R]:
    """Compile a kernel that is put into its callers' code, and can be called from Python too.

    For what is given structures of many arrays in every tick: to hand them over costs as much as
    the work.
    """
    return _compiled(function, {"forceinline": True})


def part(function: Callable[P, R]) -> Kernel[P, R]:
    """Compile a piece of a page that two kernels share: put into each before it is compiled.

    Nothing is compiled of it alone, as it is of an `inner`: of most of a tick, that took 10 s.
    """
    return _compiled(function, _PART)


def plain(kernel: Kernel[P, R]) -> Callable[P, R]:
    """The plain Python function of a kernel, also where nothing is compiled."""
    return cast("Callable[P, R]", getattr(kernel, "py_func", kernel))


_FLAGS: dict[str, Any] = {
    "nogil": True,
    "error_model": "numpy",
    "fastmath": False,
    "no_cfunc_wrapper": True,
    "_nrt": False,  # no reference counts; numba then refuses to make an array
}
_INNER = {"forceinline": True, "no_cpython_wrapper": True}
_PART = {"inline": "always", "no_cpython_wrapper": True}


def _compiled(function: Callable[P, R], options: dict[str, Any]) -> Kernel[P, R]:
    source = Path(function.__code__.co_filename)
    kept = source.is_file()
    compile_kernel: Any = numba.njit(cache=kept, **{**_FLAGS, **options})
    if not kept:
        return cast("Kernel[P, R]", compile_kernel(function))
    with _lock:
        before = _config.CACHE_DIR
        folder = folder_of(source)
        _config.CACHE_DIR = str(folder)  # read by numba while it decorates
        try:
            kernel = cast("Kernel[P, R]", compile_kernel(function))
        finally:
            _config.CACHE_DIR = before
    if not _config.DISABLE_JIT:
        _compile_once(kernel, folder / f"{function.__code__.co_firstlineno}.lock")
    return kernel


def _compile_once(kernel: Any, lock: Path) -> None:
    """Let one process at a time compile a kernel; numba's index bears no two writers either.

    And once for a constant argument whatever its value: 20 indices, 20 times the same code.
    """
    compile_kernel = kernel.compile

    def compile_once(signature: Any) -> Any:
        if isinstance(signature, tuple):
            signature = tuple(_unliteral(each) for each in signature)
        with global_compiler_lock, _claim(lock):
            return compile_kernel(signature)

    kernel.compile = compile_once


@contextmanager
def _claim(lock: Path) -> Iterator[None]:
    """Hold a lock file that ends with the process. Callers hold it before callees: no circles.

    Where nothing can be locked, or another process has it for too long, two may compile.
    """
    if lock in _claims:  # it calls itself
        yield
        return
    with ExitStack() as held:
        with suppress(OSError):
            file = held.enter_context(lock.open("ab"))
            until_s = time.monotonic() + PATIENCE_S
            while not _locked(file) and time.monotonic() < until_s:
                time.sleep(LOOK_S)
        _claims.add(lock)
        held.callback(_claims.discard, lock)
        yield


def _locked(file: IO[bytes]) -> bool:
    """Lock a file until it is closed; False if another process has it."""
    try:
        if sys.platform == "win32":
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
        else:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (BlockingIOError, PermissionError):  # as the one and the other system say it
        return False
    return True


def is_kept(kernel: Kernel[P, R]) -> bool:
    """Whether a kernel is compiled in this process, or was once for the cache. Compiles nothing."""
    if _config.DISABLE_JIT or kernel.signatures:
        return True
    name = plain(kernel).__name__
    return any(Path(kernel.stats.cache_path).glob(f"*.{name}-*.nbi"))


@cache
def folder_of(source: Path) -> Path:
    """Return the folder in which the kernels of a source file are kept, marked as in use."""
    folder = cache_root() / source_hash(source)
    if folder.exists():
        _touch(folder)
    else:
        prune(folder.parent)
        folder.mkdir(parents=True, exist_ok=True)
    return folder


@cache
def cache_root() -> Path:
    """Return the folder of all compiled kernels: DOWNRANGE_CACHE or the user's cache folder.

    Where that can't be written, a temporary folder serves this process and its children.
    """
    base = os.environ.get("DOWNRANGE_CACHE") or platformdirs.user_cache_dir("downrange")
    root = Path(base) / "kernels"
    try:
        root.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=root).close()
    except OSError as error:
        temporary = tempfile.mkdtemp(prefix="downrange-")
        atexit.register(shutil.rmtree, temporary, ignore_errors=True)
        os.environ["DOWNRANGE_CACHE"] = temporary
        sys.stderr.write(
            f"downrange: can't write {root} ({error.strerror}); compiled code goes to a "
            "temporary folder and is compiled again next time. Set DOWNRANGE_CACHE to move it.\n"
        )
        root = Path(temporary) / "kernels"
        root.mkdir()
    return root


@cache
def source_hash(source: Path) -> str:
    """Return a hash of a file, of all that it imports of its own package and ours, and of numba."""
    digest = hashlib.sha256(f"{sys.implementation.cache_tag} {_versions()}".encode())
    for file in sorted(_closure(source.resolve())):
        digest.update(file.read_bytes() + b"\0")
    return digest.hexdigest()[:32]


@cache
def _versions() -> str:
    return " ".join(f"{name} {metadata.version(name)}" for name in ("numba", "numpy"))


def _closure(source: Path) -> set[Path]:
    """The file and every file that it imports, directly or not."""
    found, ahead = {source}, [source]
    while ahead:
        new = imported_files(ahead.pop()) - found
        found |= new
        ahead.extend(new)
    return found


@cache
def imported_files(source: Path) -> frozenset[Path]:
    """Return the files of the same package, or of downrange, that a file imports directly."""
    package, own, ours = source.parent, source.parent, Path(__file__).resolve().parent
    top = package
    while (top / "__init__.py").exists():
        own, top = top, top.parent
    files: set[Path] = set()
    for statement in _statements(ast.parse(source.read_bytes()).body):
        for base, names in _import_targets(statement, package, {top, ours.parent}):
            files.update(_module_files(base, names))
    # Installed, our neighbours are numba and numpy: their versions say enough of them.
    kept = (file for file in files if own in file.parents or ours in file.parents)
    return frozenset(kept) - {source}


def _statements(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Every statement of a body and of its blocks, but for those that only type checkers run."""
    for statement in body:
        yield statement
        if isinstance(statement, ast.If) and "TYPE_CHECKING" in ast.dump(statement.test):
            continue
        for block in ("body", "orelse", "finalbody"):
            yield from _statements(getattr(statement, block, []))
        for branch in (*getattr(statement, "handlers", ()), *getattr(statement, "cases", ())):
            yield from _statements(branch.body)


def _import_targets(
    node: ast.stmt, package: Path, roots: set[Path]
) -> Iterator[tuple[Path, list[str]]]:
    """(module path without suffix, names taken from it) of an import statement."""
    if isinstance(node, ast.Import):
        for alias in node.names:
            yield from ((root.joinpath(*alias.name.split(".")), []) for root in roots)
    elif isinstance(node, ast.ImportFrom):
        parts = node.module.split(".") if node.module else []
        bases = {package.joinpath(*[".."] * (node.level - 1))} if node.level else roots
        yield from ((base.joinpath(*parts), [alias.name for alias in node.names]) for base in bases)


def _module_files(base: Path, names: list[str]) -> Iterator[Path]:
    """Files of a module and of those `names` that are its submodules."""
    module = base.with_name(f"{base.name}.py") if base.name else base / "__init__.py"
    if module.is_file() or not base.is_dir():
        found = [module]
    else:
        places = [(base / f"{name}.py", base / name / "__init__.py") for name in names]
        found = [file for pair in places for file in pair if file.is_file()]
        if len(found) < max(len(names), 1):
            found.append(base / "__init__.py")
    yield from (file.resolve() for file in found if file.is_file())


def prune(root: Path) -> None:
    """Remove the folders of old hashes. Safe beside other processes: a folder leaves at once."""
    now, aged = time.time(), []
    for folder in root.iterdir() if root.is_dir() else ():
        try:
            aged.append((now - folder.stat().st_mtime, folder))
        except FileNotFoundError:
            continue  # another process was quicker
    aged.sort()
    for place, (age_s, folder) in enumerate(aged):
        if age_s > KEEP_S or (place >= KEEP_FOLDERS and age_s > YOUNG_S):
            _remove(folder)


def _remove(folder: Path) -> None:
    doomed = folder.with_name(f"{folder.name}.{os.getpid()}.old")
    try:
        folder.rename(doomed)
    except OSError:
        return  # gone, or held open by another process on Windows: next time
    shutil.rmtree(doomed, ignore_errors=True)


def _touch(folder: Path) -> None:
    """Mark as used today; a folder that another process pruned this moment is made anew."""
    try:
        os.utime(folder)
    except FileNotFoundError:
        folder.mkdir(parents=True, exist_ok=True)
