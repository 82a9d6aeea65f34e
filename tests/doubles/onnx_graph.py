"""What the double of TensorRT must know of an ONNX file: its edges, and its convolutions.

Field numbers are those of ``onnx.proto``. A unit has no ``onnx`` package.
"""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from edgecrack.onnxfile import message_fields

if TYPE_CHECKING:
    from collections.abc import Iterator

_TYPES = {1: "Float", 10: "Half", 16: "BF16", 3: "Int8", 2: "UInt8"}
UINT8 = 2


def _fields(message: Any) -> Iterator[tuple[int, Any]]:
    """Walk over a message; what is inside a field depends on its number."""
    return message_fields(message)


@dataclass
class Edge:
    """An input or output: -1 is an open side."""

    name: str = ""
    type: int = 0
    shape: tuple[int, ...] = ()


@dataclass
class Node:
    """An operator."""

    kind: str = ""
    name: str = ""
    takes: list[str] = field(default_factory=list)
    gives: list[str] = field(default_factory=list)


@dataclass
class Tensor:
    """An initializer."""

    name: str = ""
    type: int = 0
    dims: tuple[int, ...] = ()
    digest: str = ""


@dataclass
class Graph:
    """A network."""

    inputs: list[Edge] = field(default_factory=list)
    outputs: list[Edge] = field(default_factory=list)
    nodes: list[Node] = field(default_factory=list)
    tensors: dict[str, Tensor] = field(default_factory=dict)

    @property
    def convolutions(self) -> list[tuple[Node, str, int]]:
        """Each convolution, the type of its weights, and how many they are."""
        found = [node for node in self.nodes if node.kind in {"Conv", "ConvTranspose"}]
        return [(node, *self._weights(node.takes[1])) for node in found]

    def _weights(self, name: str) -> tuple[str, int]:
        """Return the type of weights, before they are dequantised or passed on."""
        while name not in self.tensors:
            name = next(node for node in self.nodes if name in node.gives).takes[0]
        tensor = self.tensors[name]
        return _TYPES[tensor.type], math.prod(tensor.dims)

    @property
    def architecture(self) -> list[tuple[str, ...]]:
        """What a refit may not change."""
        nodes = [(node.kind, *node.takes, *node.gives) for node in self.nodes]
        tensors = [(each.name, str(each.type), str(each.dims)) for each in self.tensors.values()]
        return [*nodes, *tensors]


def read_graph(model: bytes) -> Graph:
    """Return the network in an ONNX file.

    Raises:
        ValueError: It is none.
    """
    try:
        graphs = [value for number, value in _fields(memoryview(model)) if number == 7]
        return _graph(graphs[0])
    except (IndexError, TypeError) as error:
        raise ValueError("no ONNX") from error


def _graph(message: memoryview) -> Graph:
    graph = Graph()
    for number, value in _fields(message):
        if number == 1:
            graph.nodes.append(_node(value))
        elif number == 5:
            tensor = _tensor(value)
            graph.tensors[tensor.name] = tensor
        elif number in {11, 12}:
            (graph.inputs if number == 11 else graph.outputs).append(_edge(value))
    return graph


def _node(message: memoryview) -> Node:
    node = Node()
    for number, value in _fields(message):
        if number in {1, 2}:
            (node.takes if number == 1 else node.gives).append(bytes(value).decode())
        elif number in {3, 4}:
            setattr(node, "name" if number == 3 else "kind", bytes(value).decode())
    return node


def _tensor(message: memoryview) -> Tensor:
    tensor, dims = Tensor(digest=hashlib.sha256(message).hexdigest()), []
    for number, value in _fields(message):
        if number == 1:
            dims += [value] if isinstance(value, int) else _packed(value)
        elif number == 2:
            tensor.type = value
        elif number == 8:
            tensor.name = bytes(value).decode()
    tensor.dims = tuple(dims)
    return tensor


def _edge(message: memoryview) -> Edge:
    edge = Edge()
    for number, value in _fields(message):
        if number == 1:
            edge.name = bytes(value).decode()
        elif number == 2:
            for inner, tensor in _fields(value):
                if inner == 1:
                    edge.type, edge.shape = _tensor_type(tensor)
    return edge


def _tensor_type(message: memoryview) -> tuple[int, tuple[int, ...]]:
    kind, shape = 0, tuple[int, ...]()
    for number, value in _fields(message):
        if number == 1:
            kind = value
        elif number == 2:
            dims = [dict(_fields(dim)) for inner, dim in _fields(value) if inner == 1]
            shape = tuple(dim.get(1, -1) for dim in dims)
    return kind, shape


def _packed(numbers: memoryview) -> list[int]:
    """Return numbers that were written as one field."""
    values, value, shift = [], 0, 0
    for byte in numbers:
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80:
            values.append(value)
            value = shift = 0
    return values
