"""The configs that come with the program: where they lie, and how to copy them."""

import shutil
from importlib.resources import files
from pathlib import Path


def folder():
    """Return the folder of the shipped configs: that of the checkout, or the one inside an installed wheel."""
    packaged = Path(str(files("experiments"))) / "shipped_configs"
    return packaged if packaged.is_dir() else Path(__file__).resolve().parent.parent / "configs"


def copy_to(target):
    """Copy the shipped configs to a folder that is empty or does not exist; return how many files were copied.

    Raises FileExistsError if something lies there already.
    """
    target = Path(target)
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise FileExistsError(f"{target} exists and is not an empty folder; name another folder.")
    shutil.copytree(folder(), target, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
    return sum(1 for path in target.rglob("*") if path.is_file())
