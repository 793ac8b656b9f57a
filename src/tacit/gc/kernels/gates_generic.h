// The gates of gates.h over any vector type, for gates.isa.cc alone. kUnroll vectors of each of a gate's
// hashes are in flight together.
#pragma once

namespace tacit::TACIT_ISA {
namespace {

using Byte = std::byte;

/// The key of one of a gate's inputs at some round, in every block.
template <class V>
inline V key_of(const Byte* schedule, int round, int input) {
  return V::each(schedule + 32 * round + 16 * input);
}

/// Encrypts the first half of x under the gate's first key, the rest under its second.
template <class V, int kCount>
inline void encrypt(const Byte* schedule, V (&x)[kCount]) {
  for (int r = 0; r <= 10; ++r) {
    const V ka = key_of<V>(schedule, r, 0), kb = key_of<V>(schedule, r, 1);
#pragma GCC unroll 16
    for (int i = 0; i < kCount; ++i) {
      const V k = i < kCount / 2 ? ka : kb;
      x[i] = r == 0 ? x[i] ^ k : r < 10 ? x[i].round(k) : x[i].last(k);
    }
  }
}

/// `count` blocks, all of the vector unless it is the last.
template <bool kWhole, class V>
inline V take(const Word* p, size_t count) {
  if constexpr (kWhole)
    return V::load(p);
  else
    return V::load_some(p, count);
}
template <bool kWhole, class V>
inline void give(V x, Word* p, size_t count) {
  if constexpr (kWhole)
    x.store(p);
  else
    x.store_some(p, count);
}

/// Runs step(at, vectors, whole, count) over all copies: as many vectors at once as are unrolled, then single
/// ones, then what is less than a vector.
template <class V, int kUnroll>
struct Loop {
  template <class Step>
  static void run(size_t copies, Step step) {
    size_t i = 0;
    for (; i + kUnroll * V::kBlocks <= copies; i += kUnroll * V::kBlocks)
      step.template at<kUnroll, true>(i, V::kBlocks);
    if constexpr (kUnroll > 1)
      for (; i + V::kBlocks <= copies; i += V::kBlocks) step.template at<1, true>(i, V::kBlocks);
    if (i < copies) step.template at<1, false>(i, copies - i);
  }
};

/// What a label is hashed from: s(x) ^ its copy's number.
template <class V>
inline V prepared(V x, uint64_t number) {
  return x.mixed() ^ V::numbers(number);
}

/// The four encryptions of a gate: of a, a ^ delta, b, b ^ delta.
template <bool kWhole, int kVectors, class V>
inline void encrypt_both(const gc::GateCopies& g, V mixed_delta, size_t i, size_t count,
                         V (&x)[4 * kVectors]) {
#pragma GCC unroll 4
  for (int j = 0; j < kVectors; ++j) {
    const size_t at = i + static_cast<size_t>(j) * V::kBlocks;
    x[j] = prepared(take<kWhole, V>(g.a + 2 * at, count), g.first + at);
    x[kVectors + j] = x[j] ^ mixed_delta;
    x[2 * kVectors + j] = prepared(take<kWhole, V>(g.b + 2 * at, count), g.first + at);
    x[3 * kVectors + j] = x[2 * kVectors + j] ^ mixed_delta;
  }
  encrypt(g.schedule, x);
}
template <bool kWhole, int kVectors, class V>
inline void encrypt_one(const gc::GateCopies& g, size_t i, size_t count, V (&x)[2 * kVectors]) {
#pragma GCC unroll 4
  for (int j = 0; j < kVectors; ++j) {
    const size_t at = i + static_cast<size_t>(j) * V::kBlocks;
    x[j] = prepared(take<kWhole, V>(g.a + 2 * at, count), g.first + at);
    x[kVectors + j] = prepared(take<kWhole, V>(g.b + 2 * at, count), g.first + at);
  }
  encrypt(g.schedule, x);
}

template <class V>
struct Garble {
  const gc::GateCopies& g;
  V delta;
  Word *out, *row_g, *row_e;

