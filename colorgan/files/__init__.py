"""Files: opening, atomic writing, digests, paths. YAML, plain data and the photo caches have modules of their own."""

from colorgan.files.atomic import atomic_write, remove_temporary_files, write_text
from colorgan.files.digests import SEAL, check_digest, digest, digest_file, seal_digest, seal_of
from colorgan.files.paths import age, default_cache_dir, display_path, newest_file, refuse_url, resolved
from colorgan.files.regular import open_checkpoint, open_regular

__all__ = [
    "SEAL",
    "age",
    "atomic_write",
    "check_digest",
    "default_cache_dir",
    "digest",
    "digest_file",
    "display_path",
    "newest_file",
    "open_checkpoint",
    "open_regular",
    "refuse_url",
    "remove_temporary_files",
    "resolved",
    "seal_digest",
    "seal_of",
    "write_text",
]
