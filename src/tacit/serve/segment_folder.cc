#include "tacit/serve/segment_folder.h"

#include <fmt/ranges.h>
#include <sys/stat.h>

#include <algorithm>

#include "tacit/base/durable.h"
#include "tacit/base/error.h"
#include "tacit/sealed/cards.h"

namespace tacit {

namespace fs = std::filesystem;

namespace {

constexpr const char *kTermsFile = "segment.toml", *kPartFile = "vendor.part", *kKeyFile = "server.key",
                     *kGoneFile = "revoked";
constexpr const char *kServer = "vendor", *kUserName = "user";
constexpr std::string_view kMadeBy = "tacit seal --level 3";
constexpr std::uint64_t kMostRevoked = std::uint64_t{1} << 20;
/// Of a device's session: silence after which the other counts as gone, and how long one waits for its work.
constexpr std::chrono::milliseconds kPatience{10000}, kWork{300000};

Digest digest_of(TomlTable& t, const std::string& key) {
  const Bytes bytes = from_hex(t.text(key));
  Digest out{};
  if (bytes.size() != out.size()) t.fail(key, "should have 64 hexadecimal digits");
  std::copy(bytes.begin(), bytes.end(), out.begin());
  return out;
}

KemPublicKey kem_key_of(TomlTable& t) {
  const std::string text = t.text("key");
  const std::size_t colon = text.find(':');
  if (colon == std::string::npos) t.fail("key", "should be x25519: or p256:, and digits");
  KemPublicKey key{t.at("key", [&] { return kem_named(text.substr(0, colon)); }),
                   from_hex(text.substr(colon + 1))};
  if (!is_public_key(key)) t.fail("key", "is no public key");
  return key;
}

Shape shape_of(TomlTable& t, const std::string& key) {
  Shape out;
  for (const std::int64_t e : t.integers(key)) {
    if (e < 1 || e > 1 << 24) t.fail(key, "is no shape");
    out.push_back(static_cast<std::size_t>(e));
  }
  return out;
}

std::string text_of_device(const SegmentDevice& d) {
  return fmt::format("\n[[device]]\nid = \"{}\"\nkey = \"{}:{}\"\naccess = \"{}\"\n", to_hex(d.id),
                     name_of(d.key.kem), to_hex(d.key.raw), to_string(d.access));
}

/// Each device's new key; what the server has to know goes to `known`.
std::vector<sealed::SegmentAccess> keys_for(const std::vector<KemPublicKey>& devices,
                                            const sealed::SplitTerms& terms,
                                            std::vector<SegmentDevice>& known) {
  require(
      known.size() + devices.size() <= kMostSegmentDevices,
      "a segment's server knows {} devices' keys at most, and these would be {}: seal the model to fewer, "
      "or remove a [[device]] that is of no use any more",
      kMostSegmentDevices, known.size() + devices.size());
  std::vector<sealed::SegmentAccess> out;
  for (const KemPublicKey& key : devices) {
    sealed::NewAccess access = sealed::make_access(terms, key);
    known.push_back({access.access.device, key, access.key});
    out.push_back(std::move(access.access));
  }
  std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.device < b.device; });
  return out;
}

std::string text_of(const Segment& s) {
  const sealed::SplitTerms& t = s.terms;
  std::string out = fmt::format(
      "# The vendor's part of a model that is sealed at level 3. It stays at the vendor, and is served by\n"
      "#   tacit serve FOLDER\n"
      "# What is here but 'queries' and 'address' is also in the sealed file, and must not be changed.\n"
      "segment = \"{}\"\n"
      "address = \"{}\"     # where devices ask\n"
      "queries = {}         # that each device may ask in an hour\n"
      "bits = {}\nfraction = {}\nlow = {}\nhigh = {}\ninput = [{}]\noutput = [{}]\n",
      to_hex(t.segment), t.from, t.queries, t.bits, t.fraction, t.low, t.high, fmt::join(t.input, ", "),
      fmt::join(t.output, ", "));
  for (const SegmentDevice& d : s.devices) out += text_of_device(d);
  return out;
}

std::vector<SegmentDevice> devices_of(TomlTable& file) {
  std::vector<SegmentDevice> out;
  for (TomlTable& t : file.tables("device")) {
    SegmentDevice d{digest_of(t, "id"), kem_key_of(t), {}};
    d.access = t.at("access", [&] { return parse_public_key(t.text("access")); });
    if (sealed::device_id(d.key) != d.id) t.fail("id", "is that of another key");
    t.finish();
    out.push_back(std::move(d));
  }
  if (out.empty()) file.fail("device", "nobody may ask: add a [[device]]");
  if (out.size() > kMostSegmentDevices)
    file.fail("device",
              fmt::format("stands here {} times, and {} are the most", out.size(), kMostSegmentDevices));
  return out;
}

