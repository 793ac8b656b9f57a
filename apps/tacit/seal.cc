// A vendor seals a model to devices, and is told what that stops and what it does not.
#include "tacit/sealed/seal.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <optional>

#include "commands.h"
#include "fingerprint.h"
#include "kept.h"
#include "measured_theft.h"
#include "sealed_options.h"
#include "segment.h"
#include "tacit/base/error.h"
#include "tacit/base/text.h"
#include "tacit/net/transports/socket.h"
#include "tacit/nn/graph/onnx_import.h"
#include "tacit/sealed/challenge.h"
#include "tacit/sealed/key_folder.h"
#include "tacit/sealed/lease_log.h"
#include "tacit/sealed/runtime.h"
#include "tacit/sealed/tiles.h"
#include "tacit/serve/segment_folder.h"

namespace tacit::app {

namespace {

using nlohmann::json;

/// What is sealed at level 2: the same model, cut in tiles. A model's file may keep its weights in others, as
/// one of more than 2 GiB must; a customer's copy is whole in itself.
Bytes tiles_of(const fs::path& model, const std::optional<trace::MarkedCopy>& copy) {
  nn::ImportOptions options;
  options.fold_batch_norm = true;
  if (!copy) return sealed::tiled_text(sealed::in_tiles(nn::import_onnx(model, options)));
  MemoryReader text(bytes_of(copy->text));
  return sealed::tiled_text(
      sealed::in_tiles(nn::import_onnx(text, copy->text.size(), model.filename().string(), options)));
}

/// What a level or a key that is not there would promise must not be promised in silence.
const sealed::LevelWords& level_of(const SealOptions& o) {
  const bool marked = !o.fingerprint.empty();
  const bool split = !o.protect.empty();
  const sealed::LevelWords& level = sealed::words_of(o.level.value_or(marked ? 4 : split ? 3 : 1));
  require(
      !marked || !split,
      "a model of level 3 (split) bears no fingerprint, which belongs to level 4 (traceable): ask for one of "
      "the two");
  require(split == (level.level == sealed::Level::Split),
          "level 3 (split) and --protect NODES with --vendor-address HOST:PORT belong together: which layers "
          "stay with you, and where devices ask for them");
  require(split || o.segment.empty(),
          "--segment belongs to level 3 (split): to --protect, or to a file of it "
          "that is sealed anew");
  const bool traceable = level.level == sealed::Level::Traceable;
  require(marked || !traceable,
          "level 4 (traceable) needs --fingerprint NAME, the customer whose copy this is");
  require(!marked || traceable || level.level == sealed::Level::Guarded,
          "--fingerprint belongs to level 4 (traceable): leave --level out, ask for level 4, or for level 2 "
          "(guarded) to have both");
  require(marked || (o.customers.empty() && o.probe.empty()),
          "--customers and --probe belong to --fingerprint NAME");
  return level;
}

struct Recipients {
  std::vector<sealed::DeviceCard> cards;
  std::vector<KemPublicKey> keys;
  std::vector<bool> proved;  ///< of each, that a TPM keeps its key

