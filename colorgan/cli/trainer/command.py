"""LightningCLI with our models and data: ``python train.py fit …``."""

import inspect
import re
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from jsonargparse import Namespace
from lightning.pytorch import LightningDataModule
from lightning.pytorch import Trainer as LightningTrainer
from lightning.pytorch.callbacks import Callback
from lightning.pytorch.cli import ArgsType, LightningArgumentParser, LightningCLI
from lightning.pytorch.loggers import Logger
from lightning.pytorch.utilities import rank_zero_only

from colorgan.cli.parsing.overlays import ConfigOverlay, classes_as_overlays
from colorgan.cli.parsing.parser import TrainerParser
from colorgan.cli.trainer.batch_size import settle_batch_size
from colorgan.cli.trainer.building import check_kind, check_model, readable_errors
from colorgan.cli.trainer.checks import check_configuration
from colorgan.cli.trainer.outcome import check_amount, results
from colorgan.cli.trainer.overrides import differences
from colorgan.cli.trainer.restoring import check_architecture, shapes_of
from colorgan.data import Photos, manifest
from colorgan.data.protocol import check_data_module
from colorgan.errors import CheckpointError, ColorganError, one_line, plural
from colorgan.images import printable
from colorgan.inference import checkpoint
from colorgan.inference.run_folder import RunFolder
from colorgan.inference.trust import class_paths, trusted_names
from colorgan.models.config import TRUSTED_PREFIXES, class_path
from colorgan.models.encoders import without_pretrained_weights
from colorgan.training.callbacks.continuation import RunContinuation
from colorgan.training.callbacks.epoch_means import EpochMeans
from colorgan.training.callbacks.epoch_table import EpochTable
from colorgan.training.callbacks.frechet import FrechetDistance
from colorgan.training.callbacks.hint_l1 import HintL1, hinted_network
from colorgan.training.callbacks.interruption import SaveOnSignal
from colorgan.training.callbacks.predictions import PredictionWriter
from colorgan.training.callbacks.rank_watch import RankWatch
from colorgan.training.checkpoints import CheckpointFiles
from colorgan.training.loggers import wandb_offline_reason
from colorgan.training.module import Trainable
from colorgan.training.monitors import check_callbacks
from colorgan.training.processes import decided_by_first_process
from colorgan.training.requeue import was_requeued
from colorgan.training.wandb_runs import is_offline, keep_files_in


