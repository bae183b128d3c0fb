"""The peer of the trainer bench: scikit-learn's HistGradientBoostingClassifier, served job by job over stdin and stdout.

Input: one JSON line a job, {"train": path, "test": path, "rows", "testRows", "columns", "trees", "leaves", "rate", "l2"},
where a path holds float32 features, row-major, followed by float32 labels. Output: one JSON line a job,
{"cpuSeconds", "auc"}; the first line says which version is running.
"""

import json
import sys
import time

import numpy
import sklearn
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.metrics import roc_auc_score


def load(path, rows, columns):
    flat = numpy.fromfile(path, dtype=numpy.float32)
    return flat[: rows * columns].reshape(rows, columns), flat[rows * columns :]


print(json.dumps({"version": sklearn.__version__}), flush=True)
for line in sys.stdin:
    job = json.loads(line)
    features, labels = load(job["train"], job["rows"], job["columns"])
    test_features, test_labels = load(job["test"], job["testRows"], job["columns"])
    model = HistGradientBoostingClassifier(
        max_iter=job["trees"],
        max_leaf_nodes=job["leaves"],
        learning_rate=job["rate"],
        l2_regularization=job["l2"],
        max_bins=255,
        min_samples_leaf=20,
        early_stopping=False,
        random_state=0,
    )
    start = time.process_time()
    model.fit(features, labels)
    spent = time.process_time() - start
    auc = roc_auc_score(test_labels, model.predict_proba(test_features)[:, 1])
    print(json.dumps({"cpuSeconds": spent, "auc": auc}), flush=True)
