// The options of the commands for sealed models: vendor, device, seal, inspect, run and broker.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "commands.h"
#include "tacit/sealed/time.h"

namespace CLI {
class App;
}

namespace tacit::app {

class SealedCommands {
 public:
  /// All three, and this, must live until the command line was read.
  void add(CLI::App& cli, const Style& style, nlohmann::json& result);

 private:
  void add_keys(CLI::App& cli, const Style& style, nlohmann::json& result);
  void add_models(CLI::App& cli, const Style& style, nlohmann::json& result);

  KeyFolderOptions vendor_, device_;
  TrustOptions trust_;
  SealOptions seal_;
  SealedOptions inspect_, run_;
  BrokerOptions broker_;
};

/// By this machine's clock.
sealed::Seconds clock_now();

}  // namespace tacit::app
