// Instances between garbling and evaluation, and messages that do not fit.
#include "tacit/gc/multiparty/instance.h"

#include <gtest/gtest.h>

#include <set>

#include "tacit/base/error.h"
#include "tacit/gc/circuit/arithmetic.h"
#include "tacit/gc/multiparty/bits.h"
#include "tacit/gc/testing/ideal_cot.h"
#include "tacit/net/wrap/fault.h"
#include "tacit/party/testing/session.h"

namespace tacit::gc {
namespace {

using namespace tacit::testing;
using testing::CotDealer;

Circuit adder(std::size_t bits) {
  Builder c;
  const Bits a = c.inputs(bits), b = c.inputs(bits);
  return c.finish(add(c, a, b));
}
JointCircuit joint_adder(std::size_t bits) {
  return {adder(bits), std::vector<InputFrom>(2 * bits), std::vector<OutputTo>(bits)};
}
/// Party p's share of numbers a = 3 p + 1 and b = 5 p + 2 in every copy; the sums are by exclusive or.
std::vector<Word> share_of(std::size_t p, std::size_t bits, std::size_t copies) {
  std::vector<Word> out(words_for(2 * bits * copies));
  for (std::size_t i = 0; i < bits; ++i)
    for (std::size_t k = 0; k < copies; ++k) {
      put_bits(out.data(), i * copies + k, 1, (3 * p + 1) >> i & 1);
      put_bits(out.data(), (bits + i) * copies + k, 1, (5 * p + 2) >> i & 1);
    }
  return out;
}

TEST(GarbledInstance, ServesLaterFromBytesAndSharesNoLabelWithAnother) {
  const std::size_t n = 3, bits = 8, copies = 5;
  const JointCircuit joint = joint_adder(bits), other = joint_adder(9);
  CotDealer dealer(n, 1);
  std::vector<std::vector<Word>> out(n);
  run_parties(n, [&](Party& p) {
    Bmr bmr(p, party_id(1), dealer.ends(p.id()));
    const GarbledInstance first = bmr.garble(joint, copies), second = bmr.garble(joint, copies);
    EXPECT_NE(first.number, second.number);
    std::set<std::pair<Word, Word>> labels;
    auto note = [&](std::span<const Label> some) {
      for (Label l : some) EXPECT_TRUE(labels.insert({l.low, l.high}).second);
    };
    note(first.zeros.all());
    note(second.zeros.all());
    note(first.rows);
    note(second.rows);
    if (!first.delta.empty()) {  // nor is one's label another's for 1
      for (std::size_t i = 0; i < first.zeros.size(); ++i) {
        const Label one = first.zeros[i] ^ first.delta[0];
        EXPECT_EQ(labels.count({one.low, one.high}), 0u);
      }
    }

    const SecretBytes bytes = serialise(second, joint);
    EXPECT_THROW(deserialise(bytes.bytes().first(bytes.size() - 1), joint), UsageError);
    EXPECT_THROW(deserialise(bytes.bytes().first(20), joint), UsageError);
    EXPECT_THROW(deserialise(bytes.bytes(), other), UsageError);
    Bytes damaged(bytes.bytes().begin(), bytes.bytes().end());
    for (std::size_t i = 0; i < 88; ++i) {
      damaged[i] ^= std::byte{0x80};
      const bool free = i >= 8 && i < 32;      // number and salt may be anything
      const bool parties = i >= 48 && i < 56;  // asked for when it is evaluated
      if (!free && !parties) { EXPECT_THROW(deserialise(damaged, joint), UsageError) << i; }
      damaged[i] ^= std::byte{0x80};
    }
    out[index(p.id())] =
        evaluate(p, joint, deserialise(bytes.bytes(), joint), share_of(index(p.id()), bits, copies));
  });
  const Word a = Word{1} ^ 4 ^ 7, b = Word{2} ^ 7 ^ 12, sum = (a + b) & 255;
  for (const auto& o : out)
    for (std::size_t i = 0; i < bits; ++i)
      for (std::size_t k = 0; k < copies; ++k) EXPECT_EQ(bits_at(o.data(), i * copies + k, 1), sum >> i & 1);
}

TEST(GarbledInstance, OfAnotherNumberIsTold) {
  const JointCircuit joint = joint_adder(4);
  CotDealer dealer(3, 1);
  try {
    run_parties(3, [&](Party& p) {
      Bmr bmr(p, party_id(2), dealer.ends(p.id()));
      GarbledInstance first = bmr.garble(joint, 2), second = bmr.garble(joint, 2);
      evaluate(p, joint, std::move(p.id() == party_id(1) ? second : first), share_of(0, 4, 2));
    });
    FAIL() << "two instances were mixed";
  } catch (const PeerError& e) {
    EXPECT_NE(std::string(e.what()).find("number"), std::string::npos) << e.what();
  }
}

TEST(Bmr, MessagesThatDoNotFitAreThePeersFault) {
  const JointCircuit joint = joint_adder(4);
  const std::size_t n = 3;
  struct Pair {
    std::size_t from, to;
  };
  for (const Pair& link : {Pair{0, 1}, {1, 0}, {0, 2}, {2, 0}, {1, 2}, {2, 1}})
    for (const Fault fault : {Fault::WrongSize, Fault::Short, Fault::WrongTag}) {
      std::size_t at = 0;
      for (bool hit = true; hit; ++at) {
        ASSERT_LT(at, 20u);
        CotDealer dealer(n, 1);
        std::string blamed;
        try {
          run_parties(
              n,
              [&](Party& p) {
                try {
                  Bmr bmr(p, party_id(2), dealer.ends(p.id()));
                  evaluate(p, joint, bmr.garble(joint, 3), share_of(index(p.id()), 4, 3));
                } catch (const PeerError& e) {
                  if (p.id() == party_id(link.to)) blamed = e.peer;
                  throw;
                }
              },
              CoinsKind::Fixed, detect_isa(),
              [&](PartyId self, Transport& wire) -> std::unique_ptr<Transport> {
                if (self != party_id(link.from)) return nullptr;
                return faulty(wire, party_id(link.to), at, fault);
              });
          hit = false;
        } catch (const PeerError&) {
          EXPECT_EQ(blamed, "party" + std::to_string(link.from)) << link.to << " " << at;
        }
      }
      EXPECT_GT(at, 1u) << "nothing travels from " << link.from << " to " << link.to;
    }
}

TEST(Bmr, RefusesWhatItCannotDo) {
  CotDealer dealer(2, 1);
  run_parties(2, [&](Party& p) {
    EXPECT_THROW(Bmr(p, party_id(2), dealer.ends(p.id())), UsageError);
    EXPECT_THROW(Bmr(p, party_id(0), {}), UsageError);
    EXPECT_THROW(Bmr(p, party_id(0), std::vector<CotEnds>(2)), UsageError);
    const JointCircuit joint = joint_adder(4);
    Bmr bmr(p, party_id(0), dealer.ends(p.id()));
    EXPECT_THROW(bmr.garble(joint, 0), UsageError);
    GarbledInstance instance = bmr.garble(joint, 1);
    EXPECT_THROW(evaluate(p, joint, std::move(instance), std::vector<Word>(9)), UsageError);
  });
  EXPECT_THROW(JointCircuit(adder(4), {}, {}), UsageError);

  // The same inputs and outputs, but other gates: told by who has their rows.
  Builder c;
  const Bits a = c.inputs(4), b = c.inputs(4);
  const JointCircuit joint = joint_adder(4), shorter(c.finish({c.bit_and(a[0], b[0]), a[1], a[2], b[3]}),
                                                     std::vector<InputFrom>(8), std::vector<OutputTo>(4));
  run_parties(2, [&](Party& p) {
    Bmr bmr(p, party_id(0), dealer.ends(p.id()));
    GarbledInstance instance = bmr.garble(shorter, 1);
    if (p.id() == party_id(0)) {
      EXPECT_THROW(evaluate(p, joint, std::move(instance), std::vector<Word>(1)), UsageError);
    }
  });
}

}  // namespace
}  // namespace tacit::gc