struct WhatStands {
  sealed::SplitTerms terms;  ///< but for the server's key
  std::vector<SegmentDevice> devices;
};
WhatStands read_terms(const sealed::KeyFolder& folder) {
  TomlTable t = TomlTable::parse(folder.file(kTermsFile));
  sealed::SplitTerms terms;
  terms.segment = digest_of(t, "segment");
  terms.from = t.text("address");
  t.at("address", [&] { return parse_address(terms.from); });
  terms.queries = static_cast<std::uint32_t>(t.integer("queries", 1, sealed::kMostQueriesAnHour));
  terms.bits = static_cast<std::uint8_t>(t.integer("bits", sealed::kFewestSplitBits, sealed::kMostSplitBits));
  terms.fraction = static_cast<std::uint8_t>(t.integer("fraction", 4, sealed::kMostSplitFraction));
  const std::int64_t end = std::int64_t{1} << 48;
  terms.low = t.integer("low", -end, end);
  terms.high = t.integer("high", -end, end);
  terms.input = shape_of(t, "input");
  terms.output = shape_of(t, "output");
  std::vector<SegmentDevice> devices = devices_of(t);
  t.finish();
  return {std::move(terms), std::move(devices)};
}

std::string text_in(const fs::path& file) {
  OwnFile in(file);
  std::string out(in.size(), '\0');
  in.read(std::as_writable_bytes(std::span(out)));
  return out;
}

SecretBytes content_of(const fs::path& file) {
  OwnFile in(file);
  SecretBytes out(in.size());
  in.read(out.bytes());
  return out;
}

Shape without_batch(Shape shape) {
  shape.erase(shape.begin());
  return shape;
}

}  // namespace

NewSegment make_segment(const nn::Graph& graph, const SegmentRequest& request,
                        const std::vector<KemPublicKey>& devices) {
  const SegmentNumbers chosen = numbers_for(graph, request.fraction, request.inputs);
  const seco::Model model = segment_model(graph, chosen.numbers);
  std::vector<seco::Part> parts =
      seco::cut(model, request.name, {kServer, kUserName},
                seco::place_layers(model.network, 2, seco::layers_of(model.network), false));
  Identity server = Identity::generate();
  sealed::SplitTerms terms;
  terms.segment = parts[0].cut;
  terms.server = server.public_key();
  terms.queries = request.queries;
  terms.bits = static_cast<std::uint8_t>(chosen.numbers.bits);
  terms.fraction = static_cast<std::uint8_t>(chosen.numbers.fraction);
  terms.low = chosen.low;
  terms.high = chosen.high;
  terms.input = model.network.input;
  terms.output = without_batch(graph.values[graph.outputs[0]].shape);
  terms.from = request.at;
  NewSegment out{{terms, std::move(parts[0]), std::move(server), {}}, seco::to_bytes(parts[1]), {}};
  out.access = keys_for(devices, terms, out.vendors.devices);
  return out;
}

void write_segment(const Segment& segment, const fs::path& path) {
  require(!fs::exists(fs::symlink_status(path)),
          "'{}' is there already, and a segment is never overwritten: choose another folder with --segment",
          path.string());
  const sealed::KeyFolder folder = sealed::KeyFolder::make(path);
  try {
    segment.server.save(folder.file(kKeyFile));
    const Bytes part = seco::to_bytes(segment.part);
    folder.replace(kPartFile, text_of(ByteView(part)));
    folder.replace(kTermsFile, text_of(segment));
  } catch (const std::exception&) {
    std::error_code ignored;
    fs::remove_all(path, ignored);
    throw;
  }
}

Segment read_segment(const fs::path& path) {
  const sealed::KeyFolder folder = sealed::KeyFolder::open(path, kMadeBy);
  auto [terms, devices] = read_terms(folder);
  const SecretBytes bytes = content_of(folder.file(kPartFile));
  seco::Part part = seco::read_part(bytes.bytes(), folder.file(kPartFile).string());
  require(part.cut == terms.segment && part.self == 0 && part.servers.size() == 2 &&
              part.network.numbers == seco::Numbers{terms.bits, terms.fraction} &&
              part.network.input == terms.input,
          "the files of the folder '{}' are of different segments", path.string());
  Identity server = Identity::load(folder.file(kKeyFile));
  terms.server = server.public_key();
  return {std::move(terms), std::move(part), std::move(server), std::move(devices)};
}

namespace {

std::string revoked_in(const sealed::KeyFolder& folder) {
  std::error_code error;
  if (!fs::exists(fs::symlink_status(folder.file(kGoneFile), error))) return {};
  OwnFile in(folder.file(kGoneFile));
  require(in.size() <= kMostRevoked, "'{}' is longer than it can be", folder.file(kGoneFile).string());
  std::string text(in.size(), '\0');
  in.read(std::as_writable_bytes(std::span(text)));
  return text;
}

}  // namespace

void revoke(const fs::path& path, const Digest& device) {
  const Segment segment = read_segment(path);
  require(std::any_of(segment.devices.begin(), segment.devices.end(),
                      [&](const SegmentDevice& d) { return d.id == device; }),
          "the device {} may not ask the segment of '{}' anyway", sealed::in_groups(device), path.string());
  const sealed::KeyFolder folder = sealed::KeyFolder::open(path, kMadeBy);
  const FileDescriptor lock = folder.lock();
  const std::string before = revoked_in(folder), line = to_hex(device) + "\n";
  require(before.find(line) == std::string::npos, "the device {} was revoked already",
          sealed::in_groups(device));
  folder.replace(kGoneFile, before + line);
}

