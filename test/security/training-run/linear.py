"""The plain example, with what its run may ask the graph: it reads its own input and logs into itself."""
import base64
import json
import os
import runpy
import sys

import falaj_trainer as falaj

me = falaj.graph("query { me { id resources } }")["me"]
own = falaj.graph(
    "query ($id: ID!) { run(id: $id) { trainingSet { id name rows columns { name role } } } }", {"id": me["id"]}
)["run"]
falaj.graph(
    """mutation ($batch: LogRunBatchInput!, $file: LogRunArtifactInput!) {
      logRunBatch(input: $batch) { points }
      logRunArtifact(input: $file) { artifact { path } }
    }""",
    {
        "batch": {
            "runId": me["id"],
            "tags": [{"key": "read", "value": own["trainingSet"]["name"]}],
            "metrics": [{"key": "rows_seen", "steps": [1], "values": [own["trainingSet"]["rows"]]}],
        },
        "file": {
            "runId": me["id"],
            "path": "columns.json",
            "contentType": "application/json",
            "base64": base64.b64encode(json.dumps(own["trainingSet"]["columns"]).encode()).decode(),
        },
    },
)
examples = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../../plugins/trainer-process/examples")
sys.argv = [os.path.join(examples, "linear.py")]
runpy.run_path(sys.argv[0], run_name="__main__")
