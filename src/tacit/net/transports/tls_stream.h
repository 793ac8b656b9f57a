// One TLS connection: records of plain text in and out, without ever blocking, and how it ended. A link
// (tls_link.h) may outlive several of them. Used under the lock of whoever holds it, but for fd() and
// hang_up().
#pragma once

#include <string>

#include "tacit/base/bytes.h"
#include "tacit/net/transports/socket.h"
#include "tacit/net/transports/tls_context.h"

namespace tacit {

class TlsStream {
 public:
  static constexpr std::size_t kRecord = 16 * 1024;  ///< the most plain text of one TLS record

  enum class Outcome { Done, Later, Broken };
  /// How a connection ended.
  struct Break {
    std::string how;       ///< without the peer's name in front
    bool cut = true;       ///< it broke, or was closed, and nobody said why
    bool mendable = true;  ///< nor was it closed on purpose: another connection may do better
  };

  TlsStream(FileDescriptor socket, SslHandle ssl) : socket_(std::move(socket)), ssl_(std::move(ssl)) {}

  int fd() const { return socket_.get(); }
  ssl_st* ssl() const { return ssl_.get(); }

  /// A step of the handshake.
  Outcome shake();
  /// Whether the last step that came Later waits for room to write.
  bool wants_to_write() const { return wants_to_write_; }
  /// At least one byte, unless it comes Later.
  Outcome read(ByteSpan to, std::size_t& got);
  /// All of at most kRecord bytes, or nothing: then the same are to be given again. `more`: others follow at
  /// once.
  Outcome write(ByteView record, bool more);
  /// How it ended, once something came Broken.
  const Break& broken() const { return broken_; }

  /// Says that nothing more will be written.
  void close_in_order();
  /// Ends both directions; the socket stays open, so that nobody polls another one under its number.
  void hang_up() const;

 private:
  Outcome failed(int result);

  FileDescriptor socket_;
  SslHandle ssl_;
  Break broken_;
  bool wants_to_write_ = false;
};

}  // namespace tacit
