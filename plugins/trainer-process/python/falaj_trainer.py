"""What a Python trainer needs of the contract, with the standard library alone.

    import falaj_trainer as falaj
    run = falaj.load()                       # task, columns, parameters, seed; features, labels, ... as lists of rows
    falaj.report(1, 10, {"loss": 0.7})       # at every step, if you like
    falaj.graph("query { me { id } }")       # the graph as this run, where the operator allows it
    falaj.save(run, model_bytes, predictions, importance={"hour": 0.6, "weekday": 0.4})

Arrays are .npy files: with NumPy at hand, numpy.load(run["folder"] + "/features.npy") is the same data.
"""
import array
import ast
import json
import math
import os
import struct
import sys
import urllib.error
import urllib.request


def load():
    """The request, with each array as a list: of rows for matrices, of numbers for labels."""
    path = os.environ["FALAJ_REQUEST"]
    with open(path, encoding="utf-8") as file:
        request = json.load(file)
    request["folder"] = os.path.dirname(path)
    for name in ("features", "labels", "validationFeatures", "validationLabels", "holdout"):
        if name in request:
            request[name] = read_npy(os.path.join(request["folder"], request[name]))
    return request


def report(step, total_steps, metrics):
    """One step of progress; a broken pipe means that nobody waits any more."""
    line = json.dumps({"step": step, "totalSteps": total_steps, "metrics": metrics}) + "\n"
    os.write(int(os.environ["FALAJ_PROGRESS_FD"]), line.encode())


def graph(document, variables=None):
    """Asks the graph as this run, where the command's configuration says platformAccess; answers `data`.

    The run may read itself (`run(id:)`), its training set and feature views, and log metrics, tags and artifacts into itself.
    """
    if "FALAJ_TOKEN" not in os.environ:
        raise PermissionError("this command may not ask the graph: its configuration lacks platformAccess")
    body = json.dumps({"query": document, "variables": variables or {}}).encode()
    headers = {"content-type": "application/json", "authorization": "Bearer " + os.environ["FALAJ_TOKEN"]}
    asked = urllib.request.Request(os.environ["FALAJ_URL"], data=body, headers=headers)
    try:
        with urllib.request.urlopen(asked, timeout=60) as reply:
            answer = json.load(reply)
    except urllib.error.HTTPError as refused:
        answer = json.loads(refused.read() or b"{}")
        if "errors" not in answer:
            raise
    if answer.get("errors"):
        raise RuntimeError("; ".join(error["message"] for error in answer["errors"]))
    return answer["data"]


def refuse(message):
    """Ends the run as the caller's mistake."""
    print(message, file=sys.stderr)
    sys.exit(2)


def save(request, model, holdout_predictions=None, importance=None, best_step=1):
    """`model`: bytes of ONNX. `holdout_predictions`: a list of rows, or of numbers, by the trainer's own arithmetic."""
    folder = os.environ["FALAJ_OUTPUT"]
    with open(os.path.join(folder, "model.onnx"), "wb") as file:
        file.write(model)
    if "holdout" in request:
        write_npy(os.path.join(folder, "holdout-predictions.npy"), holdout_predictions)
    with open(os.path.join(folder, "result.json"), "w", encoding="utf-8") as file:
        json.dump({"bestStep": best_step, "importance": importance or {}}, file)


def read_npy(path):
    with open(path, "rb") as file:
        if file.read(8) != b"\x93NUMPY\x01\x00":
            raise ValueError(f"{path} is no .npy file of version 1.0")
        header = ast.literal_eval(file.read(struct.unpack("<H", file.read(2))[0]).decode("latin1"))
        values = array.array({"<f4": "f", "<f8": "d"}[header["descr"]], file.read())
    if sys.byteorder == "big":
        values.byteswap()
    shape = header["shape"]
    if len(shape) == 1:
        return values.tolist()
    return [values[row * shape[1] : (row + 1) * shape[1]].tolist() for row in range(shape[0])]


def write_npy(path, values):
    nested = len(values) > 0 and not isinstance(values[0], (int, float))
    flat = array.array("d", [number for row in values for number in row] if nested else values)
    if sys.byteorder == "big":
        flat.byteswap()
    shape = f"({len(values)}, {len(values[0])})" if nested else f"({len(values)},)"
    text = f"{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}"
    text = text.ljust(math.ceil((len(text) + 11) / 64) * 64 - 11) + "\n"
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text.encode("latin1") + flat.tobytes())


def linear_onnx(columns, task, fill, center, scale, weights, bias):
    """A linear model as ONNX: missing values filled, standardised, weighted; then sigmoid, softmax or nothing.

    `fill`, `center`, `scale`: a number per column. `weights`: a list per column with a number per output. `bias`: per output.
    """
    wide, width = len(columns), len(bias)
    flat = [number for row in weights for number in row]
    nodes = [
        _node("IsNaN", ["features"], "missing"),
        _node("Where", ["missing", "fill", "features"], "filled"),
        _node("Sub", ["filled", "center"], "centered"),
        _node("Mul", ["centered", "scale"], "standardised"),
        _node("MatMul", ["standardised", "weights"], "weighted"),
        _node("Add", ["weighted", "bias"], "scores"),
        _node({"binary": "Sigmoid", "multiclass": "Softmax"}.get(task, "Identity"), ["scores"], "predictions"),
    ]
    tensors = [
        _tensor("fill", [1, wide], fill),
        _tensor("center", [1, wide], center),
        _tensor("scale", [1, wide], scale),
        _tensor("weights", [wide, width], flat),
        _tensor("bias", [1, width], bias),
    ]
    graph = b"".join(_field(1, node) for node in nodes) + _field(2, b"linear")
    graph += b"".join(_field(5, tensor) for tensor in tensors)
    graph += _field(11, _port("features", wide)) + _field(12, _port("predictions", width))
    return _int(1, 8) + _field(2, b"falaj_trainer") + _field(7, graph) + _field(8, _field(1, b"") + _int(2, 13))


# ONNX as protobuf, by the field numbers of onnx.proto3 (IR version 8).


def _varint(value):
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out + bytes([value]))


def _int(number, value):
    return _varint(number << 3) + _varint(value)


def _field(number, payload):
    return _varint(number << 3 | 2) + _varint(len(payload)) + payload


def _node(operator, inputs, output):
    names = b"".join(_field(1, name.encode()) for name in inputs)
    return names + _field(2, output.encode()) + _field(3, f"{operator}_{output}".encode()) + _field(4, operator.encode())


def _tensor(name, dimensions, values):
    data = struct.pack(f"<{len(values)}f", *values)
    return b"".join(_int(1, size) for size in dimensions) + _int(2, 1) + _field(8, name.encode()) + _field(9, data)


def _port(name, width):
    shape = _field(1, _field(2, b"N")) + _field(1, _int(1, width))
    return _field(1, name.encode()) + _field(2, _field(1, _int(1, 1) + _field(2, shape)))
