#include "tacit/mpc/table.h"

#include "tacit/base/error.h"
#include "tacit/base/text.h"
#include "tacit/mpc/protocols/aby3/aby3_cost.h"
#include "tacit/mpc/protocols/aby3/engine.h"

namespace tacit {

std::span<const ProtocolInfo> all_protocols() {
  static const ProtocolInfo kAll[] = {
      {"aby3",
       3,
       "one of three parties, semi-honest",
       "Araki et al., CCS 2016; Mohassel and Rindal, CCS 2018",
       128,
       40,
       {{0, 1}, {1, 2}, {2, 0}},
       [](Party& party, const Profile& profile) -> std::unique_ptr<Engine> {
         return std::make_unique<aby3::Aby3Engine>(party, profile);
       },
       aby3::make_costs},
  };
  return kAll;
}

const ProtocolInfo& protocol_named(std::string_view name) {
  std::vector<std::string_view> names;
  for (const ProtocolInfo& p : all_protocols()) {
    if (p.name == name) return p;
    names.push_back(p.name);
  }
  throw UsageError(fmt::format("there is no protocol '{}': did you mean '{}'?", name, nearest(name, names)));
}

}  // namespace tacit
