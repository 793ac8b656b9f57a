#include "drive.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "tacit/base/error.h"

extern char** environ;

namespace tacit::app {

namespace {

using Clock = std::chrono::steady_clock;

struct Child {
  Child() = default;
  Child(Child&& other) noexcept
      : name(std::move(other.name)),
        pid(std::exchange(other.pid, -1)),
        progress(std::move(other.progress)),
        errors(std::move(other.errors)),
        progress_text(std::move(other.progress_text)),
        error_text(std::move(other.error_text)),
        status(other.status) {}
  ~Child() {
    if (pid < 0 || status) return;
    ::kill(pid, SIGKILL);
    while (::waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {}
  }

  std::string name;
  pid_t pid = -1;
  FileDescriptor progress, errors;
  std::string progress_text, error_text;
  std::optional<int> status;

  int code() const { return WIFEXITED(*status) ? WEXITSTATUS(*status) : 128 + WTERMSIG(*status); }
};

Child start(const ChildSpec& spec) {
  auto [progress_read, progress_write] = make_pipe();
  auto [error_read, error_write] = make_pipe();
  // In the child, the pipe and the listener have fixed numbers.
  constexpr int kProgressFd = 10, kListenerFd = 11;
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, error_write.get(), STDERR_FILENO);
  posix_spawn_file_actions_adddup2(&actions, error_write.get(), STDOUT_FILENO);
  posix_spawn_file_actions_adddup2(&actions, progress_write.get(), kProgressFd);
  // What this program waits for ends the child by itself.
  sigset_t mask;
  ::pthread_sigmask(SIG_BLOCK, nullptr, &mask);
  for (const int signal : {SIGINT, SIGTERM}) sigdelset(&mask, signal);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setsigmask(&attributes, &mask);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  std::vector<std::string> words{fs::read_symlink("/proc/self/exe").string()};
  words.insert(words.end(), spec.arguments.begin(), spec.arguments.end());
  words.insert(words.end(), {"--quiet", "--progress-fd", std::to_string(kProgressFd)});
  if (spec.listener >= 0) {
    posix_spawn_file_actions_adddup2(&actions, spec.listener, kListenerFd);
    words.insert(words.end(), {"--listen-fd", std::to_string(kListenerFd)});
  }
  std::vector<char*> argv;
  for (std::string& w : words) argv.push_back(w.data());
  argv.push_back(nullptr);
  Child child;
  child.name = spec.name;
  const int error = posix_spawn(&child.pid, words[0].c_str(), &actions, &attributes, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  if (error != 0)
    throw IoError(fmt::format("cannot start a process for {}: {}", spec.name, std::strerror(error)));
  child.progress = std::move(progress_read);
  child.errors = std::move(error_read);
  for (const FileDescriptor* fd : {&child.progress, &child.errors}) fcntl(fd->get(), F_SETFL, O_NONBLOCK);
  return child;
}

[[noreturn]] void blame(const std::vector<Child>& children) {
  // The user's mistake or the disk's fault explains more than what others noticed of it.
  const Child* worst = nullptr;
  auto rank = [](const Child& c) {
    const int order[] = {5, 2, 3, 1, 4};
    const auto at = std::find(std::begin(order), std::end(order), c.code()) - std::begin(order);
    return c.code() == 0 ? 100 : static_cast<int>(at);
  };
  for (const Child& c : children)
    if (worst == nullptr || rank(c) < rank(*worst)) worst = &c;
  throw_as_it_ended(worst->name, worst->code(), worst->error_text);
}

}  // namespace

void drive(const std::vector<ChildSpec>& specs, std::chrono::milliseconds patience,
           const std::function<void(const std::string&, const Progress&)>& progress,
           const EndingSignals* signals) {
  std::vector<Child> children;
  for (const ChildSpec& spec : specs) children.push_back(start(spec));
  std::optional<Clock::time_point> failed;
  auto running = [&] {
    return std::count_if(children.begin(), children.end(), [](const Child& c) { return !c.status; });
  };
  while (running() > 0) {
    if (signals != nullptr) signals->check();
    std::vector<pollfd> polls;
    if (signals != nullptr) polls.push_back({signals->fd(), POLLIN, 0});
    for (const Child& c : children)
      for (const FileDescriptor* fd : {&c.progress, &c.errors})
        if (*fd) polls.push_back({fd->get(), POLLIN, 0});
    ::poll(polls.data(), polls.size(), 100);
    for (Child& c : children) {
      if (c.progress) take(c.progress, c.progress_text);
      if (c.errors) take(c.errors, c.error_text);
      for (std::size_t end; (end = c.progress_text.find('\n')) != std::string::npos;
           c.progress_text.erase(0, end + 1))
        if (progress) progress(c.name, progress_from_line(c.progress_text.substr(0, end)));
      int status = 0;
      if (!c.status && ::waitpid(c.pid, &status, WNOHANG) == c.pid) {
        c.status = status;
        if (c.code() != 0 && !failed) failed = Clock::now();
      }
    }
    // The others have the session's patience to notice, and a little more to say so.
    if (failed && Clock::now() - *failed > 2 * patience + std::chrono::seconds(5))
      for (const Child& c : children)
        if (!c.status) ::kill(c.pid, SIGKILL);
  }
  for (Child& c : children)
    if (c.errors) take(c.errors, c.error_text);
  if (signals != nullptr) signals->check();
  if (failed) blame(children);
}

namespace {
fs::path fresh_folder(const fs::path& pattern) {
  std::string name = pattern.string();
  if (::mkdtemp(name.data()) == nullptr)
    throw IoError(fmt::format("cannot make a temporary folder: {}", std::strerror(errno)));
  return name;
}
}  // namespace

TemporaryFolder::TemporaryFolder() : path_(fresh_folder(fs::temp_directory_path() / "tacit-XXXXXX")) {}
TemporaryFolder::TemporaryFolder(const fs::path& within)
    : path_(fresh_folder(within / ".tacit-demo-XXXXXX")) {}
TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
}

Rehearsal::Rehearsal(Job& job, const fs::path& folder) {
  for (Endpoint& e : job.parties) {
    listeners.push_back(listen_on({"127.0.0.1", 0}));
    e.address = {"127.0.0.1", local_port(listeners.back())};
  }
  for (auto* list : {&job.parties, &job.owners})
    for (Endpoint& e : *list) {
      const fs::path file = folder / (e.name + ".key");
      if (!fs::exists(file)) Identity::generate().save(file);
      e.key = Identity::load(file).public_key();
    }
}

namespace {
fs::path made(const fs::path& folder) {
  fs::create_directories(folder);
  fs::permissions(folder, fs::perms::owner_all);
  return folder;
}
}  // namespace

LocalRun::LocalRun(const PlaceOptions& options)
    : options_(options),
      job_(read_job(options.job, Keys::MadeLater)),
      out_(options.out.empty() ? options.job.parent_path() / "local-out" : options.out),
      rehearsal_(job_, made(out_ / "keys")) {
  require_model(job_);
  write_overrides(job_, out_ / "keys" / "overrides.json");
}

ChildSpec LocalRun::child(const std::string& verb, PartyId who) const {
  const bool is_party = job_.is_party(who);
  const std::string name = job_.names()[index(who)];
  ChildSpec child{
      name,
      {verb, options_.job.string(), is_party ? "--party" : "--owner", name, "--key",
       (out_ / "keys" / (name + ".key")).string(), "--out", (out_ / (name + "-out")).string(), "--state",
       (out_ / (name + "-state")).string(), "--overrides", (out_ / "keys" / "overrides.json").string()},
      is_party ? rehearsal_.listeners[index(who)].get() : -1};
  if (options_.threads > 0 && is_party)
    child.arguments.insert(child.arguments.end(), {"--threads", std::to_string(options_.threads)});
  return child;
}

}  // namespace tacit::app