  template <int kVectors, bool kWhole>
  void at(size_t i, size_t count) const {
    V x[4 * kVectors];
    const V mixed_delta = delta.mixed();
    encrypt_both<kWhole, kVectors>(g, mixed_delta, i, count, x);
#pragma GCC unroll 4
    for (int j = 0; j < kVectors; ++j) {
      const size_t p = i + static_cast<size_t>(j) * V::kBlocks;
      const V a = take<kWhole, V>(g.a + 2 * p, count), b = take<kWhole, V>(g.b + 2 * p, count);
      const V pb = b.colours();
      const V to_g = x[j] ^ x[kVectors + j] ^ mixed_delta ^ (delta & pb);
      const V to_e = x[2 * kVectors + j] ^ x[3 * kVectors + j] ^ mixed_delta;  // without a
      // The numbers of the copy in both hashes cancel.
      const V c = x[j] ^ x[2 * kVectors + j] ^ (a ^ b).mixed() ^ (to_g & a.colours()) ^ (to_e & pb);
      give<kWhole>(to_g, row_g + 2 * p, count);
      give<kWhole>(to_e ^ a, row_e + 2 * p, count);
      give<kWhole>(c, out + 2 * p, count);
    }
  }
};

template <class V>
struct Evaluate {
  const gc::GateCopies& g;
  const Word *row_g, *row_e;
  Word* out;

  template <int kVectors, bool kWhole>
  void at(size_t i, size_t count) const {
    V x[2 * kVectors];
    encrypt_one<kWhole, kVectors>(g, i, count, x);
#pragma GCC unroll 4
    for (int j = 0; j < kVectors; ++j) {
      const size_t p = i + static_cast<size_t>(j) * V::kBlocks;
      const V a = take<kWhole, V>(g.a + 2 * p, count), b = take<kWhole, V>(g.b + 2 * p, count);
      const V from_g = take<kWhole, V>(row_g + 2 * p, count), from_e = take<kWhole, V>(row_e + 2 * p, count);
      const V c =
          x[j] ^ x[kVectors + j] ^ (a ^ b).mixed() ^ (from_g & a.colours()) ^ ((from_e ^ a) & b.colours());
      give<kWhole>(c, out + 2 * p, count);
    }
  }
};

template <class V>
struct Mask {
  const gc::GateCopies& g;
  V delta;
  Word *x, *y, *z;

  template <int kVectors, bool kWhole>
  void at(size_t i, size_t count) const {
    V e[4 * kVectors];
    const V mixed_delta = delta.mixed();
    encrypt_both<kWhole, kVectors>(g, mixed_delta, i, count, e);
#pragma GCC unroll 4
    for (int j = 0; j < kVectors; ++j) {
      const size_t p = 2 * (i + static_cast<size_t>(j) * V::kBlocks);
      const V a = take<kWhole, V>(g.a + p, count), b = take<kWhole, V>(g.b + p, count);
      give<kWhole>(take<kWhole, V>(x + p, count) ^ e[j] ^ e[kVectors + j] ^ mixed_delta, x + p, count);
      give<kWhole>(take<kWhole, V>(y + p, count) ^ e[2 * kVectors + j] ^ e[3 * kVectors + j] ^ mixed_delta,
                   y + p, count);
      give<kWhole>(take<kWhole, V>(z + p, count) ^ e[j] ^ e[2 * kVectors + j] ^ (a ^ b).mixed(), z + p,
                   count);
    }
  }
};

template <class V>
struct Unmask {
  const gc::GateCopies& g;
  Word* z;

