#include "tacit/crypto/os_entropy.h"

#include <errno.h>
#include <sys/random.h>

#include "tacit/base/error.h"

namespace tacit {

SecretBytes os_entropy(std::size_t size) {
  SecretBytes out(size);
  std::size_t have = 0;
  while (have < size) {
    const ssize_t n = getrandom(out.bytes().data() + have, size - have, 0);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) throw IoError("the operating system gives no random bytes (getrandom failed)");
    have += static_cast<std::size_t>(n);
  }
  return out;
}

}  // namespace tacit
