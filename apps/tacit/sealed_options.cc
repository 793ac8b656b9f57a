#include "sealed_options.h"

#include <CLI/CLI.hpp>
#include <chrono>
#include <nlohmann/json.hpp>

namespace tacit::app {

namespace {

constexpr const char* kVendorFolder = "tacit-vendor";
constexpr const char* kDeviceFolder = "tacit-device";

CLI::Option* add_folder(CLI::App* c, fs::path& keys, const char* whose, const char* folder) {
  keys = folder;
  return c->add_option("--keys", keys, std::string(whose) + " key folder (default: " + folder + ")");
}

}  // namespace

sealed::Seconds clock_now() {
  using std::chrono::floor, std::chrono::seconds, std::chrono::system_clock;
  return floor<seconds>(system_clock::now()).time_since_epoch().count();
}

void SealedCommands::add(CLI::App& cli, const Style& style, nlohmann::json& result) {
  add_keys(cli, style, result);
  add_models(cli, style, result);
}

void SealedCommands::add_keys(CLI::App& cli, const Style& style, nlohmann::json& result) {
  auto* vendor = cli.add_subcommand("vendor", "The key with which a vendor signs models that it seals");
  vendor->require_subcommand(1);
  auto* vendor_command = vendor->add_subcommand(
      "init", "Make a vendor's key folder: vendor.key stays there, vendor.pub goes to customers");
  add_folder(vendor_command, vendor_.keys, "The new", kVendorFolder);
  vendor_command->add_option("--name", vendor_.name, "What customers see (default: called after the key)");
  vendor_command->callback([&] { result = vendor_init(vendor_, style); });

  auto* device = cli.add_subcommand("device", "A customer's device: its key, and the vendors that it trusts");
  device->require_subcommand(1);
  auto* device_command = device->add_subcommand(
      "init",
      "Make a device's key folder: device.pub goes to vendors. The key is a file, no TPM keeps it: whoever "
      "holds the key folder, or a copy of it, opens what is sealed to this device");
  add_folder(device_command, device_.keys, "The new", kDeviceFolder);
  device_command->add_option("--name", device_.name, "What vendors see (default: called after the key)");
  device_command->callback([&] { result = device_init(device_, style); });

  auto* trust = device->add_subcommand(
      "trust",
      "Pin a vendor, whose models are run from then on. Its fingerprint is shown: compare it with what the "
      "vendor "
      "tells by another way. No vendor is ever trusted just because its model came first");
  trust->add_option("vendor", trust_.vendor, "Its vendor.pub")->required();
  trust->add_option("--fingerprint", trust_.fingerprint,
                    "What the vendor told: pin it only if it is the same (64 hexadecimal digits)");
  add_folder(trust, trust_.keys, "This device's", kDeviceFolder);
  trust->callback([&] { result = device_trust(trust_, style); });
}

void SealedCommands::add_models(CLI::App& cli, const Style& style, nlohmann::json& result) {
  auto* seal_command = cli.add_subcommand(
      "seal",
      "Seal a model to customers' devices. At level 1 the file is useless without a recipient's "
      "key, after its date, or changed by one bit; at level 2 a broker opens it, "
      "whose memory no other user's process sees; it is said what that "
      "does not stop (docs/sealed-models.md)");
  seal_command->add_option("model", seal_.model, "An ONNX file")->required();
  seal_command->add_option("--to", seal_.to, "A recipient's device.pub; --to again for each other one")
      ->required()
      ->allow_extra_args(false);
  seal_command
      ->add_option("--expires", seal_.expires,
                   "The day from whose beginning (UTC) it is of no use, as 2027-01-31, or never")
      ->required();
  seal_command->add_option("-o,--out", seal_.out, "The sealed file (default: the model's, with .tacit)");
  seal_command->add_option("--name", seal_.name, "The model's name (default: the file's)");
  seal_command->add_option("--level", seal_.level, "1 (default) or 2; 3 and 4 are not there yet");
  seal_command->add_option("--fingerprint", seal_.fingerprint, "Of level 4, which is not there yet");
  seal_command->add_option("--require", seal_.require,
                           "tpm: refuse software keys (none other are there yet)");
  add_folder(seal_command, seal_.keys, "The vendor's", kVendorFolder);
  seal_command->callback([&] { result = seal(seal_, style); });

  auto* inspect_command = cli.add_subcommand(
      "inspect",
      "What anybody may know of a sealed model: name, vendor, recipients, dates, level; and whether it "
      "is what the vendor signed");
  inspect_command->add_option("file", inspect_.file, "A sealed model")->required();
  inspect_command->add_option("--vendor", inspect_.vendor,
                              "The vendor.pub that it must be of (default: those that this device trusts)");
  auto* inspect_keys = add_folder(inspect_command, inspect_.keys, "This device's", kDeviceFolder);
  inspect_command->callback([&, inspect_keys] {
    inspect_.keys_given = inspect_keys->count() > 0;
    result = inspect(inspect_, style);
  });

  auto* run_command = cli.add_subcommand("run", "Run a sealed model on this device: predictions");
  run_command->add_option("file", run_.file, "A sealed model")->required();
  run_command->add_option("input", run_.input, "An NPY file of one example or several")->required();
  run_command->add_option("-o,--out", run_.out, "Write the predictions to this NPY file");
  run_command->add_option("--threads", run_.threads, "Threads for local work (default: all processors)");
  auto* run_keys = add_folder(run_command, run_.keys, "This device's", kDeviceFolder);
  run_command
      ->add_option("--broker", run_.broker,
                   "The socket of a broker, which opens the model in its own process: for models of level 2")
      ->excludes(run_keys);
  run_command->callback([&] { result = run_sealed(run_, style); });

  auto* broker_command =
      cli.add_subcommand("broker",
                         "Run the process that opens models of level 2 for other users' programs. It has a "
                         "user and a device's key "
                         "folder of its own, locks its memory, and says when it is ready (docs/broker.md)");
  broker_command->add_option("--socket", broker_.socket, "Where programs reach it")->required();
  broker_command
      ->add_option("--allow", broker_.allow, "A user whom it serves, or everyone; --allow again for others")
      ->required()
      ->allow_extra_args(false);
  broker_command->add_option("--threads", broker_.threads,
                             "Threads for local work (default: all processors)");
  add_folder(broker_command, broker_.keys, "The device's", kDeviceFolder);
  broker_command->callback([&] { broker(broker_); });
}

}  // namespace tacit::app