  template <int kVectors, bool kWhole>
  void at(size_t i, size_t count) const {
    V e[2 * kVectors];
    encrypt_one<kWhole, kVectors>(g, i, count, e);
#pragma GCC unroll 4
    for (int j = 0; j < kVectors; ++j) {
      const size_t p = 2 * (i + static_cast<size_t>(j) * V::kBlocks);
      const V a = take<kWhole, V>(g.a + p, count), b = take<kWhole, V>(g.b + p, count);
      give<kWhole>(take<kWhole, V>(z + p, count) ^ e[j] ^ e[kVectors + j] ^ (a ^ b).mixed(), z + p, count);
    }
  }
};

// One copy: a vector P of two blocks holds a gate's a and b, and a round's both keys are one vector.

template <class P, int kGates, int kEach>
inline void encrypt_gates(const Byte* schedules, P (&x)[kGates * kEach]) {
  for (int r = 0; r <= 10; ++r)
#pragma GCC unroll 4
    for (int g = 0; g < kGates; ++g) {
      const P k = P::load(schedules + static_cast<size_t>(g) * gc::kScheduleSize + 32 * r);
#pragma GCC unroll 2
      for (int e = 0; e < kEach; ++e) {
        P& y = x[g * kEach + e];
        y = r == 0 ? y ^ k : r < 10 ? y.round(k) : y.last(k);
      }
    }
}

template <class P, int kGates>
inline void garble_some(const Byte* schedules, const Word* delta, const gc::GatePlaces* gates, Word* wires,
                        Word* rows) {
  const P d = P::each(delta), d_low = P::load_one(delta), upper = P::upper_only();
  const P mixed_delta = d.mixed();
  P in[kGates], x[2 * kGates];
#pragma GCC unroll 4
  for (int g = 0; g < kGates; ++g) {
    in[g] = P::of(wires + 2 * gates[g].a, wires + 2 * gates[g].b);
    x[2 * g] = in[g].mixed();
    x[2 * g + 1] = x[2 * g] ^ mixed_delta;
  }
  encrypt_gates<P, kGates, 2>(schedules, x);
#pragma GCC unroll 4
  for (int g = 0; g < kGates; ++g) {
    const P other = in[g].swapped(), a_above = other & upper;
    const P row = x[2 * g] ^ x[2 * g + 1] ^ mixed_delta ^ (d_low & other.colours());  // the upper without a
    const P half = x[2 * g] ^ in[g].mixed() ^ (row & in[g].colours());
    (row ^ a_above).store(rows + 4 * g);
    (half ^ half.swapped()).store_one(wires + 2 * gates[g].out);
  }
}

template <class P, int kGates>
inline void evaluate_some(const Byte* schedules, const gc::GatePlaces* gates, Word* wires, const Word* rows) {
  const P upper = P::upper_only();
  P in[kGates], x[kGates];
#pragma GCC unroll 4
  for (int g = 0; g < kGates; ++g) {
    in[g] = P::of(wires + 2 * gates[g].a, wires + 2 * gates[g].b);
    x[g] = in[g].mixed();
  }
  encrypt_gates<P, kGates, 1>(schedules, x);
#pragma GCC unroll 4
  for (int g = 0; g < kGates; ++g) {
    const P row = P::load(rows + 4 * g) ^ (in[g].swapped() & upper);
    const P half = x[g] ^ in[g].mixed() ^ (row & in[g].colours());
    (half ^ half.swapped()).store_one(wires + 2 * gates[g].out);
  }
}

/// The schedules of kPairs pairs of keys side by side, since each round waits for the one before.
template <class P, int kPairs>
inline void expand_some(const Word* keys, Byte* schedules) {
  P k[kPairs];
  uint32_t rcon = 1;
#pragma GCC unroll 4
  for (int p = 0; p < kPairs; ++p) k[p] = P::load(keys + 4 * p);
  for (int r = 0;; ++r) {
#pragma GCC unroll 4
    for (int p = 0; p < kPairs; ++p)
      k[p].store(schedules + static_cast<size_t>(p) * gc::kScheduleSize + 32 * r);
    if (r == 10) return;
#pragma GCC unroll 4
    for (int p = 0; p < kPairs; ++p) k[p] = k[p].next_key(rcon);
    rcon = rcon << 1 ^ (rcon >> 7) * 0x11b;
  }
}

/// The table: V and kUnroll for many copies, P and kGates at once for one.
template <class V, int kUnroll, class P, int kGates>
gc::GateKernels kernels_of() {
  gc::GateKernels k{};
  k.expand = [](const Word* keys, Byte* schedules, size_t pairs) {
    size_t p = 0;
    for (; p + 4 <= pairs; p += 4) expand_some<P, 4>(keys + 4 * p, schedules + p * gc::kScheduleSize);
    for (; p < pairs; ++p) expand_some<P, 1>(keys + 4 * p, schedules + p * gc::kScheduleSize);
  };
  k.exclusive_or = [](const Word* a, const Word* b, Word* out, size_t blocks) {
    for (size_t i = 0; i < 2 * blocks; ++i) out[i] = a[i] ^ b[i];
  };
  k.garble = [](const gc::GateCopies& g, const Word* delta, Word* out, Word* row_g, Word* row_e) {
    Loop<V, kUnroll>::run(g.copies, Garble<V>{g, V::each(delta), out, row_g, row_e});
  };
  k.evaluate = [](const gc::GateCopies& g, const Word* row_g, const Word* row_e, Word* out) {
    Loop<V, kUnroll>::run(g.copies, Evaluate<V>{g, row_g, row_e, out});
  };
  k.garble_gates = [](const Byte* schedules, const Word* delta, const gc::GatePlaces* gates, size_t count,
                      Word* wires, Word* rows) {
    size_t g = 0;
    for (; g + kGates <= count; g += kGates)
      garble_some<P, kGates>(schedules + g * gc::kScheduleSize, delta, gates + g, wires, rows + 4 * g);
    if constexpr (kGates > 1)
      for (; g < count; ++g)
        garble_some<P, 1>(schedules + g * gc::kScheduleSize, delta, gates + g, wires, rows + 4 * g);
  };
  k.evaluate_gates = [](const Byte* schedules, const gc::GatePlaces* gates, size_t count, Word* wires,
                        const Word* rows) {
    size_t g = 0;
    for (; g + 2 * kGates <= count; g += 2 * kGates)
      evaluate_some<P, 2 * kGates>(schedules + g * gc::kScheduleSize, gates + g, wires, rows + 4 * g);
    for (; g < count; ++g)
      evaluate_some<P, 1>(schedules + g * gc::kScheduleSize, gates + g, wires, rows + 4 * g);
  };
  k.free_gates = [](const gc::FreePlaces* gates, size_t count, const Word* flip, Word* wires) {
    for (size_t g = 0; g < count; ++g) {
      const P a = P::load_one(wires + 2 * gates[g].a);
      const P b = P::load_one(gates[g].inverts ? flip : wires + 2 * gates[g].b);
      (a ^ b).store_one(wires + 2 * gates[g].out);
    }
  };
  k.mask = [](const gc::GateCopies& g, const Word* delta, Word* x, Word* y, Word* z) {
    Loop<V, kUnroll>::run(g.copies, Mask<V>{g, V::each(delta), x, y, z});
  };
  k.unmask = [](const gc::GateCopies& g, Word* z) { Loop<V, 2 * kUnroll>::run(g.copies, Unmask<V>{g, z}); };
  k.choose = [](const Word* x, const Word* u, const Word* y, const Word* l, const Word* v, Word* z,
                size_t blocks) {
    for (size_t i = 0; i < 2 * blocks; ++i) z[i] ^= (x[i] & u[i]) ^ ((y[i] ^ l[i]) & v[i]);
  };
  return k;
}

}  // namespace
}  // namespace tacit::TACIT_ISA
