#include "tacit/job/endpoints.h"

#include <algorithm>

#include "tacit/base/error.h"

namespace tacit {

std::string name_of(TomlTable& t) {
  const std::string name = t.text("name");
  const bool plain = !name.empty() && name.size() <= 40 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
  });
  if (!plain) t.fail("name", fmt::format("'{}' is no name: use up to 40 letters, digits, '-' and '_'", name));
  return name;
}

std::vector<Endpoint> endpoints(TomlTable& file, const std::string& key, bool with_address, Keys keys) {
  std::vector<Endpoint> out;
  for (TomlTable& t : file.tables(key)) {
    Endpoint e;
    e.name = name_of(t);
    if (with_address) e.address = t.at("address", [&] { return parse_address(t.text("address")); });
    const std::string text = t.text("key");
    if (text.empty() && keys == Keys::Needed)
      t.fail("key",
             fmt::format("is empty: make {0} a key with 'tacit keys new {0}', and write the public one here",
                         e.name));
    if (!text.empty()) e.key = t.at("key", [&] { return parse_public_key(text); });
    t.finish();
    out.push_back(std::move(e));
  }
  return out;
}

}  // namespace tacit
