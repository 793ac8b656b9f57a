// One operator at work: made once for the shapes that its operands will have, and then run any number of
// times, by several threads at a time. steps.cc has a maker for every operator of nn/ops/table.cc.
#pragma once

#include <functional>
#include <limits>
#include <optional>
#include <vector>

#include "tacit/nn/ops/op.h"
#include "tacit/runtime/product.h"

namespace tacit::runtime {

/// What a node's weights were made into ahead of all runs, whatever the size of a batch.
struct Packs {
  Memory& memory;
  std::vector<PackedMatrix> matrices = {};
};

/// What was asked for.
struct Request {
  const nn::Attrs& attrs;
  std::vector<Shape> in;  ///< empty where an optional input is absent
  std::vector<bool> there;
  Shape out;
  std::vector<const PublicTensor*> known;  ///< numbers of constants, or null
  std::vector<const float*> weights;       ///< numbers of constants and parameters, or null
  const FloatKernels& kernels;
  /// Where to pack weights, or what was packed of them before; null: nothing is to be packed ahead.
  Packs* packs = nullptr;
  // What else the step has to do, once its operator is done:
  bool added = false;  ///< MatMul: the last input is a bias, one number a column
  bool clamped = false;
  float low = -std::numeric_limits<float>::infinity(), high = std::numeric_limits<float>::infinity();

  bool has(std::size_t i) const { return i < in.size() && there[i]; }
};

/// Where its operands lie and its result shall.
struct Call {
  const float* const* in;  ///< null where an input is absent, or was packed
  float* out;
  const Work& work;
};

struct Step {
  std::function<void(const Call&)> run;
  std::size_t common = 0, slot = 0;  ///< numbers of memory that it needs, and a thread besides
  /// The result is the first operand, in another shape: there is nothing to run.
  bool alias = false;
  std::vector<std::size_t> in_place = {};  ///< operands over which its result may be written
  std::vector<std::size_t> packed = {};    ///< operands of which it has packs, and needs nothing else
};

/// UsageError for what shapes alone do not tell: indices out of range, say.
using StepMaker = Step (*)(const Request&);

/// Null if there is none.
StepMaker maker_of(const nn::Op& op);
/// Whether its step heeds Request::clamped.
bool clamps(const nn::Op& op);

}  // namespace tacit::runtime
