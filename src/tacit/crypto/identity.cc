#include "tacit/crypto/identity.h"

#include <openssl/evp.h>
#include <sodium.h>

#include <algorithm>

#include "tacit/base/error.h"
#include "tacit/crypto/kdf.h"
#include "tacit/crypto/key_file.h"
#include "tacit/crypto/raw.h"

namespace tacit {

namespace {
constexpr std::string_view kPrefix = "ed25519:";
using MdPtr = std::unique_ptr<EVP_MD_CTX, decltype([](EVP_MD_CTX* c) { EVP_MD_CTX_free(c); })>;
}  // namespace

std::string to_string(const PublicKey& key) { return std::string(kPrefix) + to_hex(key.raw); }

PublicKey parse_public_key(std::string_view text) {
  PublicKey key;
  const Bytes bytes = text.starts_with(kPrefix) ? from_hex(text.substr(kPrefix.size())) : Bytes{};
  require(bytes.size() == key.raw.size(),
          "'{}' is not a public key: write 'ed25519:' and 64 hexadecimal digits, as 'tacit keys' prints them",
          text);
  std::copy(bytes.begin(), bytes.end(), key.raw.begin());
  return key;
}

Identity::Identity(evp_pkey_st* key) : key_(key, [](EVP_PKEY* k) { EVP_PKEY_free(k); }) {}

Identity Identity::generate() {
  EVP_PKEY* key = EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519");
  ensure(key != nullptr, "Ed25519 key generation");
  return Identity(key);
}

Identity Identity::from_raw(ByteView bytes) {
  ensure(bytes.size() == 32, "an Ed25519 private key has 32 bytes");
  EVP_PKEY* key = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, nullptr, raw(bytes.data()), bytes.size());
  ensure(key != nullptr, "an Ed25519 private key from its bytes");
  return Identity(key);
}

Identity Identity::load(const std::filesystem::path& file) {
  NativeKey key = read_key_file(file);
  require(key && EVP_PKEY_is_a(key.get(), "ED25519") == 1,
          "'{}' holds no Ed25519 private key: make one with 'tacit keys new NAME'", file.string());
  return Identity(key.release());
}

void Identity::save(const std::filesystem::path& file) const { write_key_file(file, key_.get()); }

PublicKey Identity::public_key() const {
  PublicKey key;
  std::size_t size = key.raw.size();
  ensure(EVP_PKEY_get_raw_public_key(key_.get(), raw(key.raw.data()), &size) == 1 && size == key.raw.size(),
         "Ed25519 public key");
  return key;
}

Signature Identity::sign(ByteView message) const {
  Signature out;
  std::size_t size = out.size();
  MdPtr ctx(EVP_MD_CTX_new());
  ensure(ctx && EVP_DigestSignInit(ctx.get(), nullptr, nullptr, nullptr, key_.get()) == 1 &&
             EVP_DigestSign(ctx.get(), raw(out.data()), &size, raw(message.data()), message.size()) == 1,
         "Ed25519 signature");
  return out;
}

SecretBytes Identity::derive(ByteView salt, std::string_view context, std::size_t size) const {
  SecretBytes secret(32);
  std::size_t length = secret.size();
  ensure(EVP_PKEY_get_raw_private_key(key_.get(), raw(secret.bytes().data()), &length) == 1 &&
             length == secret.size(),
         "Ed25519 private key");
  return derive_key(secret.bytes(), salt, context, size);
}

// By libsodium, which refuses keys of small order, and is quicker at it than OpenSSL 3.0.
bool verify(const PublicKey& key, ByteView message, const Signature& signature) {
  return crypto_sign_verify_detached(raw(signature.data()), raw(message.data()), message.size(),
                                     raw(key.raw.data())) == 0;
}

}  // namespace tacit
