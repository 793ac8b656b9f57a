#include "tacit/gc/garble/half_gates.h"

#include <gtest/gtest.h>

#include <random>

#include "tacit/base/error.h"
#include "tacit/gc/circuit/arithmetic.h"
#include "tacit/gc/testing/aes_circuit.h"

namespace tacit::gc {
namespace {

Circuit sample_circuit() {
  Builder c;
  const Bits a = c.inputs(20), b = c.inputs(20);
  Bits out = relu(c, subtract(c, a, b));
  out.push_back(less(c, a, b));
  out.push_back(c.bit_not(a[3]));
  out.push_back(true);
  return c.finish(out);
}

class HalfGatesTest : public ::testing::TestWithParam<std::size_t> {
 protected:
  Stream stream() { return Stream(prg_, next_++); }
  std::shared_ptr<const Prg> prg_ = std::make_shared<const Prg>(Bytes(16, std::byte{9}), detect_isa());
  std::uint64_t next_ = 0;
};

TEST_P(HalfGatesTest, GivesWhatTheCircuitGivesInEveryCopy) {
  const std::size_t copies = GetParam();
  const Circuit circuit = sample_circuit();
  const Label delta = random_delta(stream());
  const Labels zeros = random_labels(stream(), circuit.inputs * copies);
  std::mt19937_64 rng(4);
  // Copy k's inputs are bit k % 64 of words of group k / 64.
  const std::size_t groups = (copies + 63) / 64;
  std::vector<std::vector<Word>> in(groups, std::vector<Word>(circuit.inputs)), expected;
  for (auto& group : in)
    for (Word& w : group) w = rng();
  for (const auto& group : in) expected.push_back(evaluate(circuit, group));
  Labels active = zeros;
  for (std::size_t w = 0; w < circuit.inputs; ++w)
    for (std::size_t k = 0; k < copies; ++k)
      active[w * copies + k] = active[w * copies + k] ^ (delta & (in[k / 64][w] >> (k % 64) & 1));

  for (Isa isa : runnable_isas()) {
    const HalfGates gates(Label{11, 12}, isa);
    const Plan plan(circuit);
    Tables tables;
    const Labels out_zeros = gates.garble(plan, copies, delta, 5, zeros, tables);
    EXPECT_EQ(tables.size(), 2 * circuit.ands() * copies);
    const Labels out = gates.evaluate(plan, copies, 5, active, tables);
    for (std::size_t o = 0; o < circuit.outputs.size(); ++o)
      for (std::size_t k = 0; k < copies; ++k) {
        const Word bit = expected[k / 64][o] >> (k % 64) & 1;
        ASSERT_EQ(out[o * copies + k], out_zeros[o * copies + k] ^ (delta & bit)) << o << " " << k;
      }
    // Under another instance nothing comes out.
    const Labels other = gates.evaluate(plan, copies, 6, active, tables);
    std::size_t labels = 0;
    for (std::size_t i = 0; i < copies; ++i)  // the lowest bit of the sum
      labels += other[i] == out_zeros[i] || other[i] == (out_zeros[i] ^ delta);
    EXPECT_EQ(labels, 0u);
    EXPECT_THROW(gates.evaluate(plan, copies, 5, active, std::span(tables).subspan(1)), UsageError);
  }
}

TEST(HalfGates, EncryptAsTheStandardSays) {
  // FIPS 197, appendix C.1.
  const Circuit circuit = testing::aes128_circuit();
  EXPECT_EQ(circuit.ands(), 200u * 36);
  const Bytes key = from_hex("000102030405060708090a0b0c0d0e0f"),
              plain = from_hex("00112233445566778899aabbccddeeff"),
              expected = from_hex("69c4e0d86a7b0430d8cdb78070b4c55a");
  Bytes in = key;
  append_bytes(in, plain);
  const auto prg = std::make_shared<const Prg>(Bytes(16, std::byte{2}), detect_isa());
  const Label delta = random_delta(Stream(prg, 0));
  const Plan plan(circuit);
  const HalfGates gates(Label{3, 4});
  for (std::size_t copies : {1, 2}) {
    const Labels zeros = random_labels(Stream(prg, copies), circuit.inputs * copies);
    Labels active = zeros;
    for (std::size_t i = 0; i < active.size(); ++i) {
      const std::size_t bit = i / copies;
      active[i] = active[i] ^ (delta & (std::to_integer<Word>(in[bit / 8]) >> (bit % 8) & 1));
    }
    Tables tables;
    const Labels out_zeros = gates.garble(plan, copies, delta, 0, zeros, tables);
    const Labels out = gates.evaluate(plan, copies, 0, active, tables);
    for (std::size_t i = 0; i < out.size(); ++i) {
      const std::size_t bit = i / copies;
      ASSERT_EQ(out[i], out_zeros[i] ^ (delta & (std::to_integer<Word>(expected[bit / 8]) >> (bit % 8) & 1)))
          << i;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Copies, HalfGatesTest, ::testing::Values(1, 3, 64, 255, 256, 700));

}  // namespace
}  // namespace tacit::gc
