"""The page: `python app.py`, then open the address that it prints."""

from __future__ import annotations

import argparse
import os
import sys

from bcweb.collector import resting
from bcweb.page.ports import PortError, wanted_port
from bcweb.page.proxies import bypass
from bcweb.page.settings import SettingsError, settings
from bcweb.paths import weights_argument
from bcweb.scans import MODALITIES
from bcweb.terminal import command, say
from bcweb.weights import WeightsError

_VARIABLES = """\
variables, most of them of the commands too (the command line overrides them):
  BCWEB_WEIGHTS_ULTRASOUND, BCWEB_WEIGHTS_MAMMOGRAM
                      the weights in use, named as --weights-ultrasound takes them
  BCWEB_HOME          the data folder: projects, verdicts, masks
  BCWEB_DATABASE      a database in place of the file there: postgresql://user:password@host/name
  BCWEB_BACKUP        where the app keeps every verdict a second time: a folder, or hf://user/name
  BCWEB_DATA          where busi, bus-bra and cdd-cesm lie, for tests and train.transfer without --data
  HF_TOKEN            what the Hugging Face Hub knows you by, in place of `hf auth login`
  HF_HOME             where what came from the Hub is kept
  GRADIO_SERVER_NAME, GRADIO_SERVER_PORT
                      as --host and --port
  GRADIO_ROOT_PATH    the path below which a proxy shows the page, such as /seg
"""


@command
def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python app.py",
        description="See what the network draws on breast ultrasounds and mammograms.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
        epilog=_VARIABLES,
    )
    parser.add_argument(
        "--port", type=int, help="default: GRADIO_SERVER_PORT, else the first free from 7860"
    )
    parser.add_argument(
        "--host",
        help="address to listen on; default: GRADIO_SERVER_NAME, else 127.0.0.1 (this machine only)",
    )
    parser.add_argument(
        "--allow-host",
        action="append",
        default=[],
        metavar="NAME",
        help="a name under which a proxy shows the page, with its port where it is not https's own; may be given "
        "several times",
    )
    for modality in MODALITIES:
        parser.add_argument(
            f"--weights-{modality}",
            type=weights_argument,
            metavar="W",
            help=f'"embedded", a folder, or hf://user/repo@revision; default: BCWEB_WEIGHTS_{modality.upper()}, else embedded',
        )
    try:
        _start(parser.parse_args())
    except (PortError, SettingsError, WeightsError) as error:
        sys.exit(str(error))


def _start(given: argparse.Namespace) -> None:
    # Gradio, which is imported below, would look for free ports where the name is, and knows no address of IPv6 then;
    # of a port that is no number, or empty, its import ends.
    named_host, named_port = (
        os.environ.pop(f"GRADIO_SERVER_{what}", None) for what in ("NAME", "PORT")
    )
    host = given.host or named_host
    bypass(host)
    weights = {modality: getattr(given, f"weights_{modality}") for modality in MODALITIES}
    chosen = settings(host, weights, tuple(given.allow_host))

    # The engine and Gradio take long to import: not for --help.
    with resting():
        from bcweb.page.segmenters import Segmenters

    segmenters = Segmenters(chosen.weights)
    port = wanted_port(given.port, named_port, host)
    segmenters.begin()  # rather now than at the first scan
    for modality in MODALITIES:
        in_use = segmenters.now(modality)
        if in_use and in_use.notice:
            say(in_use.notice)

    with resting():
        from bcweb.page.launch import launch

    launch(chosen, segmenters, host, port)


if __name__ == "__main__":
    main()
