#include "tacit/ot/base/group.h"

#include <sodium.h>

#include "tacit/base/error.h"
#include "tacit/crypto/os_entropy.h"

namespace tacit::ot {

namespace {
const unsigned char* in(ByteView bytes) { return reinterpret_cast<const unsigned char*>(bytes.data()); }
unsigned char* out(ByteSpan bytes) { return reinterpret_cast<unsigned char*>(bytes.data()); }

Point from_uniform(ByteView bytes) {
  Point p;
  ensure(bytes.size() == 64 && crypto_core_ristretto255_from_hash(out(p), in(bytes)) == 0, "a map to points");
  return p;
}
}  // namespace

bool is_valid(const Point& p) {
  return p != Point{} && crypto_core_ristretto255_is_valid_point(in(p)) == 1;  // zeros are the neutral one
}

Point add(const Point& a, const Point& b) {
  Point sum;
  ensure(crypto_core_ristretto255_add(out(sum), in(a), in(b)) == 0, "points are checked when received");
  return sum;
}

Point subtract(const Point& a, const Point& b) {
  Point difference;
  ensure(crypto_core_ristretto255_sub(out(difference), in(a), in(b)) == 0,
         "points are checked when received");
  return difference;
}

SecretBytes random_scalar() {
  const SecretBytes wide = os_entropy(64);
  SecretBytes scalar(32);
  crypto_core_ristretto255_scalar_reduce(out(scalar.bytes()), in(wide.bytes()));
  return scalar;
}

Point random_point() { return from_uniform(os_entropy(64).bytes()); }

Point base_times(const SecretBytes& scalar) {
  Point p;
  ensure(crypto_scalarmult_ristretto255_base(out(p), in(scalar.bytes())) == 0,
         "an exponent that is not zero");
  return p;
}

bool times(const SecretBytes& scalar, const Point& p, ByteSpan product) {
  ensure(product.size() == sizeof(Point), "room for a point");
  return crypto_scalarmult_ristretto255(out(product), in(scalar.bytes()), in(p)) == 0;
}

Point hash_to_point(ByteView input) {
  std::array<std::byte, 64> wide;
  for (std::uint8_t half = 0; half < 2; ++half) {
    const Digest digest = Hasher()
                              .update(bytes_of("tacit point"))
                              .update(std::as_bytes(std::span(&half, 1)))
                              .update(input)
                              .finish();
    std::copy(digest.begin(), digest.end(), wide.begin() + 32 * half);
  }
  return from_uniform(wide);
}

}  // namespace tacit::ot
