// Signals that ask a program to end, SIGTERM and SIGINT (Ctrl-C), as something that can be waited for.
#pragma once

#include <signal.h>
#include <sys/signalfd.h>

#include "tacit/base/error.h"
#include "tacit/base/file_descriptor.h"

namespace tacit::app {

inline sigset_t ending_set() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  return set;
}

/// From here on they end nothing by themselves, and can be read, as signalfd_siginfo. To be called before
/// there are other threads. IoError.
inline FileDescriptor ending_signals() {
  const sigset_t set = ending_set();
  if (::pthread_sigmask(SIG_BLOCK, &set, nullptr) != 0) throw IoError("signals cannot be waited for");
  FileDescriptor out(::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK));
  if (!out) throw IoError("signals cannot be waited for");
  return out;
}

}  // namespace tacit::app
