// Files of level 3 open for ever: one that was written by other means than this library's.
#include "tacit/sealed/testing/split_1.h"

#include <gtest/gtest.h>

#include "tacit/sealed/split_runtime.h"
#include "tacit/sealed/testing/sealed_world.h"
#include "tacit/sealed/testing/version_1_keys.h"

namespace tacit::sealed {
namespace {

using namespace tacit::testing;

TEST(Split1, OpensForEver) {
  const ScratchFolder folder;
  const Bytes bytes = from_hex(kSplit1File);
  const auto file = folder.write("split.tacit", text_of(bytes));
  struct Recipient {
    Kem kem;
    const char* access;
  };
  for (const Recipient& r :
       {Recipient{Kem::X25519, kSplit1AccessX25519}, Recipient{Kem::P256, kSplit1AccessP256}}) {
    const DeviceKeys device = version_1_device(folder, r.kem);
    SplitRuntime runtime(open_model(file, device, kVersion1SealedAt + kDay), device, 1);
    EXPECT_EQ(to_hex(runtime.access().public_key().raw), r.access);
    EXPECT_EQ(text_of(runtime.part()), kSplit1Part);
    EXPECT_EQ(runtime.terms().queries, 100u);
    EXPECT_EQ(runtime.terms().from, "vendor.example:7300");
    EXPECT_EQ(runtime.terms().input, (Shape{3}));
    const PublicTensor x{{1, 2}, {std::begin(kSplit1Example), std::end(kSplit1Example)}};
    const PublicTensor y = runtime.run(x, [](std::span<const std::vector<Word>> inputs) {
      std::vector<double> out;
      for (std::size_t i = 0; i < 3; ++i) {
        EXPECT_EQ(static_cast<std::int64_t>(inputs[0][i]), kSplit1Asked[i]);
        out.push_back(-static_cast<double>(static_cast<std::int64_t>(inputs[0][i])) / 1024);
      }
      return std::vector<std::vector<double>>{out};
    });
    ASSERT_EQ(y.shape, (Shape{1, 3}));
    for (std::size_t i = 0; i < 3; ++i) EXPECT_NEAR(y.values[i], kSplit1Answer[i], 1e-5);
  }
}

/// What this version writes is what the other means wrote, as far as it is not random.
TEST(Split1, IsWhatIsWritten) {
  const Bytes file = from_hex(kSplit1File);
  const Bytes head = to_bytes(header_of(std::string(text_of(file))));
  ASSERT_LE(head.size(), file.size());
  EXPECT_TRUE(std::equal(head.begin(), head.end(), file.begin()));
}

}  // namespace
}  // namespace tacit::sealed