bool is_revoked(const fs::path& path, const Digest& device) {
  return revoked_in(sealed::KeyFolder::open(path, kMadeBy)).find(to_hex(device) + "\n") != std::string::npos;
}

SegmentDevices::SegmentDevices(fs::path folder, const Segment& segment)
    : folder_(std::move(folder)), segment_(segment.terms.segment), known_(segment.devices) {}

SegmentDevices::Stamp SegmentDevices::stamp() const {
  struct stat s {};
  if (::stat((folder_ / kTermsFile).c_str(), &s) != 0) return {};
  return {s.st_ino, s.st_size, s.st_mtim.tv_sec, s.st_mtim.tv_nsec};
}

void SegmentDevices::look() {
  // Strangers may come as often as they like, and what stands there is worth reading only once. Whatever is
  // written while we read has another stamp than this.
  const Stamp now = stamp();
  if (now == looked_at_) return;
  looked_at_ = now;
  WhatStands there = read_terms(sealed::KeyFolder::open(folder_, kMadeBy));
  require(there.terms.segment == segment_,
          "the folder '{}' is of another segment by now than the one that is served", folder_.string());
  for (SegmentDevice& d : there.devices) {
    if (std::find(known_.begin(), known_.end(), d) != known_.end()) continue;
    require(known_.size() < kMostSegmentDevices,
            "this server has let {} devices in, and can let no more in until it is started again",
            kMostSegmentDevices);
    known_.push_back(std::move(d));
  }
}

std::optional<SegmentDevice> SegmentDevices::of_key(const PublicKey& access) {
  const std::lock_guard lock(mutex_);
  const auto shows = [&](const SegmentDevice& d) { return d.access == access; };
  auto found = std::find_if(known_.begin(), known_.end(), shows);
  if (found == known_.end()) {
    look();
    found = std::find_if(known_.begin(), known_.end(), shows);
  }
  return found == known_.end() ? std::nullopt : std::optional(*found);
}

SegmentDevice SegmentDevices::named(std::string_view name) const {
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(known_.begin(), known_.end(),
                                  [&](const SegmentDevice& d) { return segment_name_of(d.id) == name; });
  ensure(found != known_.end(), "whoever is let in is a device of the segment");
  return *found;
}

NewSegmentDevices::NewSegmentDevices(const fs::path& path, const sealed::SplitTerms& of,
                                     const std::vector<KemPublicKey>& devices)
    : folder_(sealed::KeyFolder::open(path, kMadeBy)), lock_(folder_.lock()) {
  Segment segment = read_segment(path);
  require(segment.terms.segment == of.segment && segment.terms.server == of.server,
          "the folder '{}' is of another segment than the file that is sealed anew: name the right one with "
          "--segment",
          path.string());
  const std::string gone = revoked_in(folder_);
  for (const KemPublicKey& key : devices)
    require(
        gone.find(to_hex(sealed::device_id(key)) + "\n") == std::string::npos,
        "the device {} was revoked at the segment of '{}': remove its line from '{}' first if it is to ask "
        "again",
        sealed::in_groups(sealed::device_id(key)), path.string(), folder_.file(kGoneFile).string());
  terms_ = segment.terms;
  before_ = text_in(folder_.file(kTermsFile));
  const std::size_t had = segment.devices.size();
  access_ = keys_for(devices, terms_, segment.devices);
  std::string after = before_.ends_with('\n') ? before_ : before_ + "\n";
  for (std::size_t i = had; i < segment.devices.size(); ++i) after += text_of_device(segment.devices[i]);
  folder_.replace(kTermsFile, after);
}

NewSegmentDevices::~NewSegmentDevices() {
  if (kept_) return;
  try {
    folder_.replace(kTermsFile, before_);
  } catch (const std::exception&) {}  // then there are keys that nobody has
}

std::string segment_name_of(const Digest& device) { return "device-" + to_hex(device).substr(0, 32); }

Deployment segment_deployment(const sealed::SplitTerms& terms, const Digest& device,
                              const PublicKey& access) {
  Deployment d;
  d.name = to_hex(terms.segment).substr(0, 40);
  d.patience = kPatience;
  d.start_patience = kWork;
  d.servers.push_back({kServer, parse_address(terms.from), terms.server});
  d.users.push_back({segment_name_of(device), {}, access});
  return d;
}

seco::Part read_devices_part(const sealed::SplitTerms& terms, ByteView bytes, std::string_view model) {
  seco::Part part = seco::read_part(bytes, model);
  require(part.cut == terms.segment && part.self == 1 && part.servers.size() == 2 &&
              part.network.numbers == seco::Numbers{terms.bits, terms.fraction} &&
              part.network.input == terms.input &&
              seco::face_of(part.network).answers == elements(terms.output),
          "what '{}' tells of its segment is not what its head tells", model);
  return part;
}

}  // namespace tacit
