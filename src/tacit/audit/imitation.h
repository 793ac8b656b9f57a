// What a thief makes of questions and answers: a model that answers alike. Two kinds: one that is affine,
// which finds an affine model exactly as soon as it has one answer more than there are inputs, and a network.
// Neither knows anything of the model but its answers (Tramer et al., Stealing machine learning models via
// prediction APIs, USENIX Security 2016).
#pragma once

#include <memory>

#include "tacit/secret/secret.h"

namespace tacit::audit {

/// Questions and answers, [rows, ...] each.
struct Answers {
  PublicTensor questions, answers;
  std::size_t rows() const { return questions.shape.at(0); }
  /// The first so many.
  Answers first(std::size_t count) const;
};

class Imitation {
 public:
  virtual ~Imitation() = default;
  /// Scores for questions, of the shape of the answers that it learnt.
  virtual PublicTensor run(const PublicTensor& questions) = 0;
};

/// Numbers in an example for which an affine imitation is still made: its cost grows with the third power.
constexpr std::size_t kMostAffineInputs = 2048;

/// The least squares, with a little weight decay, so that fewer answers than inputs do, too. UsageError for
/// more inputs than that.
std::unique_ptr<Imitation> affine_imitation(const Answers& known);

struct NetworkSettings {
  std::size_t epochs = 60;
  std::uint64_t seed = 1;
  unsigned threads = 0;
  std::size_t hidden = 128;  ///< numbers in each hidden layer
  double rate = 0.003;       ///< of learning, at the beginning
};
/// A network of two hidden layers, trained on the answers.
std::unique_ptr<Imitation> network_imitation(const Answers& known, const NetworkSettings& settings);

}  // namespace tacit::audit
