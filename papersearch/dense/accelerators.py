"""Graphics processors, found without the library that uses them, which takes seconds to import.

`check_device` alone imports it.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from papersearch.errors import DeviceUnusable

_DEVICES = Path("/dev")


def has_accelerator() -> bool:
    """Tell whether torch would find a graphics processor by itself, as far as that can be seen cheaply.

    Apple's are not counted: they are taken when they are named.
    """
    return _has_device() and not _torch_version().endswith("+cpu")


def _has_device() -> bool:
    """Tell whether a driver of NVIDIA or AMD is there, and its devices are not hidden."""
    hidden = {"", "-1", "NoDevFiles"}
    if sys.platform == "win32":
        found = (Path(os.environ.get("SYSTEMROOT", r"C:\Windows")) / "System32" / "nvcuda.dll").exists()
        return found and os.environ.get("CUDA_VISIBLE_DEVICES", "0") not in hidden
    nvidia = any(_DEVICES.glob("nvidia[0-9]*")) and os.environ.get("CUDA_VISIBLE_DEVICES", "0") not in hidden
    amd = (_DEVICES / "kfd").exists() and os.environ.get("HIP_VISIBLE_DEVICES", "0") not in hidden
    return nvidia or amd


def _torch_version() -> str:
    """Return torch's version, which ends in "+cpu" where it was built without graphics processors."""
    from importlib import metadata  # slow to import

    try:
        return metadata.version("torch")
    except metadata.PackageNotFoundError:
        return "+cpu"


def check_device(device: str) -> None:
    """Raise DeviceUnusable unless torch computes on this device."""
    import torch

    try:
        torch.zeros(1, device=device).cpu()
    except Exception as error:  # of many kinds: no such device, no driver, torch built without it
        raise unusable(device, error) from error


def unusable(device: str, error: Exception) -> DeviceUnusable:
    """Return the error for a device, with the first sentence of torch's: advice on many lines may follow."""
    return DeviceUnusable(device=device, cause=str(error).split("\n")[0].split(". ")[0].rstrip("."))
