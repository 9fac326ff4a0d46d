"""Measure checkpoints and folders of pictures: ``python evaluate.py SYSTEM … --data.root DIR --out reports/NAME``."""

import sys

from colorgan.cli import main

if __name__ == "__main__":
    raise SystemExit(main(["evaluate", *sys.argv[1:]]))
