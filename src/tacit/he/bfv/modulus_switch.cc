#include "tacit/he/bfv/modulus_switch.h"

#include <algorithm>
#include <cmath>

#include "tacit/base/error.h"

namespace tacit::he {

namespace {

/// log2 of a bound on the noise under the first `limbs` primes.
double switched_noise(const BfvContext& context, std::size_t limbs, double noise, std::size_t parties) {
  double dropped = 0;
  for (std::size_t i = limbs; i < context.ring().limbs(); ++i)
    dropped += std::log2(static_cast<double>(context.ring().modulus(i).value()));
  const double n = static_cast<double>(context.ring().degree()), s = static_cast<double>(parties);
  return log_sum(noise - dropped, std::log2((n * s + 1) / 2 + s + 1));
}

double limit_of(const BfvContext& context, std::size_t limbs) {
  double bits = context.noise_limit();
  for (std::size_t i = limbs; i < context.ring().limbs(); ++i)
    bits -= std::log2(static_cast<double>(context.ring().modulus(i).value()));
  return bits;
}

}  // namespace

std::size_t fewest_primes(const BfvContext& context, double noise, std::size_t parties) {
  for (std::size_t limbs = 1; limbs < context.ring().limbs(); ++limbs)
    if (context.parameters().plain < context.ring().modulus(limbs - 1).value() &&
        switched_noise(context, limbs, noise, parties) < limit_of(context, limbs))
      return limbs;
  throw UsageError(
      fmt::format("noise of 2^{:.0f} needs every prime of the modulus: 2^{:.0f} is the most that "
                  "decrypts with one fewer",
                  noise, limit_of(context, context.ring().limbs() - 1)));
}

ModulusSwitch::ModulusSwitch(const BfvContext& from, const BfvContext& to) : from_(&from), to_(&to) {
  const BfvParameters &a = from.parameters(), &b = to.parameters();
  require(a.degree == b.degree && a.plain == b.plain && b.primes.size() < a.primes.size() &&
              std::equal(b.primes.begin(), b.primes.end(), a.primes.begin()),
          "a ciphertext can be switched only to fewer primes of its own modulus, the first of them");
}

double ModulusSwitch::noise_after(double noise, std::size_t parties) const {
  return switched_noise(*from_, to_->ring().limbs(), noise, parties);
}
double ModulusSwitch::checked_noise(double noise, std::size_t parties) const {
  const double after = noise_after(noise, parties);
  require(after < to_->noise_limit(),
          "noise of 2^{:.0f} becomes 2^{:.0f} under {} primes, and 2^{:.0f} is the most that decrypts there",
          noise, after, to_->ring().limbs(), to_->noise_limit());
  return after;
}

// With p the prime that goes and h = (p-1)/2, round(x/p) = (x + h - ((x + h) mod p))/p.
void ModulusSwitch::drop(const Poly& values, std::span<Word> limbs, std::span<Word> scratch) const {
  const Ring& ring = from_->ring();
  const std::size_t n = ring.degree();
  ensure(values.size() == ring.words() && limbs.size() == values.size(), "a polynomial of the ring");
  std::copy(values.begin(), values.end(), limbs.begin());
  auto part = [&](std::size_t i) { return limbs.subspan(i * n, n); };
  for (std::size_t i = 0; i < ring.limbs(); ++i) ring.limb(i).inverse(part(i));
  for (std::size_t last = ring.limbs() - 1; last >= to_->ring().limbs(); --last) {
    const Modulus& p = ring.modulus(last);
    const Word half = (p.value() - 1) / 2;
    for (Word& x : part(last)) x = p.add(x, half);
    for (std::size_t i = 0; i < last; ++i) {
      const Modulus& q = ring.modulus(i);
      std::span<const Word> rest = part(last);
      if (p.value() >= 2 * q.value()) {
        for (std::size_t k = 0; k < n; ++k) scratch[k] = q.reduce(rest[k]);
        rest = scratch;
      }
      ring.limb(i).subtract_scale(rest, q.reduce(half), q.inverse(q.reduce(p.value())), part(i));
    }
  }
}

Ciphertext ModulusSwitch::operator()(const Ciphertext& c, std::size_t parties, Workspace& workspace) const {
  const double noise = checked_noise(c.noise, parties);
  const Workspace::Scope scope(workspace);
  const auto limbs = workspace.take<Word>(from_->ring().words());
  const auto scratch = workspace.take<Word>(from_->ring().degree());
  auto one = [&](const Poly& values) {
    drop(values, limbs, scratch);
    Poly out(limbs.begin(), limbs.begin() + static_cast<std::ptrdiff_t>(to_->ring().words()));
    to_->ring().forward(out);
    return out;
  };
  Poly c0 = one(c.c0);
  return {std::move(c0), one(c.c1), noise};
}

Reply ModulusSwitch::reply(const Ciphertext& c, std::span<const std::size_t> wanted, std::size_t parties,
                           Workspace& workspace) const {
  const std::size_t n = from_->ring().degree();
  for (std::size_t place : wanted)
    require(place < n, "there is no coefficient {} in a polynomial of degree {}", place, n);
  Reply out;
  out.noise = checked_noise(c.noise, parties);
  const Workspace::Scope scope(workspace);
  const auto limbs = workspace.take<Word>(from_->ring().words());
  const auto scratch = workspace.take<Word>(n);
  drop(c.c0, limbs, scratch);
  for (std::size_t i = 0; i < to_->ring().limbs(); ++i)
    for (std::size_t place : wanted) out.c0.push_back(limbs[i * n + place]);
  drop(c.c1, limbs, scratch);
  out.c1.assign(limbs.begin(), limbs.begin() + static_cast<std::ptrdiff_t>(to_->ring().words()));
  return out;
}

std::vector<Word> decrypt(const SecretKey& key, const Reply& reply, std::span<const std::size_t> wanted,
                          Workspace& workspace) {
  const BfvContext& context = key.context();
  const Ring& ring = context.ring();
  const std::size_t n = ring.degree(), count = wanted.size();
  require(reply.c1.size() == ring.words() && reply.c0.size() == ring.limbs() * count,
          "a reply of {} coefficients under other primes, where {} are wanted", reply.c0.size(), count);
  Poly c1 = reply.c1;
  ring.forward(c1);
  const Workspace::Scope scope(workspace);
  const auto product = workspace.take<Word>(ring.words()), noisy = workspace.take<Word>(ring.words());
  key.times_secret(c1, product);
  for (std::size_t i = 0; i < ring.limbs(); ++i)
    for (std::size_t k = 0; k < count; ++k) {
      const std::size_t place = i * n + wanted[k];
      noisy[i * n + k] = ring.modulus(i).add(product[place], reply.c0[i * count + k]);
    }
  std::vector<Word> all(n);
  context.unscale(noisy, workspace, all);
  all.resize(count);
  return all;
}

}  // namespace tacit::he
