"""A trainer without a single package: logistic, softmax or linear regression by Adam on standardised columns.

Missing values count as the column's mean. The best step by the validation loss is kept, where there are validation rows.
"""
import math
import random

import falaj_trainer as falaj

run = falaj.load()
task, columns, parameters = run["task"], run["columns"], run["parameters"]
epochs, rate, batch = int(parameters["epochs"]), parameters["learningRate"], int(parameters["batchSize"])
if not (1 <= epochs <= 10_000 and batch >= 1 and 0 < rate <= 10):
    falaj.refuse(f"epochs {epochs}, learningRate {rate} or batchSize {batch} is out of range")
width = run.get("classes", 1) if task == "multiclass" else 1

present = [[row[c] for row in run["features"] if not math.isnan(row[c])] for c in range(len(columns))]
center = [sum(values) / len(values) if values else 0.0 for values in present]
spread = [math.sqrt(sum((v - m) ** 2 for v in values) / len(values)) if values else 0.0 for values, m in zip(present, center)]
scale = [1 / s if s > 1e-12 else 1.0 for s in spread]


def standardised(rows):
    return [[0.0 if math.isnan(v) else (v - m) * s for v, m, s in zip(row, center, scale)] for row in rows]


def predict(row, weights, bias):
    scores = [b + sum(v * w[k] for v, w in zip(row, weights)) for k, b in enumerate(bias)]
    if task == "regression":
        return scores
    if task == "binary":
        score = scores[0]
        return [1 / (1 + math.exp(-score)) if score >= 0 else math.exp(score) / (1 + math.exp(score))]
    top = max(scores)
    shares = [math.exp(score - top) for score in scores]
    return [share / sum(shares) for share in shares]


def loss(rows, labels, weights, bias):
    total = 0.0
    for row, label in zip(rows, labels):
        found = predict(row, weights, bias)
        if task == "regression":
            total += (found[0] - label) ** 2
        else:
            chance = found[int(label)] if task == "multiclass" else found[0] if label == 1 else 1 - found[0]
            total -= math.log(max(chance, 1e-15))
    return total / len(labels)


rows, labels = standardised(run["features"]), run["labels"]
mean = sum(labels) / len(labels)
deviation = math.sqrt(sum((label - mean) ** 2 for label in labels) / len(labels)) or 1.0
if task == "regression":
    labels = [(label - mean) / deviation for label in labels]
held = standardised(run["validationFeatures"]) if "validationFeatures" in run else None
heldLabels = run.get("validationLabels")
if held and task == "regression":
    heldLabels = [(label - mean) / deviation for label in heldLabels]

# The last column of each parameter is the bias.
size = (len(columns) + 1) * width
theta, first, second = [0.0] * size, [0.0] * size, [0.0] * size
order = list(range(len(rows)))
dice = random.Random(run["seed"])
best, step, rounds = (math.inf, None, 1), 0, 0
split = lambda t: ([t[c * width : (c + 1) * width] for c in range(len(columns))], t[len(columns) * width :])
for epoch in range(1, epochs + 1):
    dice.shuffle(order)
    for start in range(0, len(order), batch):
        part = order[start : start + batch]
        weights, bias = split(theta)
        gradient = [0.0] * size
        for index in part:
            found = predict(rows[index], weights, bias)
            for k in range(width):
                wanted = float(labels[index] == k) if task == "multiclass" else labels[index]
                error = (found[k] - wanted) / len(part)
                for c, value in enumerate(rows[index]):
                    gradient[c * width + k] += error * value
                gradient[len(columns) * width + k] += error
        step += 1
        for n in range(size):
            first[n] = 0.9 * first[n] + 0.1 * gradient[n]
            second[n] = 0.999 * second[n] + 0.001 * gradient[n] ** 2
            theta[n] -= rate * (first[n] / (1 - 0.9**step)) / (math.sqrt(second[n] / (1 - 0.999**step)) + 1e-8)
    weights, bias = split(theta)
    trained = loss(rows, labels, weights, bias)
    judged = loss(held, heldLabels, weights, bias) if held else trained
    falaj.report(epoch, epochs, {"trainingLoss": trained, **({"validationLoss": judged} if held else {})})
    if judged < best[0]:
        best = (judged, list(theta), epoch)

weights, bias = split(best[1])
if task == "regression":
    weights = [[w[0] * deviation] for w in weights]
    bias = [bias[0] * deviation + mean]
predictions = [predict(row, weights, bias) for row in standardised(run["holdout"])] if "holdout" in run else None
weight = [sum(abs(w) for w in ws) for ws in weights]
total = sum(weight) or 1.0
falaj.save(
    run,
    falaj.linear_onnx(columns, task, center, center, scale, weights, bias),
    predictions,
    {column: w / total for column, w in zip(columns, weight)},
    best[2],
)
