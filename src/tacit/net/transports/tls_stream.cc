#include "tacit/net/transports/tls_stream.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include "tacit/base/error.h"
#include "tacit/net/transports/socket_bio.h"

namespace tacit {

namespace {
constexpr std::string_view kWithoutAWord = "closed the connection without a word (killed, or crashed?)";
}

TlsStream::Outcome TlsStream::shake() {
  ERR_clear_error();
  const int result = SSL_do_handshake(ssl_.get());
  return result == 1 ? Outcome::Done : failed(result);
}

TlsStream::Outcome TlsStream::read(ByteSpan to, std::size_t& got) {
  got = 0;
  ERR_clear_error();
  const int result = SSL_read_ex(ssl_.get(), to.data(), to.size(), &got);
  return result == 1 ? Outcome::Done : failed(result);
}

TlsStream::Outcome TlsStream::write(ByteView record, bool more) {
  ensure(!record.empty() && record.size() <= kRecord, "a TLS record at a time");
  std::size_t wrote = 0;
  ERR_clear_error();
  more_to_come(SSL_get_wbio(ssl_.get()), more);
  const int result = SSL_write_ex(ssl_.get(), record.data(), record.size(), &wrote);
  if (result != 1) return failed(result);
  ensure(wrote == record.size(), "a TLS record is written in one piece");
  return Outcome::Done;
}

TlsStream::Outcome TlsStream::failed(int result) {
  const int error = SSL_get_error(ssl_.get(), result);
  wants_to_write_ = error == SSL_ERROR_WANT_WRITE;
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return Outcome::Later;
  if (error == SSL_ERROR_ZERO_RETURN) {
    broken_ = {std::string(kWithoutAWord), true, false};
  } else if (error == SSL_ERROR_SYSCALL && ERR_peek_error() == 0) {
    broken_ = {std::string(kWithoutAWord), true, true};
  } else {
    const std::string detail = tls_error();
    if (detail.find("certificate") != std::string::npos || detail.find("unknown ca") != std::string::npos)
      broken_ = {fmt::format("refused our certificate ({}): is our key the one in its job file?", detail),
                 false, false};
    else if (detail.find("unexpected eof") != std::string::npos)
      broken_ = {std::string(kWithoutAWord), true, true};
    else
      broken_ = {fmt::format("broke the connection ({})", detail), true, true};
  }
  ERR_clear_error();
  return Outcome::Broken;
}

void TlsStream::close_in_order() {
  ERR_clear_error();
  SSL_shutdown(ssl_.get());
  ERR_clear_error();
}

void TlsStream::hang_up() const { ::shutdown(socket_.get(), SHUT_RDWR); }

}  // namespace tacit
