// The options of the commands for sealed models: vendor, device, seal, inspect, run, broker, trace and audit.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "commands.h"
#include "tacit/sealed/now.h"

namespace CLI {
class App;
}

namespace tacit::app {

class SealedCommands {
 public:
  /// All three, and this, must live until the command line was read.
  void add(CLI::App& cli, const Style& style, nlohmann::json& result);

 private:
  void add_vendor(CLI::App& cli, const Style& style, nlohmann::json& result);
  void add_device(CLI::App& cli, const Style& style, nlohmann::json& result);
  void add_models(CLI::App& cli, const Style& style, nlohmann::json& result);
  void add_protection(CLI::App* seal_command);
  void add_tracing(CLI::App& cli, const Style& style, nlohmann::json& result);

  KeyFolderOptions vendor_;
  DeviceOptions device_;
  ChallengeOptions challenge_, answer_, admit_;
  LeaseOptions lease_, revoke_, log_;
  TrustOptions trust_;
  RotateOptions vendor_rotate_, device_rotate_;
  SealOptions seal_;
  SealedOptions inspect_, run_;
  BrokerOptions broker_;
  TraceOptions trace_;
  StealOptions steal_;
};

/// By this machine's clock.
sealed::Seconds clock_now();
/// The same, and its boot clock.
sealed::Now now_here();

}  // namespace tacit::app
