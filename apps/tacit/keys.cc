#include <nlohmann/json.hpp>

#include "commands.h"
#include "tacit/base/error.h"
#include "tacit/crypto/identity.h"

namespace tacit::app {

nlohmann::json keys(const KeysOptions& options, const Style& style) {
  nlohmann::json out = nlohmann::json::object();
  for (const std::string& name : options.names)
    require(!name.empty() && name.find('/') == std::string::npos, "'{}' is no name for a party", name);
  for (const std::string& name : options.names) {
    const Identity identity = Identity::generate();
    const fs::path file = options.folder / (name + ".key");
    identity.save(file);
    const std::string key = to_string(identity.public_key());
    out[name] = {{"file", file.string()}, {"key", key}};
    if (!style.json)
      std::printf(
          "%s   private, keep it; whoever has it is %s\n  for the job file:  name = \"%s\"\n                 "
          "    key = \"%s\"\n",
          file.c_str(), name.c_str(), name.c_str(), key.c_str());
  }
  return out;
}

nlohmann::json show_keys(const std::vector<fs::path>& files, const Style& style) {
  nlohmann::json out = nlohmann::json::object();
  for (const fs::path& file : files) {
    const std::string key = to_string(Identity::load(file).public_key());
    out[file.string()] = key;
    if (!style.json) std::printf("%s  %s\n", key.c_str(), file.c_str());
  }
  return out;
}

}  // namespace tacit::app
