// A network as split inference sees it: values that are known only under a mask, and between them stages,
// each a sum of linear maps followed by one activation. The structure is what every server knows; the weights
// are held in shares, by some of them.
//
// Numbers are fixed point modulo 2^bits, products are rounded halves up: what the integer mode of the plain
// engine computes, bit for bit, as long as no number leaves its range.
#pragma once

#include <optional>
#include <string>

#include "tacit/nn/graph/graph.h"
#include "tacit/ring/bilinear.h"

namespace tacit::seco {

struct Numbers {
  unsigned bits = 32;      ///< of the ring; at most 62
  unsigned fraction = 10;  ///< of them, behind the point
  bool operator==(const Numbers&) const = default;
  Word mask() const { return (Word{1} << bits) - 1; }
  /// That a number takes on the wire.
  std::size_t bytes() const { return (bits + 7) / 8; }
  Word reduce(std::int64_t x) const { return static_cast<Word>(x) & mask(); }
  std::int64_t signed_of(Word x) const { return static_cast<std::int64_t>(x << (64 - bits)) >> (64 - bits); }
};

/// Numbers as they travel, and back: not checked for range.
Bytes packed(const Numbers& numbers, std::span<const Word> x);
std::vector<Word> unpacked(const Numbers& numbers, ByteView bytes);

/// A linear map of one value. Private maps have weights, which are shared; the others everyone knows.
struct Term {
  enum class Kind { Convolution, Matrix, AveragePool, Same };
  Kind kind = Kind::Same;
  std::size_t value = 0;    ///< of the network's values
  Shape in = {};            ///< as which it is read: [channels, h, w], or [features]
  std::size_t weights = 0;  ///< of its weights: [outputs, channels / groups, h, w], or [outputs, inner]
  ConvGeometry geometry = {};
  Shape kernel = {};  ///< AveragePool: [channels, 1, h, w]
  Word factor = 0;    ///< AveragePool: one over the window's size
  unsigned lift = 0;  ///< Same: bits by which it is shifted to the left

  bool is_private() const { return kind == Kind::Convolution || kind == Kind::Matrix; }
};

/// What happens to a sum before it is a value again: rounding off `truncate` bits, then the largest of each
/// window, then max(x, 0), then min(x, ceiling). Or the places of the largest of all.
struct Activation {
  unsigned truncate = 0;
  bool relu = false;
  std::size_t places =
      0;  ///< of so many largest, the largest first and equal ones in their order; 0: numbers
  std::optional<Word> ceiling = {};
  /// The places of the sum that make up each result: [positions, results]. Empty: each its own.
  std::vector<std::size_t> windows = {};
  std::size_t positions = 1;

  bool operator==(const Activation&) const = default;
};

/// Makes value i + 1 of the network, for stage i.
struct Stage {
  std::string name;
  std::vector<Term> terms;
  std::optional<std::size_t> bias;  ///< of the network's weights, a number a channel, at the point of values
  unsigned bias_lift = 0;
  Shape sum;  ///< of the terms' results, [channels, h, w] or [features]
  Activation activation;
  Shape out;

  std::size_t outputs() const { return elements(out); }
};

/// How many numbers go into one copy of an activation's circuit, and how many copies there are.
struct CircuitShape {
  std::size_t positions, copies;
};
CircuitShape circuit_shape(const Stage& stage);

/// Bits of what a copy gives: of a number, or of all places.
std::size_t output_bits(const Numbers& numbers, const Stage& stage);

struct Network {
  Numbers numbers;
  Shape input;  ///< one example
  std::vector<Stage> stages;
  std::vector<Shape> weights;
};

/// All that a user knows of a model: what goes in, and what comes out.
struct Face {
  Numbers numbers;
  Shape input;
  std::size_t answers = 0;   ///< numbers of an answer
  unsigned answer_bits = 0;  ///< of each: the ring's, for scores; fewer for a place
  bool operator==(const Face&) const = default;
  bool tells_places() const { return answer_bits < numbers.bits; }
};
Face face_of(const Network& network);

/// Words of an answer as it travels: planes of its bits.
std::size_t answer_words(const Face& face);
/// The numbers in them: scores modulo 2^bits, or places.
std::vector<Word> answer_from(const Face& face, std::span<const Word> planes);

/// The network, but for telling no more of its scores than the places of the `k` largest. UsageError where
/// there are fewer, or places already.
Network with_top(Network network, std::size_t k);
/// The same of a face.
Face with_top(Face face, std::size_t k);

/// Tensors modulo 2^bits, in the order of Network::weights: the provider's, or one server's share.
using Weights = std::vector<RingTensor>;

struct Model {
  Network network;
  Weights weights;
};

/// UsageError unless everything that the network names is there, and fits: for networks that were read.
void check(const Network& network);

/// A graph with one input and one output for a batch of one. UsageError, naming the node, for what split
/// inference does not have.
Model split_model(const nn::Graph& graph, const Numbers& numbers);

/// What a linear map gives for `x`; `weights`, or a share of them, only where it is private. Modulo 2^64, and
/// so modulo 2^bits.
Words apply(const Compute& compute, const Term& term, const RingTensor* weights, std::span<const Word> x);
/// The shape of a value: 0 is the input.
const Shape& shape_of(const Network& network, std::size_t value);
/// Adds the bias, or a share of it.
void add_bias(const Stage& stage, const RingTensor& bias, std::span<Word> sum);

/// The answer in the clear, by the same integers; and all sums and values on the way.
std::vector<Word> clear_answer(const Compute& compute, const Model& model, std::span<const Word> x);
struct ClearRun {
  std::vector<std::vector<Word>> sums, values;  ///< a stage
};
ClearRun clear_run(const Compute& compute, const Model& model, std::span<const Word> x);

}  // namespace tacit::seco
