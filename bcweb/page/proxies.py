"""No proxy lies between the page and the machine that it runs on."""

from __future__ import annotations

import os
from urllib.request import getproxies

from bcweb.page.settings import LOOPBACK_NAMES


def bypass(host: str | None) -> None:
    """Have no proxy asked for this machine, nor for the host that the page listens on; all else as it was.

    Gradio asks the page whether it has started. A proxy, which would be asked in its place, knows nothing of it.
    """
    proxies = getproxies()
    if not proxies or proxies.get("no") == "*":  # which means every host only where it stands alone
        return
    around = (proxies.pop("no", ""), *LOOPBACK_NAMES, (host or "").strip("[]"))
    # The system's own (macOS, Windows) hold only as long as the environment says nothing: so it says them, too.
    os.environ.update({f"{scheme}_proxy": proxy for scheme, proxy in proxies.items()})
    os.environ["no_proxy"] = os.environ["NO_PROXY"] = ",".join(filter(None, around))