class ColorganCLI(LightningCLI):
    """LightningCLI with a folder per run, checkpoints read as data, and one-line errors."""

    @property
    def _trained_class(self) -> type[Trainable]:
        trained: type[Trainable] = self.model_class  # type: ignore[assignment]
        return trained

    def init_parser(self, **kwargs: Any) -> LightningArgumentParser:
        """Creates a parser whose configuration files override each other by the rule of :class:`ConfigOverlay`."""
        parser = TrainerParser(**kwargs)
        parser.roots = {
            "model": self._trained_class,
            "data": LightningDataModule,
            "trainer.callbacks": Callback,
            "trainer.logger": Logger,
        }
        parser.add_argument("-c", "--config", action=ConfigOverlay, help="configuration file in YAML; repeatable")
        return parser

    def add_arguments_to_parser(self, parser: LightningArgumentParser) -> None:
        """Adds the options of the run folder, the model's defaults, and the size of the photos, which the data own."""
        self.subparsers = [*getattr(self, "subparsers", []), parser]
        defaults = self._trained_class.default_arguments()
        if defaults.pop("image_size", None) is not None:
            parser.link_arguments("data.init_args.size", "model.image_size")  # a number lives once
        parser.set_defaults({f"model.{name}": value for name, value in defaults.items()})
        parser.set_defaults({"data": {"class_path": class_path(Photos)}})
        parser.add_argument(
            "--trust",
            type=_texts,
            action="append",
            default=[],
            help="package, module or class of your own that the checkpoint may name, or the config.yaml of its run; "
            "repeatable",
        )
        parser.add_argument("--runs", type=str, default="checkpoints", help="folder of all runs")
        parser.add_argument(
            "--name", type=str | None, default=None, help="name of the run; by default its configuration's"
        )
        parser.add_argument(
            "--output", type=str, default="colorized", help="folder for the colorized photos (predict only)"
        )
        parser.add_argument("--overwrite", type=bool, default=False, help="replace existing photos (predict only)")
        parser.add_argument(
            "--npy", type=str | None, default=None, help="file for all colorized photos as one array (predict only)"
        )

    def parse_arguments(self, parser: LightningArgumentParser, args: ArgsType) -> None:
        """Parses the command line; a checkpoint's arguments are defaults that everything else overrides."""
        assert isinstance(args, list)
        assert isinstance(parser, TrainerParser)
        parser.subparsers = self.subparsers
        self.args = classes_as_overlays(args, self._class_keys())
        self.resumed_precision: str | None = None
        super().parse_arguments(parser, self.args)
        command = self.config.subcommand
        section = self.config[command]
        if section.get("name") is None:
            section.name = self._default_name(section)
        if section.get("ckpt_path") == "":
            raise ColorganError("--ckpt_path is empty; give a checkpoint, `last` or `best`, or leave it out")
        if command == "fit" and not section.get("ckpt_path"):
            section.ckpt_path = _requeued_checkpoint(section)
        if section.get("ckpt_path"):
            self._apply_checkpoint(parser)
        elif command != "fit":
            raise CheckpointError(f"{command} needs a trained model: give --ckpt_path FILE (or `last`, `best`)")
        section = self.config[command]
        # kept from LightningCLI, which would let the checkpoint's arguments override explicit options
        self.checkpoint = section.pop("ckpt_path", None)
        check_configuration(section, command)
        if command == "fit" and not self.checkpoint and section.model.get("init_from"):
            _note(f"the generator starts with the weights of {section.model.init_from}, not from scratch (init_from)")

    def _class_keys(self) -> set[str]:
        """The keys that take a class with arguments."""
        return {"data", *(f"model.{name}" for name in inspect.signature(self._trained_class).parameters)}

    def _apply_checkpoint(self, parser: LightningArgumentParser) -> None:
        """Reads the checkpoint, and parses the command line again with the checkpoint's arguments as defaults."""
        command = self.config.subcommand
        section = self.config[command]
        path = Path(section.ckpt_path)
        if section.ckpt_path in ("last", "best"):
            path = RunFolder.find_checkpoint(section.runs, section.name, section.ckpt_path)
        trusted = {name for name in class_paths(section.model) if not name.startswith(TRUSTED_PREFIXES)}
        trusted |= trusted_names(section.trust)
        contents = checkpoint.read(path)
        stored = checkpoint.hyper_parameters(contents)
        check_kind(stored, self._trained_class, path)
        # refuses foreign classes before the parser imports them
        try:
            self._trained_class.arguments_from_config(stored, trusted)
        except CheckpointError as error:
            raise CheckpointError(f"{path}: {error}") from error
        self.resumed_precision = checkpoint.training_precision(contents)
        self.shapes = shapes_of(contents["state_dict"])
        if command != "fit" or not config_files(section):
            defaults = {f"model.{key}": value for key, value in stored.items() if key != "image_size"}
            if "image_size" in stored and not config_files(section):
                defaults["data"] = {"class_path": class_path(Photos), "init_args": {"size": stored["image_size"]}}
            subparser = self.subparsers[list(self.subcommands()).index(command)]
            subparser.set_defaults(defaults)
            name = section.name
            super().parse_arguments(parser, self.args)
            section = self.config[command]
            section.name = name
        section.ckpt_path = str(path)
        if command != "fit" and "image_size" in stored:
            section.model.image_size = stored["image_size"]  # networks keep the size they were trained at
        for key, (given, kept) in differences(section.model.as_dict(), stored):
            _note(f"model.{key} is {given}, as given; the checkpoint has {kept}")

    def _default_name(self, section: Namespace) -> str:
        """The names of the configuration files, or the name of the checkpoint's run."""
        stems = [Path(file).stem for file in config_files(section)]
        stems = [stem for stem in stems if stem != "base"] or stems
        run = RunFolder.of_checkpoint(section.get("ckpt_path") or "")
        if not stems and run is not None and run.path.parent.name:
            return run.path.parent.name
        return "-".join(stems) or "run"

    def before_instantiate_classes(self) -> None:
        """Chooses the run folder and points loggers and checkpoints to it."""
        section = self.config[self.subcommand]
        section.ckpt_path = self.checkpoint
        self.save_config_kwargs = {"as_given": section.clone()}
        if self.subcommand == "fit":
            check_amount(section.trainer)
            self._adopt_image_size(section)
        self.run_folder = self.choose_run_folder(section)
        section.trainer.default_root_dir = str(self.run_folder.path)
        if section.trainer.precision == "auto":
            self._settle_precision(section.trainer)
        if self.subcommand == "predict":
            self.override_trainer({"logger": False, "callbacks": []})  # metrics and checkpoints are for training
            section.return_predictions = False  # they are written one by one; a folder need not fit in memory
        elif self.subcommand != "fit" and section.trainer.get("logger") is None:
            section.trainer.logger = False  # Lightning's own would write to a folder of its own
        loggers = section.trainer.get("logger")
        for logger in loggers if isinstance(loggers, list) else [loggers]:
            if isinstance(logger, Namespace):
                self._prepare_logger(logger)
        for callback in callbacks_of(section):
            if "dirpath" in callback.get("init_args", {}) and callback.init_args.dirpath is None:
                callback.init_args.dirpath = str(self.run_folder.checkpoints)

    def _adopt_image_size(self, section: Namespace) -> None:
        """Takes the size of the photos from a data module that has no argument for it."""
        if "image_size" not in section.model or "size" in (section.data.get("init_args") or {}):
            return
        parser = self.subparsers[list(self.subcommands()).index(str(self.subcommand))]
        with readable_errors():
            data = parser.instantiate_classes(Namespace(data=section.data)).data  # type: ignore[no-untyped-call]
        section.model.image_size = check_data_module(data)

    def _settle_precision(self, trainer: Namespace) -> None:
        """Leaves the precision open only for a new training.

        Results of a model do not depend on the machine that measures them, and a resumed run computes as before; a
        float16 run is only resumed on a GPU, which :class:`~colorgan.training.Trainer` knows.
        """
        if self.subcommand != "fit":
            trainer.precision = "32-true"
        elif self.resumed_precision in ("32-true", "bf16-mixed"):
            trainer.precision = self.resumed_precision
            _note(f"precision {self.resumed_precision}, as in the checkpoint (--trainer.precision changes it)")

    def override_trainer(self, arguments: Mapping[str, Any]) -> None:
        """Sets arguments of the trainer that the command does not leave to the user, and says so if they were given."""
        section = self.config[self.subcommand]
        for name, value in arguments.items():
            given = any(re.match(rf"--trainer\.{name}\b", argument) for argument in self.args)
            if given and section.trainer.get(name) != value:
                _note(f"--trainer.{name} has no effect on this command, which uses {value}")
            section.trainer[name] = value

    def choose_run_folder(self, section: Namespace) -> RunFolder:
        """A resumed run continues in its own folder; any other command gets a new one."""
        if self.subcommand == "fit" and section.get("ckpt_path"):
            resumed = RunFolder.of_checkpoint(section.ckpt_path)
            if resumed is not None:
                return resumed
        return self.new_run_folder(section, str(self.subcommand))

    def new_run_folder(self, section: Namespace, command: str) -> RunFolder:
        """Creates a folder for all processes of the command."""

        def create() -> str:
            return str(RunFolder.new(section.runs, section.name, command).path)

        return RunFolder(Path(decided_by_first_process(f"{command} folder", create)))

    def _prepare_logger(self, logger: Namespace) -> None:
        arguments = logger.init_args
        if "save_dir" in arguments and (arguments.save_dir is None or arguments.save_dir == "."):
            arguments.save_dir = str(self.run_folder.path)
        if logger.class_path.endswith("WandbLogger"):
            self.run_folder.path.mkdir(parents=True, exist_ok=True)
            if arguments.get("save_dir") is not None:
                # W&B's own process may have another working directory
                arguments.save_dir = str(Path(arguments.save_dir).absolute())
            if arguments.get("name") is None:
                arguments.name = f"{self.run_folder.path.parent.name}/{self.run_folder.path.name}"
            if self.subcommand == "fit" and not (arguments.get("id") or arguments.get("version")):
                arguments.id = self.run_folder.read_wandb_id()
            obstacle = wandb_offline_reason()
            if obstacle and not arguments.get("offline"):
                arguments.offline = True
                _note(
                    f"{obstacle}, so this run is logged offline; "
                    f"`wandb sync {self.run_folder.path / 'wandb'}/offline-run-*` uploads it later"
                )
            if arguments.get("offline") or arguments.get("mode") == "offline" or is_offline(obstacle):
                keep_files_in(self.run_folder.path)

    def instantiate_classes(self) -> None:
        """Builds data, model and trainer; pretrained weights are not loaded where a checkpoint brings its own."""
        section = self.config[self.subcommand]
        with readable_errors():
            if not section.get("ckpt_path"):
                check_model(self._trained_class, section, self.subcommand)
                super().instantiate_classes()
                return
            parser = self.subparsers[list(self.subcommands()).index(str(self.subcommand))]
            # first, because it stops where a stranger's network outgrows its file
            check_architecture(parser, section.model, self.shapes, Path(section.ckpt_path))
            check_model(self._trained_class, section, self.subcommand)
            with without_pretrained_weights():
                super().instantiate_classes()

    def instantiate_trainer(self, **kwargs: Any) -> LightningTrainer:
        """Adds what every run has: atomic checkpoints, saving on signals, and the prediction writer."""
        section = self.config[self.subcommand]
        extra: list[Callback] = [RunContinuation(), EpochMeans(), EpochTable()] if self.subcommand == "fit" else []
        measures = self.subcommand in ("validate", "test") and self._trained_class.colorizes
        if measures and not section.trainer.get("callbacks"):
            extra.append(FrechetDistance())
        if self.subcommand != "predict" and hinted_network(self.model) is not None:
            extra.append(HintL1())
        if self.subcommand == "predict":
            root = str(getattr(self.datamodule, "predict", None) or "")
            extra.append(PredictionWriter(section.output, root, section.overwrite, section.npy))
        given = self.config_init[self.subcommand].trainer.get("plugins")
        plugins = given if isinstance(given, list) else [given] if given else []
        trainer = super().instantiate_trainer(plugins=[*plugins, CheckpointFiles()], **kwargs)
        callbacks: list[Callback] = trainer.callbacks  # type: ignore[attr-defined]
        watch = RankWatch()
        watch.attach(trainer)
        # signals come after callbacks that save; the watch is the last, because it waits for the other processes
        callbacks[:] = [*extra, *callbacks, SaveOnSignal(), watch]
        return trainer

    def after_instantiate_classes(self) -> None:
        """Checks what the parts need of each other, and tells the data where to write their manifest."""
        if self.subcommand != "predict":
            check_data_module(self.datamodule)
        if self.subcommand == "fit":
            is_recorded = self.save_config_callback is not None and not getattr(self.trainer, "fast_dev_run", False)
            if isinstance(self.datamodule, Photos) and is_recorded:
                self.datamodule.manifest_file = self.run_folder.path / manifest.FILE_NAME
            self.model.check_size(self.datamodule.image_size)
            if isinstance(self.datamodule, Photos):
                self.datamodule.check()
            check_callbacks(self.trainer, self.model)
            if isinstance(self.datamodule, Photos) and not self.datamodule.has_batch_size:
                self._settle_batch_size(self.datamodule)

    def _settle_batch_size(self, data: Photos) -> None:
        resumed = Path(self.checkpoint) if self.checkpoint else None
        size = settle_batch_size(data, self.model, self.trainer, resumed)
        for section in (self.config[self.subcommand], self.save_config_kwargs["as_given"]):
            section.data.init_args.batch_size = size

    def after_fit(self) -> None:
        """Prints where the results are, and raises an error if they are not there."""
        callbacks: list[Callback] = self.trainer.callbacks  # type: ignore[attr-defined]
        if getattr(self.trainer, "fast_dev_run", False) or not self.trainer.is_global_zero:
            return
        config = self.run_folder.path / "config.yaml"
        where = results(callbacks, self.run_folder, self.trainer.current_epoch, [config])
        tables = [str(callback) for callback in callbacks if isinstance(callback, EpochTable)]
        print("", *filter(None, tables), where, sep="\n")
        next(c for c in callbacks if isinstance(c, SaveOnSignal)).raise_if_stopped(self.trainer)

    def after_predict(self) -> None:
        """Prints what was written, and raises if files were left out."""
        callbacks: list[Callback] = self.trainer.callbacks  # type: ignore[attr-defined]
        writer = next(c for c in callbacks if isinstance(c, PredictionWriter))
        if not self.trainer.is_global_zero:
            return
        print(f"{writer.written} photos colorized into {printable(writer.folder)}")
        failures = list(writer.failures)
        if isinstance(self.datamodule, Photos):
            for image in self.datamodule.unsupported:
                _note(f"left out {printable(image.path)}: {image.reason}")
            failures[:0] = [f"{printable(path)} ({reason})" for path, reason in self.datamodule.unreadable]
        if failures:
            listed = "".join(f"\n  {failure}" for failure in failures)
            raise ColorganError(f"{plural(len(failures), 'file')} could not be read or written:{listed}")


def _requeued_checkpoint(section: Namespace) -> str | None:
    """The checkpoint of a job that SLURM has started again."""
    checkpoint = RunFolder.new(section.runs, section.name).last_checkpoint if was_requeued() else None
    if checkpoint is None or not checkpoint.is_file():
        return None
    _note(f"resuming {checkpoint}, because SLURM has started this job again")
    return str(checkpoint)


def config_files(section: Namespace) -> list[str]:
    """The configuration files of a command line, without overlays that were given as text."""
    return [str(file) for file in section.get("config") or [] if file is not None]


def _texts(value: str | list[str]) -> str | list[str]:
    """The value of an option that is repeated; jsonargparse also gives all of them together."""
    return [str(item) for item in value] if isinstance(value, list) else str(value)


def callbacks_of(section: Namespace) -> list[Namespace]:
    """The callbacks of a configuration, which may hold a single one instead of a list."""
    callbacks = section.trainer.get("callbacks") or []
    return callbacks if isinstance(callbacks, list) else [callbacks]


@rank_zero_only
def _note(text: str) -> None:
    print(one_line(f"note: {text}"), file=sys.stderr)
