"""The widgets of a panel: one for each setting (a slider, a number box or a menu), and rows."""

import math

import ipywidgets as widgets


def control(label, allowed, value):
    """The widget for a setting: a slider, a logarithmic slider, a number box or a menu."""
    common = {
        "description": label,
        "value": value,
        "style": {"description_width": "initial"},
    }
    if allowed.options:
        return widgets.Dropdown(options=allowed.options, layout={"width": "auto"}, **common)
    if allowed.typed:
        return widgets.BoundedIntText(
            min=allowed.low, max=allowed.high, layout={"width": "130px"}, **common
        )
    if allowed.kind is int:
        return widgets.IntSlider(
            min=allowed.low, max=allowed.high, layout={"width": "260px"}, **common
        )
    common |= {"readout": False, "layout": {"width": "270px"}}
    if allowed.log:
        low, high = math.log10(allowed.low), math.log10(allowed.high)
        slider = widgets.FloatLogSlider(min=low, max=high, step=0.05, **common)
    else:
        step = (allowed.high - allowed.low) / 100
        slider = widgets.FloatSlider(min=allowed.low, max=allowed.high, step=step, **common)
    slider.value = on_grid(slider, value)
    return slider


def is_float_slider(widget):
    """Whether a widget is a slider for numbers that are not whole."""
    return isinstance(widget, (widgets.FloatSlider, widgets.FloatLogSlider))


def on_grid(slider, value):
    """The value nearest to `value` among those that the slider can stand on.

    A page moves a slider that stands between two of its steps to one of them and reports that
    as a change. So a slider is only ever put on a step; the number box shows the exact value.
    The step is computed as the page does it (noUiSlider, in per cent of the slider's length): what
    differs in the last bit is reported, too, and comes late under a moving hand.
    """
    log = isinstance(slider, widgets.FloatLogSlider)
    place = math.log10(value) if log else value
    length = slider.max - slider.min
    percent = round((place - slider.min) / slider.step) * (slider.step * 100 / length)
    place = percent * length / 100 + slider.min
    if place > slider.max:
        place = slider.max
    return 10.0**place if log else place


def family(widget):
    """A widget and all that belong to it: children, layouts, styles, each of them once."""
    found, waiting = [], [widget]
    while waiting:
        widget = waiting.pop()
        if widget in found:
            continue
        found.append(widget)
        for name in widget.keys:
            value = getattr(widget, name)
            parts = value if isinstance(value, (tuple, list)) else [value]
            waiting += [part for part in parts if isinstance(part, widgets.Widget)]
    return found


def row(*parts):
    """Widgets side by side, in several lines where the page is narrow."""
    layout = {"flex_flow": "row wrap", "align_items": "center", "grid_gap": "2px 6px"}
    return widgets.HBox(parts, layout=layout)
