// The broker's program: a process under a user of its own that opens models of level 2 for other users'
// programs (docs/broker.md). It hardens itself before it reads a key, says when it is ready, and ends with
// SIGTERM or SIGINT.
#include <pwd.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <set>

#include "common/ending_signals.h"
#include "common/exit_code.h"
#include "tacit/base/error.h"
#include "tacit/base/text.h"
#include "tacit/broker/broker.h"

namespace {

using namespace tacit;

struct Options {
  std::filesystem::path keys, socket;
  std::vector<std::string> allow;
  unsigned threads = 0;
};

sealed::Now now_here() {
  using std::chrono::floor, std::chrono::seconds, std::chrono::system_clock;
  return {floor<seconds>(system_clock::now()).time_since_epoch().count(), sealed::boot_now()};
}

uid_t number_of(const std::string& user) {
  uid_t number = 0;
  const auto [end, error] = std::from_chars(user.data(), user.data() + user.size(), number);
  if (error == std::errc() && end == user.data() + user.size()) return number;
  const passwd* entry = ::getpwnam(user.c_str());
  require(entry != nullptr, "--allow names the user '{}', whom this machine does not know", one_line(user));
  return entry->pw_uid;
}

/// Why a user is not served.
std::function<std::string(uid_t)> admission(const std::vector<std::string>& allow) {
  std::set<uid_t> users;
  bool everyone = false;
  for (const std::string& user : allow) {
    if (user == "everyone")
      everyone = true;
    else
      users.insert(number_of(user));
  }
  const uid_t own = ::geteuid();
  require(!users.contains(own),
          "--allow names the broker's own user, who could read its key folder: let the broker and those who "
          "ask be "
          "different users");
  return [users, everyone, own](uid_t user) -> std::string {
    if (user == own)
      return "the broker runs as your own user, who could read its key folder, which would be level 1: let "
             "it run as "
             "a user of its own";
    if (!everyone && !users.contains(user))
      return "the broker does not serve your user: ask its operator to start it with --allow for it";
    return "";
  };
}

int run(int argc, char** argv) {
  Options o;
  CLI::App cli{"tacit-broker: opens sealed models of level 2 for other users' programs (docs/broker.md)"};
  cli.add_option("--keys", o.keys, "The device's key folder, which is this user's alone")->required();
  cli.add_option("--socket", o.socket, "Where programs reach it")->required();
  cli.add_option("--allow", o.allow, "A user whom it serves, or everyone")
      ->required()
      ->allow_extra_args(false);
  cli.add_option("--threads", o.threads, "Threads for local work (default: all processors)");
  try {
    cli.parse(argc, argv);
  } catch (const CLI::ParseError& e) { return cli.exit(e) == 0 ? 0 : 2; }

  require(::geteuid() != 0 && ::getuid() == ::geteuid(),
          "a broker runs as a user of its own, and never as root: make one (useradd --system tacit-broker), "
          "and start "
          "it as that user");
  std::signal(SIGPIPE, SIG_IGN);
  const HardenedProcess process(zeroing_free());
  const FileDescriptor stop = app::ending_signals();
  const auto refuses = admission(o.allow);
  const auto keys = sealed::DeviceKeys::open(o.keys);
  broker::Broker broker(process, keys, now_here, refuses, o.threads, {});
  const FileDescriptor listening = broker::listen_at(o.socket);
  process.narrow();
  std::fprintf(stderr, "tacit-broker: ready at %s\n", one_line(o.socket.string()).c_str());
  broker.serve(listening, stop);
  ::unlink(o.socket.c_str());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  return app::exit_code_of("tacit-broker",
                           "this machine has not enough memory that may be locked: see 'ulimit -l'",
                           [&] { return run(argc, argv); });
}
