// A TPM's endorsement key by its manufacturer's certificate.
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509_vfy.h>

#include <memory>

#include "tacit/base/error.h"
#include "tacit/sealed/challenge.h"
#include "tacit/sealed/lines.h"

namespace tacit::sealed {

namespace {

constexpr std::uint64_t kLongestRoots = 4 << 20;

struct Free {
  void operator()(X509* x) const { X509_free(x); }
  void operator()(X509_STORE* s) const { X509_STORE_free(s); }
  void operator()(X509_STORE_CTX* c) const { X509_STORE_CTX_free(c); }
  void operator()(BIO* b) const { BIO_free(b); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

Owned<X509_STORE> store_of(const std::filesystem::path& roots) {
  const std::string text = read_text(roots, kLongestRoots, "file of certificates");
  const Owned<BIO> in(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  Owned<X509_STORE> out(X509_STORE_new());
  ensure(in && out, "a store of certificates");
  std::size_t count = 0;
  while (const Owned<X509> root{PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr)}) {
    ensure(X509_STORE_add_cert(out.get(), root.get()) == 1, "a store of certificates");
    ++count;
  }
  ERR_clear_error();
  require(count > 0, "'{}' holds no certificate in PEM", roots.string());
  // A manufacturer's intermediate certificate may stand in the file without its root.
  X509_STORE_set_flags(out.get(), X509_V_FLAG_PARTIAL_CHAIN);
  return out;
}

bool is_of(X509* certificate, const Bytes& point) {
  EVP_PKEY* key = X509_get0_pubkey(certificate);
  Bytes found(tpm::kPointSize);
  std::size_t size = 0;
  return key != nullptr && EVP_PKEY_is_a(key, "EC") == 1 &&
         EVP_PKEY_get_octet_string_param(key, OSSL_PKEY_PARAM_ENCODED_PUBLIC_KEY,
                                         reinterpret_cast<unsigned char*>(found.data()), found.size(),
                                         &size) == 1 &&
         size == found.size() && found == point;
}

}  // namespace

void check_certificate(const DeviceCard& card, const std::filesystem::path& roots) {
  require(
      card.tpm.has_value() && !card.tpm->certificate.empty(),
      "the device '{}' has no certificate of its TPM's manufacturer: compare its endorsement's fingerprint "
      "instead, with --endorsement",
      card.name);
  const auto* at = reinterpret_cast<const unsigned char*>(card.tpm->certificate.data());
  const auto* end = at + card.tpm->certificate.size();
  const Owned<X509> certificate(d2i_X509(nullptr, &at, static_cast<long>(card.tpm->certificate.size())));
  ERR_clear_error();
  require(certificate != nullptr && at == end, "the certificate of the device '{}' is none", card.name);
  require(is_of(certificate.get(), card.tpm->endorsement),
          "the certificate of the device '{}' is of another key than its endorsement", card.name);
  const Owned<X509_STORE> store = store_of(roots);
  const Owned<X509_STORE_CTX> check(X509_STORE_CTX_new());
  ensure(check && X509_STORE_CTX_init(check.get(), store.get(), certificate.get(), nullptr) == 1,
         "a check of a certificate");
  const bool good = X509_verify_cert(check.get()) == 1;
  const int error = X509_STORE_CTX_get_error(check.get());
  ERR_clear_error();
  require(good, "the certificate of the device '{}' does not lead to one of '{}': {}", card.name,
          roots.string(), X509_verify_cert_error_string(error));
}

}  // namespace tacit::sealed
