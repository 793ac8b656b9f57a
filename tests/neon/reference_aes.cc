// AES-128 as FIPS 197 writes it, in place of the library's that has no build for this machine: what the NEON
// kernel is held to. Not for use: it indexes by secrets.
#include <array>
#include <cstdint>
#include <cstring>

namespace tacit::portable {

namespace {

std::uint8_t twice(std::uint8_t x) { return static_cast<std::uint8_t>((x << 1) ^ ((x >> 7) * 0x1b)); }
std::uint8_t times(std::uint8_t a, std::uint8_t b) {
  std::uint8_t p = 0;
  for (; b != 0; b >>= 1, a = twice(a))
    if (b & 1) p = static_cast<std::uint8_t>(p ^ a);
  return p;
}

std::array<std::uint8_t, 256> make_sbox() {
  std::array<std::uint8_t, 256> box{};
  for (int x = 0; x < 256; ++x) {
    std::uint8_t inverse = 0;
    for (int y = 1; y < 256 && inverse == 0; ++y)
      if (times(static_cast<std::uint8_t>(x), static_cast<std::uint8_t>(y)) == 1)
        inverse = static_cast<std::uint8_t>(y);
    std::uint8_t s = 0x63;
    for (int r = 0; r < 5; ++r) s = static_cast<std::uint8_t>(s ^ ((inverse << r) | (inverse >> (8 - r))));
    box[static_cast<std::size_t>(x)] = s;
  }
  return box;
}

void encrypt(const std::uint8_t* keys, std::uint8_t* s) {
  static const auto box = make_sbox();
  auto add_key = [&](int round) {
    for (int i = 0; i < 16; ++i) s[i] = static_cast<std::uint8_t>(s[i] ^ keys[16 * round + i]);
  };
  add_key(0);
  for (int round = 1; round <= 10; ++round) {
    std::uint8_t t[16];
    for (int c = 0; c < 4; ++c)
      for (int r = 0; r < 4; ++r) t[4 * c + r] = box[s[4 * ((c + r) % 4) + r]];
    for (int c = 0; c < 4; ++c)
      for (int r = 0; r < 4; ++r) {
        const std::uint8_t* column = t + 4 * c;
        s[4 * c + r] = round == 10
                           ? column[r]
                           : static_cast<std::uint8_t>(times(column[r], 2) ^ times(column[(r + 1) % 4], 3) ^
                                                       column[(r + 2) % 4] ^ column[(r + 3) % 4]);
      }
    add_key(round);
  }
}

}  // namespace

void aes_blocks(const void* round_keys, std::uint64_t stream, std::uint64_t first, std::uint64_t* out,
                std::size_t blocks) {
  for (std::size_t i = 0; i < blocks; ++i) {
    std::uint64_t block[2] = {first + i, stream};
    std::uint8_t bytes[16];
    std::memcpy(bytes, block, 16);
    encrypt(static_cast<const std::uint8_t*>(round_keys), bytes);
    std::memcpy(out + 2 * i, bytes, 16);
  }
}

void aes_hash(const void* round_keys, std::uint64_t tweak, std::uint64_t first, const std::uint64_t* in,
              std::uint64_t* out, std::size_t blocks) {
  const auto* keys = static_cast<const std::uint8_t*>(round_keys);
  for (std::size_t i = 0; i < blocks; ++i) {
    std::uint64_t x[2], y[2];
    std::memcpy(x, in + 2 * i, 16);
    encrypt(keys, reinterpret_cast<std::uint8_t*>(x));
    y[0] = x[0] ^ (first + i), y[1] = x[1] ^ tweak;
    encrypt(keys, reinterpret_cast<std::uint8_t*>(y));
    out[2 * i] = x[0] ^ y[0], out[2 * i + 1] = x[1] ^ y[1];
  }
}

}  // namespace tacit::portable
