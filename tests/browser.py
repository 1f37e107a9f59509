"""The Chromium that the browser tests drive: an installed one, or one fetched by `python -m tests.browser`."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

# The first is Chromium without windows of its own: tests that drive it take a sixth less time.
NAMES = (
    "chromium-headless-shell",
    "chromium",
    "chromium-browser",
    "google-chrome",
    "google-chrome-stable",
    "chrome",
)
# Without those up to --disable-sync a Chromium started by a test asks its maker's servers for updates. Tabs of one site
# share a process, so that not every test starts its own. The rest are for machines without a graphics card: WebGL is
# drawn by an emulated one, the page itself by the processor, which is quicker.
ARGUMENTS = (
    "--no-sandbox",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--process-per-site",
    "--use-gl=angle",
    "--use-angle=swiftshader-webgl",
    "--enable-unsafe-swiftshader",
)


def executable() -> str | None:
    """The path of an installed Chromium or Chrome, of Playwright's own, or None."""
    for name in NAMES:
        if found := shutil.which(name):
            return found
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        path = playwright.chromium.executable_path
    return path if os.path.exists(path) else None


def install() -> None:
    """Fetch a Chromium: Debian's package when root on Debian, Playwright's own elsewhere."""
    if shutil.which("apt-get") and os.geteuid() == 0:
        environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
        subprocess.run(["apt-get", "update", "-qq"], check=True, env=environment)
        install = ["apt-get", "install", "-y", "-qq"]
        if subprocess.run([*install, NAMES[0]], env=environment).returncode:  # an older Debian
            subprocess.run([*install, "chromium"], check=True, env=environment)
    else:
        subprocess.run([sys.executable, "-m", "playwright", "install", "chromium"], check=True)


if __name__ == "__main__":
    if executable() is None:
        install()
    if executable() is None:
        sys.exit("No Chromium was found and none could be installed; the browser tests want one.")
