// Heads of frames, and a link under TLS to a peer that sends anything at all.
#include <openssl/ssl.h>
#include <sys/socket.h>

#include "fuzz.h"
#include "tacit/base/error.h"
#include "tacit/net/transports/tls_link.h"

namespace tacit::fuzz {

namespace {

/// Whatever decodes is what encode() makes of it.
void decode_again(ByteView input) {
  if (input.size() < FrameHead::kWireSize) return;
  FrameHead head;
  const auto bytes = input.first<FrameHead::kWireSize>();
  if (!decode(bytes, head)) return;
  std::array<std::byte, FrameHead::kWireSize> again;
  encode(head, again);
  if (!std::equal(again.begin(), again.end(), bytes.begin())) __builtin_trap();
}

struct Pair {
  FileDescriptor near, far;
  SslHandle near_ssl, far_ssl;
};

Pair connected() {
  static const TlsContext context(fixed_identity());
  int ends[2];
  ensure(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, ends) == 0,
         "a pair of sockets");
  Pair p{FileDescriptor(ends[0]), FileDescriptor(ends[1]), {}, {}};
  p.near_ssl = context.server(ends[0]);
  p.far_ssl = context.client(ends[1], "far");
  for (bool near = false, far = false; !near || !far;) {
    far = SSL_do_handshake(p.far_ssl.get()) == 1;
    near = SSL_do_handshake(p.near_ssl.get()) == 1;
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

}  // namespace

// Pieces, each: mode and size (2 bytes) | bytes; what has come is taken after each.
void target(ByteView input) {
  decode_again(input);
  Pair p = connected();
  TlsLink link(std::move(p.near), std::move(p.near_ssl), "peer", std::chrono::hours(1));
  Cursor cursor(input);
  while (!cursor.done() && !link.ended()) {
    const std::size_t about = cursor.number();
    const ByteView piece = cursor.bytes(about & 0xfff);
    std::size_t wrote = 0;
    if (!piece.empty()) SSL_write_ex(p.far_ssl.get(), piece.data(), piece.size(), &wrote);
    if ((about & 0x8000) != 0) SSL_shutdown(p.far_ssl.get());
    while (take(link, (about & 0x4000) != 0)) {}
  }
}

std::vector<std::string> seeds() {
  auto frame = [](FrameHead::Kind kind, std::string tag, std::string body) {
    FrameHead head;
    head.kind = kind;
    head.tag = std::move(tag);
    head.size = body.size();
    std::array<std::byte, FrameHead::kWireSize> bytes;
    encode(head, bytes);
    return std::string(text_of(bytes)) + body;
  };
  auto piece = [](const std::string& bytes, unsigned mode) {
    const std::size_t about = bytes.size() | mode << 14;
    return std::string{static_cast<char>(about & 255), static_cast<char>(about >> 8)} + bytes;
  };
  using Kind = FrameHead::Kind;
  const std::string data = frame(Kind::Data, "compare.open", std::string(40, '\7')),
                    beat = frame(Kind::Heartbeat, "", ""), bye = frame(Kind::Goodbye, "", "the disk is full");
  return {data, piece(data, 0) + piece(beat, 0) + piece(data, 1) + piece(bye, 1),
          piece(data.substr(0, 20), 1) + piece(data.substr(20, 40), 0) + piece(data.substr(60) + bye, 0),
          piece(bye.substr(0, 50), 0) + piece(bye.substr(50), 1) + piece("", 2)};
}

}  // namespace tacit::fuzz
