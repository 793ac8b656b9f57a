#include "lease_wire.h"

#include <httplib.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <cstdio>

#include "tacit/base/error.h"
#include "tacit/base/text.h"
#include "tacit/net/transports/tls_context.h"

namespace tacit::app {

namespace {

constexpr const char* kPath = "/lease";
constexpr const char* kBytes = "application/octet-stream";
constexpr int kPatience = 10;

void harden(SSL_CTX* c) {
  ensure(SSL_CTX_set_min_proto_version(c, TLS1_3_VERSION) == 1 && SSL_CTX_set_num_tickets(c, 0) == 1,
         "a TLS context");
  SSL_CTX_set_options(c, SSL_OP_NO_TICKET | SSL_OP_NO_RENEGOTIATION);
}

/// The one key that a server may show, and whether it did.
struct Pin {
  PublicKey key;
  bool met = false;
};

int meets(X509_STORE_CTX* store, void* given) {
  Pin& pin = *static_cast<Pin*>(given);
  X509* certificate = X509_STORE_CTX_get0_cert(store);
  PublicKey found;
  std::size_t size = found.raw.size();
  pin.met = certificate != nullptr &&
            EVP_PKEY_get_raw_public_key(X509_get0_pubkey(certificate),
                                        reinterpret_cast<unsigned char*>(found.raw.data()), &size) == 1 &&
            size == found.raw.size() && found == pin.key;
  if (!pin.met) X509_STORE_CTX_set_error(store, X509_V_ERR_CERT_UNTRUSTED);
  return pin.met ? 1 : 0;
}

}  // namespace

sealed::Lease ask_for_lease(const Address& at, const sealed::LeaseRequest& request) {
  const std::string who = to_string(at);
  const auto failed = [&](std::string_view what) {
    return PeerError(who, fmt::format("no lease from {}: {}", who, what));
  };
  Pin pin{request.vendor};
  httplib::SSLClient client(at.host, at.port);
  client.enable_server_certificate_verification(
      false);  // by names and authorities; the key is compared below
  harden(client.ssl_context());
  SSL_CTX_set_verify(client.ssl_context(), SSL_VERIFY_PEER, nullptr);
  SSL_CTX_set_cert_verify_callback(client.ssl_context(), meets, &pin);
  client.set_connection_timeout(kPatience);
  client.set_read_timeout(kPatience);
  client.set_write_timeout(kPatience);
  const Bytes bytes = to_bytes(request);
  std::string body;
  // What is longer than a lease is not read.
  const auto take = [&](const char* data, std::size_t size) {
    if (body.size() + size > 4096) return false;
    body.append(data, size);
    return true;
  };
  httplib::Request post;
  post.method = "POST";
  post.path = kPath;
  post.body = std::string(text_of(bytes));
  post.set_header("Content-Type", kBytes);
  post.content_receiver = [&](const char* data, std::size_t size, std::uint64_t, std::uint64_t) {
    return take(data, size);
  };
  const httplib::Result result = client.send(post);
  if (!result)
    throw failed(result.error() == httplib::Error::SSLConnection
                     ? "whoever answers there does not hold the vendor's key"
                     : "nobody answers there, or not to the end: is 'tacit serve --leases' running?");
  if (!pin.met) throw failed("whoever answers there does not hold the vendor's key");
  if (result->status != 200)
    throw failed(body.empty() ? fmt::format("it answers {}", result->status) : one_line(body));
  try {
    return sealed::parse_lease(bytes_of(body));
  } catch (const UsageError& e) { throw failed(e.what()); }
}

struct LeaseServer::Running {
  Running(const Identity& identity, Answer how)
      : vendor(identity), answer(std::move(how)), server([&](SSL_CTX& c) {
          harden(&c);
          const Certificate certificate = self_signed(vendor);
          return SSL_CTX_use_certificate(&c, certificate.get()) == 1 &&
                 SSL_CTX_use_PrivateKey(&c, vendor.native()) == 1;
        }) {}
  Identity vendor;
  Answer answer;
  httplib::SSLServer server;
  std::uint16_t port = 0;
};

LeaseServer::LeaseServer(const Address& at, const Identity& vendor, Answer answer)
    : running_(std::make_unique<Running>(vendor, std::move(answer))) {
  Running& r = *running_;
  ensure(r.server.is_valid(), "a TLS server");
  // Several, so that one who connects and says nothing holds up nobody; and not for long.
  r.server.new_task_queue = [] { return new httplib::ThreadPool(8); };
  r.server.set_keep_alive_max_count(1);
  r.server.set_keep_alive_timeout(2);
  r.server.set_read_timeout(kPatience);
  r.server.set_write_timeout(kPatience);
  r.server.set_payload_max_length(1024);
  r.server.set_socket_options([](socket_t socket) {
    const int yes = 1;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  });
  r.server.Post(kPath, [&r](const httplib::Request& request, httplib::Response& response) {
    try {
      const sealed::Lease lease = r.answer(sealed::parse_lease_request(bytes_of(request.body)));
      response.set_content(std::string(text_of(to_bytes(lease))), kBytes);
    } catch (const UsageError& e) {
      response.status = 403;
      response.set_content(e.what(), "text/plain; charset=utf-8");
    } catch (const std::exception& e) {
      // The vendor's own: who asks need not know more.
      std::fprintf(stderr, "tacit: %s\n", one_line(e.what()).c_str());
      response.status = 500;
      response.set_content("the vendor's server is out of order", "text/plain; charset=utf-8");
    }
  });
  const int bound = at.port == 0                              ? r.server.bind_to_any_port(at.host)
                    : r.server.bind_to_port(at.host, at.port) ? static_cast<int>(at.port)
                                                              : -1;
  if (bound <= 0)
    throw IoError(
        fmt::format("cannot listen on {}: another program has that port, or there is no such address here",
                    to_string(at)));
  r.port = static_cast<std::uint16_t>(bound);
}

LeaseServer::~LeaseServer() = default;
std::uint16_t LeaseServer::port() const { return running_->port; }
void LeaseServer::run() { running_->server.listen_after_bind(); }

}  // namespace tacit::app
