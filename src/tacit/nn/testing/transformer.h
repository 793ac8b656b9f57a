// A transformer block as exporters write it, and what it computes, written without the graph. For tests only.
#pragma once

#include <map>

#include "tacit/nn/testing/onnx_models.h"

namespace tacit::testing {

/// Sizes: [batch, kTokens] of places in a table of kWords rows, two heads of kSize numbers.
constexpr std::size_t kTokens = 4, kWords = 6, kHeads = 2, kSize = 3, kWidth = kHeads * kSize;

/// The weights by name, the same every time.
inline std::map<std::string, PublicTensor> transformer_weights() {
  std::map<std::string, PublicTensor> w;
  double seed = 0;
  const auto add = [&](const std::string& name, const Shape& shape, double scale, double shift = 0) {
    PublicTensor t{shape, std::vector<double>(elements(shape))};
    seed += 1;
    for (std::size_t i = 0; i < t.values.size(); ++i)
      t.values[i] = static_cast<float>(shift + scale * std::sin(seed + 1.3 * static_cast<double>(i)));
    w[name] = std::move(t);
  };
  add("words", {kWords, kWidth}, 1);
  add("places", {kTokens + 3, kWidth}, 0.5);
  for (const char* name : {"q", "k", "v", "o"}) add(name, {kWidth, kWidth}, 0.6);
  for (const char* name : {"norm1", "norm2"}) {
    add(name + std::string(".scale"), {kWidth}, 0.2, 1);
    add(name + std::string(".bias"), {kWidth}, 0.1);
  }
  add("up", {kWidth, 2 * kWidth}, 0.5);
  add("up.bias", {2 * kWidth}, 0.2);
  add("down", {2 * kWidth, kWidth}, 0.4);
  return w;
}

inline Model transformer_model() {
  Model m(20);
  m.input("tokens", {0, kTokens}, ::onnx::TensorProto::INT64).output("y");
  for (const auto& [name, t] : transformer_weights())
    m.hold(floats(name, Integers(t.shape.begin(), t.shape.end()), t.values));
  Integers at;
  for (std::size_t i = 0; i < kTokens; ++i) at.push_back(static_cast<std::int64_t>(i));
  m.hold(integers("at", {kTokens}, at));
  m.hold(integers("split", {4}, {0, kTokens, kHeads, kSize})).hold(integers("joined", {3}, {0, 0, kWidth}));
  m.hold(floats("scale", {}, {1 / std::sqrt(static_cast<double>(kSize))}));
  m.node("Gather", {"words", "tokens"}, {"word"});
  m.node("Gather", {"places", "at"}, {"place"});
  m.node("Add", {"word", "place"}, {"x"});
  set_real(m.node("LayerNormalization", {"x", "norm1.scale", "norm1.bias"}, {"n"}), "epsilon", 1e-3);
  for (const std::string head : {"q", "k", "v"}) {
    m.node("MatMul", {"n", head}, {head + "1"});
    m.node("Reshape", {head + "1", "split"}, {head + "2"});
    set(m.node("Transpose", {head + "2"}, {head + "3"}), "perm",
        head == "k" ? Integers{0, 2, 3, 1} : Integers{0, 2, 1, 3});
  }
  m.node("MatMul", {"q3", "k3"}, {"s1"});
  m.node("Mul", {"s1", "scale"}, {"s2"});
  m.node("Softmax", {"s2"}, {"s3"});
  m.node("MatMul", {"s3", "v3"}, {"a1"});
  set(m.node("Transpose", {"a1"}, {"a2"}), "perm", Integers{0, 2, 1, 3});
  m.node("Reshape", {"a2", "joined"}, {"a3"});
  m.node("MatMul", {"a3", "o"}, {"a4"});
  m.node("Add", {"x", "a4"}, {"h"});
  set_real(m.node("LayerNormalization", {"h", "norm2.scale", "norm2.bias"}, {"f1"}), "epsilon", 1e-3);
  m.node("MatMul", {"f1", "up"}, {"f2"});
  m.node("Add", {"f2", "up.bias"}, {"f3"});
  m.node("Gelu", {"f3"}, {"f4"});
  m.node("MatMul", {"f4", "down"}, {"f5"});
  m.node("Add", {"h", "f5"}, {"y"});
  return m;
}

/// The block's result for one row of tokens, [kTokens, kWidth].
inline Numbers transformer_of(const std::vector<std::size_t>& tokens) {
  const auto w = transformer_weights();
  const auto product = [&](const Numbers& x, const PublicTensor& m) {
    const std::size_t k = m.shape[0], n = m.shape[1], rows = x.size() / k;
    Numbers y(rows * n, 0);
    for (std::size_t r = 0; r < rows; ++r)
      for (std::size_t i = 0; i < k; ++i)
        for (std::size_t j = 0; j < n; ++j) y[r * n + j] += x[r * k + i] * m.values[i * n + j];
    return y;
  };
  const auto normal = [&](const Numbers& x, const std::string& name) {
    Numbers y(x.size());
    for (std::size_t r = 0; r < kTokens; ++r) {
      double mean = 0, variance = 0;
      for (std::size_t i = 0; i < kWidth; ++i) mean += x[r * kWidth + i] / kWidth;
      for (std::size_t i = 0; i < kWidth; ++i) variance += std::pow(x[r * kWidth + i] - mean, 2) / kWidth;
      for (std::size_t i = 0; i < kWidth; ++i)
        y[r * kWidth + i] =
            (x[r * kWidth + i] - mean) / std::sqrt(variance + 1e-3) * w.at(name + ".scale").values[i] +
            w.at(name + ".bias").values[i];
    }
    return y;
  };
  Numbers x(kTokens * kWidth);
  for (std::size_t t = 0; t < kTokens; ++t)
    for (std::size_t i = 0; i < kWidth; ++i)
      x[t * kWidth + i] =
          w.at("words").values[tokens[t] * kWidth + i] + w.at("places").values[t * kWidth + i];
  const Numbers n = normal(x, "norm1");
  const Numbers q = product(n, w.at("q")), k = product(n, w.at("k")), v = product(n, w.at("v"));
  Numbers mixed(x.size(), 0);
  for (std::size_t head = 0; head < kHeads; ++head)
    for (std::size_t t = 0; t < kTokens; ++t) {
      Numbers score(kTokens, 0);
      double total = 0;
      for (std::size_t u = 0; u < kTokens; ++u) {
        for (std::size_t i = 0; i < kSize; ++i)
          score[u] += q[t * kWidth + head * kSize + i] * k[u * kWidth + head * kSize + i];
        total += score[u] = std::exp(score[u] / std::sqrt(static_cast<double>(kSize)));
      }
      for (std::size_t u = 0; u < kTokens; ++u)
        for (std::size_t i = 0; i < kSize; ++i)
          mixed[t * kWidth + head * kSize + i] += score[u] / total * v[u * kWidth + head * kSize + i];
    }
  const Numbers out = product(mixed, w.at("o"));
  for (std::size_t i = 0; i < x.size(); ++i) x[i] += out[i];
  Numbers inner = product(normal(x, "norm2"), w.at("up"));
  for (std::size_t i = 0; i < inner.size(); ++i) {
    const double u = inner[i] + w.at("up.bias").values[i % (2 * kWidth)];
    inner[i] = u / 2 * std::erfc(-u / std::sqrt(2.0));
  }
  const Numbers down = product(inner, w.at("down"));
  for (std::size_t i = 0; i < x.size(); ++i) x[i] += down[i];
  return x;
}

}  // namespace tacit::testing
