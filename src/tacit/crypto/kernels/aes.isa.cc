// See aes.h. This file is compiled once for each instruction set, with TACIT_ISA naming it, and so uses
// nothing that the linker could share between those compilations.
#include <stddef.h>
#include <stdint.h>

#if defined(TACIT_ISA_AVX2) || defined(TACIT_ISA_AVX512)
#include <immintrin.h>
#elif defined(TACIT_ISA_NEON)
#include <arm_neon.h>
#else
#include <openssl/evp.h>

#include "tacit/base/error.h"
#endif

namespace tacit::TACIT_ISA {

#if defined(TACIT_ISA_AVX512)

void aes_blocks(const void* round_keys, uint64_t stream, uint64_t first, uint64_t* out, size_t blocks) {
  __m512i k[11];
  for (int r = 0; r < 11; ++r)
    k[r] = _mm512_broadcast_i32x4(_mm_loadu_si128(static_cast<const __m128i*>(round_keys) + r));
  const long long s = static_cast<long long>(stream), f = static_cast<long long>(first);
  __m512i counter = _mm512_set_epi64(s, f + 3, s, f + 2, s, f + 1, s, f);
  const __m512i four = _mm512_set_epi64(0, 4, 0, 4, 0, 4, 0, 4);
  auto* p = reinterpret_cast<__m512i*>(out);
  size_t left = blocks;
  for (; left >= 32; left -= 32, p += 8) {
    __m512i x[8];
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) {
      x[i] = _mm512_xor_si512(counter, k[0]);
      counter = _mm512_add_epi64(counter, four);
    }
#pragma GCC unroll 9
    for (int r = 1; r < 10; ++r)
#pragma GCC unroll 8
      for (int i = 0; i < 8; ++i) x[i] = _mm512_aesenc_epi128(x[i], k[r]);
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) _mm512_storeu_si512(p + i, _mm512_aesenclast_epi128(x[i], k[10]));
  }
  while (left > 0) {
    __m512i x = _mm512_xor_si512(counter, k[0]);
    counter = _mm512_add_epi64(counter, four);
    for (int r = 1; r < 10; ++r) x = _mm512_aesenc_epi128(x, k[r]);
    x = _mm512_aesenclast_epi128(x, k[10]);
    const size_t now = left < 4 ? left : 4;
    _mm512_mask_storeu_epi64(p++, static_cast<__mmask8>((1u << (2 * now)) - 1), x);
    left -= now;
  }
}

namespace {
template <int kWide>
inline void encrypt(const __m512i k[11], __m512i x[kWide]) {
#pragma GCC unroll 8
  for (int i = 0; i < kWide; ++i) x[i] = _mm512_xor_si512(x[i], k[0]);
#pragma GCC unroll 9
  for (int r = 1; r < 10; ++r)
#pragma GCC unroll 8
    for (int i = 0; i < kWide; ++i) x[i] = _mm512_aesenc_epi128(x[i], k[r]);
#pragma GCC unroll 8
  for (int i = 0; i < kWide; ++i) x[i] = _mm512_aesenclast_epi128(x[i], k[10]);
}
}  // namespace

void aes_hash(const void* round_keys, uint64_t tweak, uint64_t first, const uint64_t* in, uint64_t* out,
              size_t blocks) {
  __m512i k[11];
  for (int r = 0; r < 11; ++r)
    k[r] = _mm512_broadcast_i32x4(_mm_loadu_si128(static_cast<const __m128i*>(round_keys) + r));
  const long long s = static_cast<long long>(tweak), f = static_cast<long long>(first);
  __m512i t = _mm512_set_epi64(s, f + 3, s, f + 2, s, f + 1, s, f);
  const __m512i four = _mm512_set_epi64(0, 4, 0, 4, 0, 4, 0, 4);
  size_t done = 0;
  for (; done + 32 <= blocks; done += 32) {
    __m512i x[8], y[8];
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) x[i] = _mm512_loadu_si512(in + 2 * done + 8 * i);
    encrypt<8>(k, x);
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) {
      y[i] = _mm512_xor_si512(x[i], t);
      t = _mm512_add_epi64(t, four);
    }
    encrypt<8>(k, y);
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) _mm512_storeu_si512(out + 2 * done + 8 * i, _mm512_xor_si512(x[i], y[i]));
  }
  while (done < blocks) {
    const size_t now = blocks - done < 4 ? blocks - done : 4;
    const __mmask8 these = static_cast<__mmask8>((1u << (2 * now)) - 1);
    __m512i x[1] = {_mm512_maskz_loadu_epi64(these, in + 2 * done)};
    encrypt<1>(k, x);
    __m512i y[1] = {_mm512_xor_si512(x[0], t)};
    t = _mm512_add_epi64(t, four);
    encrypt<1>(k, y);
    _mm512_mask_storeu_epi64(out + 2 * done, these, _mm512_xor_si512(x[0], y[0]));
    done += now;
  }
}

