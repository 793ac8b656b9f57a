#include "tacit/sealed/kept.h"

#include "tacit/base/error.h"

namespace tacit::sealed {

namespace {

constexpr std::size_t kKeeperSeed = 32;

OpenedModel kept_by(SealedFile file, const VendorKeys& by) {
  return OpenedModel(VerifiedFile(std::move(file), by.card), keeper_of(by.identity));
}

}  // namespace

KemPrivateKey keeper_of(const Identity& vendor) {
  const SecretBytes seed = vendor.derive({}, "tacit vendor 1: kept models", kKeeperSeed);
  return KemPrivateKey::from_seed(Kem::X25519, seed.bytes());
}

KeptModel::KeptModel(SealedFile file, const VendorKeys& by) : model_(kept_by(std::move(file), by)) {}

Header KeptModel::seal_anew(const std::filesystem::path& out, const SealRequest& request,
                            const DiskStep& before, const std::vector<SegmentAccess>& access) {
  const Header& h = header();
  require(
      request.level == h.level,
      "'{}' is sealed at level {}, and what is sealed in it is of that level alone: for level {} seal the "
      "model itself",
      model_.name().string(), static_cast<unsigned>(h.level), static_cast<unsigned>(request.level));
  require(request.fingerprint == h.fingerprint,
          "'{}' is {}: for another customer's copy seal the model itself", model_.name().string(),
          h.fingerprint.empty() ? "nobody's copy" : "the copy of '" + h.fingerprint + "'");
  ensure((h.level == Level::Split) == !access.empty(), "a segment's devices are known to its server");
  const auto text = model_.text(RuntimeKey());
  if (access.empty()) return seal(*text, h.text_size, out, request, before);
  SecretBytes old(h.text_size);
  text->read(old.bytes());
  const SecretBytes anew = with_access(old.bytes(), access);
  MemoryReader reader(anew.bytes());
  return seal(reader, anew.size(), out, request, before);
}

}  // namespace tacit::sealed
