// The deployment file of a split model.
#include "fuzz.h"
#include "tacit/base/error.h"
#include "tacit/serve/deployment.h"

namespace tacit::fuzz {

void target(ByteView input) {
  static MemoryFile file;
  const Deployment d = read_deployment(file.holding(input));
  for (std::size_t i = 0; i < d.roster().size(); ++i)
    if (d.endpoint(d.roster()[i].name) != party_id(i)) __builtin_trap();
  // What was taken is taken again from its draft, which leaves nothing out but the patience at the start.
  Deployment back;
  try {
    back = read_deployment(file.holding(bytes_of(draft_of(d))));
  } catch (const UsageError&) { __builtin_trap(); }
  back.start_patience = d.start_patience;
  if (deployment_hash(back) != deployment_hash(d)) __builtin_trap();
}

std::vector<std::string> seeds() {
  Deployment d;
  d.name = "digits";
  d.face = {{32, 10}, {1, 8, 8}, 10, 32};
  for (const char* name : {"gateway", "remote-b", "remote-c"})
    d.servers.push_back({name,
                         {"127.0.0.1", static_cast<std::uint16_t>(7201 + d.servers.size())},
                         Identity::generate().public_key()});
  d.users.push_back({"anna", {}, fixed_identity().public_key()});
  const std::string whole = draft_of(d);
  d.servers.pop_back();
  d.pool_on_disk = false;
  d.patience = std::chrono::milliseconds(1500);
  return {whole, draft_of(d), "start_patience = 2.5\n" + whole};
}

}  // namespace tacit::fuzz
