// A function of one variable in one round and a truncation. The dealer knows a, both holders know b, and
// x = a + b; so for each value that the high bits of b can take (there are 2^p), the dealer fits a polynomial
// in the low bits of b to f(a + b) and deals shares of its coefficients. The holders pick, by masking over
// the whole table, the entry of their b, and evaluate the polynomial at its low bits, which they know: a
// linear map of their shares. (Where f(x + t) = f(x)·g(t), one number an entry does.) It is a one-time truth
// table (Ishai et al., TCC 2013) with polynomials for entries, dealt by a party that knows one of two
// summands. 8·2^p·(degree + 1) bytes an element, and the truncation of the result.
#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>

#include "tacit/base/error.h"
#include "tacit/mpc/protocols/aby3/aby3_cost.h"
#include "tacit/mpc/protocols/aby3/engine.h"
#include "tacit/mpc/protocols/aby3/roles.h"

namespace tacit::aby3 {

namespace {

constexpr unsigned kMaxDegree = 7;
constexpr unsigned kPowerBits = 30;  // fractional digits of the powers of the low part

/// The nearest integer of a number below 2^51: what the C library does branches on it.
Word rounded(double x) {
  constexpr double kShift = 0x1.8p52;
  return std::bit_cast<Word>(x + kShift) - std::bit_cast<Word>(kShift);
}

/// The numbers of one evaluation that all roles share.
struct Table {
  const Piecewise& f;
  unsigned low;     ///< bits of b that index within a piece
  unsigned window;  ///< bits of x - f.low that count
  unsigned coefficient_bits;
  std::size_t entries, width;  ///< per element: entries of width coefficients
  double unit, piece;          ///< of x; the width of a piece
  Word origin;                 ///< f.low

  Table(const Piecewise& function, unsigned frac)
      : f(function),
        low(static_cast<unsigned>(static_cast<int>(frac) + function.step_log2)),
        window(low + function.pieces_log2),
        entries(std::size_t{1} << function.pieces_log2),
        width(function.factor == nullptr ? function.degree + 1 : 1),
        unit(std::ldexp(1.0, -static_cast<int>(frac))),
        piece(std::ldexp(1.0, function.step_log2)),
        origin(static_cast<Word>(
            static_cast<std::int64_t>(std::llround(std::ldexp(function.low, static_cast<int>(frac)))))) {
    ensure(static_cast<int>(frac) + f.step_log2 >= 1 && window < 62 && f.degree <= kMaxDegree,
           "a piecewise function");
    coefficient_bits = piecewise_digits(f) - kPowerBits;
  }
  std::size_t words() const { return entries * width; }
  unsigned result_frac() const { return coefficient_bits + kPowerBits; }
};

/// Coefficients, in u from -1 to 1 across a piece, from the values at the Chebyshev nodes: a fixed linear
/// map.
class Fit {
 public:
  explicit Fit(const Table& t) : n_(static_cast<unsigned>(t.width)) {
    for (unsigned k = 0; k < n_; ++k) nodes_[k] = std::cos(std::numbers::pi * (k + 0.5) / n_);
    // Column k: the fit of the function that is 1 at node k and 0 at the others.
    for (unsigned k = 0; k < n_; ++k) {
      double basis[kMaxDegree + 1] = {1};
      double scale = 1;
      for (unsigned i = 0, degree = 0; i < n_; ++i) {
        if (i == k) continue;
        ++degree;
        for (unsigned j = degree + 1; j-- > 0;) basis[j] = (j == 0 ? 0 : basis[j - 1]) - nodes_[i] * basis[j];
        scale *= nodes_[k] - nodes_[i];
      }
      for (unsigned j = 0; j < n_; ++j) map_[j][k] = basis[j] / scale;
    }
  }
  void operator()(double (*f)(double), double begin, double width, double* coefficients) const {
    double values[kMaxDegree + 1];
    for (unsigned k = 0; k < n_; ++k) values[k] = f(begin + width / 2 * (1 + nodes_[k]));
    for (unsigned j = 0; j < n_; ++j) {
      coefficients[j] = 0;
      for (unsigned k = 0; k < n_; ++k) coefficients[j] += map_[j][k] * values[k];
    }
  }

