#include "tacit/he/poly/ntt.h"

#include <bit>

#include "tacit/base/error.h"
#include "tacit/he/poly/kernels/ntt_kernels.h"

namespace tacit::he {

namespace {

std::size_t reversed(std::size_t i, unsigned bits) {
  std::size_t r = 0;
  for (unsigned b = 0; b < bits; ++b) r |= (i >> b & 1) << (bits - 1 - b);
  return r;
}

Word shoup(Word root, Word q) { return static_cast<Word>((Wide{root} << 64) / q); }

double balanced(Word x, Word q) { return x > q / 2 ? -static_cast<double>(q - x) : static_cast<double>(x); }

}  // namespace

struct Ntt::Tables {
  std::vector<Word> roots, roots_shoup, inverse_roots, inverse_roots_shoup;
  struct Reals {
    std::vector<double> roots, over_q, last;
  } reals, inverse_reals;
  std::vector<double> small_roots;
  NttView view;
};

namespace {
/// As NttView wants them: see there.
template <class Reals>
void fill_reals(Reals& to, const std::vector<Word>& roots, Word q) {
  const std::size_t quarter = roots.size() / 4;
  for (std::size_t i = 0; i < quarter; ++i) {
    to.roots.push_back(balanced(roots[i], q));
    to.over_q.push_back(to.roots.back() / static_cast<double>(q));
  }
  for (std::size_t i = quarter; i + 3 < 2 * quarter; i += 4) {
    for (std::size_t k = 0; k < 4; ++k) to.last.push_back(balanced(roots[i + k], q));
    for (std::size_t k = 0; k < 4; ++k) to.last.push_back(balanced(roots[2 * (i + k)], q));
    for (std::size_t k = 0; k < 4; ++k) to.last.push_back(balanced(roots[2 * (i + k) + 1], q));
  }
}
}  // namespace

Ntt::Ntt(const Modulus& q, std::size_t degree, Isa isa) : q_(q), n_(degree), kernels_(&ntt_kernels(isa)) {
  require(std::has_single_bit(degree) && degree >= 2, "a transform's degree is a power of two, not {}",
          degree);
  require((q.value() - 1) % (2 * degree) == 0, "the prime {} has no root of unity of order {}", q.value(),
          2 * degree);
  auto t = std::make_unique<Tables>();
  const unsigned bits = static_cast<unsigned>(std::bit_width(degree)) - 1;
  const Word root = primitive_root(q, 2 * degree), inverse = q.inverse(root);
  std::vector<Word> powers(degree), inverse_powers(degree);
  powers[0] = inverse_powers[0] = 1;
  for (std::size_t i = 1; i < degree; ++i) {
    powers[i] = q.mul(powers[i - 1], root);
    inverse_powers[i] = q.mul(inverse_powers[i - 1], inverse);
  }
  for (std::size_t i = 0; i < degree; ++i) {
    const std::size_t from = reversed(i, bits);
    t->roots.push_back(powers[from]);
    t->roots_shoup.push_back(shoup(powers[from], q.value()));
    t->inverse_roots.push_back(inverse_powers[from]);
    t->inverse_roots_shoup.push_back(shoup(inverse_powers[from], q.value()));
  }
  const Word inverse_n = q.inverse(degree);
  t->view = {degree,
             q.value(),
             inverse_n,
             t->roots.data(),
             t->roots_shoup.data(),
             t->inverse_roots.data(),
             t->inverse_roots_shoup.data(),
             shoup(inverse_n, q.value()),
             nullptr,
             nullptr,
             nullptr,
             nullptr,
             nullptr,
             nullptr,
             nullptr};
  if (q.bits() <= kRealBits) {
    NttView& v = t->view;
    fill_reals(t->reals, t->roots, q.value());
    fill_reals(t->inverse_reals, t->inverse_roots, q.value());
    v.real_roots = t->reals.roots.data(), v.real_inverse_roots = t->inverse_reals.roots.data();
    v.real_roots_over_q = t->reals.over_q.data();
    v.real_inverse_roots_over_q = t->inverse_reals.over_q.data();
    const std::size_t groups = bits % 2 == 0 ? 4 : 8;
    for (std::size_t k = 0; degree > groups && k < groups / 2; ++k)
      for (std::size_t e = 1; e < groups; ++e)
        t->small_roots.push_back(balanced(q.pow(t->roots[groups / 2 + k], e), q.value()));
    v.real_small_roots = t->small_roots.data();
    v.real_last_roots = t->reals.last.data(), v.real_last_inverse_roots = t->inverse_reals.last.data();
  }
  tables_ = std::move(t);
}

Ntt::Ntt(Ntt&&) noexcept = default;
Ntt::~Ntt() = default;

void Ntt::forward(std::span<Word> x) const {
  ensure(x.size() == n_, "a polynomial of the transform's degree");
  kernels_->forward(tables_->view, x.data());
}
void Ntt::inverse(std::span<Word> x) const {
  ensure(x.size() == n_, "a polynomial of the transform's degree");
  kernels_->inverse(tables_->view, x.data());
}
void Ntt::forward_small(std::span<const std::int8_t> from, std::span<Word> loose) const {
  ensure(from.size() == n_ && loose.size() == n_, "polynomials of the transform's degree");
  kernels_->forward_small(tables_->view, from.data(), loose.data());
}
void Ntt::forward_sum(std::span<const std::int8_t> from, std::span<const Word> a, std::span<const Word> loose,
                      std::span<Word> out) const {
  ensure(from.size() == n_ && a.size() == n_ && loose.size() == n_ && out.size() == n_,
         "polynomials of the transform's degree");
  kernels_->forward_small_sum(tables_->view, from.data(), a.data(), loose.data(), out.data());
}
void Ntt::forward_sum(std::span<const std::int8_t> from, std::span<const Word> numbers, Word factor,
                      std::span<const Word> a, std::span<const Word> loose, std::span<Word> out) const {
  ensure(from.size() == n_ && numbers.size() == n_ && factor < q_.value() && a.size() == n_ &&
             loose.size() == n_ && out.size() == n_,
         "polynomials of the transform's degree");
  kernels_->forward_scaled_sum(tables_->view, from.data(), numbers.data(), factor, a.data(), loose.data(),
                               out.data());
}
void Ntt::multiply(std::span<const Word> a, std::span<const Word> b, std::span<Word> out) const {
  ensure(a.size() == n_ && b.size() == n_ && out.size() == n_, "polynomials of the transform's degree");
  kernels_->multiply(tables_->view, a.data(), b.data(), out.data());
}
void Ntt::multiply_add(std::span<const Word> a, std::span<const Word> b, std::span<Word> out) const {
  ensure(a.size() == n_ && b.size() == n_ && out.size() == n_, "polynomials of the transform's degree");
  kernels_->multiply_add(tables_->view, a.data(), b.data(), out.data());
}
void Ntt::scale(std::span<const Word> a, Word factor, std::span<Word> out) const {
  ensure(a.size() == n_ && out.size() == n_ && factor < q_.value(), "polynomials of the transform's degree");
  kernels_->scale(tables_->view, a.data(), factor, out.data());
}
void Ntt::subtract_scale(std::span<const Word> y, Word offset, Word factor, std::span<Word> x) const {
  ensure(x.size() == n_ && y.size() == n_ && offset < q_.value() && factor < q_.value(),
         "polynomials of the transform's degree");
  kernels_->subtract_scale(tables_->view, y.data(), offset, factor, x.data());
}

void Ntt::add(std::span<Word> a, std::span<const Word> b) const {
  ensure(a.size() == b.size(), "polynomials of one degree");
  kernels_->add(a.size(), q_.value(), a.data(), b.data(), a.data());
}
void Ntt::subtract(std::span<Word> a, std::span<const Word> b) const {
  ensure(a.size() == b.size(), "polynomials of one degree");
  kernels_->subtract(a.size(), q_.value(), a.data(), b.data(), a.data());
}
void Ntt::lift(std::span<const std::int8_t> from, std::span<Word> out) const {
  ensure(from.size() == out.size(), "polynomials of one degree");
  kernels_->lift(from.size(), q_.value(), from.data(), out.data());
}

}  // namespace tacit::he
