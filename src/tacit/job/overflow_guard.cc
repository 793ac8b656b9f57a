#include "tacit/job/overflow_guard.h"

#include "tacit/base/error.h"

namespace tacit {

std::string place_in_words(std::string_view path) {
  // A phase; in training also a pass; and then a layer, whose name may hold slashes.
  auto cut = [&]() {
    const std::size_t at = path.find('/');
    const std::string_view first = path.substr(0, at);
    path = at == std::string_view::npos ? "" : path.substr(at + 1);
    return std::string(first);
  };
  const std::string phase = cut();
  const std::string pass = phase == "train" ? cut() : "";
  if (path.empty() && pass.empty()) return "the data";
  if (pass == "update") return "the update of the weights";
  if (path == "loss") return "the loss";
  if (path.empty()) return pass + " pass";
  return fmt::format("layer {}{}", path, pass.empty() ? "" : ", " + pass);
}

std::uint64_t OverflowGuard::checks(std::size_t first, std::size_t last) const {
  const std::size_t every = settings_.guard_every;
  if (every == 0 || last <= first) return 0;
  return (last + every - 1) / every - (first + every - 1) / every;
}

void OverflowGuard::require_checks(std::uint64_t needed) const {
  const RevealPolicy& policy = releases_.policy();
  for (std::size_t i = 0; i < policy.rules().size(); ++i) {
    const ReleaseRule& r = policy.rules()[i];
    require(
        r.what != kOverflow || r.times - policy.used()[i] >= needed,
        "the overflow guard makes {} checks in this run, and the release rule for '{}' allows {}: raise its "
        "times, or guard fewer batches",
        needed, kOverflow, r.times - policy.used()[i]);
  }
}

void OverflowGuard::begin(std::size_t batch) {
  engine_.watch(settings_.guards(batch));
  before_ = engine_.meter().total();
}

void OverflowGuard::end(const std::string& batch) {
  const bool guarded = engine_.watching();
  if (guarded) {
    const Meter::Scope scope(engine_.meter(), "guard");
    const auto verdict = fn::settle_checks(engine_, releases_.allows(kOverflowPlace));
    engine_.watch(false);
    if (verdict) {
      ++report_.checks;
      report_.numbers += verdict->numbers;
      const auto told = releases_.release(kOverflow, batch, verdict->any);
      ensure(told.has_value(), "the guard's rule names all parties");
      if (told->values.at(0) != 0) stop(*verdict, batch);
    }
  }
  if (!compare_) return;
  const Cost now = engine_.meter().total();
  GuardReport::Batches& kind = guarded ? report_.guarded : report_.unguarded;
  ++kind.count;
  kind.cost += {now.payload - before_.payload, now.overhead - before_.overhead,
                now.messages - before_.messages, now.rounds - before_.rounds, now.seconds - before_.seconds};
}

void OverflowGuard::stop(const fn::GuardVerdict& verdict, const std::string& batch) {
  std::string where;
  if (verdict.each) {
    if (before_place) before_place(verdict.places.size());
    const auto told = releases_.release(kOverflowPlace, batch, *verdict.each);
    ensure(told.has_value(), "the guard's rule names all parties");
    for (std::size_t i = 0; i < verdict.places.size(); ++i)
      if (told->values.at(i) != 0) {
        where = fmt::format(" ({})", place_in_words(verdict.places[i]));
        break;  // what comes later follows from the first
      }
  }
  throw UsageError(
      fmt::format("{}{}: some value left its range, so the run stops and releases nothing more: take "
                  "a smaller learning rate, scale the inputs, or lower fraction_bits "
                  "(docs/numbers-that-are-wrong.md)",
                  batch, where));
}

std::optional<GuardReport> OverflowGuard::report() const {
  if (settings_.guard_every == 0) return std::nullopt;
  GuardReport out = report_;
  out.every = settings_.guard_every;
  return out;
}

}  // namespace tacit
