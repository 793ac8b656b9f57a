#include "tacit/base/hardened_process.h"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include "tacit/base/error.h"
#include "tacit/base/file_descriptor.h"

namespace tacit {

namespace {

[[noreturn]] void refuse(std::string_view what, std::string_view remedy) {
  throw IoError(fmt::format("{}: {}; {}", what, std::strerror(errno), remedy));
}

void check_nobody_is_attached() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("TracerPid:")) {
      require(line.find_first_of("123456789") == std::string::npos,
              "a debugger is attached to this process, and would read its secrets: start it without");
      return;
    }
  throw IoError("/proc/self/status cannot be read, which tells whether a debugger is attached: mount /proc");
}

void leave_no_dumps() {
  // Also says, should the machine's operator make it dumpable, that no kind of memory goes into a dump.
  if (const FileDescriptor filter(::open("/proc/self/coredump_filter", O_WRONLY | O_CLOEXEC)); filter)
    if (::write(filter.get(), "0", 1) != 1)
      refuse("core dumps cannot be emptied", "see /proc/self/coredump_filter");
  const rlimit none{0, 0};
  if (::setrlimit(RLIMIT_CORE, &none) != 0)
    refuse("core dumps cannot be forbidden", "start it without a limit");
  // The kernel's word for it: no dump, and nobody without the right to trace everything may attach.
  if (::prctl(PR_SET_DUMPABLE, 0) != 0 || ::prctl(PR_GET_DUMPABLE) != 0)
    refuse("core dumps and debuggers cannot be forbidden", "this kernel cannot keep level 2");
}

void lock_all_memory() {
  if (::mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) != 0)
    refuse("the memory of this process cannot be locked, and could reach swap",
           "allow it with 'ulimit -l unlimited' as root, or LimitMEMLOCK=infinity in a systemd unit");
}

#if defined(__x86_64__)
constexpr unsigned kArchitecture = AUDIT_ARCH_X86_64;
#elif defined(__aarch64__)
constexpr unsigned kArchitecture = AUDIT_ARCH_AARCH64;
#else
constexpr unsigned kArchitecture = 0;
#endif

/// What a process has no use for that only answers on sockets it has.
constexpr long kForbidden[] = {
    SYS_execve,  SYS_execveat,        SYS_ptrace, SYS_process_vm_readv, SYS_process_vm_writev, SYS_socket,
    SYS_connect, SYS_perf_event_open, SYS_bpf,    SYS_userfaultfd,      SYS_io_uring_setup,
#ifdef SYS_fork
    SYS_fork,    SYS_vfork,
#endif
};

std::vector<sock_filter> filter() {
  constexpr unsigned kDeny = SECCOMP_RET_ERRNO | EPERM;
  const auto load = [](std::size_t at) {
    return sock_filter BPF_STMT(BPF_LD | BPF_W | BPF_ABS, static_cast<unsigned>(at));
  };
  const auto equal = [](unsigned value, unsigned char then, unsigned char otherwise) {
    return sock_filter BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, value, then, otherwise);
  };
  const auto give = [](unsigned verdict) { return sock_filter BPF_STMT(BPF_RET | BPF_K, verdict); };
  std::vector<sock_filter> out{load(offsetof(seccomp_data, arch)), equal(kArchitecture, 1, 0),
                               give(SECCOMP_RET_KILL_PROCESS), load(offsetof(seccomp_data, nr))};
#if defined(__x86_64__)
  // Calls of the x32 kind have other numbers.
  out.push_back(sock_filter BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, 0x40000000u, 0, 1));
  out.push_back(give(SECCOMP_RET_KILL_PROCESS));
#endif
  for (const long call : kForbidden) {
    out.push_back(equal(static_cast<unsigned>(call), 0, 1));
    out.push_back(give(kDeny));
  }
  // Threads, and no processes. The filter cannot see the arguments of clone3; the C library then takes clone.
  out.push_back(equal(SYS_clone3, 0, 1));
  out.push_back(give(SECCOMP_RET_ERRNO | ENOSYS));
  out.push_back(equal(SYS_clone, 0, 3));
  out.push_back(load(offsetof(seccomp_data, args)));
  out.push_back(sock_filter BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 1, 0));
  out.push_back(give(kDeny));
  out.push_back(give(SECCOMP_RET_ALLOW));
  return out;
}

}  // namespace

HardenedProcess::HardenedProcess(const ZeroingFree&) {
  check_nobody_is_attached();
  leave_no_dumps();
  lock_all_memory();
  // Before and after: one that attached in between is still there.
  check_nobody_is_attached();
  if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
    refuse("this process cannot give up new privileges", "this kernel cannot keep level 2");
}

void HardenedProcess::narrow() const {
  if (kArchitecture == 0) {
    errno = ENOSYS;
    refuse("system calls cannot be narrowed", "this processor's are not known to tacit");
  }
  std::vector<sock_filter> code = filter();
  const sock_fprog program{static_cast<unsigned short>(code.size()), code.data()};
  if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &program) != 0)
    refuse("system calls cannot be narrowed", "use a kernel with seccomp filters");
}

}  // namespace tacit
