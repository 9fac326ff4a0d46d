"""Runs a command of the trainer, and cleans up after it."""

import os
import sys

import torch
from lightning.fabric.utilities.exceptions import MisconfigurationException
from lightning.pytorch import LightningDataModule

from colorgan.cli.parsing.parser import TrainerParser
from colorgan.cli.parsing.values import MODE
from colorgan.cli.trainer import batch_size
from colorgan.cli.trainer.command import ColorganCLI
from colorgan.cli.trainer.quiet import silence_libraries
from colorgan.cli.trainer.restoring import is_restoring_error
from colorgan.cli.trainer.run_config import SaveRunConfig
from colorgan.errors import CheckpointError, ColorganError, describe, first_sentence
from colorgan.inference import run_folder
from colorgan.metrics.installed import load_installed_parts
from colorgan.training.gan import ColorGAN
from colorgan.training.module import Trainable
from colorgan.training.processes import leave_parent, watch_parent
from colorgan.training.trainer import Trainer
from colorgan.training.wandb_runs import DATA_VARIABLE

_INHERITED = (run_folder.VARIABLE, batch_size.VARIABLE, "WANDB_MODE", DATA_VARIABLE)
"""Environment variables that a command sets for its processes and parts, and for nothing that comes after it."""


def train(
    args: list[str],
    command: type[ColorganCLI] = ColorganCLI,
    model: type[Trainable] = ColorGAN,
    prog: str = "colorgan",
) -> ColorganCLI:
    """Runs one of the trainer's commands; this is LightningCLI with our models and data.

    Args:
        args: the command (fit, validate, test, predict) and its options.
        command: the LightningCLI to run.
        model: the class that is trained.
        prog: what the user types before the command, for messages.

    Returns:
        The finished command, with its trainer, model and data.
    """
    silence_libraries()
    torch.set_float32_matmul_precision("high")
    watch_parent()
    load_installed_parts()
    inherited = {name: os.environ.get(name) for name in _INHERITED}
    try:
        return command(
            model,
            LightningDataModule,
            trainer_class=Trainer,
            save_config_callback=SaveRunConfig,
            seed_everything_default=42,
            auto_configure_optimizers=False,
            parser_class=TrainerParser,
            parser_kwargs={
                "description": "Train and use conditional GANs that colorize photographs.",
                "allow_abbrev": False,
                "parser_mode": MODE,
                "prog": prog,
            },
            subclass_mode_data=True,
            args=args,
        )
    except MisconfigurationException as error:
        raise ColorganError(str(error)) from error
    except Exception as error:
        if (wandb := sys.modules.get("wandb")) is not None and isinstance(error, wandb.Error):
            raise ColorganError(
                f"Weights & Biases refuses the run ({first_sentence(error)}): change the arguments of its logger, or "
                "set WANDB_MODE=offline"
            ) from error
        if not is_restoring_error(error) or not any(argument.startswith("--ckpt_path") for argument in args):
            raise
        raise CheckpointError(
            f"the checkpoint cannot be resumed: the progress in it does not fit this model ({describe(error)}); use "
            "another one, or start a new run from its weights with --model.init_from"
        ) from error
    finally:
        if (wandb := sys.modules.get("wandb")) is not None and wandb.run is not None:
            wandb.finish(exit_code=int(sys.exc_info()[0] is not None))  # flushes the last records
        for name, value in inherited.items():
            if value is None:
                os.environ.pop(name, None)
        run_folder.remove_unused()
        leave_parent()
