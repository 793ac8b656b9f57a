#include "tacit/net/transports/tls_context.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "tacit/base/error.h"
#include "tacit/net/transports/socket_bio.h"

namespace tacit {

void CertificateFree::operator()(x509_st* certificate) const { X509_free(certificate); }

Certificate self_signed(const Identity& identity) {
  Certificate cert(X509_new());
  X509_NAME* name = X509_get_subject_name(cert.get());
  const unsigned char text[] = "tacit";
  const bool good = X509_set_version(cert.get(), 2) == 1 &&
                    ASN1_INTEGER_set(X509_get_serialNumber(cert.get()), 1) == 1 &&
                    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, text, -1, -1, 0) == 1 &&
                    X509_set_issuer_name(cert.get(), name) == 1 &&
                    ASN1_TIME_set_string(X509_getm_notBefore(cert.get()), "20200101000000Z") == 1 &&
                    ASN1_TIME_set_string(X509_getm_notAfter(cert.get()), "99991231235959Z") == 1 &&
                    X509_set_pubkey(cert.get(), identity.native()) == 1 &&
                    X509_sign(cert.get(), identity.native(), nullptr) > 0;
  ensure(good, "a self-signed certificate");
  return cert;
}

namespace {

/// Only the kind of key is checked here; which key it is, the transport compares with the job. The handshake
/// itself proves that the peer holds it.
int accept_any_ed25519(X509_STORE_CTX* store, void*) {
  X509* cert = X509_STORE_CTX_get0_cert(store);
  const bool good = cert != nullptr && EVP_PKEY_is_a(X509_get0_pubkey(cert), "ED25519") == 1;
  if (!good) X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_UNTRUSTED);
  return good ? 1 : 0;
}

SslHandle on_socket(SSL_CTX* ctx, int fd) {
  SslHandle ssl(SSL_new(ctx));
  ensure(ssl != nullptr, "a TLS object");
  BIO* bio = new_socket_bio(fd);
  SSL_set_bio(ssl.get(), bio, bio);
  return ssl;
}

}  // namespace

void SslFree::operator()(ssl_st* ssl) const { SSL_free(ssl); }

TlsContext::TlsContext(const Identity& identity)
    : ctx_(SSL_CTX_new(TLS_method()), [](SSL_CTX* c) { SSL_CTX_free(c); }) {
  const Certificate cert = self_signed(identity);
  SSL_CTX* c = ctx_.get();
  ensure(c != nullptr && SSL_CTX_set_min_proto_version(c, TLS1_3_VERSION) == 1 &&
             SSL_CTX_set_ciphersuites(c, "TLS_AES_128_GCM_SHA256") == 1 &&
             SSL_CTX_set1_groups_list(c, "X25519") == 1 && SSL_CTX_use_certificate(c, cert.get()) == 1 &&
             SSL_CTX_use_PrivateKey(c, identity.native()) == 1 && SSL_CTX_set_num_tickets(c, 0) == 1,
         "a TLS context");
  SSL_CTX_set_options(c, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(c, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_read_ahead(c, 1);
  SSL_CTX_set_default_read_buffer_len(c, 64 * 1024);
  SSL_CTX_set_verify(c, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  SSL_CTX_set_cert_verify_callback(c, accept_any_ed25519, nullptr);
}

SslHandle TlsContext::client(int fd, const std::string& claim) const {
  SslHandle ssl = on_socket(ctx_.get(), fd);
  SSL_set_tlsext_host_name(ssl.get(), claim.c_str());
  SSL_set_connect_state(ssl.get());
  return ssl;
}

SslHandle TlsContext::server(int fd) const {
  SslHandle ssl = on_socket(ctx_.get(), fd);
  SSL_set_accept_state(ssl.get());
  return ssl;
}

std::optional<PublicKey> peer_key(ssl_st* ssl) {
  X509* cert = SSL_get0_peer_certificate(ssl);
  PublicKey key;
  std::size_t size = key.raw.size();
  if (cert == nullptr ||
      EVP_PKEY_get_raw_public_key(X509_get0_pubkey(cert), reinterpret_cast<unsigned char*>(key.raw.data()),
                                  &size) != 1)
    return std::nullopt;
  return key;
}

std::string claimed_name(ssl_st* ssl) {
  const char* name = SSL_get_servername(ssl, TLSEXT_NAMETYPE_host_name);
  return name == nullptr ? "" : name;
}

std::string tls_error() {
  const unsigned long code = ERR_get_error();
  const char* text = code == 0 ? nullptr : ERR_reason_error_string(code);
  ERR_clear_error();
  return text == nullptr ? "the connection was reset" : text;
}

}  // namespace tacit
