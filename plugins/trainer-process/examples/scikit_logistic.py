"""The same contract with NumPy and scikit-learn: a logistic regression, handed back as ONNX."""
import numpy as np
from sklearn.linear_model import LogisticRegression

import falaj_trainer as falaj

run = falaj.load()
if run["task"] != "binary":
    falaj.refuse(f"task {run['task']}: this trainer learns binary labels only")
features = np.load(f"{run['folder']}/features.npy").astype(float)
labels = np.load(f"{run['folder']}/labels.npy")
fill = np.nanmean(features, axis=0)
center, spread = fill, np.nanstd(features, axis=0)
scale = 1 / np.where(spread > 1e-12, spread, 1)
standardised = lambda rows: (np.where(np.isnan(rows), fill, rows) - center) * scale

falaj.report(1, 2, {})
model = LogisticRegression(C=run["parameters"]["inverseRegularisation"], max_iter=500, random_state=run["seed"] % 2**32)
model.fit(standardised(features), labels)
falaj.report(2, 2, {"trainingAccuracy": float(model.score(standardised(features), labels))})

holdout = np.load(f"{run['folder']}/holdout.npy").astype(float) if "holdout" in run else np.zeros((0, features.shape[1]))
predictions = model.predict_proba(standardised(holdout))[:, 1].tolist() if len(holdout) else []
share = np.abs(model.coef_[0]) / np.abs(model.coef_[0]).sum()
falaj.save(
    run,
    falaj.linear_onnx(run["columns"], "binary", fill.tolist(), center.tolist(), scale.tolist(), model.coef_.T.tolist(), model.intercept_.tolist()),
    predictions,
    dict(zip(run["columns"], share.tolist())),
)
