"""Train, validate, test and predict: ``python train.py fit -c configs/quickstart.yaml``."""

from colorgan.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
