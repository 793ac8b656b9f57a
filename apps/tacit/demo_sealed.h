// The steps of 'tacit demo sealed', and what they share: a folder in which every command runs as its user
// would type it, and the report, to which each step adds its own part.
#pragma once

#include <functional>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "commands.h"
#include "drive.h"
#include "process.h"
#include "sample_data.h"
#include "tacit/secret/secret.h"

namespace tacit::app::sealed_demo {

using nlohmann::json;

// The people of the demo: a vendor, two customers, and somebody to whom nothing is sealed. Key folders are
// named after them.
constexpr const char *kVendor = "vendor", *kOffice = "office", *kClinic = "clinic", *kStranger = "stranger";
inline std::string keys_of(const std::string& who) { return "keys/" + who; }

/// Sealed at level 1 to both customers, each customer's own copy, and one of which layers stay with the
/// vendor.
constexpr const char *kForBoth = "model.tacit", *kOfOffice = "office.tacit", *kOfClinic = "clinic.tacit",
                     *kWithoutLayers = "split.tacit";

/// This program's commands, each a process of its own.
class Commands {
 public:
  Commands(fs::path folder, const Style& style, const EndingSignals& signals)
      : folder_(std::move(folder)), style_(style), signals_(signals) {}

  /// Runs one, and shows it. The result that it prints; its error, as its kind, if it fails; Interrupted.
  /// `line` is told of what it writes while it runs; may be empty.
  json done(const std::vector<std::string>& words,
            const std::function<void(const std::string&)>& line = {}) const;
  /// Runs one that has to end with that exit code, and shows it and its sentence, which it returns.
  /// std::runtime_error if it ends otherwise.
  std::string refused(const std::vector<std::string>& words, int code) const;
  /// Starts one that goes on by itself, with a descriptor of ours (OwnedProcess), shows it as `words`, and
  /// waits until it has said `ready`. Its error, as its kind, if it ends before that.
  std::unique_ptr<OwnedProcess> started(const std::vector<std::string>& words,
                                        const std::vector<std::string>& unseen, int keep,
                                        std::string_view ready) const;
  /// A word about the last one.
  void tell(const std::string& what) const;

 private:
  void show(const std::vector<std::string>& words) const;
  EndedProcess run(const std::vector<std::string>& words,
                   const std::function<void(const std::string&)>& line) const;

  fs::path folder_;
  Style style_;
  const EndingSignals& signals_;
};

/// A TPM 2.0 in software (swtpm), which the demo starts since few machines may lend theirs. It ends with
/// this.
class DemoTpm {
 public:
  /// UsageError if swtpm is not installed; IoError if it does not start.
  DemoTpm();
  fs::path at() const { return folder_.path() / "tpm"; }
  /// Switches it off.
  void stop();

 private:
  TemporaryFolder folder_;
  std::optional<OwnedProcess> process_;
};

struct Stage {
  Stage(fs::path where, const Style& s, bool is_quick, const EndingSignals& signals)
      : folder(std::move(where)), style(s), quick(is_quick), commands(folder, s, signals) {}

  fs::path folder;
  Style style;
  bool quick;
  Commands commands;
  DemoTpm tpm;                                      ///< the clinic's
  Digits kept_back = last_digits(kDigitsKeptBack);  ///< which the model did not see in its training
  std::string sealed_until;                         ///< the day, as --expires takes it
  json report;
};

// ---- the steps, in their order

/// Trains the model: three parties and two owners, over TLS.
void train_model(Stage&);
/// The vendor's key, and three devices, of which one keeps its key in a TPM. All of them pin the vendor but
/// the stranger.
void make_devices(Stage&);
/// The vendor challenges the clinic's TPM, and admits the device.
void prove_the_tpm(Stage&);
void seal_copies(Stage&);
/// On both devices, and what they answer beside the plain model.
void run_copies(Stage&);
/// Level 3: its last layers stay with the vendor, whose server the office's device asks.
void split_and_run(Stage&);
/// Who is refused, and who is not. The TPM is off afterwards.
void try_what_is_stopped(Stage&);
/// The office leaks its copy, changed; the vendor asks whose it is.
void leak_and_trace(Stage&);
/// The office's copy is imitated by asking. The audit's drawings.
std::string steal_by_asking(Stage&);

// ---- parts of steps

/// Numbers of a model in the clear for the images of `digits`.
PublicTensor images_of(const Digits& digits);
/// Seals the model to devices, tells the level, and puts it in the report. `copy`: it is the first one's.
void seal_one(Stage&, const std::string& file, const std::vector<std::string>& to, bool copy,
              const std::vector<std::string>& options);
/// Runs a file on a device, and puts what it answers beside the plain model's scores in the report.
/// std::runtime_error if it is another model, by more than `tolerance` of the largest score.
void run_one(Stage&, const std::string& device, const std::string& file, const std::string& input,
             const PublicTensor& plain, double tolerance);
/// How many answers are right, as a part of all.
double accuracy_of(const PublicTensor& scores, const std::vector<int>& digits);

struct Leak {
  std::string model;                 ///< the thief's ONNX file
  std::vector<std::string> changes;  ///< what the thief did to the copy, in words
  double accuracy = 0;               ///< of it, on digits that were kept back
};
/// What a customer can do with its own key and a program of its own: opens its copy of the model and changes
/// it, so as not to be known again.
Leak leak(const fs::path& sealed, const fs::path& keys, const Digits& kept_back);

/// The report as a page, with the audit's drawings.
std::string page_of(const json& report, const std::string& drawings);

}  // namespace tacit::app::sealed_demo
