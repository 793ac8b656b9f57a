// Typed linear algebra: everything here is local, except trunc, and real(). Shapes must agree; broadcasting
// is explicit. Errors: UsageError for shapes that do not fit.
#pragma once

#include <span>

#include "tacit/fn/context.h"

namespace tacit::fn {

// ---- in and out of the computation

/// A compute party's own tensor, encoded; null elsewhere.
Secret<Real> input(Ctx&, PartyId owner, const PublicTensor* mine, const Shape&);
/// An outsider's tensor, of which this party got these components.
Secret<Real> adopt(Ctx&, std::vector<RingTensor> components, const Shape&);
/// This party's own parts, to be kept for a later session of the same protocol, and the way back. By
/// themselves they say nothing of the secret.
std::vector<RingTensor> stored(Ctx&, const Secret<Real>&);
Secret<Real> restored(Ctx&, std::vector<RingTensor> parts, const Shape&);
/// Numbers that all know, as a secret.
Secret<Real> constant(Ctx&, const PublicTensor&);
Secret<Real> zeros(Ctx&, const Shape&);

// ---- sums and public factors

// The second operand may have a shape that broadcasts to the first's.

template <class E>
Secret<E> add(Ctx&, const Secret<E>&, const Secret<E>&);
template <class E>
Secret<E> sub(Ctx&, const Secret<E>&, const Secret<E>&);
template <class E>
Secret<E> negate(Ctx&, const Secret<E>&);
/// Times an integer.
template <class E>
Secret<E> scale(Ctx&, const Secret<E>&, std::int64_t factor);
/// Plus public numbers, one an element or one for all.
template <class E>
Secret<E> add_public(Ctx&, const Secret<E>&, std::span<const double>);
/// Times public numbers, one an element or one for all.
Secret<Wide> mul_public(Ctx&, const Secret<Real>&, std::span<const double>);
Secret<Wide> mul_public(Ctx&, const Secret<Real>&, double);
/// A product's worth of digits, value unchanged.
Secret<Wide> lift(Ctx&, const Secret<Real>&);
/// Times 2^-k, exactly.
Secret<Wide> shift_down(Ctx&, const Secret<Real>&, unsigned k);
Secret<Wide> shift_down(Ctx&, const Secret<Wide>&, unsigned k);

// ---- products

Secret<Wide> bilinear(Ctx&, const Bilinear&, const Secret<Real>&, const Secret<Real>&);
Secret<Wide> mul(Ctx&, const Secret<Real>&, const Secret<Real>&);
Secret<Wide> matmul(Ctx&, const Secret<Real>&, const Secret<Real>&, bool transpose_a = false,
                    bool transpose_b = false);
/// Back to the session's digits: off by less than one unit in the last place, unbiased. The only rounding
/// there is.
Secret<Real> trunc(Ctx&, const Secret<Wide>&);
/// The same for several tensors, in the rounds of one.
std::vector<Secret<Real>> trunc(Ctx&, std::span<const Secret<Wide>* const>);
/// Times a public factor of any size, rounded to `digits` binary digits; never truncates.
template <class E>
Secret<Wide> times(Ctx&, const Secret<E>&, double factor, unsigned digits);
/// Times public factors, one an element or one for all, and truncated. A factor has f binary digits after the
/// point, or more as far as the largest of them is less than 1: small ones keep f significant digits.
Secret<Real> scaled(Ctx&, const Secret<Real>&, std::span<const double> factors);
Secret<Real> scaled(Ctx&, const Secret<Real>&, double factor);
/// Times public integers, one an element: local.
Secret<Real> scale_each(Ctx&, const Secret<Real>&, std::span<const double> integers);

// ---- shape

template <class E>
Secret<E> reshape(Ctx&, const Secret<E>&, Shape);
/// out[i] = x[indices[i]]; index kZero gives 0.
template <class E>
Secret<E> gather(Ctx&, const Secret<E>&, std::span<const std::size_t> indices, Shape);
/// out[i_0, i_1, ..] = x[offset + Σ i_k strides_k]
template <class E>
Secret<E> strided(Ctx&, const Secret<E>&, std::size_t offset, std::span<const std::size_t> strides, Shape);
/// `to` with x written at offset + Σ i_k strides_k, places that must differ from one another.
template <class E>
Secret<E> placed(Ctx&, Secret<E> to, std::size_t offset, std::span<const std::size_t> strides,
                 const Secret<E>& x);
template <class E>
Secret<E> broadcast_to(Ctx&, const Secret<E>&, const Shape&);
template <class E>
Secret<E> transpose(Ctx&, const Secret<E>&, std::span<const std::size_t> axes);
/// Sums over some axes, which are dropped.
template <class E>
Secret<E> sum(Ctx&, const Secret<E>&, std::span<const std::size_t> axes);
/// Sums `from` shape back to `to`, from which it was broadcast.
template <class E>
Secret<E> sum_to(Ctx&, const Secret<E>&, const Shape& to);
/// Flattened and joined; split() undoes it.
template <class E>
Secret<E> join(Ctx&, std::span<const Secret<E>* const>);
template <class E>
std::vector<Secret<E>> split(Ctx&, const Secret<E>&, std::span<const Shape>);

}  // namespace tacit::fn
