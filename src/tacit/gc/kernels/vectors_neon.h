// Vectors of two blocks for gates.isa.cc, in two registers, with the AES instructions of ARMv8.
#pragma once

#include <arm_neon.h>

namespace tacit::TACIT_ISA {
namespace {

struct Neon {
  static constexpr size_t kBlocks = 2;
  uint8x16_t a, b;

  static uint8x16_t at(const void* p) { return vld1q_u8(static_cast<const uint8_t*>(p)); }
  static uint8x16_t pair(uint64_t low, uint64_t high) {
    return vreinterpretq_u8_u64(vcombine_u64(vcreate_u64(low), vcreate_u64(high)));
  }
  static Neon load(const void* p) { return {at(p), at(static_cast<const uint8_t*>(p) + 16)}; }
  static Neon load_one(const void* p) { return {at(p), vdupq_n_u8(0)}; }
  static Neon load_some(const void* p, size_t) { return load_one(p); }
  static Neon each(const void* p) { return {at(p), at(p)}; }
  static Neon of(const void* p, const void* q) { return {at(p), at(q)}; }
  static Neon numbers(uint64_t first) { return {pair(first, 0), pair(first + 1, 0)}; }
  static Neon upper_only() { return {vdupq_n_u8(0), vdupq_n_u8(255)}; }
  void store(void* p) const {
    store_one(p);
    vst1q_u8(static_cast<uint8_t*>(p) + 16, b);
  }
  void store_one(void* p) const { vst1q_u8(static_cast<uint8_t*>(p), a); }
  void store_some(void* p, size_t) const { store_one(p); }
  friend Neon operator^(Neon x, Neon y) { return {veorq_u8(x.a, y.a), veorq_u8(x.b, y.b)}; }
  friend Neon operator&(Neon x, Neon y) { return {vandq_u8(x.a, y.a), vandq_u8(x.b, y.b)}; }
  Neon swapped() const { return {b, a}; }
  static uint8x16_t mixed_one(uint8x16_t x) {
    return veorq_u8(vextq_u8(x, x, 8), vandq_u8(x, pair(0, ~uint64_t{0})));
  }
  Neon mixed() const { return {mixed_one(a), mixed_one(b)}; }
  static uint8x16_t colour_of(uint8x16_t x) {
    const int64x2_t low = vdupq_laneq_s64(vreinterpretq_s64_u8(x), 0);
    return vreinterpretq_u8_s64(vshrq_n_s64(vshlq_n_s64(low, 63), 63));
  }
  Neon colours() const { return {colour_of(a), colour_of(b)}; }
  static uint8x16_t round_of(uint8x16_t x, uint8x16_t key) {
    return veorq_u8(vaesmcq_u8(vaeseq_u8(x, vdupq_n_u8(0))), key);
  }
  static uint8x16_t last_of(uint8x16_t x, uint8x16_t key) {
    return veorq_u8(vaeseq_u8(x, vdupq_n_u8(0)), key);
  }
  Neon round(Neon key) const { return {round_of(a, key.a), round_of(b, key.b)}; }
  Neon last(Neon key) const { return {last_of(a, key.a), last_of(b, key.b)}; }
  static uint8x16_t next_of(uint8x16_t v, uint32_t rcon) {
    const uint8x16_t zero = vdupq_n_u8(0);
    const uint8x16_t turned = vqtbl1q_u8(v, vreinterpretq_u8_u32(vdupq_n_u32(0x0c0f0e0d)));
    const uint8x16_t t = veorq_u8(vaeseq_u8(turned, zero), vreinterpretq_u8_u32(vdupq_n_u32(rcon)));
    const uint8x16_t x = veorq_u8(v, vextq_u8(zero, v, 12));
    return veorq_u8(veorq_u8(x, vextq_u8(zero, x, 8)), t);
  }
  Neon next_key(uint32_t rcon) const { return {next_of(a, rcon), next_of(b, rcon)}; }
};

}  // namespace
}  // namespace tacit::TACIT_ISA
