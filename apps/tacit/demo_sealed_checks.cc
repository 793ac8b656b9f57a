// What sealing stops, each tried by the command that a user would type; and what it does not.
#include "demo_sealed.h"
#include "sealed_options.h"
#include "tacit/base/durable.h"
#include "tacit/base/error.h"
#include "tacit/job/report.h"
#include "tacit/sealed/key_folder.h"
#include "tacit/sealed/seal.h"

namespace tacit::app::sealed_demo {

namespace {

constexpr int kMistake = 2, kCheated = 5;  // exit codes
constexpr sealed::Seconds kDay = 86400;
constexpr const char *kChanged = "tried/changed.tacit", *kExpired = "tried/expired.tacit";

/// The office's copy with one bit of its last byte turned over.
void write_changed(const Stage& stage) {
  PlainFile file(stage.folder / kOfOffice);
  std::string text(file.size(), '\0');
  file.read(std::as_writable_bytes(std::span(text)));
  text.back() = static_cast<char>(text.back() ^ 1);
  write_file(stage.folder / kChanged, text);
}

/// What the vendor had sealed two days ago until yesterday: no command makes a file whose date has come.
void write_expired(const Stage& stage) {
  const auto vendor = sealed::VendorKeys::open(stage.folder / keys_of(kVendor));
  const auto card = sealed::read_device_card(stage.folder / keys_of(kOffice) / "device.pub");
  sealed::SealRequest request{vendor.identity, vendor.card.name, "model", {card.key}};
  request.sealed_at = clock_now() - 2 * kDay;
  request.expires = clock_now() - kDay;
  PlainFile text(stage.folder / "model.onnx");
  sealed::seal(text, text.size(), stage.folder / kExpired, request);
}

void note(Stage& stage, const std::string& what, bool refused, const std::string& sentence) {
  stage.report["checks"].push_back({{"what", what}, {"refused", refused}, {"sentence", sentence}});
}

void try_to_run(Stage& stage, const std::string& what, const std::string& file, const std::string& keys,
                int code = kMistake) {
  note(stage, what, true, stage.commands.refused({"run", file, "input.npy", "--keys", keys}, code));
}

}  // namespace

void try_what_is_stopped(Stage& stage) {
  say(stage.style, "\nWho has no right to it, and who changes it:");
  try_to_run(stage, "a device that has not pinned the vendor", kOfOffice, keys_of(kStranger));
  stage.commands.done({"device", "trust", keys_of(kVendor) + "/vendor.pub", "--keys", keys_of(kStranger),
                       "--fingerprint", stage.report.at("vendor").at("fingerprint").get<std::string>()});
  try_to_run(stage, "a third device, to which the file is not sealed", kOfOffice, keys_of(kStranger));
  for (json& d : stage.report["devices"])
    if (d.at("name") == kStranger) d["refused"] = true;
  try_to_run(stage, "one customer with the other's copy", kOfClinic, keys_of(kOffice));
  fs::create_directory(stage.folder / "tried");
  write_changed(stage);
  try_to_run(stage, "one bit of the file changed", kChanged, keys_of(kOffice), kCheated);
  write_expired(stage);
  try_to_run(stage, "a file whose date has come", kExpired, keys_of(kOffice));
  stage.tpm.stop();
  try_to_run(stage, "the clinic's key folder without its TPM", kOfClinic, keys_of(kClinic));

  // What a software key is worth is shown, too.
  say(stage.style, "\nAnd what is not stopped: a copy of the office's key folder, on whatever machine:");
  const std::string copy = "keys/copied-office";
  fs::copy(stage.folder / keys_of(kOffice), stage.folder / copy, fs::copy_options::recursive);
  const json told = stage.commands.done({"run", kOfOffice, "input.npy", "--keys", copy});
  fs::remove_all(stage.folder / copy);
  const std::string sentence = fmt::format(
      "it answers all {} questions: the key is a file, and whoever holds the folder is that device",
      told.at("predictions").size());
  stage.commands.tell(sentence);
  note(stage, "a copy of the office's key folder, elsewhere", false, sentence);
}

}  // namespace tacit::app::sealed_demo
