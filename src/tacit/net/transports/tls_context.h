// Mutually authenticated TLS 1.3: a self-signed certificate made at start from the endpoint's identity, and a
// peer accepted only if its Ed25519 key is one that the job names. No certificate authority, no expiry, no
// tickets, no early data, no renegotiation.
#pragma once

#include <memory>
#include <optional>

#include "tacit/crypto/identity.h"

struct ssl_ctx_st;
struct ssl_st;
struct x509_st;

namespace tacit {

struct SslFree {
  void operator()(ssl_st* ssl) const;
};
using SslHandle = std::unique_ptr<ssl_st, SslFree>;

struct CertificateFree {
  void operator()(x509_st* certificate) const;
};
using Certificate = std::unique_ptr<x509_st, CertificateFree>;
/// Of an identity, made by itself, for ever: what counts in it is the key.
Certificate self_signed(const Identity& identity);

class TlsContext {
 public:
  explicit TlsContext(const Identity& identity);
  /// A TLS object on a connected socket. `claim` is the name under which a client presents itself.
  SslHandle client(int fd, const std::string& claim) const;
  SslHandle server(int fd) const;

 private:
  std::shared_ptr<ssl_ctx_st> ctx_;
};

/// The peer's certified key, once the handshake is done.
std::optional<PublicKey> peer_key(ssl_st* ssl);
/// The name that a client claimed; empty if none.
std::string claimed_name(ssl_st* ssl);
/// What OpenSSL says of the last failure of this thread, as a phrase; clears it.
std::string tls_error();

}  // namespace tacit
