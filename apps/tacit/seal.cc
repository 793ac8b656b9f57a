// A vendor seals a model to devices, and is told what that stops and what it does not.
#include "tacit/sealed/seal.h"

#include <cstdio>
#include <nlohmann/json.hpp>

#include "commands.h"
#include "sealed_options.h"
#include "tacit/base/error.h"
#include "tacit/base/text.h"
#include "tacit/nn/graph/onnx_import.h"
#include "tacit/sealed/key_folder.h"
#include "tacit/sealed/runtime.h"
#include "tacit/sealed/tiles.h"

namespace tacit::app {

namespace {

using nlohmann::json;

/// What is sealed at level 2: the same model, cut in tiles.
Bytes tiles_of(const fs::path& model) {
  PlainFile text(model);
  nn::ImportOptions options;
  options.fold_batch_norm = true;
  return sealed::tiled_text(
      sealed::in_tiles(nn::import_onnx(text, text.size(), model.filename().string(), options)));
}

/// What the issue of a level or a key that is not there would promise must not be promised in silence.
const sealed::LevelWords& level_of(const SealOptions& o) {
  const sealed::LevelWords& level = sealed::words_of(o.level);
  sealed::require_there(level, "--level asks for");
  require(o.fingerprint.empty(),
          "--fingerprint belongs to level 4 (traceable), which is not there yet: no weight would be marked; "
          "leave it "
          "out");
  require(o.require.empty() || o.require == "tpm", "--require takes 'tpm', and not '{}'",
          one_line(o.require));
  require(o.require.empty(),
          "--require tpm cannot be met: no device's key is kept by a TPM yet, and whoever holds a device's "
          "key folder "
          "is that device; leave it out if that will do");
  return level;
}

struct Recipients {
  std::vector<sealed::DeviceCard> cards;
  std::vector<KemPublicKey> keys;
};

Recipients recipients_of(const SealOptions& o) {
  Recipients out;
  for (const fs::path& file : o.to) {
    sealed::DeviceCard card = sealed::read_device_card(file);
    for (const sealed::DeviceCard& other : out.cards)
      require(other.key != card.key, "--to names the device '{}' twice", card.name);
    out.keys.push_back(card.key);
    out.cards.push_back(std::move(card));
  }
  return out;
}

void tell(const sealed::LevelWords& level, const sealed::Header& header, const Recipients& to,
          const fs::path& file, std::uint64_t bytes) {
  std::printf("%s   %s, by '%s', of use until %s, sealed to\n", file.c_str(),
              human_bytes(static_cast<double>(bytes)).c_str(), header.vendor_name.c_str(),
              sealed::moment_text(header.expires).c_str());
  for (const auto& card : to.cards)
    std::printf("    %s   a software key: whoever holds its key folder; %s\n", card.name.c_str(),
                sealed::in_groups(sealed::device_id(card.key)).c_str());
  std::printf("\nLevel %u, %s: %s.\nIt does not stop:\n", static_cast<unsigned>(level.level),
              std::string(level.name).c_str(), std::string(level.promise).c_str());
  for (const std::string_view line : level.does_not_stop) std::printf("  - %s\n", std::string(line).c_str());
}

}  // namespace

json seal(const SealOptions& o, const Style& style) {
  const sealed::LevelWords& level = level_of(o);
  const sealed::Seconds now = clock_now(), expires = sealed::parse_date(o.expires);
  require(expires > now, "--expires {} lies in the past", o.expires);
  require(fs::exists(o.model), "there is no model '{}'", o.model.string());
  const auto vendor = sealed::VendorKeys::open(o.keys);
  const Recipients to = recipients_of(o);
  fs::path file = o.out;
  if (file.empty()) file = fs::path(o.model).replace_extension(".tacit");
  std::error_code ignored;
  require(!fs::equivalent(file, o.model, ignored), "'{}' is the model itself: name another file with -o",
          file.string());
  {
    PlainFile text(o.model);
    sealed::check_model_text(text, text.size(), o.model.filename().string());
  }
  sealed::SealRequest request{vendor.identity, vendor.card.name,
                              o.name.empty() ? o.model.stem().string() : o.name, to.keys};
  request.sealed_at = now;
  request.expires = expires;
  request.level = level.level;
  const auto seal_text = [&](ByteReader& text, std::uint64_t size) {
    return sealed::seal(text, size, file, request);
  };
  sealed::Header header;
  if (level.level == sealed::Level::Guarded) {
    const Bytes tiles = tiles_of(o.model);
    MemoryReader text(tiles);
    header = seal_text(text, tiles.size());
  } else {
    PlainFile text(o.model);
    header = seal_text(text, text.size());
  }
  const std::uint64_t bytes = fs::file_size(file);
  if (!style.json) tell(level, header, to, file, bytes);
  json out{{"file", file.string()},
           {"bytes", bytes},
           {"model", header.model_name},
           {"vendor", header.vendor_name},
           {"level", static_cast<unsigned>(level.level)},
           {"level_name", level.name},
           {"promise", level.promise},
           {"does_not_stop", json::array()},
           {"expires", sealed::moment_text(header.expires)},
           {"recipients", json::array()}};
  for (const std::string_view line : level.does_not_stop) out["does_not_stop"].push_back(line);
  for (const auto& card : to.cards)
    out["recipients"].push_back(
        {{"name", card.name}, {"id", sealed::in_groups(sealed::device_id(card.key))}, {"kept", "software"}});
  return out;
}

}  // namespace tacit::app
