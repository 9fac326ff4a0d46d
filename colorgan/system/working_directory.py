"""The user's own modules, which lie in the working directory."""

import sys
from pathlib import Path


def make_working_directory_importable() -> None:
    """Lets Python find modules in the working directory, as ``python train.py`` does, but after all that is installed.

    So a file there that is called ``torch.py`` or ``PIL.py`` is never taken for the library. It is done only where the
    user has named classes: with ``--trust``, and for commands that read a configuration.
    """
    folder = str(Path.cwd())
    if folder not in sys.path and "" not in sys.path:
        sys.path.append(folder)
