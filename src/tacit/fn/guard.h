// Guarding ranges, with types: what was checked comes out as secret bits, which only a permit reveals.
#pragma once

#include <string>

#include "tacit/fn/context.h"
#include "tacit/mpc/generic/guard_engine.h"

namespace tacit::fn {

/// Numbers that are known to lie in [low, high] if everybody was honest, such as data within their declared
/// range: an engine that guards ranges checks that they do.
Secret<Real> expect(Ctx&, const Secret<Real>&, double low, double high);

/// The interval in which an engine that guards ranges knows numbers to lie, unless a check will fail; that of
/// the whole ring where nothing is known.
struct KnownRange {
  double low = 0, high = 0;
};
KnownRange known_range(Ctx&, const Secret<Real>&);

/// What a check of all that was guarded came to.
struct GuardVerdict {
  Secret<Bit> any;                  ///< [1]: some value left its range
  std::optional<Secret<Bit>> each;  ///< [places]: one did at this place, if that was asked for
  std::vector<std::string> places;  ///< paths of the meter's scopes
  std::size_t numbers = 0;          ///< that were checked
};
/// Checks what waits at the engine (GuardEngine::settle_checks). Nothing, if nothing does.
std::optional<GuardVerdict> settle_checks(GuardEngine&, bool by_place);

}  // namespace tacit::fn
