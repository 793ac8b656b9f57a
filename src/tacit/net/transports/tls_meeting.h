// A connection on its way to a link: TCP, if we dial, then TLS, then the hellos. Nothing here waits, except
// wait(), so that one thread can have many of them under way, and nobody who connects and says nothing holds
// up others.
#pragma once

#include <chrono>
#include <memory>

#include "tacit/net/transports/link_hello.h"
#include "tacit/net/transports/link_record.h"
#include "tacit/net/transports/tls_stream.h"

namespace tacit {

class TlsMeeting {
 public:
  using Time = std::chrono::steady_clock::time_point;
  enum class State {
    Dialling,
    Shaking,  ///< hands, over TLS
    Shaken,   ///< the peer has proved its key: say() or hear() is due, or turn_away()
    Hearing,
    Met,       ///< its hello has come: stream() is of use, or turn_away() due
    Farewell,  ///< or a goodbye: it does not want us
    Leaving,   ///< after turn_away()
    Refused,   ///< nobody listens there
    Answers,   ///< somebody does, and that was all we wanted to know
    Over,      ///< it came to nothing
  };

  /// On a socket that is connected, by whomever `ssl` is for.
  TlsMeeting(FileDescriptor socket, SslHandle ssl, Time deadline);
  /// Dials; `context` as of TlsContext::client. Without a context only to see whether somebody listens.
  TlsMeeting(const SocketAddress& address, const TlsContext* context, std::string claim, Time deadline);

  State state() const { return state_; }
  Time deadline() const { return deadline_; }
  int fd() const { return stream_ ? stream_->fd() : socket_.get(); }
  /// Of poll(), while there is something to wait for.
  short events() const;
  /// As far as it goes now.
  void advance();
  /// Until there is something to do for the caller; Over at the deadline.
  State wait();

  std::optional<PublicKey> key() const { return peer_key(stream_->ssl()); }
  std::string claim() const { return claimed_name(stream_->ssl()); }
  /// Says our hello, as the one who dialled, and listens for the answer; or listens at once.
  void say(const LinkHello& hello);
  void hear() { state_ = State::Hearing; }
  /// Ends it with a reason, which the peer gets as a goodbye.
  void turn_away(std::string_view reason);

  const LinkHello& hello() const { return hello_; }
  /// Of a Farewell, or why it is Over.
  const std::string& reason() const { return reason_; }
  /// Whether it is Over because the connection was, and nobody said why.
  bool cut() const { return stream_ && !stream_->broken().how.empty() && stream_->broken().cut; }
  /// Whether what came where a hello was due was none.
  bool strange() const { return strange_; }
  const std::shared_ptr<TlsStream>& stream() const { return stream_; }

 private:
  bool waits() const {
    return state_ == State::Dialling || state_ == State::Shaking || state_ == State::Hearing ||
           state_ == State::Leaving;
  }
  void dial();
  void shake();
  void write_out();
  void listen();
  void leave();
  void over(std::string reason);

  State state_;
  Time deadline_;
  FileDescriptor socket_;  ///< while dialling
  const TlsContext* context_ = nullptr;
  std::string claim_;
  std::shared_ptr<TlsStream> stream_;
  Bytes out_;  ///< to be written
  Bytes in_;   ///< of the record that comes
  LinkHello hello_;
  std::string reason_;
  bool strange_ = false;
};

}  // namespace tacit
