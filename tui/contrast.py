"""Two themes of high contrast, beside those that Textual brings: black on white, white on black."""

from textual.theme import Theme

_CURSOR = {"block-cursor-text-style": "bold", "footer-key-foreground": "#ffff00"}

DARK = Theme(
    name="high-contrast-dark",
    primary="#ffffff",
    secondary="#00ffff",
    warning="#ffff00",
    error="#ff8080",
    success="#66ff66",
    accent="#00ffff",
    foreground="#ffffff",
    background="#000000",
    surface="#000000",
    panel="#000000",
    boost="#000000",
    dark=True,
    luminosity_spread=0.3,
    text_alpha=1.0,
    variables={
        **_CURSOR, "block-cursor-background": "#ffffff", "block-cursor-foreground": "#000000",
        "block-hover-background": "#404040", "text-muted": "#ffffff", "foreground-muted": "#ffffff",
        "text-error": "#ff8080", "text-warning": "#ffff00", "text-success": "#66ff66",
        "text-primary": "#ffffff", "text-accent": "#00ffff", "border-blurred": "#ffffff",
    },
)  # fmt: skip
LIGHT = Theme(
    name="high-contrast-light",
    primary="#000000",
    secondary="#00005f",
    warning="#5f3700",
    error="#8b0000",
    success="#004d00",
    accent="#00005f",
    foreground="#000000",
    background="#ffffff",
    surface="#ffffff",
    panel="#ffffff",
    boost="#ffffff",
    dark=False,
    luminosity_spread=0.3,
    text_alpha=1.0,
    variables={
        "block-cursor-text-style": "bold", "footer-key-foreground": "#5f3700",
        "block-cursor-background": "#000000", "block-cursor-foreground": "#ffffff",
        "block-hover-background": "#c0c0c0", "text-muted": "#000000", "foreground-muted": "#000000",
        "text-error": "#8b0000", "text-warning": "#5f3700", "text-success": "#004d00",
        "text-primary": "#000000", "text-accent": "#00005f", "border-blurred": "#000000",
    },
)  # fmt: skip
THEMES = (DARK, LIGHT)
