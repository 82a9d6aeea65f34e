"""What the stand-ins for a Jetson's elements share: its memory, their enumerations, their errors.

``memory:NVMM`` is a label here: the pixels lie where they always do, but an element that does not
know the label cannot be linked, as on a board.
"""

from __future__ import annotations

import ctypes
from typing import Any

import gi

gi.require_version("GstBase", "1.0")
from gi.repository import GLib, GObject, GstBase  # noqa: E402

from edgecrack.gst.runtime import Gst  # noqa: E402

MOST, UINT = 2**31 - 1, GObject.TYPE_UINT
HARDWARE, PROCESSOR = "memory:NVMM", "memory:SystemMemory"
_ANY = Gst.Caps.from_string(f"video/x-raw({HARDWARE}); video/x-raw")
_READWRITE = GObject.ParamFlags.READWRITE


Mixin: Any = object
"""What a checker of types may know of a class that is mixed into one of gi's: nothing."""


class Door(GstBase.BaseTransform):  # type: ignore[misc]
    """Takes pictures from one memory into the other: only the label changes."""

    __gstmetadata__ = ("Door", "Filter", "Changes the memory's label", "edgecrack tests")
    __gsttemplates__ = tuple(
        Gst.PadTemplate.new(name, direction, Gst.PadPresence.ALWAYS, _ANY)
        for name, direction in (("sink", Gst.PadDirection.SINK), ("src", Gst.PadDirection.SRC))
    )

    def do_transform_caps(self, _direction: Any, caps: Any, wanted: Any) -> Any:
        """Return the same pictures in either memory."""
        either = Gst.Caps.new_empty()
        for index in range(caps.get_size()):
            for label in (HARDWARE, PROCESSOR):
                features = Gst.CapsFeatures.from_string(label)
                either.append_structure_full(caps.get_structure(index).copy(), features)
        return either if wanted is None else wanted.intersect(either)

    def do_transform_ip(self, _buffer: Any) -> Any:
        """Leave the pixels where they are."""
        return Gst.FlowReturn.OK


class _EnumValue(ctypes.Structure):
    _fields_ = (
        ("value", ctypes.c_int),
        ("name", ctypes.c_char_p),
        ("nick", ctypes.c_char_p),
    )


_KEPT: list[Any] = []  # GLib keeps pointers to them


def enumeration(name: str, nicks: tuple[str, ...]) -> Any:
    """Register an enumeration, counted from 0; PyGObject of JetPack 6 has no way of its own."""
    register = ctypes.CDLL("libgobject-2.0.so.0").g_enum_register_static
    register.argtypes, register.restype = (ctypes.c_char_p, ctypes.c_void_p), ctypes.c_size_t
    coded = [(number, nick.encode(), nick.encode()) for number, nick in enumerate(nicks)]
    table = (_EnumValue * (len(nicks) + 1))(*(_EnumValue(*row) for row in coded), _EnumValue())
    _KEPT.append(table)
    register(name.encode(), table)
    return GObject.GType.from_name(name)


def declared(**properties: Any) -> dict[str, tuple[Any, ...]]:
    """Declare properties: name -> type, and for numbers least, most and default.

    An underscore in a name stands for a hyphen.
    """
    table = {}
    for name, spec in properties.items():
        kind, *more = spec if isinstance(spec, tuple) else (spec,)
        default = [False] if kind is bool else [""] if kind is str else more
        table[name.replace("_", "-")] = (kind, name, name, *default, _READWRITE)
    return table


class StandIn(Mixin):  # type: ignore[misc]
    """An element under a real name, with real elements inside; it remembers what was set.

    To be mixed into a ``Gst.Bin``: what GObject knows of a class must stand in that class itself.
    """

    def __init__(self) -> None:
        super().__init__()
        self.values: dict[str, Any] = {}

    def do_get_property(self, declaration: Any) -> Any:
        """Return what was set, or the default."""
        return self.values.get(declaration.name, declaration.default_value)

    def do_set_property(self, declaration: Any, value: Any) -> None:
        """Remember a value."""
        self.values[declaration.name] = value

    def fill(self, description: str) -> None:
        """Put elements inside, linked in a row, by names; ``door`` is a `Door`."""
        before = None
        for text in description.split(" ! "):
            name, kind, *settings = text.split()
            element = Door() if kind == "door" else Gst.ElementFactory.make(kind)
            element.set_name(f"inside-{name}")
            for setting in settings:
                key, value = setting.split("=", 1)
                Gst.util_set_object_arg(element, key, value)
            self.add(element)
            if before is not None:
                assert before.link(element), text
            before = element

    def part(self, name: str) -> Any:
        """Return an element inside, or None; outside nothing goes by its name."""
        return self.get_by_name(f"inside-{name}")

    def show(self, pad: str, inside: str) -> Any:
        """Show a pad of an element inside to the outside, under the real pad template."""
        target = self.part(inside).get_static_pad(pad)
        ghost = Gst.GhostPad.new_from_template(pad, target, self.get_pad_template(pad))
        self.add_pad(ghost)
        return ghost

    def change(self, change: Any) -> Any:
        """Change state, as a bin does."""
        return Gst.Bin.do_change_state(self, change)

    def fail(self, message: str) -> Any:
        """Say on the bus why this element does not work."""
        error = GLib.Error.new_literal(
            Gst.ResourceError.quark(), message, int(Gst.ResourceError.NOT_FOUND)
        )
        self.post_message(Gst.Message.new_error(self, error, "a stand-in"))
        return Gst.StateChangeReturn.FAILURE


def element_type(
    name: str,
    behaviour: type,
    klass: str,
    templates: tuple[Any, ...],
    properties: dict[str, tuple[Any, ...]],
    problem: str = "",
) -> Any:
    """Return the type of an element.

    Args:
        name: The type's name.
        behaviour: A `StandIn`.
        klass: What kind of element it says it is.
        templates: Its pads.
        properties: See `declared`.
        problem: Why it does not open; empty where it does.
    """

    def do_change_state(self: Any, change: Any) -> Any:
        if problem and change == Gst.StateChange.NULL_TO_READY:
            return self.fail(problem)
        return behaviour.change(self, change)  # type: ignore[attr-defined]

    body = {
        "__gtype_name__": f"StandIn{name}",
        "__gstmetadata__": (name, klass, "Stands for one of NVIDIA's", "edgecrack tests"),
        "__gsttemplates__": templates,
        "__gproperties__": properties,
        "do_change_state": do_change_state,
    }
    return type(name, (behaviour, Gst.Bin), body)


def template(name: str, caps: str) -> Any:
    """Return the pad template ``sink`` or ``src`` of an element."""
    direction = Gst.PadDirection.SINK if name == "sink" else Gst.PadDirection.SRC
    return Gst.PadTemplate.new(name, direction, Gst.PadPresence.ALWAYS, Gst.Caps.from_string(caps))
