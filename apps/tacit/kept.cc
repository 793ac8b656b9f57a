#include "kept.h"

#include <cstdio>

#include "tacit/base/durable.h"
#include "tacit/base/error.h"

namespace tacit::app {

namespace {

constexpr std::string_view kSealedMagic = "tacit sealed";

bool begins_as_sealed(const fs::path& file) {
  PlainFile in(file);
  std::string begin(kSealedMagic.size(), '\0');
  if (in.size() < begin.size()) return false;
  in.read(std::as_writable_bytes(std::span(begin)));
  return begin == kSealedMagic;
}

}  // namespace

std::optional<sealed::KeptModel> kept_model(const SealOptions& o) {
  if (!begins_as_sealed(o.model)) {
    require(o.kept_by.empty(), "--kept-by belongs to a sealed file that is sealed anew, and '{}' is none",
            o.model.string());
    return std::nullopt;
  }
  require(
      o.customers.empty() && o.probe.empty(),
      "'{}' is sealed already, and keeps the fingerprint that it has: --customers and --probe belong to a "
      "model",
      o.model.string());
  require(
      o.protect.empty(),
      "'{}' is sealed already, and which of its layers stay with the vendor is settled: --protect belongs "
      "to a model",
      o.model.string());
  const auto by = sealed::VendorKeys::open(o.kept_by.empty() ? o.keys : o.kept_by);
  sealed::KeptModel kept(sealed::SealedFile(o.model), by);
  require(kept.header().split || o.segment.empty(),
          "--segment belongs to level 3 (split), and '{}' is of level {}", o.model.string(),
          static_cast<unsigned>(kept.header().level));
  return std::optional<sealed::KeptModel>(std::move(kept));
}

fs::path segment_of(const SealOptions& o) {
  fs::path out = o.segment.empty() ? fs::path(o.model.string() + ".segment") : o.segment;
  require(fs::is_directory(out),
          "the vendor's part of '{}' is not in '{}', and its server has to know new devices: name its folder "
          "with --segment",
          o.model.string(), out.string());
  return out;
}

void tell_more_devices(const fs::path& segment, const sealed::SplitTerms& terms) {
  std::printf(
      "\nThe segment stays in %s, whose server lets the new devices in:\n"
      "    tacit serve %s\n"
      "One that runs does so, too. A device may ask %u times an hour, at %s.\n",
      segment.c_str(), segment.c_str(), terms.queries, terms.from.c_str());
}

void take_over(const sealed::Header& old, const SealOptions& o, sealed::SealRequest& to) {
  to.level = o.level ? sealed::words_of(*o.level).level : old.level;
  to.fingerprint = o.fingerprint.empty() ? old.fingerprint : o.fingerprint;
  to.model_name = o.name.empty() ? old.model_name : o.name;
  if (!to.lease) to.lease = old.lease;
}

void tell_kept(const SealOptions& o) {
  if (o.keep)
    std::printf(
        "\nKept: whoever holds the vendor's key folder opens it, too, and seals it anew ('tacit seal FILE "
        "--to ...').\n");
}

}  // namespace tacit::app
