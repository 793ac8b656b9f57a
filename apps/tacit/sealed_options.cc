#include "sealed_options.h"

#include <CLI/CLI.hpp>
#include <chrono>
#include <nlohmann/json.hpp>

#include "tacit/base/error.h"

namespace tacit::app {

namespace {

constexpr const char* kVendorFolder = "tacit-vendor";
constexpr const char* kDeviceFolder = "tacit-device";

CLI::Option* add_folder(CLI::App* c, fs::path& keys, const char* whose, const char* folder) {
  keys = folder;
  return c->add_option("--keys", keys, std::string(whose) + " key folder (default: " + folder + ")");
}

}  // namespace

sealed::Now now_here() { return {clock_now(), sealed::boot_now()}; }

sealed::Seconds clock_now() {
  using std::chrono::floor, std::chrono::seconds, std::chrono::system_clock;
  return floor<seconds>(system_clock::now()).time_since_epoch().count();
}

void SealedCommands::add(CLI::App& cli, const Style& style, nlohmann::json& result) {
  add_vendor(cli, style, result);
  add_device(cli, style, result);
  add_models(cli, style, result);
  add_tracing(cli, style, result);
}

void SealedCommands::add_vendor(CLI::App& cli, const Style& style, nlohmann::json& result) {
  auto* vendor = cli.add_subcommand(
      "vendor",
      "The key with which a vendor signs models that it seals, the devices that it admitted, leases");
  vendor->require_subcommand(1);
  auto* init = vendor->add_subcommand(
      "init", "Make a vendor's key folder: vendor.key stays there, vendor.pub goes to customers");
  add_folder(init, vendor_.keys, "The new", kVendorFolder);
  init->add_option("--name", vendor_.name, "What customers see (default: called after the key)");
  init->callback([&] { result = vendor_init(vendor_, style); });

  auto* rotate = vendor->add_subcommand(
      "rotate",
      "Replace the vendor's signing key in time: a new key folder of the same name, and vendor.rotation, by "
      "which devices that trust the old key take the new one ('tacit device trust --rotated')");
  add_folder(rotate, vendor_rotate_.keys, "The present", kVendorFolder);
  rotate->add_option("--new-keys", vendor_rotate_.new_keys, "The new key folder")->required();
  rotate->callback([&] { result = vendor_rotate(vendor_rotate_, style); });

  auto* challenge = vendor->add_subcommand(
      "challenge",
      "Find out whether a TPM keeps a device's key: a challenge that only that key in that TPM can answer. "
      "Name what you know of the TPM, by --endorsement or --roots, unless you admitted a device of it "
      "before");
  challenge->add_option("device", challenge_.file, "Its device.pub")->required();
  challenge->add_option("--endorsement", challenge_.endorsement,
                        "The fingerprint of its TPM's endorsement key, known by another way (64 digits)");
  challenge->add_option("--roots", challenge_.roots,
                        "Certificates of TPM manufacturers (PEM), to one of which the TPM's must lead");
  challenge_.out = "challenge.txt";
  challenge->add_option("-o,--out", challenge_.out, "The challenge (default: challenge.txt)");
  add_folder(challenge, challenge_.keys, "The vendor's", kVendorFolder);
  challenge->callback([&] { result = vendor_challenge(challenge_, style); });

  auto* admit = vendor->add_subcommand(
      "admit", "Take a device's answer to a challenge: 'tacit seal --require tpm' seals to it from then on");
  admit->add_option("answer", admit_.file, "What 'tacit device answer' wrote")->required();
  add_folder(admit, admit_.keys, "The vendor's", kVendorFolder);
  admit->callback([&] { result = vendor_admit(admit_, style); });

  auto* revoke = vendor->add_subcommand(
      "revoke", "Give no more leases for a model, or to a device: those that run end in their time");
  auto* model = revoke->add_option("--model", revoke_.file, "A sealed model, for all devices");
  revoke->add_option("--device", revoke_.device, "A device's id, or its device.pub, for all models")
      ->excludes(model);
  revoke->add_option("--segment", revoke_.segment,
                     "With --device: the folder of a segment (level 3), whose server answers it no more");
  add_folder(revoke, revoke_.keys, "The vendor's", kVendorFolder);
  revoke->callback([&] { result = vendor_revoke(revoke_, style); });

  auto* log = vendor->add_subcommand("log", "Verify and show the signed log of leases and revocations");
  add_folder(log, log_.keys, "The vendor's", kVendorFolder);
  log->callback([&] { result = vendor_log(log_, style); });
}

void SealedCommands::add_device(CLI::App& cli, const Style& style, nlohmann::json& result) {
  auto* device = cli.add_subcommand("device", "A customer's device: its key, and the vendors that it trusts");
  device->require_subcommand(1);
  auto* init = device->add_subcommand(
      "init",
      "Make a device's key folder: device.pub goes to vendors. A TPM 2.0 keeps the key where there is one; "
      "else it is a file, and whoever holds the key folder, or a copy of it, opens what is sealed to this "
      "device");
  add_folder(init, device_.keys, "The new", kDeviceFolder);
  init->add_option("--name", device_.name, "What vendors see (default: called after the key)");
  auto* tpm = init->add_option("--tpm", device_.tpm,
                               "The TPM: a device or a socket (default: /dev/tpmrm0, if it is there)");
  init->add_flag("--software", device_.software, "A key in a file, even if there is a TPM")->excludes(tpm);
  init->add_option(
      "--pcrs,--pcr", device_.pcrs,
      "The TPM's registers to whose state the key is bound, as 7, 7,11 or 0+7, or none (default: 7, "
      "which tells of Secure Boot)");
  init->callback([&] { result = device_init(device_, style); });

  auto* rotate = device->add_subcommand(
      "rotate",
      "Replace the device's key: a new key folder, which trusts whom the old one trusted and goes on from "
      "the "
      "time that it witnessed. Its device.pub goes to vendors, who seal to it; remove the old folder then");
  add_folder(rotate, device_rotate_.keys, "The present", kDeviceFolder);
  rotate->add_option("--new-keys", device_rotate_.new_keys, "The new key folder")->required();
  rotate->add_option("--name", device_rotate_.name, "What vendors see (default: called after the key)");
  auto* new_tpm = rotate->add_option("--tpm", device_rotate_.tpm,
                                     "The TPM: a device or a socket (default: /dev/tpmrm0, if it is there)");
  rotate->add_flag("--software", device_rotate_.software, "A key in a file, even if there is a TPM")
      ->excludes(new_tpm);
  rotate->add_option(
      "--pcrs,--pcr", device_rotate_.pcrs,
      "The TPM's registers to whose state the key is bound, as 7, 7,11 or 0+7, or none (default: 7)");
  rotate->callback([&] { result = device_rotate(device_rotate_, style); });

  auto* answer = device->add_subcommand(
      "answer", "Answer a vendor's challenge: only this device's key in its TPM can (docs/device-keys.md)");
  answer->add_option("challenge", answer_.file, "What 'tacit vendor challenge' wrote")->required();
  answer_.out = "answer.txt";
  answer->add_option("-o,--out", answer_.out, "The answer (default: answer.txt)");
  add_folder(answer, answer_.keys, "This device's", kDeviceFolder);
  answer->callback([&] { result = device_answer(answer_, style); });

  auto* lease = device->add_subcommand(
      "lease", "Ask the vendor for a lease of a model that runs under leases alone (docs/leases.md)");
  lease->add_option("file", lease_.file, "The sealed model")->required();
  lease->add_option("--from", lease_.at, "Where to ask: host:port (default: what the model says)");
  add_folder(lease, lease_.keys, "This device's", kDeviceFolder);
  lease->callback([&] { result = device_lease(lease_, style); });

  auto* trust = device->add_subcommand(
      "trust",
      "Pin a vendor, whose models are run from then on. Its fingerprint is shown: compare it with what the "
      "vendor "
      "tells by another way. No vendor is ever trusted just because its model came first");
  auto* card = trust->add_option("vendor", trust_.vendor, "Its vendor.pub");
  trust
      ->add_option("--fingerprint", trust_.fingerprint,
                   "What the vendor told: pin it only if it is the same (64 hexadecimal digits)")
      ->needs(card);
  auto* rotated = trust
                      ->add_option("--rotated", trust_.rotated,
                                   "Instead: the vendor.rotation of a vendor that this device trusts, whose "
                                   "new key is trusted beside the old one from then on")
                      ->excludes(card);
  trust
      ->add_flag("--only-new", trust_.only_new,
                 "With --rotated: the new key in the place of the old one, whose files are not run any more")
      ->needs(rotated);
  add_folder(trust, trust_.keys, "This device's", kDeviceFolder);
  trust->callback([&] { result = device_trust(trust_, style); });
}

void SealedCommands::add_models(CLI::App& cli, const Style& style, nlohmann::json& result) {
  auto* seal_command = cli.add_subcommand(
      "seal",
      "Seal a model to customers' devices: the file is useless without a recipient's key, after its date, or "
      "changed by one bit. At level 2 a broker opens it, whose memory no other user's process sees; with "
      "--protect (level 3) chosen layers stay with the vendor, whose server devices ask without showing "
      "their "
      "data; with --fingerprint (level 4) it also tells, once leaked, whose copy it was. It is said what "
      "that "
      "does not stop (docs/sealed.md)");
  seal_command
      ->add_option("model", seal_.model,
                   "An ONNX file, or a sealed file that was kept (--keep), to seal anew")
      ->required();
  seal_command->add_flag("--keep", seal_.keep,
                         "Keep it: whoever holds the vendor's key folder can seal the file anew later, to "
                         "other devices or until another day, without the model");
  seal_command->add_option("--kept-by", seal_.kept_by,
                           "Of a file that is sealed anew: the vendor's key folder by which it was kept, "
                           "where that is another than --keys");
  seal_command->add_option("--to", seal_.to, "A recipient's device.pub; --to again for each other one")
      ->required()
      ->allow_extra_args(false);
  seal_command
      ->add_option("--expires", seal_.expires,
                   "The day from whose beginning (UTC) it is of no use, as 2027-01-31, or never")
      ->required();
  seal_command->add_option("-o,--out", seal_.out, "The sealed file (default: the model's, with .tacit)");
  seal_command->add_option("--name", seal_.name, "The model's name (default: the file's)");
  seal_command->add_option(
      "--level", seal_.level,
      "1 (default), 2 for a broker, 3 (default with --protect) or 4 (default with --fingerprint)");
  auto* fingerprint = seal_command->add_option(
      "--fingerprint", seal_.fingerprint,
      "The customer whose copy this is: its weights are moved a little, by which 'tacit "
      "trace' knows it again (docs/fingerprints.md)");
  seal_command->add_option("--customers", seal_.customers,
                           "The database of who has which copy (default: customers.db in the vendor's key "
                           "folder)");
  seal_command->add_option("--probe", seal_.probe,
                           "An NPY file of examples by which the fingerprint's effect on scores is measured "
                           "(default: random numbers)");
  seal_command->add_option(
      "--require", seal_.require,
      "tpm: refuse recipients unless they proved that a TPM keeps their key ('tacit vendor "
      "challenge')");
  auto* lease = seal_command->add_option(
      "--lease", seal_.lease,
      "Let it run under leases alone, each for so long: 8h, 7d, 90s (one minute to 31 days; docs/leases.md)");
  auto* lease_from =
      seal_command->add_option("--lease-from", seal_.lease_from,
                               "Where devices ask for leases, host:port: 'tacit serve --leases' there");
  lease->needs(lease_from);
  lease_from->needs(lease);
  seal_command->add_option("--audit", seal_.audit,
                           "The report of 'tacit audit steal' on this ONNX file: how many questions rebuild "
                           "it is said with what is not stopped");
  add_protection(seal_command);
  add_folder(seal_command, seal_.keys, "The vendor's", kVendorFolder);
  seal_command->callback([&, fingerprint] {
    // No level is lowered in silence, not even by a variable that is empty.
    require(fingerprint->count() == 0 || !seal_.fingerprint.empty(),
            "--fingerprint needs a name: of the customer whose copy this is");
    result = seal(seal_, style);
  });

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
  auto* run_broker =
      run_command
          ->add_option(
              "--broker", run_.broker,
              "The socket of a broker, which opens the model in its own process: for models of level 2")
          ->excludes(run_keys);
  run_command
      ->add_option("--server", run_.server,
                   "Of level 3: where the vendor's server is, host:port (default: what the model says)")
      ->excludes(run_broker);
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

void SealedCommands::add_protection(CLI::App* seal_command) {
  auto* protect = seal_command->add_option("--protect", seal_.protect,
                                           "Nodes that never leave the vendor, by their places or names: "
                                           "3-5, conv2, conv2..fc1 (with others, it is "
                                           "shown which there are)");
  auto* address =
      seal_command->add_option("--vendor-address", seal_.vendor_address,
                               "Where devices ask for them, host:port: 'tacit serve FOLDER' there");
  protect->needs(address);
  address->needs(protect);
  seal_command->add_option("--segment", seal_.segment,
                           "The folder for them, which stays with the vendor (default: the sealed file's "
                           "name, with .segment). Of a "
                           "file of level 3 that is sealed anew: where it is");
  for (CLI::Option* option :
       {seal_command
            ->add_option("--queries", seal_.queries,
                         "How often each device may ask in an hour (default: 100)")
            ->check(CLI::Range(1, 1000000)),
        seal_command->add_option(
            "--input-range", seal_.input_range,
            "The least and the largest number of the model's inputs, as -1,1: then numbers "
            "take as few bits as that allows (default: few bits, and as wide a range as "
            "they allow)"),
        seal_command
            ->add_option("--fraction", seal_.fraction,
                         "Bits behind the point of numbers in the protected nodes (default: 10)")
            ->check(CLI::Range(4, 23))})
    option->needs(protect);
}

void SealedCommands::add_tracing(CLI::App& cli, const Style& style, nlohmann::json& result) {
  auto* trace_command = cli.add_subcommand(
      "trace",
      "Whose copy a leaked model is, also after training on, pruning, quantisation, other orders and scales "
      "of "
      "neurons, or a mixture of a few customers' copies; or that it is nobody's (docs/fingerprints.md)");
  trace_command->add_option("model", trace_.model, "An ONNX file")->required();
  trace_command->add_option("--customers", trace_.customers,
                            "The database of who has which copy (default: customers.db in the vendor's key "
                            "folder)");
  trace_command->add_option("--threads", trace_.threads, "Threads for local work (default: all processors)");
  add_folder(trace_command, trace_.keys, "The vendor's", kVendorFolder);
  trace_command->callback([&] { result = trace(trace_, style); });

  auto* audit = cli.add_subcommand("audit", "Attack what is yours, to know what others could do");
  audit->require_subcommand(1);
  auto* steal = audit->add_subcommand(
      "steal",
      "What an attacker could rebuild of a model: it is asked more and more questions, imitations are "
      "trained on the answers, and it is drawn how well they agree with it; also by thieves who have some of "
      "its layers (docs/steal-audit.md)");
  steal->add_option("model", steal_.model, "An ONNX file, or a sealed model, which this device may open")
      ->required();
  steal->add_option("--data,--inputs", steal_.inputs,
                    "An NPY file of examples to ask about, as an attacker would have them (default: random "
                    "numbers); the last ones are held back to measure on");
  steal
      ->add_option("--labels", steal_.labels,
                   "An NPY file of their classes, from 0: how often imitations are right is told, too")
      ->needs("--data");
  auto* protect = steal->add_option(
      "--protect", steal_.protect,
      "Layers that are kept from the thief, as 3-5: those with weights count, from 1, in the model's order");
  steal
      ->add_flag(
          "--find-protection", steal_.find_protection,
          "Search for the cheapest layers next to each other that must be kept from a thief, so that the "
          "others are of no more use than asking alone")
      ->excludes(protect);
  steal
      ->add_option("--margin", steal_.margin,
                   "Points of agreement by which such a thief may be better (default: 2)")
      ->check(CLI::Range(0.0, 100.0));
  steal
      ->add_option("--minutes", steal_.minutes,
                   "Train no further thief after so long, and say what was left out (default: no end)")
      ->check(CLI::Range(0.0, 1e6));
  steal
      ->add_option("--queries", steal_.queries,
                   "How many questions, for each point of the curve, as 100,1000 (default: 50 to 5000)")
      ->delimiter(',')
      ->check(CLI::Range(1, 10000000));
  steal->add_option("--held-out", steal_.held_out, "Examples to measure on (default: 1000)")
      ->check(CLI::Range(10, 1000000));
  steal->add_option("--epochs", steal_.epochs, "How long each imitation is trained (default: 60)")
      ->check(CLI::Range(1, 10000));
  steal->add_option("--seed", steal_.seed, "Of random examples and of initial weights (default: 1)");
  steal->add_option("-o,--out", steal_.out, "Where the numbers go, as JSON (default: steal.json)");
  steal->add_option("--html", steal_.html, "Where the picture goes (default: steal.html)");
  steal->add_option("--threads", steal_.threads, "Threads for local work (default: all processors)");
  add_folder(steal, steal_.keys, "This device's", kDeviceFolder);
  steal->callback([&] { result = audit_steal(steal_, style); });
}

}  // namespace tacit::app
