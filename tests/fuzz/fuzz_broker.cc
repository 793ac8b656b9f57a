// What a broker reads of its clients and a client of its broker, and outlines of models in tiles: message by
// message, and as a whole conversation over a socket.
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>

#include "fuzz.h"
#include "tacit/base/error.h"
#include "tacit/broker/session.h"
#include "tacit/sealed/testing/guarded_world.h"

namespace tacit::fuzz {

namespace {

using namespace broker;

const std::string kWho = "the other end";

/// What is read has one form.
template <class Message>
void read(ByteView body) {
  const Bytes again = to_frame(parse<Message>(body, kWho));
  if (!std::equal(again.begin() + kFrameHead, again.end(), body.begin(), body.end())) __builtin_trap();
}

/// One that opens nothing, since no descriptor comes with what is fuzzed.
struct World : testing::GuardedWorld {
  Shared shared{device, [] { return testing::kNow; }, sealed::TileSpace(hardened.process), Workers(1), {}};
};
World& world() {
  static World w;
  return w;
}

/// A session ends by itself once its client has said everything.
void converse(ByteView says) {
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) __builtin_trap();
  FileDescriptor client(ends[0]);
  SessionLimits limits;
  limits.greeting = limits.patience = std::chrono::milliseconds(200);
  Session session(FileDescriptor(ends[1]), world().shared, limits);
  if (::write(client.get(), says.data(), says.size()) != static_cast<ssize_t>(says.size())) __builtin_trap();
  ::shutdown(client.get(), SHUT_WR);
  session.run();
  // All that the broker said is well formed.
  Link link(std::move(client), kWho, limits.patience);
  while (const auto frame = link.receive(kMostBody, limits.patience)) {
    if (frame->tag == Tag::Refused)
      parse<Refused>(frame->body, kWho);
    else if (frame->tag == Tag::Welcome)
      parse<Welcome>(frame->body, kWho);
    else
      __builtin_trap();
  }
}

void read_outline(ByteView text) {
  if (text.size() < sealed::kTilesPrelude) return;
  const std::size_t size = sealed::outline_size(text.first(sealed::kTilesPrelude));
  if (size > text.size() - sealed::kTilesPrelude) return;
  const auto outline = sealed::parse_outline(text.subspan(sealed::kTilesPrelude, size), text.size());
  if (outline.places.size() != outline.graph.values.size()) __builtin_trap();
}

std::string body_of(const Bytes& frame) { return std::string(text_of(ByteView(frame).subspan(kFrameHead))); }

}  // namespace

// what | bytes
void target(ByteView input) {
  Cursor cursor(input);
  const unsigned what = cursor.byte() % 12;
  const ByteView rest = cursor.rest();
  switch (what) {
    case 0:
      return read<Hello>(rest);
    case 1:
      return read<Welcome>(rest);
    case 2:
      return read<Open>(rest);
    case 3:
      return read<Opened>(rest);
    case 4:
      return read<broker::Run>(rest);
    case 5:
      return read<Answer>(rest);
    case 6:
      return read<Close>(rest);
    case 7:
      return read<Refused>(rest);
    case 8:
      return read_outline(rest);
    case 9:
      return converse(rest);
    default: {
      Bytes says = to_frame(Hello{});
      append_bytes(says, rest);
      return converse(says);
    }
  }
}

std::vector<std::string> seeds() {
  nn::Graph g;
  const auto x = g.add_input("x", {1, 2});
  const auto w = g.add_parameter("w", {{2, 3}, {1, 2, 3, 4, 5, 0.1}});
  g.outputs = {g.add_node(*nn::find_op("Gemm"), "g", {x, w}, {{"alpha", 1.0}})};
  const Bytes run = to_frame(broker::Run{1, {{1, 2}, {3, 4}}}), close = to_frame(Close{1}),
              open = to_frame(Open{"m"});
  std::string conversation;
  for (const Bytes& frame : {run, close, open}) conversation += text_of(frame);
  const auto seed = [](char what, std::string_view bytes) { return what + std::string(bytes); };
  return {seed(0, body_of(to_frame(Hello{}))),
          seed(1, body_of(to_frame(Welcome{}))),
          seed(2, body_of(open)),
          seed(3, body_of(to_frame(Opened{1, 2, "m", "ACME", 5, {2}}))),
          seed(4, body_of(run)),
          seed(5, body_of(to_frame(Answer{{{1, 2}, {3, 4}}}))),
          seed(6, body_of(close)),
          seed(7, body_of(to_frame(Refused{2, "no"}))),
          seed(8, text_of(sealed::tiled_text(sealed::in_tiles(g)))),
          seed(9, text_of(to_frame(Hello{}))),
          seed(10, conversation)};
}

}  // namespace tacit::fuzz
