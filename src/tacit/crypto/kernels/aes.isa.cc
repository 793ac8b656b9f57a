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

#elif defined(TACIT_ISA_AVX2)

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
      x[i] = _mm_xor_si128(counter, k[0]);
      counter = _mm_add_epi64(counter, one);
    }
#pragma GCC unroll 9
    for (int r = 1; r < 10; ++r)
#pragma GCC unroll 8
      for (int i = 0; i < 8; ++i) x[i] = _mm_aesenc_si128(x[i], k[r]);
#pragma GCC unroll 8
    for (int i = 0; i < 8; ++i) _mm_storeu_si128(p + i, _mm_aesenclast_si128(x[i], k[10]));
  }
  for (; left > 0; --left, ++p) {
    __m128i x = _mm_xor_si128(counter, k[0]);
    counter = _mm_add_epi64(counter, one);
    for (int r = 1; r < 10; ++r) x = _mm_aesenc_si128(x, k[r]);
    _mm_storeu_si128(p, _mm_aesenclast_si128(x, k[10]));
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

#elif defined(TACIT_ISA_NEON)

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

// OpenSSL's AES in ECB mode over explicit counter blocks. The first round key is the key itself.
void aes_blocks(const void* round_keys, uint64_t stream, uint64_t first, uint64_t* out, size_t blocks) {
  if (blocks == 0) return;
  EVP_CIPHER_CTX* ctx = EVP_CIPHER_CTX_new();
  bool good =
      ctx != nullptr && EVP_EncryptInit_ex(ctx, EVP_aes_128_ecb(), nullptr,
                                           static_cast<const unsigned char*>(round_keys), nullptr) == 1;
  for (size_t done = 0; good && done < blocks;) {
    constexpr size_t kBatch = 512;
    const size_t now = blocks - done < kBatch ? blocks - done : kBatch;
    uint64_t counters[2 * kBatch];
    for (size_t i = 0; i < now; ++i) {
      counters[2 * i] = first + done + i;
      counters[2 * i + 1] = stream;
    }
    int written = 0;
    good = EVP_EncryptUpdate(ctx, reinterpret_cast<unsigned char*>(out + 2 * done), &written,
                             reinterpret_cast<unsigned char*>(counters), static_cast<int>(16 * now)) == 1;
    done += now;
  }
  EVP_CIPHER_CTX_free(ctx);
  ensure(good, "AES");
}

#endif

}  // namespace tacit::TACIT_ISA
