"""Wrong configurations: files and command lines that each command must refuse before it reads a photo."""

from tests.attacks.config_corpus.call import CHROMA, CHROMA_CHECKPOINT, GAN_CHECKPOINT, GRID, TINY, WrongConfiguration
from tests.attacks.config_corpus.combinations import checkpoints, combinations, command_lines
from tests.attacks.config_corpus.keys import types, unknown_keys
from tests.attacks.config_corpus.names import classes, names
from tests.attacks.config_corpus.ranges import ranges
from tests.attacks.config_corpus.syntax import files, syntax

__all__ = ["CHROMA", "CHROMA_CHECKPOINT", "CORPUS", "GAN_CHECKPOINT", "GRID", "TINY", "WrongConfiguration"]

CORPUS = [
    case
    for kind in (syntax, files, unknown_keys, types, ranges, classes, names, combinations, command_lines, checkpoints)
    for case in kind()
]
