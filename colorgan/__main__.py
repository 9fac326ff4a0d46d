"""``python -m colorgan``: the same as ``colorgan``."""

import sys

from colorgan.cli import main

if __name__ == "__main__":
    sys.exit(main())
