"""The only file that knows numba's flags."""

from __future__ import annotations

import numba


def njit(function):
    """Compile a kernel: no fastmath, no GIL, cached on disk."""
    return numba.njit(cache=True, nogil=True, error_model="numpy", fastmath=False)(function)
