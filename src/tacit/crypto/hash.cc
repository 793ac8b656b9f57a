#include "tacit/crypto/hash.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "tacit/base/error.h"

namespace tacit {

struct Hasher::State {
  EVP_MD_CTX* ctx = EVP_MD_CTX_new();
  ~State() { EVP_MD_CTX_free(ctx); }
};

Hasher::Hasher() : state_(std::make_unique<State>()) {
  ensure(state_->ctx != nullptr && EVP_DigestInit_ex(state_->ctx, EVP_sha256(), nullptr) == 1, "SHA-256");
}
Hasher::~Hasher() = default;
Hasher::Hasher(Hasher&&) noexcept = default;
Hasher& Hasher::operator=(Hasher&&) noexcept = default;

Hasher& Hasher::update(ByteView data) {
  ensure(EVP_DigestUpdate(state_->ctx, data.data(), data.size()) == 1, "SHA-256");
  return *this;
}

Digest Hasher::finish() {
  Digest out;
  unsigned size = 0;
  ensure(EVP_DigestFinal_ex(state_->ctx, reinterpret_cast<unsigned char*>(out.data()), &size) == 1 &&
             size == out.size(),
         "SHA-256");
  return out;
}

Digest sha256(ByteView data) { return Hasher().update(data).finish(); }

bool equal_in_constant_time(ByteView a, ByteView b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

}  // namespace tacit