  bool all_proved() const { return std::find(proved.begin(), proved.end(), false) == proved.end(); }
};

void check_admitted(const SealOptions& o, const std::vector<sealed::DeviceCard>& cards) {
  const sealed::AdmittedDevices admitted(sealed::KeyFolder::open(o.keys, "tacit vendor init"));
  for (const sealed::DeviceCard& card : cards) {
    require(
        card.tpm.has_value(),
        "--require tpm: the device '{}' keeps its key in a file, and whoever holds its key folder is that "
        "device; leave it out if that will do",
        card.name);
    require(admitted.is_admitted(card),
            "--require tpm: the device '{}' has not proved that a TPM keeps its key: run 'tacit vendor "
            "challenge' with its device.pub",
            card.name);
  }
}

/// "90s", "8h", "7d"
std::uint32_t parse_duration(const std::string& text) {
  std::uint64_t number = 0;
  const std::string digits = text.substr(0, text.empty() ? 0 : text.size() - 1);
  const char unit = text.empty() ? ' ' : text.back();
  bool good = !digits.empty() && digits.size() <= 7;
  for (const char c : digits) {
    good = good && c >= '0' && c <= '9';
    number = 10 * number + static_cast<std::uint64_t>(c - '0');
  }
  const std::uint64_t each = unit == 's'   ? 1
                             : unit == 'm' ? 60
                             : unit == 'h' ? 3600
                             : unit == 'd' ? 86400
                                           : 0;
  require(
      good && each > 0 && number * each >= sealed::kShortestLease && number * each <= sealed::kLongestLease,
      "--lease takes how long a lease runs, from one minute to 31 days, as 90s, 8h or 7d, and not '{}'",
      one_line(text));
  return static_cast<std::uint32_t>(number * each);
}

std::string kept_by(const sealed::DeviceCard& card, bool proved) {
  if (!card.tpm) return "a software key: whoever holds its key folder";
  return proved ? "a key that a TPM keeps" : "a key that a TPM keeps, as its card says and nobody proved";
}

Recipients recipients_of(const SealOptions& o) {
  Recipients out;
  for (const fs::path& file : o.to) {
    sealed::DeviceCard card = sealed::read_device_card(file);
    for (const sealed::DeviceCard& other : out.cards)
      require(other.key != card.key, "--to names the device '{}' twice", card.name);
    out.keys.push_back(card.key);
    out.cards.push_back(std::move(card));
  }
  if (o.require == "tpm") check_admitted(o, out.cards);
  const sealed::AdmittedDevices admitted(sealed::KeyFolder::open(o.keys, "tacit vendor init"));
  for (const sealed::DeviceCard& card : out.cards) out.proved.push_back(admitted.is_admitted(card));
  return out;
}

/// Whether a file of level 2 is a customer's copy, too.
bool guarded_copy(const sealed::Header& h) {
  return h.level == sealed::Level::Guarded && !h.fingerprint.empty();
}

/// A card that nobody proved counts as that of a software key.
sealed::Bounds bounds_of(const sealed::Header& header, const Recipients& to) {
  return {!to.all_proved(), header.lease.has_value(), !header.fingerprint.empty()};
}

/// In words, with what was measured of theft by asking.
std::vector<std::string> not_stopped(const sealed::LevelWords& level, const sealed::Bounds& bounds,
                                     const std::optional<MeasuredTheft>& theft) {
  std::vector<std::string> out;
  for (const std::string_view line : sealed::not_stopped(level, bounds)) {
    out.emplace_back(line);
    if (theft && line.find(sealed::kByAsking) != line.npos)
      out.back() += "; here, by the audit: " + to_words(*theft);
  }
  return out;
}

void tell(const sealed::LevelWords& level, const sealed::Header& header, const Recipients& to,
          const fs::path& file, std::uint64_t bytes, const std::vector<std::string>& open_to) {
  std::printf("%s   %s, by '%s', of use until %s, sealed to\n", file.c_str(),
              human_bytes(static_cast<double>(bytes)).c_str(), header.vendor_name.c_str(),
              sealed::moment_text(header.expires).c_str());
  for (std::size_t i = 0; i < to.cards.size(); ++i)
    std::printf("    %s   %s; %s\n", to.cards[i].name.c_str(), kept_by(to.cards[i], to.proved[i]).c_str(),
                sealed::in_groups(sealed::device_id(to.cards[i].key)).c_str());
  if (header.lease)
    std::printf("It runs under leases alone, of %s each, from %s.\n",
                human_seconds(static_cast<double>(header.lease->seconds)).c_str(),
                header.lease->from.c_str());
  std::printf("\nLevel %u, %s: %s.\n", static_cast<unsigned>(level.level), std::string(level.name).c_str(),
              std::string(level.promise).c_str());
  if (guarded_copy(header))
    std::printf(
        "Level 4, traceable: this customer's copy bears a fingerprint that survives what thieves do.\n");
  std::printf("It does not stop:\n");
  for (const std::string& line : open_to) std::printf("  - %s\n", line.c_str());
}

/// What is left without its segment, whose folder is removed if that fails.
sealed::Header seal_split(const SplitModel& split, const fs::path& file, const sealed::SealRequest& request) {
  try {
    MemoryReader text(split.text);
    return sealed::seal(text, split.text.size(), file, request);
  } catch (const std::exception&) {
    std::error_code ignored;
    fs::remove_all(split.folder, ignored);
    throw;
  }
}

/// What is sealed anew, and the devices that its segment's server knows from then on.
sealed::Header seal_kept(sealed::KeptModel& kept, std::optional<NewSegmentDevices>& more,
                         const fs::path& file, const sealed::SealRequest& request) {
  if (!more) return kept.seal_anew(file, request);
  sealed::Header header = kept.seal_anew(file, request, {}, more->access());
  more->keep();
  return header;
}

/// The model, or the customer's copy of it, as it is or in tiles.
sealed::Header seal_text(const fs::path& model, sealed::Level level,
                         const std::optional<trace::MarkedCopy>& copy, const fs::path& file,
                         const sealed::SealRequest& request) {
  if (level == sealed::Level::Guarded) {
    const Bytes tiles = tiles_of(model, copy);
    MemoryReader text(tiles);
    return sealed::seal(text, tiles.size(), file, request);
  }
  if (copy) {
    MemoryReader text(bytes_of(copy->text));
    return sealed::seal(text, copy->text.size(), file, request);
  }
  PlainFile text(model);
  return sealed::seal(text, text.size(), file, request);
}

}  // namespace

json seal(const SealOptions& o, const Style& style) {
  require(o.require.empty() || o.require == "tpm", "--require takes 'tpm', and not '{}'",
          one_line(o.require));
  if (o.level) sealed::words_of(*o.level);
  require(fs::exists(o.model), "there is no model '{}'", o.model.string());
  auto kept = kept_model(o);
  const sealed::LevelWords& level =
      kept ? sealed::words_of(static_cast<unsigned>(kept->header().level)) : level_of(o);
  std::optional<MeasuredTheft> theft;
  if (!o.audit.empty()) {
    require(!kept, "--audit is about an ONNX file, and '{}' is sealed anew: leave it out", o.model.string());
    theft = read_theft(o.audit, o.model, level.level == sealed::Level::Split);
  }
  const sealed::Seconds now = clock_now(), expires = sealed::parse_date(o.expires);
  require(expires > now, "--expires {} lies in the past", o.expires);
  const auto vendor = sealed::VendorKeys::open(o.keys);
  const Recipients to = recipients_of(o);
  fs::path file = o.out;
  if (file.empty()) file = fs::path(o.model).replace_extension(".tacit");
  std::error_code ignored;
  require(!fs::equivalent(file, o.model, ignored), "'{}' is the model itself: name another file with -o",
          file.string());
  if (!kept && level.level != sealed::Level::Guarded) {  // which is read to be cut
    PlainFile text(o.model);
    sealed::check_model_text(text, text.size(), o.model.filename().string());
  }
  sealed::SealRequest request{vendor.identity, vendor.card.name,
                              o.name.empty() ? o.model.stem().string() : o.name, to.keys};
  request.sealed_at = now;
  request.expires = expires;
  request.level = level.level;
  std::optional<sealed::LeaseLog> log;
  if (!o.lease.empty()) request.lease = {parse_duration(o.lease), to_string(parse_address(o.lease_from))};
  request.fingerprint = o.fingerprint;
  if (kept) take_over(kept->header(), o, request);
  if (o.keep) request.to.push_back(sealed::keeper_of(vendor.identity).public_key());
  if (request.lease) log.emplace(sealed::KeyFolder::open(o.keys, "tacit vendor init"), vendor);
  const auto copy = kept ? std::nullopt : fingerprinted(o, vendor, now);
  std::optional<NewSegmentDevices> more;
  if (kept && kept->header().split) {
    more.emplace(segment_of(o), *kept->header().split, to.keys);
    request.split = more->terms();
  }
  std::optional<SplitModel> split;
  if (!kept && level.level == sealed::Level::Split) {
    split.emplace(split_off(o, to.keys, file, style));
    request.split = split->terms;
  }
  const sealed::Header header = kept    ? seal_kept(*kept, more, file, request)
                                : split ? seal_split(*split, file, request)
                                        : seal_text(o.model, level.level, copy, file, request);
  if (header.lease) {
    std::vector<Digest> devices;
    for (const KemPublicKey& key : to.keys) devices.push_back(sealed::device_id(key));
    log->sealed(header.id, devices, header.lease->seconds, now);
  }
  const std::uint64_t bytes = fs::file_size(file);
  const auto open_to = not_stopped(level, bounds_of(header, to), theft);
  if (!style.json) {
    tell(level, header, to, file, bytes, open_to);
    if (!theft && !kept)
      std::printf(
          "How many questions rebuild it was not measured: run 'tacit audit steal' on it, and seal with "
          "--audit steal.json.\n");
    if (copy) tell_fingerprint(*copy, o);
    tell_kept(o);
    if (split) tell_segment(*split);
    if (more) tell_more_devices(segment_of(o), more->terms());
  }
  json out{{"file", file.string()},
           {"bytes", bytes},
           {"model", header.model_name},
           {"vendor", header.vendor_name},
           {"level", static_cast<unsigned>(level.level)},
           {"level_name", level.name},
           {"promise", level.promise},
           {"does_not_stop", open_to},
           {"expires", sealed::moment_text(header.expires)},
           {"recipients", json::array()}};
  out["audit"] = theft ? to_json(*theft) : json(nullptr);
  if (copy) out["fingerprint"] = to_json(*copy, o);
  out["kept"] = o.keep;
  if (split) {
    out["segment"] = to_json(split->terms);
    out["segment"]["folder"] = split->folder.string();
    out["segment"]["nodes"] = split->protected_nodes;
  }
  if (more) {
    out["segment"] = to_json(more->terms());
    out["segment"]["folder"] = segment_of(o).string();
  }
  if (header.lease) out["lease"] = {{"seconds", header.lease->seconds}, {"from", header.lease->from}};
  for (std::size_t i = 0; i < to.cards.size(); ++i)
    out["recipients"].push_back({{"name", to.cards[i].name},
                                 {"id", sealed::in_groups(sealed::device_id(to.cards[i].key))},
                                 {"kept", to.cards[i].tpm ? "tpm" : "software"},
                                 {"proved", static_cast<bool>(to.proved[i])}});
  return out;
}

}  // namespace tacit::app
