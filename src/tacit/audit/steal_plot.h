// The curves of an audit as a drawing: for wide pages, and for narrow ones.
#pragma once

#include "tacit/audit/partition.h"

namespace tacit::audit {

/// What goes up: how often a stolen model agrees with the model, or how often it is right.
enum class Measure { Fidelity, Accuracy };

/// A level that curves are held against.
struct Level {
  std::string words;
  double at = 0;
};

/// Both drawings, of which a page shows one. Points without that measure are left out.
std::string steal_plot(const std::vector<Curve>& curves, Measure measure, const Level& level);

}  // namespace tacit::audit