 private:
  unsigned n_;
  double nodes_[kMaxDegree + 1] = {};
  double map_[kMaxDegree + 1][kMaxDegree + 1] = {};
};

/// D: the table of one element, as shares for R (the caller has put L's shares into `table`).
void deal_element(const Table& t, const Fit& fit, Word a, Word* table) {
  const Word window = Word{1} << t.window, piece = Word{1} << t.low;
  const double scale = std::ldexp(1.0, static_cast<int>(t.coefficient_bits));
  for (std::size_t entry = 0; entry < t.entries; ++entry) {
    const Word base = (a - t.origin + entry * piece) & (window - 1);
    // A piece that reaches past the window's end stands for the one that straddles its beginning.
    const Word past = 0 - ((window - piece - base) >> 63);
    const auto offset = static_cast<std::int64_t>(base - (window & past));
    const double begin = t.f.low + static_cast<double>(offset) * t.unit;
    double c[kMaxDegree + 1];
    if (t.f.factor == nullptr)
      fit(t.f.f, begin, t.piece, c);
    else
      c[0] = t.f.f(begin);
    Word* to = table + entry * t.width;
    for (std::size_t j = 0; j < t.width; ++j) to[j] = rounded(c[j] * scale) - to[j];
  }
}

/// A holder: its share of the result from its share of the table.
Word hold_element(const Table& t, Word b, const Word* table) {
  const Word entry = (b & ((Word{1} << t.window) - 1)) >> t.low;
  Word c[kMaxDegree + 1] = {};
  for (Word e = 0; e < t.entries; ++e) {
    const Word difference = e ^ entry, chosen = ((difference | (0 - difference)) >> 63) - 1;
    for (std::size_t j = 0; j < t.width; ++j) c[j] += table[e * t.width + j] & chosen;
  }
  const auto low = static_cast<double>(static_cast<std::int64_t>(b & ((Word{1} << t.low) - 1))) * t.unit;
  const double u = low * (2 / t.piece) - 1;
  double power = static_cast<double>(Word{1} << kPowerBits);
  if (t.f.factor != nullptr) power *= t.f.factor(low);
  Word sum = 0;
  for (std::size_t j = 0; j < t.width; ++j, power *= u) sum += c[j] * rounded(power);
  return sum;
}

}  // namespace

unsigned piecewise_digits(const Piecewise& function) {
  return 61 - static_cast<unsigned>(std::max(0, static_cast<int>(std::ceil(std::log2(function.bound)))));
}

Share Aby3Engine::piecewise(const Share& shared, const Piecewise& function, unsigned frac) {
  Share storage;
  const Share& x = settled(shared, storage);
  const Table t(function, x.frac);
  const Fit fit(t);
  const Blocks blocks(x.size());
  const Roles roles{me()};
  const RoleStreams streams = RoleStreams::draw(party_);
  Workers& workers = party_.compute().workers;
  Share sum = Share::numbers(x.shape, t.result_frac(), 1, Form::Sum);
  Word* out = sum.parts[0].data();

  const Range deals = blocks.elements[roles.deals()], left = blocks.elements[roles.left()],
              right = blocks.elements[roles.right()];
  Words dealing(t.words() * deals.size()), dealt(t.words() * right.size());
  workers.parallel_for(deals.size(), 16, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i) {
      Word* table = dealing.data() + t.words() * i;
      streams.dealer_left.fill(t.words() * i, {table, t.words()});
      deal_element(t, fit, x.parts[0].words[deals.begin + i] + x.parts[1].words[deals.begin + i], table);
      out[deals.begin + i] = 0;
    }
  });
  party_.pass_back("table.deal", dealing, dealt);
  workers.parallel_for(left.size(), 64, [&](std::size_t begin, std::size_t end) {
    Words table(t.words());
    for (std::size_t i = begin; i < end; ++i) {
      streams.left_dealer.fill(t.words() * i, table);
      out[left.begin + i] = hold_element(t, x.parts[1].words[left.begin + i], table.data());
    }
  });
  workers.parallel_for(right.size(), 64, [&](std::size_t begin, std::size_t end) {
    for (std::size_t i = begin; i < end; ++i)
      out[right.begin + i] = hold_element(t, x.parts[0].words[right.begin + i], dealt.data() + t.words() * i);
  });
  return trunc(sum, t.result_frac() - frac);
}

}  // namespace tacit::aby3
