// What is kept to be sent again, records, and hellos.
#include "tacit/net/transports/replay_window.h"

#include <gtest/gtest.h>

#include <random>

#include "tacit/base/error.h"
#include "tacit/net/testing/town.h"
#include "tacit/net/transports/link_hello.h"
#include "tacit/net/transports/link_record.h"

namespace tacit {
namespace {

using testing::pattern;

/// Writes `size` bytes, and gives what they were.
Bytes taken(ReplayWindow& window, std::size_t size) {
  Bytes room;
  const ByteView next = window.next(size, room);
  Bytes out(next.begin(), next.end());
  window.wrote(size);
  return out;
}

TEST(ReplayWindow, GivesTheSameBytesAgainFromWhereThePeerIs) {
  std::mt19937_64 rng(1);
  const Bytes all = pattern(3000000, 2);
  ReplayWindow window;
  std::size_t put = 0, acknowledged = 0;
  std::optional<Bytes> theirs;  // the memory of what is lent
  const auto upto = [&](std::size_t most) { return most == 0 ? 0 : rng() % (most + 1); };
  while (acknowledged < all.size()) {
    switch (rng() % 6) {
      case 0: {
        if (theirs) break;
        const std::size_t size = std::min(all.size() - put, upto(rng() % 4 == 0 ? 200000 : 500));
        window.put(ByteView(all).subspan(put, size));
        put += size;
        break;
      }
      case 1: {
        if (theirs) break;
        const std::size_t size = std::min(all.size() - put, 1 + upto(200000));
        if (size == 0) break;
        theirs.emplace(all.begin() + static_cast<long>(put), all.begin() + static_cast<long>(put + size));
        window.lend(*theirs);
        EXPECT_TRUE(window.lent());
        put += size;
        break;
      }
      case 2:
        if (!theirs) break;
        window.keep();
        EXPECT_FALSE(window.lent());
        std::fill(theirs->begin(), theirs->end(), std::byte{0xee});  // it is the caller's again
        theirs.reset();
        break;
      case 3: {
        const std::size_t size = std::min<std::size_t>(window.unwritten(), 1 + upto(100000));
        if (size == 0) break;
        const std::size_t at = window.written();
        ASSERT_TRUE(std::ranges::equal(taken(window, size), ByteView(all).subspan(at, size)));
        break;
      }
      case 4:
        acknowledged += upto(window.unacknowledged());
        ASSERT_TRUE(window.acknowledge(acknowledged));
        break;
      default:
        acknowledged += upto(window.sent() - acknowledged);
        ASSERT_TRUE(window.rewind(acknowledged));
        EXPECT_EQ(window.unacknowledged(), 0u);
    }
    ASSERT_EQ(window.acknowledged(), acknowledged);
    ASSERT_EQ(window.written() + window.unwritten(), put);
  }
}

TEST(ReplayWindow, BelievesNoClaimThatCannotBe) {
  ReplayWindow window;
  window.put(Bytes(100));
  taken(window, 60);
  EXPECT_FALSE(window.acknowledge(61));  // more than was written
  EXPECT_TRUE(window.acknowledge(40));
  EXPECT_FALSE(window.acknowledge(39));  // less than before
  EXPECT_FALSE(window.rewind(39));
  EXPECT_FALSE(window.rewind(61));
  EXPECT_FALSE(window.rewind(std::uint64_t{1} << 60));
  EXPECT_TRUE(window.rewind(50));
  EXPECT_EQ(window.unwritten(), 50u);
  EXPECT_FALSE(window.acknowledge(51));  // not on this connection
  EXPECT_TRUE(window.rewind(60));        // though an earlier one may have brought it there
}

TEST(ReplayWindow, KeepsNothingThatIsAcknowledgedWhenItIsKept) {
  ReplayWindow window;
  const Bytes lent = pattern(1000, 1);
  window.lend(lent);
  taken(window, 1000);
  ASSERT_TRUE(window.acknowledge(1000));
  EXPECT_FALSE(window.lent());
  window.lend(lent);
  taken(window, 1000);
  ASSERT_TRUE(window.acknowledge(1900));
  window.keep();
  ASSERT_TRUE(window.rewind(1900));
  EXPECT_TRUE(std::ranges::equal(taken(window, 100), ByteView(lent).subspan(900)));
  EXPECT_THROW(taken(window, 1), std::logic_error);
  window.lend(lent);
  EXPECT_THROW(window.put(lent), std::logic_error);
  window.clear();
  EXPECT_EQ(window.unwritten(), 0u);
}

TEST(LinkRecord, OnlyWhatCanBeIsOne) {
  using Kind = RecordHead::Kind;
  for (const RecordHead head : {RecordHead{Kind::Data, 1}, RecordHead{Kind::Data, RecordHead::kMaxData},
                                RecordHead{Kind::Beat, 8}, RecordHead{Kind::Hello, LinkHello::kWireSize},
                                RecordHead{Kind::Goodbye, 0}, RecordHead{Kind::Goodbye, 2048}}) {
    Bytes bytes;
    append_record(bytes, head);
    ASSERT_EQ(bytes.size(), RecordHead::kWireSize);
    const auto back = decode_record(std::span<const std::byte, 4>(bytes.data(), 4));
    ASSERT_TRUE(back);
    EXPECT_EQ(back->kind, head.kind);
    EXPECT_EQ(back->size, head.size);
  }
  for (const std::uint32_t word :
       {0u, 0x01000000u, 0x01ffffffu, 0x02000007u, 0x02000009u, 0x03000027u, 0x04000801u, 0x05000000u, ~0u}) {
    Bytes bytes;
    append(bytes, word);
    EXPECT_FALSE(decode_record(std::span<const std::byte, 4>(bytes.data(), 4))) << std::hex << word;
  }
}

TEST(LinkHello, ComesBackAndNothingElseIsOne) {
  LinkHello hello;
  hello.link = LinkHello::fresh_id();
  hello.lasting = true;
  hello.turn = 7;
  hello.received = 123456789012;
  std::array<std::byte, LinkHello::kWireSize> bytes;
  encode(hello, bytes);
  EXPECT_EQ(decode_hello(bytes), hello);
  const auto broken = [&](std::size_t at, int value) {
    auto copy = bytes;
    copy[at] = static_cast<std::byte>(value);
    return !decode_hello(copy).has_value();
  };
  EXPECT_TRUE(broken(0, 1));  // the mark
  EXPECT_TRUE(broken(3, '2'));
  EXPECT_TRUE(broken(4, 2));  // neither lasting nor not
  EXPECT_TRUE(broken(4, 0));  // what does not last is not mended
  EXPECT_TRUE(broken(5, 1));  // reserved
  EXPECT_TRUE(broken(8, 0));  // nothing can have come before the first turn
  EXPECT_NE(LinkHello::fresh_id(), hello.link);
}

}  // namespace
}  // namespace tacit
