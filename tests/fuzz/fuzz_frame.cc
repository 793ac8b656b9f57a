// Heads of frames and of records, hellos, and a link under TLS to a peer that sends anything at all, is cut
// off, and comes back with any claim about what it has received.
#include <openssl/ssl.h>
#include <sys/socket.h>

#include "fuzz.h"
#include "tacit/base/error.h"
#include "tacit/net/transports/tls_link.h"

namespace tacit::fuzz {

namespace {

using Kind = RecordHead::Kind;

/// Whatever decodes is what encode() makes of it.
void decode_again(ByteView input) {
  if (input.size() < FrameHead::kWireSize) return;
  if (FrameHead head; decode(input.first<FrameHead::kWireSize>(), head)) {
    std::array<std::byte, FrameHead::kWireSize> again;
    encode(head, again);
    if (!std::equal(again.begin(), again.end(), input.begin())) __builtin_trap();
  }
  if (const auto hello = decode_hello(input.first<LinkHello::kWireSize>())) {
    std::array<std::byte, LinkHello::kWireSize> again;
    encode(*hello, again);
    if (!std::equal(again.begin(), again.end(), input.begin())) __builtin_trap();
  }
  if (const auto head = decode_record(input.first<RecordHead::kWireSize>())) {
    Bytes again;
    append_record(again, *head);
    if (!std::equal(again.begin(), again.end(), input.begin())) __builtin_trap();
  }
}

struct Pair {
  std::shared_ptr<TlsStream> near, far;
};

Pair connected() {
  static const TlsContext context(fixed_identity());
  int ends[2];
  ensure(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0,
         "a pair of sockets");
  FileDescriptor one(ends[0]), other(ends[1]);
  SslHandle server = context.server(ends[0]), client = context.client(ends[1], "far");
  Pair p{std::make_shared<TlsStream>(std::move(one), std::move(server)),
         std::make_shared<TlsStream>(std::move(other), std::move(client))};
  for (bool near = false, far = false; !near || !far;) {
    far = p.far->shake() == TlsStream::Outcome::Done;
    near = p.near->shake() == TlsStream::Outcome::Done;
  }
  return p;
}

/// Takes what has come, as the transport's user or as its watch thread would; false when there is no more.
bool take(TlsLink& link, bool as_watch) {
  if (as_watch) link.attend(std::chrono::steady_clock::now());
  const auto head = link.poll_head();
  if (!head) return false;
  if (head->size > (1u << 20)) return false;  // it will not come in this test
  Bytes body(head->size);
  std::size_t filled = 0;
  return link.poll_body(body, filled);
}

LinkHello greeting() {
  LinkHello hello;
  hello.lasting = true;
  return hello;
}

}  // namespace

// Pieces, each: mode and size (2 bytes) | bytes; what has come is taken after each. Modes (the highest four
// bits): 8 the peer closes, 4 as the watch thread, 2 something is sent to it, 1 the bytes are a hello on
// another connection.
void target(ByteView input) {
  decode_again(input);
  Pair p = connected();
  TlsLink link(p.near, {"peer", "self", std::chrono::hours(1), greeting(), false, {}});
  Cursor cursor(input);
  while (!cursor.done() && !link.ended()) {
    const std::size_t about = cursor.number();
    const ByteView piece = cursor.bytes(about & 0xfff);
    if ((about & 0x2000) != 0) {
      FrameHead head;
      head.size = piece.size();
      link.write(head, piece);
    }
    if ((about & 0x1000) != 0) {
      if (piece.size() < LinkHello::kWireSize) continue;
      const auto hello = decode_hello(piece.first<LinkHello::kWireSize>());
      if (!hello) continue;
      Pair next = connected();
      if (!link.resume(next.near, *hello)) p = next;
    } else if (!piece.empty()) {
      p.far->write(piece, false);
    }
    if ((about & 0x8000) != 0) p.far->close_in_order();
    while (take(link, (about & 0x4000) != 0)) {}
  }
}

std::vector<std::string> seeds() {
  auto frame = [](std::string tag, std::string body) {
    FrameHead head;
    head.tag = std::move(tag);
    head.size = body.size();
    std::array<std::byte, FrameHead::kWireSize> bytes;
    encode(head, bytes);
    return std::string(text_of(bytes)) + body;
  };
  auto record = [](Kind kind, const std::string& body) {
    Bytes bytes;
    append_record(bytes, kind, bytes_of(body));
    return std::string(text_of(bytes));
  };
  auto piece = [](const std::string& bytes, unsigned mode) {
    const std::size_t about = bytes.size() | mode << 12;
    return std::string{static_cast<char>(about & 255), static_cast<char>(about >> 8)} + bytes;
  };
  auto hello = [](std::uint64_t turn, std::uint64_t received) {
    LinkHello h = greeting();
    h.turn = turn;
    h.received = received;
    std::array<std::byte, LinkHello::kWireSize> bytes;
    encode(h, bytes);
    return std::string(text_of(bytes));
  };
  const std::string body = frame("compare.open", std::string(40, '\7')), data = record(Kind::Data, body),
                    beat = record(Kind::Beat, std::string(8, '\0')),
                    bye = record(Kind::Goodbye, "the disk is full");
  return {body,
          hello(1, 8) + std::string(8, '\0'),
          data,
          piece(data, 0) + piece(beat, 0) + piece(data, 4) + piece(bye, 4),
          piece(data.substr(0, 20), 4) + piece(data.substr(20, 40), 0) + piece(data.substr(60) + bye, 0),
          piece(bye.substr(0, 10), 0) + piece(bye.substr(10), 4) + piece("", 8),
          piece(data, 2) + piece(hello(1, 0), 1) + piece(data.substr(0, 30), 4) + piece(hello(2, 60), 1) +
              piece(data.substr(30), 0) + piece(hello(3, 1000000), 1)};
}

}  // namespace tacit::fuzz
