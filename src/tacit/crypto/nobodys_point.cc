#include "tacit/crypto/nobodys_point.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/obj_mac.h>

#include "tacit/base/error.h"
#include "tacit/crypto/hash.h"

namespace tacit {

KemPublicKey nobodys_point(std::string_view words) {
  const std::unique_ptr<EC_GROUP, decltype([](EC_GROUP* g) { EC_GROUP_free(g); })> group(
      EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1));
  ensure(group != nullptr, "P-256");
  const std::unique_ptr<EC_POINT, decltype([](EC_POINT* p) { EC_POINT_free(p); })> point(
      EC_POINT_new(group.get()));
  // Half of all numbers are coordinates.
  for (unsigned count = 0; count < 256; ++count) {
    const std::byte number[] = {static_cast<std::byte>(count)};
    Hasher hasher;
    hasher.update(bytes_of(words)).update(number);
    const Digest x = hasher.finish();
    Bytes packed{std::byte{2}};
    append_bytes(packed, x);
    if (EC_POINT_oct2point(group.get(), point.get(), reinterpret_cast<const unsigned char*>(packed.data()),
                           packed.size(), nullptr) != 1) {
      ERR_clear_error();
      continue;
    }
    KemPublicKey out{Kem::P256, Bytes(public_key_size(Kem::P256))};
    ensure(EC_POINT_point2oct(group.get(), point.get(), POINT_CONVERSION_UNCOMPRESSED,
                              reinterpret_cast<unsigned char*>(out.raw.data()), out.raw.size(),
                              nullptr) == out.raw.size(),
           "P-256: a point");
    return out;
  }
  ensure(false, "one of 256 numbers is a coordinate");
  return {};
}

}  // namespace tacit
