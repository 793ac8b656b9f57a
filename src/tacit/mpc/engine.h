// What a protocol has to provide: seven duties, and, if it has something better than the generic way, any of
// the rest. An engine is one party's end of one session and is used by one thread; all parties call the same
// operations in the same order on tensors of the same shapes.
#pragma once

#include <memory>
#include <optional>

#include "tacit/mpc/cost.h"
#include "tacit/mpc/piecewise.h"
#include "tacit/mpc/share.h"
#include "tacit/party/party.h"
#include "tacit/ring/bilinear.h"

namespace tacit {

/// A set of compute parties, or of any endpoints of the roster.
struct PartySet {
  std::uint32_t members = 0;
  bool has(PartyId id) const { return members >> index(id) & 1; }
  static PartySet first(std::size_t n) { return {static_cast<std::uint32_t>((std::uint64_t{1} << n) - 1)}; }
  static PartySet only(PartyId id) { return {std::uint32_t{1} << index(id)}; }
};

namespace testing {
struct OpenSesame;  // mpc/testing: linked by tests alone
}

/// Only Gate (secret/) can make one, so only a permitted reveal opens a share.
class EngineKey {
  EngineKey() = default;
  friend class Gate;
  friend struct testing::OpenSesame;
};

class Engine {
 public:
  virtual ~Engine() = default;

  // ---- the seven duties

  /// Shares a compute party's own tensor; `mine` is null at the others.
  virtual Share input(PartyId owner, const RingTensor* mine, const Shape& shape, unsigned frac) = 0;
  /// A tensor that all know, as a share.
  virtual Share constant(const RingTensor& value, Domain domain, unsigned frac) = 0;
  /// Arith: a share in Sum form with the operands' fractional bits added. Bool (And): a Full share.
  virtual Share bilinear(const Bilinear& map, const Share& a, const Share& b) = 0;
  /// Drops the last `bits` fractional bits of an Arith share of either form: the result differs from the
  /// exact quotient by less than one unit in the last place, is unbiased, and is never wrong otherwise while
  /// the shared element lies in [-2^62, 2^62).
  virtual Share trunc(const Share& x, unsigned bits) = 0;
  /// The lowest `bits` bits of each element (two's complement), one plane each.
  virtual Share to_bool(const Share& x, unsigned bits) = 0;
  /// A one-bit Bool share as 0 and 1 with the given number of fractional bits.
  virtual Share to_arith(const Share& bit, unsigned frac) = 0;
  /// The shared tensor, at members of `to`; an empty tensor elsewhere.
  virtual RingTensor open(const Share& x, PartySet to, EngineKey) = 0;

  // ---- owners that are not compute parties

  /// How an outsider shares a tensor: into `components` random words an element that add up to it, of which
  /// each party gets those in component_sets()[party], in that order.
  virtual std::vector<std::vector<unsigned>> component_sets() const = 0;
  /// A Full share from this party's components of an outsider's tensor.
  virtual Share adopt(std::vector<RingTensor> components, const Shape& shape, unsigned frac) = 0;
  /// This party's part of a fresh sum, to be sent to a receiver outside, who adds all parties' parts and
  /// learns the tensor and nothing else.
  virtual RingTensor summand(const Share& x, EngineKey) = 0;

  /// Settles pending checks (malicious engines); called before every open.
  virtual void verify() {}

  // ---- what the caller knows of numbers; only an engine that guards ranges makes use of it

  /// The same numbers, of which the caller says that they must lie within the bounds, as elements.
  virtual Share expect(Share x, const Bounds&) { return x; }
  /// A product of numbers (bilinear) whose results lie within the bounds although those of its operands do
  /// not say so, since the operands belong together. The caller has to have an argument.
  virtual Share bilinear_within(const Bilinear& map, const Share& a, const Share& b, const Bounds&) {
    return bilinear(map, a, b);
  }

  // ---- local arithmetic; the engine over doubles is the only one that overrides it

  virtual Words encode(std::span<const double> values, unsigned frac) const;
  virtual std::vector<double> decode(std::span<const Word> words, unsigned frac) const;
  /// `b` may have a shape that broadcasts to a's.
  virtual Share add(const Share& a, const Share& b);
  virtual Share sub(const Share& a, const Share& b);
  virtual Share negate(const Share& x);
  /// Times a public integer.
  virtual Share scale(const Share& x, std::int64_t factor);
  /// Times public numbers, one an element or one for all, with `frac` fractional bits.
  virtual Share scale_each(const Share& x, std::span<const double> factors, unsigned frac);
  /// Plus public numbers, one an element.
  virtual Share add_public(const Share& x, std::span<const double> values) = 0;
  /// Times 2^k, by moving the point.
  virtual Share move_point(const Share& x, int k);
  /// The same value with `bits` more fractional bits.
  virtual Share lift(const Share& x, unsigned bits);
  /// Sums over groups: out[g] = Σ x[g·length + i].
  virtual Share sum_runs(const Share& x, std::size_t length, Shape shape);
  virtual Share bit_xor(const Share& a, const Share& b);
  virtual Share bit_not(const Share& x) = 0;

  // ---- what a protocol may do better than the generic way (mpc/generic)

  /// A Full share as a Sum, so that it can be added to products; local.
  virtual Share loosen(const Share& x) = 0;
  /// A Sum as a Full share.
  virtual Share settle(const Share& x) = 0;
  /// The sign: 1 where the element is negative. The lowest `width` bits decide.
  virtual Share msb(const Share& x, unsigned width);
  /// bit · x, element by element, Full.
  virtual Share select(const Share& bit, const Share& x);
  struct Rectified {
    Share value;     ///< max(x, 0)
    Share positive;  ///< the bit x >= 0
  };
  virtual Rectified relu(const Share& x, unsigned width);
  /// A function given piece by piece on an interval; the result has `frac` fractional bits and an error of at
  /// most function.error + 2^-frac. Elements outside the interval give arbitrary results.
  virtual Share piecewise(const Share& x, const Piecewise& function, unsigned frac);

  // ---- where it runs

  virtual PartyId self() const = 0;
  virtual const Compute& compute() const = 0;
  virtual Meter& meter() = 0;

 protected:
  /// `x` itself if it is Full, else its Full form, kept in `storage`.
  const Share& settled(const Share& x, Share& storage) {
    return x.form == Form::Full ? x : (storage = settle(x));
  }
};

}  // namespace tacit
