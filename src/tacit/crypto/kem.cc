#include "tacit/crypto/kem.h"

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/obj_mac.h>
#include <openssl/param_build.h>

#include "tacit/base/error.h"
#include "tacit/crypto/kdf.h"
#include "tacit/crypto/raw.h"

namespace tacit {

namespace {

constexpr std::size_t kRawSize = 32;

struct Free {
  void operator()(BIGNUM* n) const { BN_clear_free(n); }
  void operator()(EC_GROUP* g) const { EC_GROUP_free(g); }
  void operator()(EC_POINT* p) const { EC_POINT_free(p); }
  void operator()(EVP_PKEY_CTX* c) const { EVP_PKEY_CTX_free(c); }
  void operator()(OSSL_PARAM_BLD* b) const { OSSL_PARAM_BLD_free(b); }
  void operator()(OSSL_PARAM* p) const { OSSL_PARAM_free(p); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

/// A key of P-256 from its point and, for a private one, its number; nothing if these are no such key.
NativeKey p256_key(ByteView point, const BIGNUM* number) {
  Owned<OSSL_PARAM_BLD> build(OSSL_PARAM_BLD_new());
  ensure(
      build &&
          OSSL_PARAM_BLD_push_utf8_string(build.get(), OSSL_PKEY_PARAM_GROUP_NAME, "prime256v1", 0) == 1 &&
          OSSL_PARAM_BLD_push_octet_string(build.get(), OSSL_PKEY_PARAM_PUB_KEY, point.data(),
                                           point.size()) == 1 &&
          (number == nullptr || OSSL_PARAM_BLD_push_BN(build.get(), OSSL_PKEY_PARAM_PRIV_KEY, number) == 1),
      "P-256: parameters of a key");
  const Owned<OSSL_PARAM> parameters(OSSL_PARAM_BLD_to_param(build.get()));
  const Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new_from_name(nullptr, "EC", nullptr));
  EVP_PKEY* key = nullptr;
  ensure(parameters && context && EVP_PKEY_fromdata_init(context.get()) == 1, "P-256: a key");
  if (EVP_PKEY_fromdata(context.get(), &key, number == nullptr ? EVP_PKEY_PUBLIC_KEY : EVP_PKEY_KEYPAIR,
                        parameters.get()) != 1)
    return nullptr;
  return NativeKey(key);
}

NativeKey native(const KemPublicKey& key) {
  if (key.raw.size() != public_key_size(key.kem)) return nullptr;
  if (key.kem == Kem::X25519)
    return NativeKey(
        EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, nullptr, raw(key.raw.data()), key.raw.size()));
  // Other forms of points would be other bytes for the same key.
  return key.raw[0] == std::byte{4} ? p256_key(key.raw, nullptr) : nullptr;
}

bool is_a(EVP_PKEY* key, Kem kem) {
  if (kem == Kem::X25519) return EVP_PKEY_is_a(key, "X25519") == 1;
  char group[64] = {};
  return EVP_PKEY_is_a(key, "EC") == 1 && EVP_PKEY_get_group_name(key, group, sizeof group, nullptr) == 1 &&
         std::string_view(group) == "prime256v1";
}

SecretBytes raw_private(EVP_PKEY* key, Kem kem) {
  SecretBytes out(kRawSize);
  if (kem == Kem::X25519) {
    std::size_t size = out.size();
    ensure(EVP_PKEY_get_raw_private_key(key, raw(out.bytes().data()), &size) == 1 && size == out.size(),
           "X25519: private key");
    return out;
  }
  BIGNUM* number = nullptr;
  ensure(EVP_PKEY_get_bn_param(key, OSSL_PKEY_PARAM_PRIV_KEY, &number) == 1, "P-256: private key");
  const Owned<BIGNUM> owned(number);
  ensure(BN_bn2binpad(number, raw(out.bytes().data()), static_cast<int>(out.size())) ==
             static_cast<int>(out.size()),
         "P-256: private key");
  return out;
}

}  // namespace

std::string_view name_of(Kem kem) { return kem == Kem::P256 ? "p256" : "x25519"; }

bool is_public_key(const KemPublicKey& key) { return native(key) != nullptr; }

Kem kem_named(std::string_view name) {
  for (const Kem kem : {Kem::P256, Kem::X25519})
    if (name == name_of(kem)) return kem;
  throw UsageError(fmt::format("'{}' is no kind of key that is known here: x25519 or p256", name));
}

KemPrivateKey KemPrivateKey::generate(Kem kem) {
  NativeKey key(kem == Kem::X25519 ? EVP_PKEY_Q_keygen(nullptr, nullptr, "X25519")
                                   : EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", "P-256"));
  ensure(key != nullptr, "key generation");
  return KemPrivateKey(kem, std::move(key));
}

KemPrivateKey KemPrivateKey::from_raw(Kem kem, ByteView bytes) {
  require(bytes.size() == kRawSize, "a private key has {} bytes, and these are {}", kRawSize, bytes.size());
  NativeKey key;
  if (kem == Kem::X25519) {
    key = NativeKey(EVP_PKEY_new_raw_private_key(EVP_PKEY_X25519, nullptr, raw(bytes.data()), bytes.size()));
  } else {
    const Owned<BIGNUM> number(BN_bin2bn(raw(bytes.data()), static_cast<int>(bytes.size()), nullptr));
    const Owned<EC_GROUP> group(EC_GROUP_new_by_curve_name(NID_X9_62_prime256v1));
    ensure(number && group, "P-256");
    BN_set_flags(number.get(), BN_FLG_CONSTTIME);
    require(BN_is_zero(number.get()) == 0 && BN_cmp(number.get(), EC_GROUP_get0_order(group.get())) < 0,
            "these bytes are no private key of P-256");
    const Owned<EC_POINT> point(EC_POINT_new(group.get()));
    Bytes encoded(public_key_size(kem));
    ensure(point && EC_POINT_mul(group.get(), point.get(), number.get(), nullptr, nullptr, nullptr) == 1 &&
               EC_POINT_point2oct(group.get(), point.get(), POINT_CONVERSION_UNCOMPRESSED,
                                  raw(encoded.data()), encoded.size(), nullptr) == encoded.size(),
           "P-256: a public key");
    key = p256_key(encoded, number.get());
  }
  ensure(key != nullptr, "a private key of 32 bytes");
  return KemPrivateKey(kem, std::move(key));
}

KemPrivateKey KemPrivateKey::load(const std::filesystem::path& file) {
  NativeKey key = read_key_file(file);
  for (const Kem kem : {Kem::X25519, Kem::P256})
    if (key && is_a(key.get(), kem)) return KemPrivateKey(kem, std::move(key));
  throw UsageError(
      fmt::format("'{}' holds no private key of a device: 'tacit device init' makes one", file.string()));
}

void KemPrivateKey::save(const std::filesystem::path& file) const { write_key_file(file, key_.get()); }

KemPublicKey KemPrivateKey::public_key() const {
  KemPublicKey out{kem_, Bytes(public_key_size(kem_))};
  std::size_t size = 0;
  ensure(EVP_PKEY_get_octet_string_param(key_.get(), OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY, raw(out.raw.data()),
                                         out.raw.size(), &size) == 1 &&
             size == out.raw.size(),
         "public key");
  return out;
}

SecretBytes KemPrivateKey::exchange(const KemPublicKey& other) const {
  require(other.kem == kem_, "a key of {} cannot be used with one of {}", name_of(other.kem), name_of(kem_));
  const NativeKey peer = native(other);
  SecretBytes out(kRawSize);
  std::size_t size = out.size();
  bool good = peer != nullptr;
  if (good) {
    const Owned<EVP_PKEY_CTX> context(EVP_PKEY_CTX_new(key_.get(), nullptr));
    ensure(context && EVP_PKEY_derive_init(context.get()) == 1, "key exchange");
    // A peer is refused that lies on another curve, and a result of zeros alone (RFC 7748, section 6.1).
    good = EVP_PKEY_derive_set_peer(context.get(), peer.get()) == 1 &&
           EVP_PKEY_derive(context.get(), raw(out.bytes().data()), &size) == 1 && size == out.size();
  }
  require(good, "these bytes are no public key of {}", name_of(kem_));
  return out;
}

SecretBytes KemPrivateKey::derive(ByteView salt, std::string_view context, std::size_t size) const {
  return derive_key(raw_private(key_.get(), kem_).bytes(), salt, context, size);
}

}  // namespace tacit
