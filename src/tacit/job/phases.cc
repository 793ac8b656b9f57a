#include "tacit/job/phases.h"

namespace tacit {

std::map<std::string, Cost> costs_by_phase(const std::map<std::string, Cost>& scopes) {
  std::map<std::string, Cost> out;
  auto phase_of = [](const std::string& path) {
    const std::size_t first = path.find('/');
    if (first == std::string::npos || path.substr(0, first) != "train") return path.substr(0, first);
    return path.substr(0, path.find('/', first + 1));
  };
  for (const auto& [path, cost] : scopes) {
    if (path == "train") continue;  // its passes are in the list
    // Of scopes within one another only the outermost that has an entry counts.
    bool counted = false;
    for (std::size_t cut = path.find('/'); cut != std::string::npos && !counted;
         cut = path.find('/', cut + 1))
      counted = path.substr(0, cut) != "train" && scopes.contains(path.substr(0, cut));
    if (!counted) out[phase_of(path)] += cost;
  }
  return out;
}

}  // namespace tacit
