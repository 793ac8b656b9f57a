#include "tacit/net/transports/socket_bio.h"

#include <errno.h>
#include <openssl/bio.h>
#include <sys/socket.h>

#include <cstdint>

#include "tacit/base/error.h"

namespace tacit {

namespace {

// A BIO's data: the socket, and above it whether more is to come.
constexpr std::uintptr_t kMore = std::uintptr_t{1} << 32;
std::uintptr_t data_of(BIO* bio) { return reinterpret_cast<std::uintptr_t>(BIO_get_data(bio)); }
int socket_of(BIO* bio) { return static_cast<int>(data_of(bio) & (kMore - 1)); }

bool may_try_again(ssize_t result) {
  return result < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
}

int write_socket(BIO* bio, const char* data, std::size_t size, std::size_t* written) {
  BIO_clear_retry_flags(bio);
  const int more = (data_of(bio) & kMore) != 0 ? MSG_MORE : 0;
  const ssize_t n = ::send(socket_of(bio), data, size, MSG_NOSIGNAL | more);
  if (may_try_again(n)) BIO_set_retry_write(bio);
  if (n <= 0) return 0;
  *written = static_cast<std::size_t>(n);
  return 1;
}

int read_socket(BIO* bio, char* data, std::size_t size, std::size_t* read) {
  BIO_clear_retry_flags(bio);
  const ssize_t n = ::recv(socket_of(bio), data, size, 0);
  if (may_try_again(n)) BIO_set_retry_read(bio);
  if (n == 0) BIO_set_flags(bio, BIO_FLAGS_IN_EOF);
  if (n <= 0) return 0;
  *read = static_cast<std::size_t>(n);
  return 1;
}

long control(BIO* bio, int command, long, void*) {
  if (command == BIO_CTRL_FLUSH) return 1;
  if (command == BIO_CTRL_EOF) return BIO_test_flags(bio, BIO_FLAGS_IN_EOF) != 0 ? 1 : 0;
  return 0;
}

struct Method {
  BIO_METHOD* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "tacit socket");
  Method() {
    ensure(method != nullptr && BIO_meth_set_write_ex(method, write_socket) == 1 &&
               BIO_meth_set_read_ex(method, read_socket) == 1 && BIO_meth_set_ctrl(method, control) == 1,
           "a BIO method");
  }
  ~Method() { BIO_meth_free(method); }
};

}  // namespace

bio_st* new_socket_bio(int fd) {
  static const Method kMethod;
  BIO* bio = BIO_new(kMethod.method);
  ensure(bio != nullptr, "a BIO");
  BIO_set_data(bio, reinterpret_cast<void*>(static_cast<std::uintptr_t>(fd)));
  BIO_set_init(bio, 1);
  return bio;
}

void more_to_come(bio_st* bio, bool more) {
  const auto fd = static_cast<std::uintptr_t>(socket_of(bio));
  BIO_set_data(bio, reinterpret_cast<void*>(more ? fd | kMore : fd));
}

}  // namespace tacit
