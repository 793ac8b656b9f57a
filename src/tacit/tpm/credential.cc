#include "tacit/tpm/credential.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <memory>

#include "tacit/base/error.h"
#include "tacit/crypto/kdf.h"
#include "tacit/crypto/kem.h"
#include "tacit/tpm/public_area.h"

namespace tacit::tpm {

namespace {

/// HMAC-SHA256, which is what HKDF's first half is.
SecretBytes hmac(ByteView key, ByteView text) { return hkdf_extract(key, text); }

/// KDFa of Part 1, up to the 32 bytes of one round.
SecretBytes kdf_a(ByteView key, std::string_view label, ByteView context, std::size_t size) {
  Bytes text;
  append_big(text, 1, 4);
  append_bytes(text, bytes_of(label));
  text.push_back(std::byte{0});
  append_bytes(text, context);
  append_big(text, 8 * size, 4);
  const SecretBytes out = hmac(key, text);
  return SecretBytes(out.bytes().first(size));
}

/// KDFe, of what an exchange gave.
SecretBytes kdf_e(ByteView exchanged, std::string_view label, ByteView first, ByteView second) {
  Bytes count;
  append_big(count, 1, 4);
  const std::byte end[] = {std::byte{0}};
  Hasher hasher;
  hasher.update(count).update(exchanged).update(bytes_of(label)).update(end).update(first).update(second);
  Digest digest = hasher.finish();
  SecretBytes out{ByteView(digest)};
  OPENSSL_cleanse(digest.data(), digest.size());
  return out;
}

/// AES-128 in CFB from zeros: of use once for each key.
Bytes encrypted(ByteView key, ByteView text) {
  const std::unique_ptr<EVP_CIPHER_CTX, decltype([](EVP_CIPHER_CTX* c) { EVP_CIPHER_CTX_free(c); })> context(
      EVP_CIPHER_CTX_new());
  const unsigned char zeros[16] = {};
  Bytes out(text.size());
  int done = 0;
  ensure(context &&
             EVP_EncryptInit_ex2(context.get(), EVP_aes_128_cfb128(),
                                 reinterpret_cast<const unsigned char*>(key.data()), zeros, nullptr) == 1 &&
             EVP_EncryptUpdate(context.get(), reinterpret_cast<unsigned char*>(out.data()), &done,
                               reinterpret_cast<const unsigned char*>(text.data()),
                               static_cast<int>(text.size())) == 1 &&
             done == static_cast<int>(text.size()),
         "AES in CFB");
  return out;
}

}  // namespace

Credential make_credential(ByteView endorsement, ByteView name, ByteView text) {
  ensure(!text.empty() && text.size() <= kLongestCredential && name.size() == kNameSize, "a credential");
  const KemPrivateKey once = KemPrivateKey::generate(Kem::P256);
  const Bytes point = once.public_key().raw;
  const SecretBytes exchanged = once.exchange({Kem::P256, Bytes(endorsement.begin(), endorsement.end())});
  const ByteView x = ByteView(point).subspan(1, 32), y = ByteView(point).subspan(33, 32);
  const SecretBytes seed = kdf_e(exchanged.bytes(), "IDENTITY", x, endorsement.subspan(1, 32));

  SecretBytes sized(2 + text.size());
  sized.bytes()[1] = static_cast<std::byte>(text.size());
  std::memcpy(sized.bytes().data() + 2, text.data(), text.size());
  const Bytes inner = encrypted(kdf_a(seed.bytes(), "STORAGE", name, 16).bytes(), sized.bytes());
  Bytes authenticated = inner;
  append_bytes(authenticated, name);
  const SecretBytes code = hmac(kdf_a(seed.bytes(), "INTEGRITY", {}, 32).bytes(), authenticated);

  Credential out;
  append_sized(out.blob, code.bytes());
  append_bytes(out.blob, inner);
  append_sized(out.secret, x);
  append_sized(out.secret, y);
  return out;
}

}  // namespace tacit::tpm
