// Bytes and clocks of both ends, as written down, are those that the meters count, call after call.
#include "tacit/ot/script.h"

#include <gtest/gtest.h>

#include "tacit/ot/transfer/transfer.h"
#include "tacit/party/testing/session.h"

namespace tacit::ot {
namespace {

class ScriptedTransfers : public ::testing::TestWithParam<Source> {};

TEST_P(ScriptedTransfers, CostWhatTheMetersCount) {
  const Source source = GetParam();
  // The third is more than one call of the source, the last more than what is left over.
  const std::size_t sizes[] = {1, 3000, (std::size_t{1} << 18) + 100, 64, 500000};
  std::vector<std::vector<Cost>> measured(2);
  testing::run_parties(2, [&](Party& p) {
    const std::size_t self = index(p.id());
    Channel& peer = p.to(p.next());
    const Bytes session(16, std::byte{3});
    auto note = [&] { measured[self].push_back(p.meter().total()); };
    std::vector<Word> share, bits;
    std::vector<Block> blocks(77);
    if (self == 0) {
      const auto made = make_sender(source, Threat::SemiHonest, peer, session, detect_isa());
      note();
      TransferSender sender(*made, peer, detect_isa());
      for (const std::size_t n : sizes) {
        share.resize((n + 63) / 64), bits.resize(share.size());
        sender.correlated_bits(n, bits, share);
        note();
      }
      made->send(blocks);
    } else {
      const auto made = make_receiver(source, Threat::SemiHonest, peer, session, detect_isa());
      note();
      TransferReceiver receiver(*made, peer, detect_isa());
      for (const std::size_t n : sizes) {
        share.resize((n + 63) / 64), bits.resize(share.size());
        receiver.correlated_bits(n, bits, share);
        note();
      }
      made->receive(std::vector<Word>(2), blocks);
    }
    note();
  });

  Script script(2);
  std::size_t at = 0;
  auto check = [&] {
    const auto told = script.spent();
    for (std::size_t p = 0; p < 2; ++p) {
      EXPECT_EQ(told[p].bytes, measured[p][at].payload) << "step " << at << ", party " << p;
      EXPECT_EQ(told[p].rounds, measured[p][at].rounds) << "step " << at << ", party " << p;
    }
    ++at;
  };
  ScriptedSource written(script, source, 0, 1);
  check();
  for (const std::size_t n : sizes) {
    written.correlated_bits(script, n);
    check();
  }
  written.transfer(script, 77);
  check();
}

INSTANTIATE_TEST_SUITE_P(All, ScriptedTransfers, ::testing::ValuesIn(all_sources()),
                         [](const auto& p) { return std::string(to_string(p.param)); });

}  // namespace
}  // namespace tacit::ot
