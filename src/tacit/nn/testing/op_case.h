// One application of an operator to numbers that are given, what has to come out, and how far fixed point may
// be off: the rows of the conformance suite (ops/ops_test.cc). For tests only.
#pragma once

#include <functional>
#include <random>
#include <string>

#include "tacit/nn/ops/ops.h"

namespace tacit::nn::testing {

/// |got - want| <= ulps·2^-f + relative·|want|
struct Bound {
  double ulps = 0, relative = 0;
};

struct Argument {
  enum class Kind { Secret, Known, Absent };
  PublicTensor value;
  Kind kind = Kind::Secret;
};
Argument known(PublicTensor value);
Argument absent();

using Tensors = std::vector<PublicTensor>;
using Reference = std::function<PublicTensor(const Tensors&)>;

struct OpCase {
  const Op* op;
  std::string what;
  std::vector<Argument> in;
  Attrs attrs = {};
  Reference reference;  ///< written without the operator's own code
  Bound forward = {}, gradient = {};
  Reference training = {};  ///< what comes out on a tape, where that is something else
  double tolerance = 1e-9;  ///< of the engine over doubles, which clips some functions, to the reference
  double step = 1e-6;       ///< of differences, against which gradients are checked
};

/// Numbers on the grid of 2^-16, so that every engine starts from the same ones.
PublicTensor uniform(const Shape& shape, double low, double high, std::uint64_t seed);
/// These numbers first, then random ones.
PublicTensor starting_with(std::vector<double> first, PublicTensor rest);
/// 0, ±1 ulp, ±1, ±2, ±1000, then random ones within [-4, 4].
PublicTensor edges(const Shape& shape, std::uint64_t seed);

/// Sizes and settings of random rows, the same in every run.
class Dice {
 public:
  explicit Dice(std::uint64_t seed) : rng_(seed) {}
  /// One of low, .., high.
  std::size_t between(std::size_t low, std::size_t high) { return low + rng_() % (high - low + 1); }

 private:
  std::mt19937_64 rng_;
};

/// References: of one number, and of two that broadcast.
Reference each(double (*f)(double));
Reference pairwise(double (*f)(double, double));
/// x read at an index that broadcasts to it.
double at(const PublicTensor& x, const Shape& index);
/// All indices of a shape, in row-major order.
void each_index(const Shape& shape, const std::function<void(const Shape& index)>& body);
/// A tensor, element by element of its index.
PublicTensor tabulate(const Shape& shape, const std::function<double(const Shape& index)>& f);

// The tables, by kind of operator.
std::vector<OpCase> arithmetic_cases();
std::vector<OpCase> function_cases();
std::vector<OpCase> logic_cases();
std::vector<OpCase> layout_cases();
std::vector<OpCase> reduction_cases();
std::vector<OpCase> product_cases();
std::vector<OpCase> window_cases();
std::vector<OpCase> norm_cases();
std::vector<OpCase> all_cases();

/// A use that must be refused with a sentence in which `says` stands.
struct BadUse {
  const Op* op;
  std::vector<Shape> in;
  Attrs attrs;
  std::string says;
};
std::vector<BadUse> bad_uses();

}  // namespace tacit::nn::testing
