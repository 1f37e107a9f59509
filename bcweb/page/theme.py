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

# Gradio 6.31 leaves the clock of its loading sign running when it takes the sign away: it draws sixty frames a second
# for as long as the page is open. Whoever took hold of requestAnimationFrame before the page stood is that clock.
_STILL = """<script>
{
  const frame = requestAnimationFrame;
  let stands = false;
  window.requestAnimationFrame = (draw) => stands ? setTimeout(draw, 1000) : frame(draw);
  customElements.whenDefined("bc-viewer").then(() => {
    stands = true;
    window.requestAnimationFrame = frame;
  });
}
</script>"""


def theme() -> Base:
    return Base(
        primary_hue=_ACCENT, secondary_hue=_ACCENT, neutral_hue=_GREY, font=_SANS, font_mono=_MONO
    ).set(
        body_background_fill="#ffffff",
        body_background_fill_dark="#131518",
        button_primary_background_fill="*primary_600",
        button_primary_background_fill_dark="*primary_600",
    )


def first(version: str) -> str:
    """What is to be in the document before Gradio's scripts run: our modules, fetched beside theirs."""
    modules = ("page/assets/workbench.js", "canvas/viewer.js")
    links = [f'<link rel="modulepreload" href="{_place(version)}/{name}">' for name in modules]
    return "".join([_STILL, *links])


def head(version: str) -> str:
    """The page's own style, which comes after Gradio's, and what it opens with."""
    assets = f"{_place(version)}/page/assets"
    script = f'<script type="module" src="{assets}/review-start.js"></script>'
    return f'<link rel="stylesheet" href="{assets}/page.css">{script}'


def _place(version: str) -> str:
    return f"bc/static/{version}"
