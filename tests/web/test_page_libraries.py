"""The one file of libraries that the page ships: its header names what it was made from."""

import json
import re
from pathlib import Path

from colorgan.web.server.app import PAGE

ROOT = Path(__file__).parents[2]
BUNDLE = (PAGE / "vendor" / "preact.js").read_text(encoding="utf-8")
HEADER = BUNDLE[: BUNDLE.index("*/")]


def test_header_names_the_locked_versions_and_licenses() -> None:
    lock = json.loads((ROOT / "tools" / "page" / "package-lock.json").read_text(encoding="utf-8"))
    locked = {
        name.removeprefix("node_modules/"): (entry["version"], entry["license"])
        for name, entry in lock["packages"].items()
        if name and "esbuild" not in name
    }
    named = {name: (version, license) for name, version, license in re.findall(r"\* - (\S+) (\S+), ([\w.-]+)", HEADER)}
    assert named == locked
    assert "preact" in named
    assert HEADER.count("Copyright") == len(named)
    assert "Permission is hereby granted, free of charge" in HEADER


def test_bundle_runs_under_the_content_security_policy() -> None:
    code = BUNDLE[len(HEADER) :]
    assert not re.search(r"\beval\(|new Function\(|\bimport\b|https?://(?!www\.w3\.org)", code)
    for name in ("html", "render", "signal", "useEffect"):
        assert re.search(rf"export\{{.*\bas {name}\b", code)