#elif defined(TACIT_ISA_AVX2)

namespace {
template <int kWide>
inline void encrypt(const __m128i k[11], __m128i x[kWide]) {
#pragma GCC unroll 8
  for (int i = 0; i < kWide; ++i) x[i] = _mm_xor_si128(x[i], k[0]);
#pragma GCC unroll 9
  for (int r = 1; r < 10; ++r)
#pragma GCC unroll 8
    for (int i = 0; i < kWide; ++i) x[i] = _mm_aesenc_si128(x[i], k[r]);
#pragma GCC unroll 8
  for (int i = 0; i < kWide; ++i) x[i] = _mm_aesenclast_si128(x[i], k[10]);
}
}  // namespace

void aes_blocks(const void* round_keys, uint64_t stream, uint64_t first, uint64_t* out, size_t blocks) {
  __m128i k[11];
  for (int r = 0; r < 11; ++r) k[r] = _mm_loadu_si128(static_cast<const __m128i*>(round_keys) + r);
  __m128i counter = _mm_set_epi64x(static_cast<long long>(stream), static_cast<long long>(first));
  const __m128i one = _mm_set_epi64x(0, 1);
  auto* p = reinterpret_cast<__m128i*>(out);
  size_t left = blocks;
  for (; left >= 8; left -= 8, p += 8) {
    __m128i x[8];
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) {
      x[i] = counter;
      counter = _mm_add_epi64(counter, one);
    }
    encrypt<8>(k, x);
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) _mm_storeu_si128(p + i, x[i]);
  }
  for (; left > 0; --left, ++p) {
    __m128i x[1] = {counter};
    counter = _mm_add_epi64(counter, one);
    encrypt<1>(k, x);
    _mm_storeu_si128(p, x[0]);
  }
}

/// Two blocks a register, for processors that have VAES but not all of AVX-512.
__attribute__((target("avx2,aes,vaes"))) void aes_blocks_vaes(const void* round_keys, uint64_t stream,
                                                              uint64_t first, uint64_t* out, size_t blocks) {
  constexpr size_t kWide = 16;
  __m256i k[11];
  for (int r = 0; r < 11; ++r)
    k[r] = _mm256_broadcastsi128_si256(_mm_loadu_si128(static_cast<const __m128i*>(round_keys) + r));
  const long long s = static_cast<long long>(stream), f = static_cast<long long>(first);
  __m256i counter = _mm256_set_epi64x(s, f + 1, s, f);
  const __m256i two = _mm256_set_epi64x(0, 2, 0, 2);
  auto* p = reinterpret_cast<__m256i*>(out);
  size_t left = blocks;
  for (; left >= kWide; left -= kWide, p += kWide / 2) {
    __m256i x[kWide / 2];
#pragma GCC unroll 8
    for (size_t i = 0; i < kWide / 2; ++i) {
      x[i] = _mm256_xor_si256(counter, k[0]);
      counter = _mm256_add_epi64(counter, two);
    }
#pragma GCC unroll 9
    for (int r = 1; r < 10; ++r)
#pragma GCC unroll 8
      for (size_t i = 0; i < kWide / 2; ++i) x[i] = _mm256_aesenc_epi128(x[i], k[r]);
#pragma GCC unroll 8
    for (size_t i = 0; i < kWide / 2; ++i) _mm256_storeu_si256(p + i, _mm256_aesenclast_epi128(x[i], k[10]));
  }
  aes_blocks(round_keys, stream, first + (blocks - left), reinterpret_cast<uint64_t*>(p), left);
}

