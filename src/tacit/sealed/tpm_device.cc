#include "tacit/sealed/tpm_device.h"

#include <algorithm>
#include <mutex>

#include "tacit/crypto/kdf.h"
#include "tacit/crypto/nobodys_point.h"
#include "tacit/sealed/lines.h"

namespace tacit::sealed {

namespace {

constexpr std::string_view kTpmHead = "tacit device in a tpm 1";
constexpr std::uint64_t kLongest = 8192;

/// A path that stands on a line of its own.
bool is_path(std::string_view text) {
  return !text.empty() && std::none_of(text.begin(), text.end(), [](char c) { return (c & 0xe0) == 0; });
}

class TpmDeviceKey final : public KeptKey, public FirmCounter {
 public:
  TpmDeviceKey(tpm::Tpm tpm, TpmDeviceFile file) : tpm_(std::move(tpm)), file_(std::move(file)) {}

  KemPublicKey public_key() const override { return {Kem::P256, file_.key.point}; }
  SecretBytes exchange(const KemPublicKey& other) const override {
    require(other.kem == Kem::P256 && other.raw.size() == tpm::kPointSize && other.raw[0] == std::byte{4},
            "these bytes are no public key of p256");
    const std::lock_guard held(one_);
    return tpm_.exchange(file_.key, other.raw);
  }
  SecretBytes derive(ByteView salt, std::string_view context, std::size_t size) const override {
    const std::lock_guard held(one_);
    if (root_.size() == 0)
      root_ = tpm_.exchange(file_.key, nobodys_point("tacit device 1: a point of nobody's\n").raw);
    return derive_key(root_.bytes(), salt, context, size);
  }
  SecretBytes activate(const tpm::Credential& credential) const override {
    const std::lock_guard held(one_);
    return tpm_.activate(file_.key, credential);
  }
  FirmCounter* counter() const override { return const_cast<TpmDeviceKey*>(this); }

  std::uint32_t number() const override { return file_.counter; }
  std::uint64_t read() override {
    const std::lock_guard held(one_);
    return tpm_.counter(file_.counter);
  }
  void advance() override {
    const std::lock_guard held(one_);
    tpm_.advance(file_.counter);
  }

 private:
  mutable std::mutex one_;  // one command at a time
  mutable tpm::Tpm tpm_;
  mutable SecretBytes root_;
  TpmDeviceFile file_;
};

}  // namespace

std::string to_text(const TpmDeviceFile& f) {
  require(is_path(f.at.string()), "the path of the TPM cannot be written on a line");
  return fmt::format(
      "{}\nat = {}\npcrs = {}\nstate = {}\nendorsement = {}\nkey = {}\nsealed = {}\ncounter = {:08x}\n",
      kTpmHead, f.at.string(), tpm::pcrs_text(f.key.pcrs), to_hex(f.key.state), to_hex(f.endorsement),
      to_hex(f.key.point), to_hex(f.key.sealed), f.counter);
}

TpmDeviceFile parse_tpm_device(std::string_view text) {
  const auto [at, pcrs, state, endorsement, key, sealed, counter] =
      values_of<7>(text, kTpmHead, {"at", "pcrs", "state", "endorsement", "key", "sealed", "counter"});
  require(is_path(at), "it names no TPM");
  TpmDeviceFile out;
  out.at = at;
  out.key.pcrs = tpm::parse_pcrs(pcrs);
  const Bytes digest = from_hex(state), number = from_hex(counter);
  require(digest.size() == out.key.state.size(), "its state has not 64 digits");
  std::copy(digest.begin(), digest.end(), out.key.state.begin());
  out.endorsement = from_hex(endorsement);
  out.key.point = from_hex(key);
  for (const Bytes* point : {&out.endorsement, &out.key.point})
    require(point->size() == tpm::kPointSize && (*point)[0] == std::byte{4},
            "its keys have not the digits of points");
  out.key.sealed = from_hex(sealed);
  require(!out.key.sealed.empty() && out.key.sealed.size() <= tpm::kLongestSealedKey,
          "its sealed key has not the digits of one");
  require(number.size() == 4, "its counter has not 8 digits");
  for (const std::byte b : number) out.counter = out.counter << 8 | static_cast<std::uint32_t>(b);
  return out;
}

TpmDeviceFile read_tpm_device(const std::filesystem::path& file) {
  return read_lines(file, kLongest, "device's key in a TPM", parse_tpm_device);
}

std::unique_ptr<KeptKey> keep_in_tpm(tpm::Tpm tpm, TpmDeviceFile file) {
  return std::make_unique<TpmDeviceKey>(std::move(tpm), std::move(file));
}

std::unique_ptr<KeptKey> open_in_tpm(TpmDeviceFile file) {
  tpm::Tpm tpm(file.at);
  // Sessions are salted under this key: a TPM that somebody put in between has another.
  require(tpm.endorsement() == file.endorsement,
          "the TPM '{}' is not the one in which this device's key was made", file.at.string());
  return keep_in_tpm(std::move(tpm), std::move(file));
}

}  // namespace tacit::sealed
