// As many floats as one register of the instruction set holds, in the compiler's own vectors. For *.isa.cc
// alone: everything here is another thing in each of them.
#pragma once

#include <stddef.h>
#include <stdint.h>

namespace tacit::TACIT_ISA::lanes {

#if defined(TACIT_ISA_AVX512)
constexpr size_t kLanes = 16;
#elif defined(TACIT_ISA_AVX2)
constexpr size_t kLanes = 8;
#else
constexpr size_t kLanes = 4;
#endif

typedef float F __attribute__((vector_size(kLanes * sizeof(float))));
typedef int32_t I __attribute__((vector_size(kLanes * sizeof(float))));

inline F load(const float* from) {
  F v;
  __builtin_memcpy(&v, from, sizeof v);
  return v;
}
inline void store(float* to, F v) { __builtin_memcpy(to, &v, sizeof v); }
/// The first n numbers, and zeros.
inline F load(const float* from, size_t n) {
  F v = {};
  __builtin_memcpy(&v, from, n * sizeof(float));
  return v;
}
inline void store(float* to, F v, size_t n) { __builtin_memcpy(to, &v, n * sizeof(float)); }
inline F all(float x) { return x - F{}; }
inline I all(int32_t x) { return x + I{}; }

inline F bits_of(I v) { return reinterpret_cast<F>(v); }
inline I bits_of(F v) { return reinterpret_cast<I>(v); }
/// Of what is no number, the first.
inline F smaller(F a, F b) { return b < a ? b : a; }
inline F larger(F a, F b) { return a < b ? b : a; }
inline F magnitude(F v) { return bits_of(bits_of(v) & 0x7fffffff); }
/// The magnitude of one with the sign of another.
inline F with_sign(F v, F sign) {
  return bits_of((bits_of(v) & 0x7fffffff) | (bits_of(sign) & static_cast<int32_t>(0x80000000)));
}
inline F square_root(F v) {
  F out;
  for (size_t i = 0; i < kLanes; ++i) out[i] = __builtin_sqrtf(v[i]);
  return out;
}

}  // namespace tacit::TACIT_ISA::lanes