namespace {
template <int kWide>
inline void hash_some(const __m128i k[11], __m128i& t, const __m128i* in, __m128i* out) {
  const __m128i one = _mm_set_epi64x(0, 1);
  __m128i x[kWide], y[kWide];
#pragma GCC unroll 8
  for (int i = 0; i < kWide; ++i) x[i] = _mm_loadu_si128(in + i);
  encrypt<kWide>(k, x);
#pragma GCC unroll 8
  for (int i = 0; i < kWide; ++i) {
    y[i] = _mm_xor_si128(x[i], t);
    t = _mm_add_epi64(t, one);
  }
  encrypt<kWide>(k, y);
#pragma GCC unroll 8
  for (int i = 0; i < kWide; ++i) _mm_storeu_si128(out + i, _mm_xor_si128(x[i], y[i]));
}
}  // namespace

void aes_hash(const void* round_keys, uint64_t tweak, uint64_t first, const uint64_t* in, uint64_t* out,
              size_t blocks) {
  __m128i k[11];
  for (int r = 0; r < 11; ++r) k[r] = _mm_loadu_si128(static_cast<const __m128i*>(round_keys) + r);
  __m128i t = _mm_set_epi64x(static_cast<long long>(tweak), static_cast<long long>(first));
  const auto* from = reinterpret_cast<const __m128i*>(in);
  auto* to = reinterpret_cast<__m128i*>(out);
  size_t done = 0;
  for (; done + 8 <= blocks; done += 8) hash_some<8>(k, t, from + done, to + done);
  for (; done < blocks; ++done) hash_some<1>(k, t, from + done, to + done);
}

/// Two blocks a register, as aes_blocks_vaes.
__attribute__((target("avx2,aes,vaes"))) void aes_hash_vaes(const void* round_keys, uint64_t tweak,
                                                            uint64_t first, const uint64_t* in, uint64_t* out,
                                                            size_t blocks) {
  constexpr int kWide = 8;
  __m256i k[11];
  for (int r = 0; r < 11; ++r)
    k[r] = _mm256_broadcastsi128_si256(_mm_loadu_si128(static_cast<const __m128i*>(round_keys) + r));
  const long long s = static_cast<long long>(tweak), f = static_cast<long long>(first);
  __m256i t = _mm256_set_epi64x(s, f + 1, s, f);
  const __m256i two = _mm256_set_epi64x(0, 2, 0, 2);
  size_t done = 0;
  for (; done + 2 * kWide <= blocks; done += 2 * kWide) {
    const auto* from = reinterpret_cast<const __m256i*>(in + 2 * done);
    auto* to = reinterpret_cast<__m256i*>(out + 2 * done);
    __m256i x[kWide], y[kWide];
#pragma GCC unroll 8
    for (int i = 0; i < kWide; ++i) x[i] = _mm256_xor_si256(_mm256_loadu_si256(from + i), k[0]);
#pragma GCC unroll 9
    for (int r = 1; r < 10; ++r)
#pragma GCC unroll 8
      for (int i = 0; i < kWide; ++i) x[i] = _mm256_aesenc_epi128(x[i], k[r]);
#pragma GCC unroll 8
    for (int i = 0; i < kWide; ++i) {
      x[i] = _mm256_aesenclast_epi128(x[i], k[10]);
      y[i] = _mm256_xor_si256(_mm256_xor_si256(x[i], t), k[0]);
      t = _mm256_add_epi64(t, two);
    }
#pragma GCC unroll 9
    for (int r = 1; r < 10; ++r)
#pragma GCC unroll 8
      for (int i = 0; i < kWide; ++i) y[i] = _mm256_aesenc_epi128(y[i], k[r]);
#pragma GCC unroll 8
    for (int i = 0; i < kWide; ++i)
      _mm256_storeu_si256(to + i, _mm256_xor_si256(x[i], _mm256_aesenclast_epi128(y[i], k[10])));
  }
  aes_hash(round_keys, tweak, first + done, in + 2 * done, out + 2 * done, blocks - done);
}

#elif defined(TACIT_ISA_NEON)

