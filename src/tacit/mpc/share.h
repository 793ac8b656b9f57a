// One party's part of a shared tensor. Plain data: what the parts mean is the protocol's business, and above
// mpc/ nobody looks inside.
#pragma once

#include <functional>

#include "tacit/mpc/bounds.h"
#include "tacit/ring/tensor.h"

namespace tacit {

enum class Domain : std::uint8_t {
  Arith,  ///< elements of Z_2^64, or fixed-point numbers
  Bool,   ///< bits: a plane of packed bits for each bit position
};

/// A product may stay in a cheaper form, which costs no communication to reach, until something needs the
/// protocol's own: sums and multiples of it are local, but nothing else is.
enum class Form : std::uint8_t {
  Full,  ///< the protocol's own (replicated, for aby3)
  Sum,   ///< a plain sum of one part a party, not masked yet: it never leaves a party as it is
};

struct Share {
  Domain domain = Domain::Arith;
  Form form = Form::Full;
  unsigned frac = 0;  ///< Arith: the value is the element divided by 2^frac
  unsigned bits = 0;  ///< Bool: planes an element has
  Shape shape;        ///< of the tensor that is shared
  /// Arith: tensors of `shape`. Bool: tensors of [bits, plane_words(shape)].
  std::vector<RingTensor> parts;
  BoundsOf bounds = nullptr;  ///< Arith, where an engine keeps them: valid for every element

  std::size_t size() const { return elements(shape); }

  /// Shares with uninitialised parts.
  static Share numbers(Shape shape, unsigned frac, std::size_t parts, Form form = Form::Full);
  static Share bit_planes(Shape shape, unsigned bits, std::size_t parts, Form form = Form::Full);
};

/// Words in which one bit of each of n elements is packed.
constexpr std::size_t plane_words(std::size_t n) { return (n + 63) / 64; }

/// Reordering and picking of elements that is the same for every part, and costs nothing.
Share reshape(Share x, Shape shape);
/// out[i] = x[indices[i]]; an index of kZero gives 0. Bool shares too.
constexpr std::size_t kZero = ~std::size_t{0};
Share gather(const Share& x, std::span<const std::size_t> indices, Shape shape);
/// out[i_0, i_1, ..] = x[offset + Σ i_k strides_k]: slices, transposes and broadcasts are this.
Share strided(const Share& x, std::size_t offset, std::span<const std::size_t> strides, Shape shape);
/// The reverse: to[offset + Σ i_k strides_k] = x[i_0, i_1, ..]; the places must differ. Numbers only.
void place(Share& to, std::size_t offset, std::span<const std::size_t> strides, const Share& x);
/// Calls row(i, at, length, step) for each run along the last axis of such a view: elements i, i + 1, .. of
/// the result are elements at, at + step, .. of x.
void each_row(
    std::size_t offset, std::span<const std::size_t> strides, const Shape& shape,
    const std::function<void(std::size_t i, std::size_t at, std::size_t length, std::size_t step)>& row);
/// Flattens and joins shares of one kind; split() undoes it.
Share join(std::span<const Share* const> shares);
std::vector<Share> split(const Share& joined, std::span<const Shape> shapes);

}  // namespace tacit
