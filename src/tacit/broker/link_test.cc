// Whatever the other end of a socket does, a link ends with a sentence and keeps no descriptor of it.
#include "tacit/broker/link.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <filesystem>

#include "tacit/base/error.h"

namespace tacit::broker {
namespace {

using namespace std::chrono_literals;

std::size_t open_descriptors() {
  std::size_t n = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) ++n;
  return n;
}

class Links : public ::testing::Test {
 protected:
  Links() {
    int ends[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    link.emplace(FileDescriptor(ends[0]), "the client", 50ms);
    other = FileDescriptor(ends[1]);
  }
  void write(ByteView bytes) {
    ASSERT_EQ(::write(other.get(), bytes.data(), bytes.size()), ssize_t(bytes.size()));
  }
  /// `bytes` with as many descriptors.
  void write_with(ByteView bytes, std::vector<int> files) {
    iovec part{const_cast<std::byte*>(bytes.data()), bytes.size()};
    std::vector<char> control(CMSG_SPACE(files.size() * sizeof(int)));
    msghdr message{};
    message.msg_iov = &part;
    message.msg_iovlen = 1;
    message.msg_control = control.data();
    message.msg_controllen = control.size();
    cmsghdr* c = CMSG_FIRSTHDR(&message);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(files.size() * sizeof(int));
    std::memcpy(CMSG_DATA(c), files.data(), files.size() * sizeof(int));
    ASSERT_EQ(::sendmsg(other.get(), &message, 0), ssize_t(bytes.size()));
  }
  std::string refusal() {
    try {
      const auto frame = link->receive(1000, 50ms);
      return frame ? "a frame" : "the end";
    } catch (const PeerError& e) {
      EXPECT_EQ(e.peer, "the client");
      return e.what();
    }
  }

  std::optional<Link> link;
  FileDescriptor other;
};

TEST_F(Links, FramesArriveOneByOneAndByteByByte) {
  Link there(FileDescriptor(::dup(other.get())), "the broker", 50ms);
  there.send(Close{1});
  there.send(Close{2});
  for (const unsigned n : {1u, 2u}) EXPECT_EQ(expect<Close>(*link->receive(100, {}), "the client").model, n);
  for (const std::byte b : to_frame(Close{3})) write({&b, 1});
  EXPECT_EQ(expect<Close>(*link->receive(100, {}), "the client").model, 3u);
  EXPECT_EQ(link->user().user, ::geteuid());
}

TEST_F(Links, ADescriptorComesWithItsFrame) {
  const FileDescriptor file(::open("/proc/self/comm", O_RDONLY | O_CLOEXEC));
  Link there(FileDescriptor(::dup(other.get())), "the broker", 50ms);
  there.send(Open{"a"}, file.get());
  there.send(Close{2});
  const auto frame = link->receive(100, {});
  ASSERT_TRUE(frame && frame->file);
  EXPECT_NE(::fcntl(frame->file.get(), F_GETFD) & FD_CLOEXEC, 0);
  EXPECT_FALSE(link->receive(100, {})->file);
}

TEST_F(Links, TheEndIsToldFromABreak) {
  write(to_frame(Close{1}));
  other = {};
  EXPECT_EQ(refusal(), "a frame");
  EXPECT_EQ(refusal(), "the end");
}

TEST_F(Links, WhoLeavesWithinAFrame) {
  write(ByteView(to_frame(Close{1})).first(9));
  other = {};
  EXPECT_EQ(refusal(), "the client closed the connection within a message");
}

TEST_F(Links, SilenceIsNotWaitedOut) {
  EXPECT_EQ(refusal(), "the client fell silent: it took longer over a message than it may");
  write(ByteView(to_frame(Close{1})).first(9));
  EXPECT_EQ(refusal(), "the client fell silent: it took longer over a message than it may");
}

TEST_F(Links, WhoDoesNotReadIsNotWaitedFor) {
  const Bytes large = to_frame(Answer{{{1 << 20}, std::vector<double>(1 << 20)}});
  try {
    link->send(ByteView(large));
    FAIL() << "8 MB went into a socket that nobody reads";
  } catch (const PeerError& e) { EXPECT_NE(std::string(e.what()).find("fell silent"), std::string::npos); }
}

TEST_F(Links, LongClaimsAllocateNothing) {
  Bytes head;
  append(head, ~std::uint32_t{0});
  append(head, std::uint32_t{0});
  write(head);
  EXPECT_EQ(refusal(), "a message of the client claims 4294967295 bytes, and may have 1000");
}

TEST_F(Links, ManyDescriptorsAreClosed) {
  const std::size_t before = open_descriptors();
  write_with(to_frame(Close{1}), std::vector<int>(5, other.get()));
  EXPECT_EQ(refusal(), "the client sent more than one descriptor with a message");
  EXPECT_EQ(open_descriptors(), before);
}

TEST_F(Links, RefusalsComeAsTheyWere) {
  const auto thrown = [&](unsigned code) {
    const Bytes bytes = to_frame(Refused{static_cast<std::uint8_t>(code), "no\x1b[2J"});
    Frame frame;
    frame.tag = Tag::Refused;
    frame.body.assign(bytes.begin() + kFrameHead, bytes.end());
    try {
      expect<Opened>(frame, "the broker");
    } catch (const UsageError& e) { return std::string("2 ") + e.what(); } catch (const IoError& e) {
      return std::string("3 ") + e.what();
    } catch (const PeerError& e) { return std::string("4 ") + e.what(); } catch (const CheatDetected& e) {
      return std::string("5 ") + e.what();
    }
    return std::string("nothing");
  };
  for (const unsigned code : {2u, 3u, 4u, 5u}) EXPECT_EQ(thrown(code), std::to_string(code) + " no\\x1b[2J");
  EXPECT_EQ(thrown(77), "4 no\\x1b[2J");
}

}  // namespace
}  // namespace tacit::broker
