"""Logging in with Hugging Face: on a Space whose front matter has `hf_oauth: true`, and nowhere else."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

import gradio as gr

_MAY_WRITE = (
    "admin",
    "write",
    "contributor",
)  # roles of an organisation's members; the others may read


def is_possible(environment: Mapping[str, str] = os.environ) -> bool:
    """Whether one can log in to this page."""
    is_space = environment.get("SYSTEM") == "spaces" and bool(environment.get("SPACE_ID"))
    return is_space and bool(environment.get("OAUTH_CLIENT_ID"))


def add_to(demo: gr.Blocks) -> None:
    """Have Gradio serve /login/huggingface, /login/callback and /logout, where one can log in."""
    if not is_possible():
        return  # the button raises where there is no Space, and where the Space has no login
    # It is not shown: the page has links of its own, which open a tab where a frame could not log in. And
    # made apart from the page it brings no event with it, which would be one more thing to call.
    button = gr.LoginButton(visible=False, icon=None)
    with demo:
        button.render()


def is_host(user: Mapping[str, Any], environment: Mapping[str, str] = os.environ) -> bool:
    """Whether a login is of the user whose Space this is, or of one who may write in its organisation.

    user: the "userinfo" of the session.
    """
    owner = environment.get("SPACE_ID", "").partition("/")[0]
    if not owner:
        return False
    if user.get("preferred_username") == owner:
        return True
    return any(
        org.get("preferred_username") == owner and org.get("roleInOrg") in _MAY_WRITE
        for org in user.get("orgs") or ()
        if isinstance(org, Mapping)
    )
