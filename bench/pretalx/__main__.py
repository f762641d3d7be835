"""`python -m bench.pretalx`: serves one instance of pretalx on one port, in this process's place."""

import argparse
import os
import socket
import sys
import tempfile
from pathlib import Path

from bench.pretalx import environment
from bench.pretalx.faults import read_build


def main() -> int:
    wanted = _arguments()
    try:
        build = read_build(wanted.build)
        made = environment.prepare(wanted.folder)
    except (ValueError, environment.CannotInstall) as error:
        print(error, file=sys.stderr)  # noqa: T201 - the program's own voice
        return 2
    if wanted.prepare:
        print(f"pretalx {environment.VERSION} is ready in {wanted.folder}")  # noqa: T201 - the program's own voice
        return 0
    port = wanted.port or _free_port()
    place = Path(tempfile.mkdtemp(prefix="pretalx-"))
    environment.write_config(place, made, f"http://127.0.0.1:{port}")
    variables = made.variables(os.environ) | {"PLANTED": ",".join(build.faults)}
    os.chdir(place)
    served = ("-m", "inside.serve", "--port", str(port), "--template", str(made.template), "--build", build.name)
    os.execve(made.python, (str(made.python), *served), variables)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="pretalx", description="One instance of pretalx, as a target under test.")
    work = parser.add_mutually_exclusive_group(required=True)
    work.add_argument("--port", type=int, help="0 takes a free one, which is printed")
    work.add_argument("--prepare", action="store_true", help="install and fill pretalx, start nothing")
    parser.add_argument("--build", default=os.environ.get("PRETALX_FAULTS") or "none", help="all, none or P01,P02")
    parser.add_argument("--folder", type=Path, default=environment.default_folder(), help="where pretalx is kept")
    return parser.parse_args()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


if __name__ == "__main__":
    sys.exit(main())
