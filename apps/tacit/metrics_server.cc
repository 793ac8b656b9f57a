#include "metrics_server.h"

#include <httplib.h>
#include <sys/socket.h>

#include <thread>

#include "tacit/base/error.h"

namespace tacit::app {

namespace {

constexpr const char* kHere = "127.0.0.1";

/// Whether a request means this machine by name or number: a web page elsewhere that gets a browser of this
/// machine to ask under its own name is refused.
bool means_this_machine(const httplib::Request& request) {
  const std::string host = request.get_header_value("Host");
  const std::string name = host.substr(0, host.rfind(':'));
  return name.empty() || name == kHere || name == "localhost";
}

}  // namespace

struct MetricsServer::Running {
  httplib::Server server;
  std::thread thread;
  std::uint16_t port = 0;
};

MetricsServer::MetricsServer(std::uint16_t port, std::function<std::string()> text)
    : running_(std::make_unique<Running>()) {
  httplib::Server& server = running_->server;
  // Two, so that one who connects and says nothing holds up nobody; and not for long.
  server.new_task_queue = [] { return new httplib::ThreadPool(2); };
  server.set_keep_alive_max_count(1);
  server.set_keep_alive_timeout(2);
  server.set_read_timeout(2);
  server.set_write_timeout(2);
  server.set_payload_max_length(1024);
  // Not the library's own choice, which would let two processes listen on one port and share who asks.
  server.set_socket_options([](socket_t socket) {
    const int yes = 1;
    ::setsockopt(socket, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  });
  server.set_pre_routing_handler([](const httplib::Request& request, httplib::Response& response) {
    if (means_this_machine(request)) return httplib::Server::HandlerResponse::Unhandled;
    response.status = 403;
    response.set_content("metrics are for this machine: ask for http://127.0.0.1\n", "text/plain");
    return httplib::Server::HandlerResponse::Handled;
  });
  server.Get("/metrics", [text = std::move(text)](const httplib::Request&, httplib::Response& response) {
    response.set_content(text(), "text/plain; version=0.0.4; charset=utf-8");
  });
  const int bound = port == 0                          ? server.bind_to_any_port(kHere)
                    : server.bind_to_port(kHere, port) ? static_cast<int>(port)
                                                       : -1;
  if (bound <= 0)
    throw IoError(fmt::format(
        "cannot listen for --metrics on {}:{}: another program has that port; name another, or 0 for any",
        kHere, port));
  running_->port = static_cast<std::uint16_t>(bound);
  running_->thread = std::thread([this] { running_->server.listen_after_bind(); });
  // stop() does nothing to a server that has not begun to listen.
  while (!server.is_running()) std::this_thread::yield();
}

MetricsServer::~MetricsServer() {
  running_->server.stop();
  running_->thread.join();
}

std::uint16_t MetricsServer::port() const { return running_->port; }

}  // namespace tacit::app
