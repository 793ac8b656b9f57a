#include "tacit/base/secret_bytes.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <thread>

namespace tacit {
namespace {

bool all_zero(ByteView bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::byte b) { return b == std::byte{0}; });
}

TEST(SecretBytes, BeginAsZerosAlsoWhereOthersWere) {
  for (const std::size_t size : {1u, 32u, 4096u, 4097u, 100'000u})
    for (int again = 0; again < 3; ++again) {
      SecretBytes secret(size), other(size);
      EXPECT_TRUE(all_zero(secret.bytes())) << size;
      EXPECT_TRUE(all_zero(other.bytes())) << size;
      EXPECT_NE(secret.bytes().data(), other.bytes().data());
      std::ranges::fill(secret.bytes(), std::byte{0xff});
      std::ranges::fill(other.bytes(), std::byte{0xff});
      secret = std::move(other);
      EXPECT_FALSE(all_zero(secret.bytes()));
    }
}

TEST(SecretBytes, OfManyThreadsAreEachOnesOwn) {
  std::vector<std::thread> threads;
  std::atomic<int> wrong{0};
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < 2000; ++i) {
        SecretBytes secret(64);
        wrong += !all_zero(secret.bytes());
        std::ranges::fill(secret.bytes(), static_cast<std::byte>(t + 1));
        wrong +=
            secret.bytes()[63] != static_cast<std::byte>(t + 1) || secret.bytes()[0] != secret.bytes()[63];
      }
    });
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(wrong, 0);
}

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr long kPage = 0;  // their mlock() does nothing
#elif defined(__has_feature)
constexpr long kPage = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ? 0 : 4;
#else
constexpr long kPage = 4;
#endif

/// Kilobytes that this process has locked.
long locked() {
  std::ifstream in("/proc/self/status");
  for (std::string word; in >> word;)
    if (word == "VmLck:") {
      long out = -1;
      in >> out;
      return out;
    }
  return -1;
}

TEST(SecretBytes, OfAChildAreLockedToo) {
  rlimit limit{};
  ASSERT_EQ(::getrlimit(RLIMIT_MEMLOCK, &limit), 0);
  ASSERT_GE(limit.rlim_cur, 1u << 16) << "this machine locks nothing";
  { SecretBytes spare(32); }
  const pid_t child = ::fork();
  if (child == 0) {
    const long before = locked();
    const SecretBytes own(32);
    ::_exit(before >= 0 && locked() >= before + kPage ? 0 : 1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

}  // namespace
}  // namespace tacit