void aes_hash(const void* round_keys, uint64_t tweak, uint64_t first, const uint64_t* in, uint64_t* out,
              size_t blocks) {
  uint8x16_t k[11];
  for (int r = 0; r < 11; ++r) k[r] = vld1q_u8(static_cast<const uint8_t*>(round_keys) + 16 * r);
  auto encrypt = [&](uint8x16_t x) {
    for (int r = 0; r < 9; ++r) x = vaesmcq_u8(vaeseq_u8(x, k[r]));
    return veorq_u8(vaeseq_u8(x, k[9]), k[10]);
  };
  for (size_t i = 0; i < blocks; ++i) {
    const uint8x16_t x = encrypt(vreinterpretq_u8_u64(vld1q_u64(in + 2 * i)));
    const uint8x16_t t = vreinterpretq_u8_u64(vcombine_u64(vcreate_u64(first + i), vcreate_u64(tweak)));
    vst1q_u64(out + 2 * i, vreinterpretq_u64_u8(veorq_u8(x, encrypt(veorq_u8(x, t)))));
  }
}

void aes_blocks(const void* round_keys, uint64_t stream, uint64_t first, uint64_t* out, size_t blocks) {
  uint8x16_t k[11];
  for (int r = 0; r < 11; ++r) k[r] = vld1q_u8(static_cast<const uint8_t*>(round_keys) + 16 * r);
  auto* p = reinterpret_cast<uint8_t*>(out);
  for (size_t done = 0; done < blocks;) {
    constexpr size_t kWide = 4;
    const size_t now = blocks - done < kWide ? blocks - done : kWide;
    uint8x16_t x[kWide];
    for (size_t i = 0; i < kWide; ++i)
      x[i] = vreinterpretq_u8_u64(vcombine_u64(vcreate_u64(first + done + i), vcreate_u64(stream)));
    for (int r = 0; r < 9; ++r)
      for (size_t i = 0; i < kWide; ++i) x[i] = vaesmcq_u8(vaeseq_u8(x[i], k[r]));
    for (size_t i = 0; i < now; ++i) vst1q_u8(p + 16 * (done + i), veorq_u8(vaeseq_u8(x[i], k[9]), k[10]));
    done += now;
  }
}

#else

// OpenSSL's AES in ECB mode. The first round key is the key itself.
class Ecb {
 public:
  explicit Ecb(const void* round_keys) : ctx_(EVP_CIPHER_CTX_new()) {
    ensure(ctx_ != nullptr && EVP_EncryptInit_ex(ctx_, EVP_aes_128_ecb(), nullptr,
                                                 static_cast<const unsigned char*>(round_keys), nullptr) == 1,
           "AES");
  }
  ~Ecb() { EVP_CIPHER_CTX_free(ctx_); }
  Ecb(const Ecb&) = delete;
  Ecb& operator=(const Ecb&) = delete;
  void run(const uint64_t* in, uint64_t* out, size_t blocks) {
    int written = 0;
    ensure(EVP_EncryptUpdate(ctx_, reinterpret_cast<unsigned char*>(out), &written,
                             reinterpret_cast<const unsigned char*>(in), static_cast<int>(16 * blocks)) == 1,
           "AES");
  }

 private:
  EVP_CIPHER_CTX* ctx_;
};

void aes_hash(const void* round_keys, uint64_t tweak, uint64_t first, const uint64_t* in, uint64_t* out,
              size_t blocks) {
  constexpr size_t kBatch = 256;
  Ecb aes(round_keys);
  for (size_t done = 0; done < blocks;) {
    const size_t now = blocks - done < kBatch ? blocks - done : kBatch;
    uint64_t x[2 * kBatch], y[2 * kBatch];
    aes.run(in + 2 * done, x, now);
    for (size_t i = 0; i < now; ++i) {
      y[2 * i] = x[2 * i] ^ (first + done + i);
      y[2 * i + 1] = x[2 * i + 1] ^ tweak;
    }
    aes.run(y, y, now);
    for (size_t i = 0; i < 2 * now; ++i) out[2 * done + i] = x[i] ^ y[i];
    done += now;
  }
}

void aes_blocks(const void* round_keys, uint64_t stream, uint64_t first, uint64_t* out, size_t blocks) {
  if (blocks == 0) return;
  Ecb aes(round_keys);
  for (size_t done = 0; done < blocks;) {
    constexpr size_t kBatch = 512;
    const size_t now = blocks - done < kBatch ? blocks - done : kBatch;
    uint64_t counters[2 * kBatch];
    for (size_t i = 0; i < now; ++i) {
      counters[2 * i] = first + done + i;
      counters[2 * i + 1] = stream;
    }
    aes.run(counters, out + 2 * done, now);
    done += now;
  }
}

#endif

}  // namespace tacit::TACIT_ISA
