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
  std::vector<double> real_roots, real_inverse_roots;
  NttView view;
};

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
    if (q.bits() > kRealBits) continue;
    t->real_roots.push_back(balanced(powers[from], q.value()));
    t->real_inverse_roots.push_back(balanced(inverse_powers[from], q.value()));
  }
  const Word inverse_n = q.inverse(degree);
  const bool real = q.bits() <= kRealBits;
  t->view = {degree,
             q.value(),
             inverse_n,
             t->roots.data(),
             t->roots_shoup.data(),
             t->inverse_roots.data(),
             t->inverse_roots_shoup.data(),
             shoup(inverse_n, q.value()),
             real ? t->real_roots.data() : nullptr,
             real ? t->real_inverse_roots.data() : nullptr};
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
