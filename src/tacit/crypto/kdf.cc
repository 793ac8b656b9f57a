#include "tacit/crypto/kdf.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <memory>

#include "tacit/base/error.h"

namespace tacit {

SecretBytes derive_key(ByteView key, std::string_view context, std::size_t size) {
  return derive_key(key, ByteView{}, context, size);
}

namespace {

SecretBytes hkdf(int mode, ByteView key, ByteView salt, ByteView info, std::size_t size) {
  struct Free {
    void operator()(EVP_KDF* k) const { EVP_KDF_free(k); }
    void operator()(EVP_KDF_CTX* c) const { EVP_KDF_CTX_free(c); }
  };
  // Looking it up takes longer than what it does.
  static const std::unique_ptr<EVP_KDF, Free> kdf(EVP_KDF_fetch(nullptr, "HKDF", nullptr));
  const std::unique_ptr<EVP_KDF_CTX, Free> ctx(EVP_KDF_CTX_new(kdf.get()));
  auto octets = [](const char* name, ByteView v) {
    return OSSL_PARAM_construct_octet_string(name, const_cast<std::byte*>(v.data()), v.size());
  };
  char digest[] = "SHA256";
  std::vector<OSSL_PARAM> params{OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
                                 OSSL_PARAM_construct_int(OSSL_KDF_PARAM_MODE, &mode),
                                 octets(OSSL_KDF_PARAM_KEY, key)};
  if (!info.empty()) params.push_back(octets(OSSL_KDF_PARAM_INFO, info));
  if (!salt.empty()) params.push_back(octets(OSSL_KDF_PARAM_SALT, salt));
  params.push_back(OSSL_PARAM_construct_end());
  SecretBytes out(size);
  ensure(ctx && EVP_KDF_derive(ctx.get(), reinterpret_cast<unsigned char*>(out.bytes().data()), size,
                               params.data()) == 1,
         "HKDF");
  return out;
}

}  // namespace

SecretBytes derive_key(ByteView key, ByteView salt, std::string_view context, std::size_t size) {
  return hkdf(EVP_KDF_HKDF_MODE_EXTRACT_AND_EXPAND, key, salt, bytes_of(context), size);
}

SecretBytes hkdf_extract(ByteView salt, ByteView from) {
  return hkdf(EVP_KDF_HKDF_MODE_EXTRACT_ONLY, from, salt, {}, 32);
}

SecretBytes hkdf_expand(ByteView key, ByteView info, std::size_t size) {
  return hkdf(EVP_KDF_HKDF_MODE_EXPAND_ONLY, key, {}, info, size);
}

}  // namespace tacit
