#include <cstring>

#include "tacit/crypto/kernels/aes.h"

namespace tacit {

namespace {

/// FIPS 197 key expansion, once a key and off every hot path; the S-box is read by masking over the whole
/// table, so no address depends on the key.
class KeyExpansion {
 public:
  static void run(const std::byte* key, std::byte* out) {
    std::memcpy(out, key, 16);
    std::uint8_t rcon = 1;
    for (int i = 16; i < 176; i += 4) {
      std::uint8_t t[4];
      for (int k = 0; k < 4; ++k) t[k] = std::to_integer<std::uint8_t>(out[i - 4 + k]);
      if (i % 16 == 0) {
        const std::uint8_t first = t[0];
        t[0] = static_cast<std::uint8_t>(substitute(t[1]) ^ rcon);
        t[1] = substitute(t[2]);
        t[2] = substitute(t[3]);
        t[3] = substitute(first);
        rcon = twice(rcon);
      }
      for (int k = 0; k < 4; ++k) out[i + k] = out[i - 16 + k] ^ std::byte{t[k]};
    }
  }

 private:
  static std::uint8_t twice(std::uint8_t x) {
    return static_cast<std::uint8_t>((x << 1) ^ (0x1b & -(x >> 7)));
  }
  static std::uint8_t times(std::uint8_t a, std::uint8_t b) {
    std::uint8_t p = 0;
    for (int i = 0; i < 8; ++i) {
      p = static_cast<std::uint8_t>(p ^ (a & -((b >> i) & 1)));
      a = twice(a);
    }
    return p;
  }
  static std::uint8_t substitute(std::uint8_t x) {
    // x^254 in GF(2^8) is the inverse (and 0 for 0); then the affine map.
    std::uint8_t y = x;
    for (int i = 0; i < 6; ++i) y = times(times(y, y), x);
    y = times(y, y);
    auto rotated = [y](int n) { return static_cast<std::uint8_t>((y << n) | (y >> (8 - n))); };
    return static_cast<std::uint8_t>(y ^ rotated(1) ^ rotated(2) ^ rotated(3) ^ rotated(4) ^ 0x63);
  }
};

}  // namespace

void expand_aes_key(const std::byte* key, std::byte* round_keys) { KeyExpansion::run(key, round_keys); }

}  // namespace tacit
