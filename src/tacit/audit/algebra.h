// Functions that can be asked at any point, and solved for: affine ones, affine ones behind a Relu, and those
// of one hidden layer of Relus. The last by the places where lines bend: each bend is where one neuron
// changes sides, and the gradients beside it tell the neuron (Carlini, Jagielski and Mironov, Cryptanalytic
// extraction of neural network models, CRYPTO 2020). On which side it is 0 need not be known: the wrong side
// of a Relu differs by an affine function, which is solved last.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

namespace tacit::audit {

/// Results for so many questions: [rows, outputs] for [rows, inputs].
using Points = std::function<std::vector<double>(std::size_t rows, std::vector<double> values)>;

/// direct·x + bias + outer·max(inner·x + shift, 0); if `rectified`, max(direct·x + bias, 0).
struct Recovered {
  std::size_t inputs = 0, outputs = 0, hidden = 0;
  bool rectified = false;
  std::vector<double> direct, bias;         ///< [outputs, inputs], [outputs]
  std::vector<double> inner, shift, outer;  ///< [hidden, inputs], [hidden], [outputs, hidden]
  std::uint64_t queries = 0;

  std::vector<double> run(std::size_t rows, const std::vector<double>& x) const;
};

/// By 0 and the unit vectors: exact, by one question more than there are inputs.
Recovered recover_affine(const Points& f, std::size_t inputs, std::size_t outputs);
/// By the gradients at random points, at each of which about half of the outputs are not 0. An output that
/// was 0 at all of them is taken to be always.
Recovered recover_rectified(const Points& f, std::size_t inputs, std::size_t outputs);
/// Nothing where more neurons are found than `most_hidden`, or more questions would be needed than
/// `most_queries`.
std::optional<Recovered> recover_one_hidden(const Points& f, std::size_t inputs, std::size_t outputs,
                                            std::size_t most_hidden, std::uint64_t most_queries);

}  // namespace tacit::audit
