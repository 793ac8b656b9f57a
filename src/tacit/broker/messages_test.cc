// Messages come out as they went in, and whatever is not as it must be is a PeerError.
#include "tacit/broker/messages.h"

#include <gtest/gtest.h>

#include "tacit/base/error.h"

namespace tacit::broker {
namespace {

const std::string kWho = "the client";

template <class Message>
ByteView body_of(const Bytes& frame) {
  const FrameHead head = parse_head(ByteView(frame).first(kFrameHead), kMostBody, kWho);
  EXPECT_EQ(head.tag, static_cast<std::uint16_t>(Message::kTag));
  EXPECT_EQ(head.size + kFrameHead, frame.size());
  return ByteView(frame).subspan(kFrameHead);
}

/// There and back; and every shorter or longer body is refused.
template <class Message>
void check(const Message& message) {
  const Bytes frame = to_frame(message);
  const ByteView body = body_of<Message>(frame);
  EXPECT_EQ(parse<Message>(body, kWho), message);
  for (std::size_t n = 0; n < body.size(); ++n)
    EXPECT_THROW(parse<Message>(body.first(n), kWho), PeerError) << n;
  Bytes longer(body.begin(), body.end());
  longer.push_back(std::byte{0});
  EXPECT_THROW(parse<Message>(longer, kWho), PeerError);
}

TEST(Messages, ComeOutAsTheyWentIn) {
  check(Hello{});
  check(Welcome{1, 4, 1 << 20, 1 << 21});
  check(Open{"a model.tacit"});
  check(Opened{7, 2, "a model", "ACME Müller", 1'900'000'000, {1, 8, 8}});
  check(broker::Run{7, {{2, 3}, {1, 2, 3, 4, 5, 6.5}}});
  check(broker::Run{7, {{0, 3}, {}}});
  check(Answer{{{2, 1}, {0.25, -1e300}}});
  check(Close{7});
  check(Closed{7});
  check(Refused{2, "it is no sealed model"});
}

TEST(Messages, ClaimsAreNotBelieved) {
  Bytes claims(4);                 // a model
  claims.push_back(std::byte{2});  // axes
  append(claims, std::uint64_t{1} << 40);
  append(claims, std::uint64_t{1} << 40);
  EXPECT_THROW(parse<broker::Run>(claims, kWho), PeerError);
  Bytes many(4);
  many.push_back(std::byte{kMostAxes + 1});
  many.resize(1000);
  EXPECT_THROW(parse<broker::Run>(many, kWho), PeerError);
  Bytes text;
  append(text, std::uint16_t{kLongestFileName + 1});
  text.resize(1000);
  EXPECT_THROW(parse<Open>(text, kWho), PeerError);
}

TEST(Messages, HeadsAreChecked) {
  Bytes head;
  append(head, std::uint32_t{101});
  append(head, std::uint16_t{3});
  append(head, std::uint16_t{0});
  EXPECT_EQ(parse_head(head, 101, kWho).size, 101u);
  EXPECT_THROW(parse_head(head, 100, kWho), PeerError);
  head[6] = std::byte{1};
  EXPECT_THROW(parse_head(head, 101, kWho), PeerError);
}

TEST(Messages, WhatIsTooLongIsNotSent) {
  EXPECT_THROW(to_frame(Open{std::string(kLongestFileName + 1, 'a')}), UsageError);
  EXPECT_THROW(to_frame(Answer{{{kMostBody / 8 + 1}, std::vector<double>(kMostBody / 8 + 1)}}), UsageError);
  EXPECT_THROW(to_frame(Answer{{{3}, {1, 2}}}), UsageError);
  EXPECT_THROW(to_frame(Answer{{Shape(kMostAxes + 1, 1), {1}}}), UsageError);
}

}  // namespace
}  // namespace tacit::broker
