#include "tacit/split/seco/activations.h"

#include "tacit/base/error.h"
#include "tacit/split/seco/garbled_activation.h"
#include "tacit/split/seco/gmw_activation.h"

namespace tacit::seco {

namespace {
struct Entry {
  ActivationBy by;
  std::string_view name;
  std::unique_ptr<Activations> (*make)(const Network&, std::size_t);
};
constexpr Entry kEntries[] = {{ActivationBy::Gmw, "gmw", gmw_activations},
                              {ActivationBy::Garbled, "garbled", garbled_activations}};
const Entry& entry(ActivationBy by) {
  for (const Entry& e : kEntries)
    if (e.by == by) return e;
  ensure(false, "an activation of the table");
  return kEntries[0];
}
}  // namespace

std::vector<ActivationBy> all_activations() {
  std::vector<ActivationBy> out;
  for (const Entry& e : kEntries) out.push_back(e.by);
  return out;
}
std::string_view to_string(ActivationBy by) { return entry(by).name; }

std::unique_ptr<Activations> make_activations(ActivationBy by, const Network& network, std::size_t parties) {
  return entry(by).make(network, parties);
}

}  // namespace tacit::seco
