// Locked memory is what it says, by the kernel's own account, or is refused.
#include "tacit/base/locked_bytes.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "tacit/base/error.h"

namespace tacit {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool kSanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
constexpr bool kSanitized = true;
#else
constexpr bool kSanitized = false;
#endif
#else
constexpr bool kSanitized = false;
#endif

/// What the kernel says of the mapping that holds `p`: "rd wr .. lo dd ..".
std::string flags_of(const void* p) {
  std::ifstream maps("/proc/self/smaps");
  const auto at = reinterpret_cast<std::uintptr_t>(p);
  bool inside = false;
  for (std::string line; std::getline(maps, line);) {
    std::uintptr_t begin = 0, end = 0;
    char dash = 0;
    std::istringstream head(line);
    if (head >> std::hex >> begin >> dash >> end && dash == '-') inside = begin <= at && at < end;
    if (inside && line.starts_with("VmFlags:")) return line;
  }
  return "";
}

TEST(LockedBytes, AreLockedLeftOutOfDumpsAndEmptyInChildren) {
  LockedBytes b(5000);
  ASSERT_EQ(b.size(), 5000u);
  const std::string flags = flags_of(b.bytes().data());
  for (const char* flag : {" dd", " wf"}) EXPECT_NE(flags.find(flag), std::string::npos) << flags;
  // Sanitizers lock nothing, and say that they did.
  EXPECT_TRUE(kSanitized || flags.find(" lo") != std::string::npos) << flags;
  std::fill(b.bytes().begin(), b.bytes().end(), std::byte{7});
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const auto all = b.bytes();
    ::_exit(std::all_of(all.begin(), all.end(), [](std::byte x) { return x == std::byte{0}; }) ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
  EXPECT_EQ(b.bytes()[4999], std::byte{7});
  b.zero();
  EXPECT_EQ(b.bytes()[4999], std::byte{0});
}

TEST(LockedBytes, AreRefusedWhereTheMachineDoesNotLock) {
  if (kSanitized) GTEST_SKIP() << "sanitizers lock nothing, and say that they did";
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const rlimit none{0, 0};
    // Root may lock whatever the limit.
    if (::setrlimit(RLIMIT_MEMLOCK, &none) != 0 || (::geteuid() == 0 && ::setuid(65534) != 0)) ::_exit(3);
    try {
      LockedBytes refused(4096);
      ::_exit(1);
    } catch (const IoError& e) {
      ::_exit(std::string(e.what()).find("ulimit -l unlimited") == std::string::npos ? 2 : 0);
    }
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0);
}

}  // namespace
}  // namespace tacit
