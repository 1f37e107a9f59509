"""Serves a network with ONNX Runtime: the graph is written from our own definition at load time.

ONNX Runtime was measured level with LiteRT and OpenVINO in float32, several times faster than Keras;
it is the smallest of the three and exact. Maps are (N, C, S, S) inside.
"""

from __future__ import annotations

import os

# From 1.29 on it reports its use to its makers, from its import on, unless this is set before.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, helper, numpy_helper

from bcweb import network
from bcweb.cores import core_quota
from bcweb.weights import Config, WeightsError

onnxruntime.disable_telemetry_events()  # on Windows, where the variable is not read

_OPSET = 17  # the newest that every ONNX Runtime in our range and all operations here agree on


class _OnnxBuilder:
    """Builds a network as ONNX nodes with the weights as initializers; see `bcweb.network.Builder`.

    Tensors are passed as (name, channels).
    """

    def __init__(self, tensors: dict[str, np.ndarray]):
        self.tensors = tensors
        self.used: set[str] = set()
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: list[onnx.TensorProto] = []
        self.graph_input: onnx.ValueInfoProto | None = None

    def _weight(self, name: str, shape: tuple[int, ...]) -> np.ndarray:
        if name not in self.tensors:
            raise WeightsError(
                f"The weights have no tensor {name}, which their architecture wants."
            )
        tensor = self.tensors[name]
        if tensor.shape != shape:
            raise WeightsError(
                f"{name} has the shape {tensor.shape}, its architecture wants {shape}."
            )
        self.used.add(name)
        return tensor

    def _constant(self, value: np.ndarray, name: str) -> str:
        self.initializers.append(numpy_helper.from_array(np.ascontiguousarray(value), name))
        return name

    def _node(self, kind: str, inputs: list[str], **attributes) -> str:
        output = f"{kind.lower()}_{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [output], **attributes))
        return output

    def input(self, size, channels):
        shape = ["batch", size, size, channels]
        self.graph_input = helper.make_tensor_value_info("scan", TensorProto.FLOAT, shape)
        return self._node("Transpose", ["scan"], perm=[0, 3, 1, 2]), channels

    def conv(self, x, filters, kernel, name, stride=1, bias=True):
        source, channels = x
        weight = self._weight(f"{name}.kernel", (kernel, kernel, channels, filters))
        inputs = [source, self._constant(weight.transpose(3, 2, 0, 1), f"{name}.kernel")]
        if bias:
            inputs.append(self._constant(self._weight(f"{name}.bias", (filters,)), f"{name}.bias"))
        steps = [stride, stride]
        return self._node("Conv", inputs, auto_pad="SAME_UPPER", strides=steps), filters

    def depthwise(self, x, kernel, name, stride=1):
        source, channels = x
        weight = self._weight(f"{name}.kernel", (kernel, kernel, channels, 1))
        inputs = [source, self._constant(weight.transpose(2, 3, 0, 1), f"{name}.kernel")]
        node = self._node(
            "Conv", inputs, auto_pad="SAME_UPPER", strides=[stride, stride], group=channels
        )
        return node, channels

    def conv_transpose(self, x, filters, name):
        source, channels = x
        weight = self._weight(f"{name}.kernel", (2, 2, filters, channels))
        bias = self._constant(self._weight(f"{name}.bias", (filters,)), f"{name}.bias")
        inputs = [source, self._constant(weight.transpose(3, 2, 0, 1), f"{name}.kernel"), bias]
        return self._node("ConvTranspose", inputs, strides=[2, 2]), filters

    def norm(self, x, name):
        source, channels = x
        inputs = [source] + [
            self._constant(self._weight(f"{name}.{v}", (channels,)), f"{name}.{v}")
            for v in ("gamma", "beta", "moving_mean", "moving_variance")
        ]
        return self._node("BatchNormalization", inputs, epsilon=1e-3), channels

    def relu(self, x):
        return self._node("Relu", [x[0]]), x[1]

    def relu6(self, x):
        place = len(self.nodes)
        low = self._constant(np.float32(0), f"low_{place}")
        high = self._constant(np.float32(6), f"high_{place}")
        return self._node("Clip", [x[0], low, high]), x[1]

    def sigmoid(self, x):
        return self._node("Sigmoid", [x[0]]), x[1]

    def add(self, a, b):
        return self._node("Add", [a[0], b[0]]), a[1]

    def concat(self, tensors):
        return self._node("Concat", [t[0] for t in tensors], axis=1), sum(t[1] for t in tensors)

    def max_pool(self, x):
        return self._node("MaxPool", [x[0]], kernel_shape=[2, 2], strides=[2, 2]), x[1]

    def upsample(self, x):
        scales = self._constant(np.array([1, 1, 2, 2], np.float32), f"scales_{len(self.nodes)}")
        attributes = {"mode": "linear", "coordinate_transformation_mode": "half_pixel"}
        return self._node("Resize", [x[0], "", scales], **attributes), x[1]

    def _flat(self, x):
        return self._node("Flatten", [x]) if x else x

    def global_average(self, x):
        return self._flat(self._node("GlobalAveragePool", [x[0]])), x[1]

    def global_max(self, x):
        return self._flat(self._node("GlobalMaxPool", [x[0]])), x[1]

    def dropout(self, x, rate):
        return x

    def dense(self, x, units, name):
        source, channels = x
        kernel = self._constant(self._weight(f"{name}.kernel", (channels, units)), f"{name}.kernel")
        bias = self._constant(self._weight(f"{name}.bias", (units,)), f"{name}.bias")
        return self._node("Gemm", [source, kernel, bias]), units


def write_onnx(config: Config, tensors: dict[str, np.ndarray]) -> bytes:
    """The network with its weights as an ONNX model; `WeightsError` where they do not fit each other."""
    builder = _OnnxBuilder(tensors)
    mask, presence = network.build(
        builder, config.architecture, config.size, config.presence, config.feed
    )
    superfluous = sorted(set(tensors) - builder.used)
    if superfluous:
        raise WeightsError(
            f"The weights hold {superfluous[0]}, which their architecture does not have."
        )
    outputs = []
    for name, tensor in (("mask", mask), ("presence", presence)):
        if tensor is not None:
            builder.nodes.append(helper.make_node("Identity", [tensor[0]], [name]))
            outputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, None))
    graph = helper.make_graph(
        builder.nodes, config.architecture, [builder.graph_input], outputs, builder.initializers
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", _OPSET)], ir_version=9)
    return model.SerializeToString()


class Engine:
    """One network, ready to run. Safe to share between threads.

    threads: processor threads for one call; 0 lets ONNX Runtime take all cores, in a container those that it is given.
    """

    def __init__(self, config: Config, tensors: dict[str, np.ndarray], threads: int = 0):
        options = onnxruntime.SessionOptions()
        # By itself ONNX Runtime counts those of a container's host.
        options.intra_op_num_threads = threads or core_quota() or 0
        # Threads that spin while they wait take the cores from whoever else works on this machine.
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(
            write_onnx(config, tensors), options, providers=["CPUExecutionProvider"]
        )

    def run(self, images: np.ndarray) -> tuple[np.ndarray, np.ndarray | None]:
        """(N, S, S, 3) float32, standardised -> mask logits (N, S, S), presence logits (N,) or None."""
        out = self._session.run(None, {"scan": images})
        return out[0][:, 0], out[1][:, 0] if len(out) > 1 else None
