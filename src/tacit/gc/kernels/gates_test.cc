#include "tacit/gc/kernels/gates.h"

#include <gtest/gtest.h>

#include <random>

#include "tacit/crypto/block.h"
#include "tacit/crypto/kernels/aes.h"

namespace tacit::gc {
namespace {

Block encrypt(Block key, Block x) {
  std::byte round_keys[176];
  expand_aes_key(reinterpret_cast<const std::byte*>(&key), round_keys);
  Block out;
  aes_kernels(Isa::Portable).front()(round_keys, x.high, x.low, &out.low, 1);
  return out;
}
Block hash(Block key, Block x, Word number) {
  const Block y{x.high ^ number, x.high ^ x.low};
  return encrypt(key, y) ^ y;
}

class GatesTest : public ::testing::Test {
 protected:
  Block any() { return {rng_(), rng_()}; }
  std::vector<Block> some(std::size_t n) {
    std::vector<Block> out(n);
    for (Block& b : out) b = any();
    return out;
  }
  std::mt19937_64 rng_{5};
};
Word* in(std::vector<Block>& v) { return words(std::span(v)).data(); }

void for_all_kernels(const std::function<void(const GateKernels&)>& body) {
  for (Isa isa : runnable_isas())
    for (const GateKernels* k : gate_kernels(isa)) {
      SCOPED_TRACE(to_string(isa));
      body(*k);
    }
}

TEST_F(GatesTest, ExpandKeysAsTheStandardSays) {
  for_all_kernels([&](const GateKernels& k) {
    for (std::size_t pairs : {0, 1, 3, 4, 5, 9}) {
      std::vector<Block> keys = some(2 * pairs);
      std::vector<std::byte> out(pairs * kScheduleSize);
      k.expand(in(keys), out.data(), pairs);
      for (std::size_t i = 0; i < 2 * pairs; ++i) {
        std::byte expected[176];
        expand_aes_key(reinterpret_cast<const std::byte*>(&keys[i]), expected);
        for (std::size_t j = 0; j < 176; ++j)
          ASSERT_EQ(out[i / 2 * kScheduleSize + 32 * (j / 16) + 16 * (i % 2) + j % 16], expected[j])
              << i << " " << j;
      }
    }
  });
}

TEST_F(GatesTest, HashAsDefinedInEveryCopy) {
  for_all_kernels([&](const GateKernels& k) {
    for (std::size_t n : {1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 31, 33}) {
      std::vector<Block> keys = some(2), a = some(n), b = some(n), x = some(n), y = some(n), z = some(n);
      std::vector<std::byte> schedule(kScheduleSize);
      k.expand(in(keys), schedule.data(), 1);
      const Word first = rng_();
      Block delta = any();
      delta.low |= 1;
      const GateCopies gate{schedule.data(), first, n, in(a), in(b)};
      std::vector<Block> mx = x, my = y, mz = z, uz = z, out(n), row_g(n), row_e(n), active(n), chosen = z;
      k.mask(gate, &delta.low, in(mx), in(my), in(mz));
      k.unmask(gate, in(uz));
      k.garble(gate, &delta.low, in(out), in(row_g), in(row_e));
      k.evaluate(gate, in(row_g), in(row_e), in(active));
      k.choose(in(x), in(a), in(y), in(b), in(mx), in(chosen), n);
      for (std::size_t i = 0; i < n; ++i) {
        const Block a0 = hash(keys[0], a[i], first + i), a1 = hash(keys[0], a[i] ^ delta, first + i);
        const Block b0 = hash(keys[1], b[i], first + i), b1 = hash(keys[1], b[i] ^ delta, first + i);
        ASSERT_EQ(mx[i], x[i] ^ a0 ^ a1) << n << " " << i;
        ASSERT_EQ(my[i], y[i] ^ b0 ^ b1) << n << " " << i;
        ASSERT_EQ(mz[i], z[i] ^ a0 ^ b0) << n << " " << i;
        ASSERT_EQ(uz[i], z[i] ^ a0 ^ b0) << n << " " << i;
        const Word pa = a[i].low & 1, pb = b[i].low & 1;
        ASSERT_EQ(row_g[i], a0 ^ a1 ^ (delta & pb)) << n << " " << i;
        ASSERT_EQ(row_e[i], b0 ^ b1 ^ a[i]) << n << " " << i;
        ASSERT_EQ(out[i], a0 ^ (row_g[i] & pa) ^ b0 ^ ((row_e[i] ^ a[i]) & pb)) << n << " " << i;
        ASSERT_EQ(active[i], out[i]) << n << " " << i;
        auto both = [](Block p, Block q) { return Block{p.low & q.low, p.high & q.high}; };
        ASSERT_EQ(chosen[i], z[i] ^ both(x[i], a[i]) ^ both(y[i] ^ b[i], mx[i])) << n << " " << i;
      }
    }
  });
}

TEST_F(GatesTest, OfNoCostAddUpOneAfterTheOther) {
  for_all_kernels([&](const GateKernels& k) {
    std::vector<Block> wires = some(5), before = wires;
    const Block flip = any();
    const FreePlaces gates[] = {{0, 1, 3, false}, {3, 3, 4, true}, {4, 2, 0, false}};
    k.free_gates(gates, 3, &flip.low, in(wires));
    EXPECT_EQ(wires[3], before[0] ^ before[1]);
    EXPECT_EQ(wires[4], wires[3] ^ flip);
    EXPECT_EQ(wires[0], wires[4] ^ before[2]);
    std::vector<Block> a = some(7), b = some(7), out(7);
    k.exclusive_or(in(a), in(b), in(out), 7);
    for (std::size_t i = 0; i < 7; ++i) EXPECT_EQ(out[i], a[i] ^ b[i]);
  });
}

TEST_F(GatesTest, AreTheSameForGatesOfOneCopy) {
  for_all_kernels([&](const GateKernels& k) {
    for (std::size_t gates : {0, 1, 2, 3, 4, 5, 8, 11}) {
      std::vector<Block> wires = some(3 * gates + 1), rows(2 * gates), keys = some(2 * gates),
                         expected = wires;
      std::vector<GatePlaces> places;
      for (std::uint32_t g = 0; g < gates; ++g) places.push_back({3 * g, 3 * g + 1, 3 * g + 2});
      std::vector<std::byte> schedules(gates * kScheduleSize);
      k.expand(in(keys), schedules.data(), gates);
      Block delta = any();
      std::vector<Block> one = wires, other = wires;
      k.garble_gates(schedules.data(), &delta.low, places.data(), gates, in(one), in(rows));
      k.evaluate_gates(schedules.data(), places.data(), gates, in(other), in(rows));
      for (std::size_t g = 0; g < gates; ++g) {
        Block out, row_g, row_e;
        k.garble({schedules.data() + g * kScheduleSize, 0, 1, &wires[3 * g].low, &wires[3 * g + 1].low},
                 &delta.low, &out.low, &row_g.low, &row_e.low);
        ASSERT_EQ(one[3 * g + 2], out) << gates << " " << g;
        ASSERT_EQ(other[3 * g + 2], out) << gates << " " << g;
        ASSERT_EQ(rows[2 * g], row_g) << gates << " " << g;
        ASSERT_EQ(rows[2 * g + 1], row_e) << gates << " " << g;
      }
    }
  });
}

}  // namespace
}  // namespace tacit::gc
