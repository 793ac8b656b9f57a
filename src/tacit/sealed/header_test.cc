// The head of a sealed model: one form for each, and everything else refused before anything is allocated.
#include "tacit/sealed/header.h"

#include <gtest/gtest.h>

#include <functional>

#include "tacit/sealed/testing/sealed_world.h"

namespace tacit::sealed {
namespace {

using namespace tacit::testing;

Wrap some_wrap(Kem kem, unsigned seed) {
  Wrap w{kem, {}, some_bytes(public_key_size(kem), seed), some_bytes(48, seed + 1)};
  w.recipient = sha256(w.enc);
  return w;
}

Header some_header(std::size_t recipients = 2) {
  Header h;
  h.id = sha256(bytes_of("id"));
  h.vendor.raw = sha256(bytes_of("key"));
  h.vendor_name = "ACME";
  h.model_name = "speech";
  h.sealed_at = kNow;
  h.expires = kNow + kDay;
  h.text_size = 2500;
  h.chunk = kSmallestChunk;
  h.commitment = sha256(bytes_of("commitment"));
  h.root = sha256(bytes_of("root"));
  for (std::size_t i = 0; i < recipients; ++i)
    h.wraps.push_back(some_wrap(i % 2 == 0 ? Kem::X25519 : Kem::P256, static_cast<unsigned>(i)));
  std::sort(h.wraps.begin(), h.wraps.end(),
            [](const Wrap& a, const Wrap& b) { return a.recipient < b.recipient; });
  return h;
}

struct Record {
  std::uint16_t type;
  Bytes body;
};
std::vector<Record> records_of(ByteView head) {
  std::vector<Record> out;
  for (ByteView left = head.subspan(kPreludeSize); !left.empty();) {
    const auto size = read_at<std::uint32_t>(left, 2);
    const ByteView body = left.subspan(6, size);
    out.push_back({read_at<std::uint16_t>(left, 0), Bytes(body.begin(), body.end())});
    left = left.subspan(6 + size);
  }
  return out;
}
Bytes head_of(const std::vector<Record>& records) {
  Bytes body;
  for (const Record& r : records) {
    append(body, r.type);
    append(body, static_cast<std::uint32_t>(r.body.size()));
    append_bytes(body, r.body);
  }
  Bytes out;
  append_bytes(out, bytes_of("tacit sealed"));
  append(out, std::uint16_t{1});
  append(out, std::uint16_t{0});
  append(out, static_cast<std::uint32_t>(body.size()));
  append_bytes(out, body);
  return out;
}
std::string refusal(ByteView head) {
  return outcome([&] { parse_header(head); });
}
/// What is said of a head whose records `change` has changed.
std::string after(const std::function<void(std::vector<Record>&)>& change) {
  auto records = records_of(to_bytes(some_header()));
  change(records);
  return refusal(head_of(records));
}
Bytes bytes(std::string_view text) { return Bytes(bytes_of(text).begin(), bytes_of(text).end()); }

TEST(Header, ThereAndBack) {
  for (const std::size_t recipients : {1u, 2u, 17u, 1024u}) {
    const Header h = some_header(recipients);
    const Bytes head = to_bytes(h);
    EXPECT_EQ(records_size(ByteView(head).first(kPreludeSize)), head.size() - kPreludeSize);
    EXPECT_EQ(parse_header(head), h);
    EXPECT_EQ(to_bytes(parse_header(head)), head);
    EXPECT_EQ(head_of(records_of(head)), head);
  }
  Header never = some_header();
  never.expires = kNever;
  EXPECT_EQ(parse_header(to_bytes(never)), never);
  Header traceable = some_header();
  traceable.level = Level::Traceable;
  traceable.fingerprint = "ACME";
  EXPECT_EQ(parse_header(to_bytes(traceable)), traceable);
}

TEST(Header, EveryCutIsRefused) {
  const Bytes head = to_bytes(some_header());
  for (std::size_t size = 0; size < head.size(); ++size)
    EXPECT_EQ(refusal(ByteView(head).first(size)).substr(0, 6), "usage:") << size;
  Bytes longer = head;
  longer.push_back(std::byte{0});
  EXPECT_EQ(refusal(longer).substr(0, 6), "usage:");
}

TEST(Header, Versions) {
  Bytes head = to_bytes(some_header());
  head[14] = std::byte{7};  // a revision adds what may be passed over
  EXPECT_EQ(refusal(head), "opened");
  head[12] = std::byte{2};
  EXPECT_EQ(refusal(head), "usage: it is of version 2, and version 1 is known here: use a newer tacit");
  head[12] = std::byte{0};
  EXPECT_EQ(refusal(head), "usage: it is of version 0, and version 1 is known here: use another tacit");
  head[0] = std::byte{'T'};
  EXPECT_EQ(refusal(head), "usage: it is no sealed model");
}

TEST(Header, LaterRecordsArePassedOverIfTheyMayBe) {
  const Header h = some_header();
  auto records = records_of(to_bytes(h));
  records.push_back({0x8000, bytes("something new")});
  records.push_back({0x9001, {}});
  EXPECT_EQ(parse_header(head_of(records)), h);
  std::swap(records[records.size() - 1], records[records.size() - 2]);
  EXPECT_EQ(refusal(head_of(records)), "usage: its record 32768 stands where it may not");
  EXPECT_EQ(after([](auto& r) {
              r.push_back({14, {}});
            }),
            "usage: its record 14 is not known here, and may not be passed over: use a newer tacit");
  EXPECT_EQ(after([](auto& r) {
              r.push_back({0x8000, {}});
              r.push_back({0x8000, {}});
            }),
            "usage: its record 32768 stands where it may not");
  EXPECT_EQ(after([](auto& r) {
              r.insert(r.begin() + 3, {0x8000, {}});
            }),
            "usage: its record 32768 stands where it may not");
  EXPECT_EQ(after([](auto& r) {
              const Record wrap = r.back();
              r.back() = {0x8000, {}};
              r.push_back(wrap);
            }),
            "usage: its record 11 stands where it may not");
}

TEST(Header, LeasesStandBehindTheRecipients) {
  Header h = some_header();
  h.lease = LeaseTerms{3600, "vendor.example:7200"};
  EXPECT_EQ(parse_header(to_bytes(h)), h);
  auto records = records_of(to_bytes(h));
  EXPECT_EQ(records.back().type, 12);
  records.push_back(records.back());
  EXPECT_EQ(refusal(head_of(records)), "usage: its record 12 stands where it may not");
  records.pop_back();
  records.push_back({0x8000, {}});
  EXPECT_EQ(parse_header(head_of(records)), h);
  std::swap(records[records.size() - 1], records[records.size() - 2]);
  EXPECT_EQ(refusal(head_of(records)), "usage: its record 12 stands where it may not");
}

TEST(Header, ASegmentStandsBehindRecipientsAndLeases) {
  Header h = some_header();
  h.level = Level::Split;
  h.split = some_split_terms();
  EXPECT_EQ(parse_header(to_bytes(h)), h);
  EXPECT_EQ(records_of(to_bytes(h)).back().type, 13);
  h.lease = LeaseTerms{3600, "vendor.example:7200"};
  EXPECT_EQ(parse_header(to_bytes(h)), h);
  auto records = records_of(to_bytes(h));
  EXPECT_EQ(records.back().type, 13);
  std::swap(records[records.size() - 1], records[records.size() - 2]);
  EXPECT_EQ(refusal(head_of(records)), "usage: its record 12 stands where it may not");
  std::swap(records[records.size() - 1], records[records.size() - 2]);
  records.push_back(records.back());
  EXPECT_EQ(refusal(head_of(records)), "usage: its record 13 stands where it may not");
  records.resize(records.size() - 2);
  EXPECT_EQ(refusal(head_of(records)),
            "usage: a segment that stays at the vendor belongs to level 3, and to no other");
  h.level = Level::Sealed;
  EXPECT_EQ(outcome([&] { to_bytes(h); }),
            "usage: a segment that stays at the vendor belongs to level 3, and to no other");
}

TEST(Header, ASegmentsRecordIsTheDocumentedOne) {
  Header h = some_header();
  h.level = Level::Split;
  h.split = some_split_terms();
  Bytes want;
  append_bytes(want, sha256(bytes_of("segment")));
  append_bytes(want, sha256(bytes_of("server")));
  append_bytes(want, from_hex("64000000"                    // 100 questions
                              "280a"                        // 40 bits, 10 of them behind the point
                              "00ecffffffffffff"            // -5120
                              "0014000000000000"            // 5120
                              "03020000000300000004000000"  // 2x3x4
                              "0105000000"));               // 5
  append_bytes(want, bytes_of("vendor.example:7300"));
  const auto records = records_of(to_bytes(h));
  EXPECT_EQ(records.back().body, want);
  EXPECT_EQ(records[7].body[0], std::byte{3});  // what is sealed
}

TEST(Header, ASegmentsNumbersHaveTheirRange) {
  const auto but = [](auto change) {
    Header h = some_header();
    h.level = Level::Split;
    h.split = some_split_terms();
    change(*h.split);
    return outcome([&] { to_bytes(h); });
  };
  EXPECT_EQ(but([](SplitTerms&) {}), "opened");
  EXPECT_EQ(but([](SplitTerms& t) { t.queries = 0; }).substr(0, 26), "usage: it allows a device ");
  EXPECT_EQ(but([](SplitTerms& t) { t.queries = kMostQueriesAnHour + 1; }).substr(0, 26),
            "usage: it allows a device ");
  for (const unsigned bits : {0u, 15u, 20u, 49u, 255u})
    EXPECT_EQ(but([&](SplitTerms& t) { t.bits = static_cast<std::uint8_t>(bits); }).substr(0, 17),
              "usage: numbers of")
        << bits;
  for (const unsigned fraction : {0u, 3u, 20u, 24u, 255u})
    EXPECT_EQ(but([&](SplitTerms& t) { t.fraction = static_cast<std::uint8_t>(fraction); }).substr(0, 17),
              "usage: numbers of")
        << fraction;
  EXPECT_EQ(but([](SplitTerms& t) { t.high = t.low; }).substr(0, 30), "usage: its segment takes numbe");
  EXPECT_EQ(but([](SplitTerms& t) { t.high = std::int64_t{1} << 39; }).substr(0, 30),
            "usage: its segment takes numbe");
  EXPECT_EQ(but([&](SplitTerms& t) { t.input = {}; }).substr(0, 30), "usage: its segment takes or gi");
  EXPECT_EQ(but([&](SplitTerms& t) { t.output = {}; }), "opened");
  for (const Shape& shape : {Shape{0}, Shape{1 << 13, 1 << 12}, Shape(9, 1)}) {
    EXPECT_EQ(but([&](SplitTerms& t) { t.input = shape; }).substr(0, 30), "usage: its segment takes or gi");
    EXPECT_EQ(but([&](SplitTerms& t) { t.output = shape; }).substr(0, 30), "usage: its segment takes or gi");
  }
  for (const char* from : {"", ":1", "host", "host:", "host:x", "a b:1", "host:123456"})
    EXPECT_EQ(but([&](SplitTerms& t) { t.from = from; }).substr(0, 30), "usage: its segment is asked at")
        << from;
}

TEST(Header, EveryCutOfASegmentsRecordIsRefused) {
  Header h = some_header();
  h.level = Level::Split;
  h.split = some_split_terms();
  const auto records = records_of(to_bytes(h));
  // Without its last three digits the address is still one.
  for (std::size_t size = 0; size + 3 < records.back().body.size(); ++size) {
    auto cut = records;
    cut.back().body.resize(size);
    EXPECT_EQ(refusal(head_of(cut)).substr(0, 6), "usage:") << size;
  }
}

TEST(Header, RecordsHaveTheirPlace) {
  const std::size_t all = records_of(to_bytes(some_header())).size();
  for (std::size_t i = 0; i < 10; ++i) {
    EXPECT_NE(after([&](auto& r) { r.erase(r.begin() + static_cast<std::ptrdiff_t>(i)); }), "opened") << i;
    EXPECT_NE(after([&](auto& r) { r.insert(r.begin() + static_cast<std::ptrdiff_t>(i), r[i]); }), "opened")
        << i;
    EXPECT_NE(after([&](auto& r) { std::swap(r[i], r[i + 1]); }), "opened") << i;
  }
  for (std::size_t i = 0; i < all; ++i) {
    if (i != 3 && i != 4 && i != 6) {  // names, of which every size may be
      EXPECT_NE(after([&](auto& r) { r[i].body.push_back(std::byte{0}); }), "opened") << i;
    }
    EXPECT_NE(after([&](auto& r) {
                if (r[i].body.empty())
                  r[i].body = bytes("x");  // a fingerprint at level 1
                else if (i == 3 || i == 4)
                  r[i].body.clear();
                else
                  r[i].body.pop_back();
              }),
              "opened")
        << i;
  }
  EXPECT_EQ(after([](auto& r) { r.resize(10); }), "usage: its head ends before its record 11");
}

TEST(Header, NumbersHaveTheirRange) {
  const auto put = [](std::size_t record, std::size_t at, auto value) {
    return after([=](auto& r) { std::memcpy(r[record].body.data() + at, &value, sizeof value); });
  };
  EXPECT_EQ(put(1, 0, std::uint8_t{0}).substr(0, 6), "usage:");  // level
  EXPECT_EQ(put(1, 0, std::uint8_t{5}).substr(0, 6), "usage:");
  EXPECT_EQ(put(5, 0, std::int64_t{-1}), "usage: it was sealed at no time that there is");
  EXPECT_EQ(put(5, 0, kLastMoment + 1), "usage: it was sealed at no time that there is");
  EXPECT_EQ(put(5, 8, kNow), "usage: it ends before it was sealed, or at no time that there is");
  EXPECT_EQ(put(5, 8, kLastMoment + 1), "usage: it ends before it was sealed, or at no time that there is");
  EXPECT_EQ(put(7, 0, std::uint8_t{2}),
            "usage: it holds something of the kind 2, which is not known here at level 1: use a newer tacit");
  for (const std::uint32_t chunk : {0u, 1u, 512u, 1025u, 1536u, 1u << 21, 1u << 31, ~0u})
    EXPECT_EQ(put(7, 1, chunk).substr(0, 18), "usage: its chunks ") << chunk;
  EXPECT_EQ(put(7, 5, std::uint64_t{0}), "usage: there is no model in it");
  EXPECT_EQ(put(7, 5, kMaxChunks * kSmallestChunk), "opened");
  EXPECT_EQ(put(7, 5, kMaxChunks * kSmallestChunk + 1).substr(0, 16), "usage: it claims");
  EXPECT_EQ(put(7, 5, ~std::uint64_t{0}).substr(0, 16), "usage: it claims");
  EXPECT_EQ(put(10, 0, std::uint16_t{0x21}).substr(0, 22), "usage: a recipient has");
  EXPECT_EQ(after([](auto& r) { r[3].body = bytes("a\nb"); }).substr(0, 6), "usage:");
  EXPECT_EQ(after([](auto& r) { r[4].body = bytes(std::string(81, 'a')); }).substr(0, 6), "usage:");
  EXPECT_EQ(after([](auto& r) { r[6].body = bytes("ACME"); }),
            "usage: a fingerprint belongs to level 4, alone or together with level 2");
  EXPECT_EQ(after([](auto& r) { r[1].body[0] = std::byte{4}; }),
            "usage: a fingerprint belongs to level 4, alone or together with level 2");
}

TEST(Header, RecipientsAreInOrderAndOnce) {
  EXPECT_EQ(after([](auto& r) { std::swap(r[10], r[11]); }),
            "usage: its recipients are not in order, or one is there twice");
  EXPECT_EQ(after([](auto& r) { r.push_back(r.back()); }),
            "usage: its recipients are not in order, or one is there twice");
  Header many = some_header(1025);
  EXPECT_EQ(outcome([&] { to_bytes(many); }), "usage: it has 1025 recipients, and may have 1024");
  many.wraps.clear();
  EXPECT_EQ(outcome([&] { to_bytes(many); }), "usage: it has no recipient");
}

TEST(Header, ClaimsAreBoundedBeforeAnythingIsRead) {
  Bytes prelude = to_bytes(some_header());
  prelude.resize(kPreludeSize);
  for (const std::uint32_t size : {static_cast<std::uint32_t>(kMaxRecords) + 1, ~0u}) {
    std::memcpy(prelude.data() + 16, &size, sizeof size);
    EXPECT_EQ(outcome([&] { records_size(prelude); }).substr(0, 22), "usage: its head claims");
  }
  // A record that claims more than is left.
  Bytes head = to_bytes(some_header());
  for (const std::uint32_t size : {~0u, 0x7fffffffu, static_cast<std::uint32_t>(head.size())}) {
    Bytes changed = head;
    std::memcpy(changed.data() + kPreludeSize + 2, &size, sizeof size);
    EXPECT_EQ(refusal(changed).substr(0, 27), "usage: its record 1 claims ");
  }
}

TEST(Header, LayoutAddsUp) {
  Header h = some_header();
  const Layout l = layout_of(h, 1000);
  EXPECT_EQ(l.digests, 1064u);
  EXPECT_EQ(l.chunks, 1064u + 3 * 32);
  EXPECT_EQ(l.end, 1064u + 3 * 32 + 2500 + 3 * 16);
  h.text_size = 2048;
  EXPECT_EQ(h.chunks(), 2u);
  h.text_size = 1;
  EXPECT_EQ(h.chunks(), 1u);
}

}  // namespace
}  // namespace tacit::sealed
