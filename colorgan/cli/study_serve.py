"""``colorgan study-serve``: serves the page of a user study and stores the answers."""

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

from colorgan.cli.parsing.options import Option, Range
from colorgan.cli.serving import host_names, is_local, listen, missing_library, serve, url_of

_MAX_PAGE_BYTES = 600_000_000


def study_serve(
    study: Annotated[Path, Option(metavar="STUDY")],
    *,
    host: Annotated[str, Option(metavar="ADDRESS")] = "127.0.0.1",
    port: Annotated[int, Range(0, 65535), Option(metavar="N")] = 7861,
    allow_name: Annotated[Sequence[str], Option(metavar="NAME")] = (),
    no_browser: bool = False,
) -> int:
    """Serve the page of a user study, and store the answers.

    Answers are stored in the folder answers/ of the study, one file per participant. By default, only this machine can
    reach the page; use --host to change that. It can be loaded again for the next participant.

    Args:
        study: folder that `colorgan study` has written.
        host: address to listen on; the default is reachable from this machine only.
        port: port to listen on; 0 chooses a free one.
        allow_name: host name under which browsers may open the page, in addition to localhost; may be repeated.
        no_browser: do not open a browser.

    Returns:
        The exit code, 0.

    Raises:
        ColorganError: if the folder has no study, the address is not available, or a library is missing.

    Examples:
        colorgan study-serve my_study
            opens the page in your browser
        colorgan study-serve my_study --host 0.0.0.0 --no-browser
            for participants in the same network
    """
    from colorgan.evaluation.study.answers import AnswerFolder
    from colorgan.evaluation.study.key import ANSWERS, PAGE, read_key
    from colorgan.files import open_regular
    from colorgan.images import printable

    try:
        from colorgan.web.server.http_server import http_server
        from colorgan.web.server.study import create_study_app
    except ModuleNotFoundError as error:
        raise missing_library("study-serve", error) from error
    folder = AnswerFolder(study / ANSWERS, read_key(study))
    with open_regular(study / PAGE) as file:
        page = file.read(_MAX_PAGE_BYTES).decode("utf-8", "replace")
    with contextlib.closing(listen(host, port)) as server_socket:
        url = url_of(host, server_socket)
        names = host_names(server_socket, allow_name)
        application = create_study_app(page, folder.folder, folder.add, is_local(server_socket), names)
        print(f"the study is running at {url} (press Ctrl-C to stop)", flush=True)
        print(f"answers are stored in {printable(folder.folder)}", flush=True)
        serve(http_server(application), server_socket, url, open_browser=not no_browser)
    return 0
