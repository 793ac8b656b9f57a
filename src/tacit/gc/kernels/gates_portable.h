// The gates of gates.h for machines without AES instructions, block by block as their definition says. Slow:
// AES is the generator's portable kernel, called for one block at a time.
#pragma once

#include "tacit/crypto/kernels/aes.h"

namespace tacit::portable {

void aes_blocks(const void* round_keys, uint64_t stream, uint64_t first, uint64_t* out, size_t blocks);

namespace {

struct Plain {
  Word low = 0, high = 0;

  static Plain at(const Word* p) { return {p[0], p[1]}; }
  void store(Word* p) const {
    p[0] = low;
    p[1] = high;
  }
  friend Plain operator^(Plain a, Plain b) { return {a.low ^ b.low, a.high ^ b.high}; }
  Plain if_set(Word bit) const { return {low & (0 - (bit & 1)), high & (0 - (bit & 1))}; }
};

/// Both schedules of a gate, each in one piece again.
struct TwoKeys {
  std::byte keys[2][176];
  explicit TwoKeys(const std::byte* schedule) {
    for (size_t i = 0; i < gc::kScheduleSize; ++i) keys[i / 16 % 2][16 * (i / 32) + i % 16] = schedule[i];
  }
  Plain hash(int input, Plain x, uint64_t number) const {
    const Plain y{x.high ^ number, x.high ^ x.low};
    Plain e;
    aes_blocks(keys[input], y.high, y.low, &e.low, 1);
    return e ^ y;
  }
};

struct Gate {
  Plain a0, a1, b0, b1;
  Gate(const TwoKeys& keys, Plain a, Plain b, Plain delta, uint64_t number)
      : a0(keys.hash(0, a, number)),
        a1(keys.hash(0, a ^ delta, number)),
        b0(keys.hash(1, b, number)),
        b1(keys.hash(1, b ^ delta, number)) {}
};

void garble_one(const TwoKeys& keys, Plain delta, Plain a, Plain b, uint64_t number, Word* out, Word* row_g,
                Word* row_e) {
  const Gate h(keys, a, b, delta, number);
  const Plain to_g = h.a0 ^ h.a1 ^ delta.if_set(b.low), to_e = h.b0 ^ h.b1 ^ a;
  to_g.store(row_g);
  to_e.store(row_e);
  (h.a0 ^ to_g.if_set(a.low) ^ h.b0 ^ (to_e ^ a).if_set(b.low)).store(out);
}

void evaluate_one(const TwoKeys& keys, Plain a, Plain b, uint64_t number, const Word* row_g,
                  const Word* row_e, Word* out) {
  (keys.hash(0, a, number) ^ Plain::at(row_g).if_set(a.low) ^ keys.hash(1, b, number) ^
   (Plain::at(row_e) ^ a).if_set(b.low))
      .store(out);
}

gc::GateKernels kernels() {
  gc::GateKernels k{};
  k.expand = [](const Word* keys, std::byte* schedules, size_t pairs) {
    for (size_t p = 0; p < 2 * pairs; ++p) {
      std::byte one[176];
      expand_aes_key(reinterpret_cast<const std::byte*>(keys + 2 * p), one);
      for (size_t i = 0; i < 176; ++i)
        schedules[p / 2 * gc::kScheduleSize + 32 * (i / 16) + 16 * (p % 2) + i % 16] = one[i];
    }
  };
  k.exclusive_or = [](const Word* a, const Word* b, Word* out, size_t blocks) {
    for (size_t i = 0; i < 2 * blocks; ++i) out[i] = a[i] ^ b[i];
  };
  k.garble = [](const gc::GateCopies& g, const Word* delta, Word* out, Word* row_g, Word* row_e) {
    const TwoKeys keys(g.schedule);
    for (size_t i = 0; i < g.copies; ++i)
      garble_one(keys, Plain::at(delta), Plain::at(g.a + 2 * i), Plain::at(g.b + 2 * i), g.first + i,
                 out + 2 * i, row_g + 2 * i, row_e + 2 * i);
  };
  k.evaluate = [](const gc::GateCopies& g, const Word* row_g, const Word* row_e, Word* out) {
    const TwoKeys keys(g.schedule);
    for (size_t i = 0; i < g.copies; ++i)
      evaluate_one(keys, Plain::at(g.a + 2 * i), Plain::at(g.b + 2 * i), g.first + i, row_g + 2 * i,
                   row_e + 2 * i, out + 2 * i);
  };
  k.garble_gates = [](const std::byte* schedules, const Word* delta, const gc::GatePlaces* gates,
                      size_t count, Word* wires, Word* rows) {
    for (size_t g = 0; g < count; ++g)
      garble_one(TwoKeys(schedules + g * gc::kScheduleSize), Plain::at(delta),
                 Plain::at(wires + 2 * gates[g].a), Plain::at(wires + 2 * gates[g].b), 0,
                 wires + 2 * gates[g].out, rows + 4 * g, rows + 4 * g + 2);
  };
  k.evaluate_gates = [](const std::byte* schedules, const gc::GatePlaces* gates, size_t count, Word* wires,
                        const Word* rows) {
    for (size_t g = 0; g < count; ++g)
      evaluate_one(TwoKeys(schedules + g * gc::kScheduleSize), Plain::at(wires + 2 * gates[g].a),
                   Plain::at(wires + 2 * gates[g].b), 0, rows + 4 * g, rows + 4 * g + 2,
                   wires + 2 * gates[g].out);
  };
  k.free_gates = [](const gc::FreePlaces* gates, size_t count, const Word* flip, Word* wires) {
    for (size_t g = 0; g < count; ++g)
      (Plain::at(wires + 2 * gates[g].a) ^ Plain::at(gates[g].inverts ? flip : wires + 2 * gates[g].b))
          .store(wires + 2 * gates[g].out);
  };
  k.mask = [](const gc::GateCopies& g, const Word* delta, Word* x, Word* y, Word* z) {
    const TwoKeys keys(g.schedule);
    for (size_t i = 0; i < 2 * g.copies; i += 2) {
      const Gate h(keys, Plain::at(g.a + i), Plain::at(g.b + i), Plain::at(delta), g.first + i / 2);
      (Plain::at(x + i) ^ h.a0 ^ h.a1).store(x + i);
      (Plain::at(y + i) ^ h.b0 ^ h.b1).store(y + i);
      (Plain::at(z + i) ^ h.a0 ^ h.b0).store(z + i);
    }
  };
  k.unmask = [](const gc::GateCopies& g, Word* z) {
    const TwoKeys keys(g.schedule);
    for (size_t i = 0; i < 2 * g.copies; i += 2)
      (Plain::at(z + i) ^ keys.hash(0, Plain::at(g.a + i), g.first + i / 2) ^
       keys.hash(1, Plain::at(g.b + i), g.first + i / 2))
          .store(z + i);
  };
  k.choose = [](const Word* x, const Word* u, const Word* y, const Word* l, const Word* v, Word* z,
                size_t blocks) {
    for (size_t i = 0; i < 2 * blocks; ++i) z[i] ^= (x[i] & u[i]) ^ ((y[i] ^ l[i]) & v[i]);
  };
  return k;
}

}  // namespace
}  // namespace tacit::portable
