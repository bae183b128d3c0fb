"""Writes model-files.json: real files as the tools of Python write them, base64 by name.

    pip install onnx skl2onnx scikit-learn joblib h5py && python make.py
"""
import base64, io, json, pathlib, pickle, sys, zipfile, os, tempfile
import h5py, joblib, numpy as np, onnx
from onnx import TensorProto, helper, numpy_helper
from sklearn.linear_model import LogisticRegression
from skl2onnx import to_onnx


class Evil:
    def __reduce__(self):
        return os.system, ("echo pwned",)


files = {}
for protocol in range(6):
    files[f"pickle-{protocol}"] = pickle.dumps(Evil(), protocol)

# The layout that torch.save writes: archive/data.pkl, archive/version, archive/data/0.
buffer = io.BytesIO()
with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
    archive.writestr("archive/data.pkl", pickle.dumps(Evil(), 2))
    archive.writestr("archive/version", "3\n")
    archive.writestr("archive/data/0", np.zeros(4, np.float32).tobytes())
files["torch-zip"] = buffer.getvalue()

rng = np.random.default_rng(7)
x = rng.normal(size=(64, 3)).astype(np.float32)
y = (x[:, 0] + x[:, 1] > 0).astype(np.int64)
model = LogisticRegression().fit(x, y)
with tempfile.TemporaryDirectory() as folder:
    path = pathlib.Path(folder)
    joblib.dump(model, path / "a.joblib")
    files["joblib"] = (path / "a.joblib").read_bytes()
    joblib.dump(model, path / "b.joblib", compress=3)
    files["joblib-compressed"] = (path / "b.joblib").read_bytes()
    with h5py.File(path / "c.h5", "w", libver="latest") as file:
        file.attrs["model_config"] = json.dumps({"class_name": "Sequential", "config": {"layers": [
            {"class_name": "Lambda", "config": {"function": ["4wEAAAAAAAAA", None, None]}}]}})
    files["keras-lambda-h5"] = (path / "c.h5").read_bytes()

# A classifier by skl2onnx: label and probabilities.
good = to_onnx(model, x[:1], options={id(model): {"zipmap": False}}, target_opset={"": 17, "ai.onnx.ml": 3})
files["onnx-sklearn"] = good.SerializeToString()
zipmap = to_onnx(model, x[:1], target_opset={"": 17, "ai.onnx.ml": 3})
files["onnx-zipmap"] = zipmap.SerializeToString()
files["onnx-truncated"] = good.SerializeToString()[:-37]


def dense(weights, opset=17, domain="", operator="MatMul", extra=None, **arguments):
    node = helper.make_node(operator, ["x", "w"], ["y"], domain=domain)
    graph = helper.make_graph(
        [node] + (extra or []),
        "g",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["N", 2])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["N", 1])],
        [weights],
    )
    opsets = [helper.make_opsetid("", opset)] + ([helper.make_opsetid(domain, 1)] if domain else [])
    return helper.make_model(graph, opset_imports=opsets, ir_version=9, **arguments)


weights = numpy_helper.from_array(np.array([[0.5], [-0.25]], np.float32), "w")
files["onnx-dense"] = dense(weights).SerializeToString()
floats = helper.make_tensor("w", TensorProto.FLOAT, [2, 1], [0.5, -0.25])
files["onnx-dense-float-data"] = dense(floats).SerializeToString()


def external(location):
    tensor = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[2, 1], data_location=TensorProto.EXTERNAL)
    for key, value in (("location", location), ("offset", "0"), ("length", "8")):
        tensor.external_data.add(key=key, value=value)
    return dense(tensor).SerializeToString()


files["onnx-external-passwd"] = external("../../etc/passwd")
files["onnx-external-absolute"] = external("/etc/passwd")
files["onnx-external-plain"] = external("weights.bin")
hidden = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[2, 1], raw_data=b"\0" * 8)
hidden.external_data.add(key="location", value="../../etc/passwd")
files["onnx-external-disguised"] = dense(hidden).SerializeToString()

inner = TensorProto(name="v", data_type=TensorProto.FLOAT, dims=[1], data_location=TensorProto.EXTERNAL)
inner.external_data.add(key="location", value="../../etc/passwd")
branch = helper.make_graph([helper.make_node("Constant", [], ["b"], value=inner)], "b", [],
                           [helper.make_tensor_value_info("b", TensorProto.FLOAT, [1])])
files["onnx-external-in-branch"] = dense(
    weights, extra=[helper.make_node("If", ["c"], ["z"], then_branch=branch, else_branch=branch)]
).SerializeToString()

files["onnx-custom-domain"] = dense(weights, domain="com.example.native", operator="Run").SerializeToString()
undeclared = dense(weights)
undeclared.graph.node[0].domain = "com.example.native"
files["onnx-undeclared-domain"] = undeclared.SerializeToString()
files["onnx-opset-99"] = dense(weights, opset=99).SerializeToString()
bomb = TensorProto(name="w", data_type=TensorProto.FLOAT, dims=[1 << 20, 1 << 20], raw_data=b"\0" * 8)
files["onnx-bomb"] = dense(bomb).SerializeToString()
body = helper.make_graph([helper.make_node("Identity", ["i"], ["o"])], "body", [], [])
files["onnx-loop"] = dense(weights, extra=[helper.make_node("Loop", ["", "c"], ["z"], body=body)]).SerializeToString()
files["onnx-ep-context"] = dense(weights, domain="com.microsoft", operator="EPContext").SerializeToString()
function = helper.make_function("com.example", "F", ["a"], ["b"], [helper.make_node("Identity", ["a"], ["b"])],
                                [helper.make_opsetid("", 17)])
files["onnx-function"] = dense(weights, functions=[function]).SerializeToString()
settings = dense(weights)
settings.metadata_props.add(key="ort_config", value="{}")
files["onnx-runtime-settings"] = settings.SerializeToString()
files["onnx-two-graphs"] = dense(weights).SerializeToString() * 2
files["safetensors"] = (lambda header: len(header).to_bytes(8, "little") + header + b"\0" * 8)(
    json.dumps({"w": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]}}).encode())
files["empty"] = b""

target = pathlib.Path(__file__).with_name("model-files.json")
target.write_text(json.dumps({name: base64.b64encode(data).decode() for name, data in files.items()}, indent=1) + "\n")
print(target.stat().st_size, "bytes", sys.version)
