"""How the page looks around the tabs: system fonts, one accent, no boxes. Asks no other host for anything."""

from __future__ import annotations

from gradio.themes import Base, Color

_SANS = ("system-ui", "-apple-system", "Segoe UI", "Roboto", "sans-serif")
_MONO = ("ui-monospace", "SFMono-Regular", "Consolas", "monospace")
_ACCENT = Color(
    "#eef5fd", "#d7e8fb", "#b3d3f7", "#8cbdf4", "#6fb1ff", "#2f7fd6", "#1663b8", "#125297",
    "#0f4279", "#0d3561", "#0a2848",
)  # fmt: skip
_GREY = Color(
    "#f7f8f9", "#eceef1", "#d5d9de", "#b9c0c9", "#98a1ac", "#757e89", "#5c646e", "#434a53",
    "#333941", "#1d2024", "#131518",
)  # fmt: skip


def theme() -> Base:
    return Base(
        primary_hue=_ACCENT, secondary_hue=_ACCENT, neutral_hue=_GREY, font=_SANS, font_mono=_MONO
    ).set(
        body_background_fill="#ffffff",
        body_background_fill_dark="#131518",
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_dark="*primary_600",
    )


def head(version: str) -> str:
    """The page's own style, and its modules, fetched while Gradio starts instead of after it."""
    place = f"bc/static/{version}"
    modules = ("page/assets/workbench.js", "canvas/viewer.js")
    links = [f'<link rel="modulepreload" href="{place}/{name}">' for name in modules]
    linked = f'<script type="module" src="{place}/page/assets/review-start.js"></script>'
    return "".join([f'<link rel="stylesheet" href="{place}/page/assets/page.css">', *links, linked])
