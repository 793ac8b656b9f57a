#include "process.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "common/ending_signals.h"
#include "tacit/base/error.h"

namespace tacit::app {

std::pair<FileDescriptor, FileDescriptor> make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0)
    throw IoError(fmt::format("cannot make a pipe: {}", std::strerror(errno)));
  return {FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

void take(FileDescriptor& fd, std::string& text) {
  char buffer[4096];
  for (;;) {
    const ssize_t n = ::read(fd.get(), buffer, sizeof buffer);
    if (n > 0) {
      text.append(buffer, static_cast<std::size_t>(n));
      continue;
    }
    if (n == 0) fd = FileDescriptor();
    return;
  }
}

void throw_as_it_ended(const std::string& who, int code, std::string said) {
  if (said.starts_with("tacit: ")) said.erase(0, 7);
  while (!said.empty() && said.back() == '\n') said.pop_back();
  if (said.empty())
    said = fmt::format("the process of {} ended with status {}", who, code);
  else
    said = fmt::format("{}: {}", who, said);
  switch (code) {
    case 2:
      throw UsageError(said);
    case 3:
      throw IoError(said);
    case 4:
      throw PeerError(who, said);
    case 5:
      throw CheatDetected(said);
    default:
      throw std::runtime_error(said);
  }
}

void Interrupted::end() const {
  ::signal(signal, SIG_DFL);
  const sigset_t set = ending_set();
  ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
  ::raise(signal);
  std::_Exit(128 + signal);
}

EndingSignals::EndingSignals() {
  ::pthread_sigmask(SIG_BLOCK, nullptr, &before_);
  fd_ = ending_signals();
}

EndingSignals::~EndingSignals() { ::pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

void EndingSignals::check() const {
  signalfd_siginfo info;
  if (::read(fd_.get(), &info, sizeof info) == sizeof info)
    throw Interrupted{static_cast<int>(info.ssi_signo)};
}

OwnedProcess::OwnedProcess(std::vector<std::string> words, const std::filesystem::path& folder,
                           int handed_on) {
  auto [out_read, out_write] = make_pipe();
  auto [err_read, err_write] = make_pipe();
  std::vector<char*> argv;
  for (std::string& w : words) argv.push_back(w.data());
  argv.push_back(nullptr);
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ < 0) throw IoError(fmt::format("cannot start a process: {}", std::strerror(errno)));
  if (pid_ == 0) {
    // It goes with this process, however that ends.
    constexpr int kNotStarted = 126;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(kNotStarted);
    const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    const bool ready = nothing >= 0 && ::dup2(nothing, STDIN_FILENO) >= 0 &&
                       ::dup2(out_write.get(), STDOUT_FILENO) >= 0 &&
                       ::dup2(err_write.get(), STDERR_FILENO) >= 0 && ::chdir(folder.c_str()) == 0 &&
                       (handed_on < 0 || ::fcntl(handed_on, F_SETFD, 0) == 0);
    const sigset_t ending = ending_set();
    if (!ready || ::sigprocmask(SIG_UNBLOCK, &ending, nullptr) != 0) ::_exit(kNotStarted);
    ::execvp(argv[0], argv.data());
    ::_exit(kNotFound);
  }
  out_ = std::move(out_read);
  err_ = std::move(err_read);
  for (const FileDescriptor* fd : {&out_, &err_}) ::fcntl(fd->get(), F_SETFL, O_NONBLOCK);
}

OwnedProcess::~OwnedProcess() {
  if (!runs()) return;
  ::kill(pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {}
}

bool OwnedProcess::runs() {
  if (pid_ > 0 && ::waitpid(pid_, &status_, WNOHANG) == pid_) pid_ = -1;
  return pid_ > 0;
}

void OwnedProcess::stop() {
  if (runs()) ::kill(pid_, SIGTERM);
}

/// Waits for something to read, and takes it.
void OwnedProcess::take_some(const EndingSignals* signals) {
  if (signals != nullptr) signals->check();
  pollfd polls[3];
  nfds_t count = 0;
  if (signals != nullptr) polls[count++] = {signals->fd(), POLLIN, 0};
  for (const FileDescriptor* fd : {&out_, &err_})
    if (*fd) polls[count++] = {fd->get(), POLLIN, 0};
  ::poll(polls, count, -1);
  if (out_) take(out_, ended_.out);
  if (err_) take(err_, ended_.err);
}

bool OwnedProcess::says(std::string_view text, const EndingSignals* signals) {
  while (ended_.err.find(text) == std::string::npos) {
    if (!err_) return false;
    take_some(signals);
  }
  return true;
}

EndedProcess OwnedProcess::wait(const std::function<void(const std::string&)>& line,
                                const EndingSignals* signals) {
  std::size_t told = 0;
  while (out_ || err_) {
    take_some(signals);
    for (std::size_t end; line && (end = ended_.err.find('\n', told)) != std::string::npos; told = end + 1)
      line(ended_.err.substr(told, end - told));
  }
  while (pid_ > 0 && ::waitpid(pid_, &status_, 0) < 0 && errno == EINTR) {}
  pid_ = -1;
  if (signals != nullptr) signals->check();  // Ctrl-C reaches the process, too, which may end first
  ended_.code = WIFEXITED(status_) ? WEXITSTATUS(status_) : 128 + WTERMSIG(status_);
  return std::move(ended_);
}

}  // namespace tacit::app
