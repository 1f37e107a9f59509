"""The page: `python app.py`, then open the address that it prints."""

from __future__ import annotations

import argparse
import os
import sys

from bcweb.page.ports import PortError, wanted_port
from bcweb.page.settings import SettingsError, settings
from bcweb.paths import weights_argument
from bcweb.scans import MODALITIES
from bcweb.terminal import command, say
from bcweb.weights import WeightsError


@command
def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python app.py",
        description="See what the network draws on breast ultrasounds and mammograms.",
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
    given = parser.parse_args()
    weights = {modality: getattr(given, f"weights_{modality}") for modality in MODALITIES}
    # Gradio, which is imported below, would look for free ports there too, and knows no address of IPv6 then.
    named = os.environ.pop("GRADIO_SERVER_NAME", None)
    host = given.host or named
    try:
        chosen = settings(host, weights, tuple(given.allow_host))
    except SettingsError as error:
        sys.exit(str(error))

    # The engine and Gradio take long to import: not for --help.
    from bcweb.page.segmenters import Segmenters

    segmenters = Segmenters(chosen.weights)
    try:
        wanted_port(given.port, host=host)
        segmenters.begin()  # rather now than at the first scan
    except (PortError, WeightsError) as error:
        sys.exit(str(error))
    for modality in MODALITIES:
        in_use = segmenters.now(modality)
        if in_use and in_use.notice:
            say(in_use.notice)

    from bcweb.page.launch import launch

    launch(chosen, segmenters, host, given.port)


if __name__ == "__main__":
    main()
