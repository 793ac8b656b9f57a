// Only a file in memory that nobody can change passes for one.
#include "tacit/broker/memory_file.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "tacit/data/testing/files.h"

namespace tacit::broker {
namespace {

using namespace tacit::testing;

TEST(MemoryFile, HoldsTheContentAndCannotBeChanged) {
  const ScratchFolder folder;
  const std::string content(3 << 20, 'x');
  const FileDescriptor file = in_memory(folder.write("m", content));
  check_in_memory(file, "m");
  std::string again(content.size() + 1, '-');
  ASSERT_EQ(::pread(file.get(), again.data(), again.size(), 0), ssize_t(content.size()));
  EXPECT_EQ(again.substr(0, content.size()), content);
  EXPECT_LT(::pwrite(file.get(), "y", 1, 0), 0);
  EXPECT_NE(::ftruncate(file.get(), 0), 0);
  EXPECT_EQ(::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0), MAP_FAILED);
}

TEST(MemoryFile, OthersAreRefused) {
  const ScratchFolder folder;
  const auto refusal = [&](int fd) {
    return usage_error(folder, [&] { check_in_memory(FileDescriptor(fd), "m"); });
  };
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  const FileDescriptor in(ends[1]);
  const int plain = ::open(folder.write("m", "text").c_str(), O_RDONLY);
  const int changeable = ::memfd_create("m", MFD_ALLOW_SEALING),
            half = ::memfd_create("m", MFD_ALLOW_SEALING);
  ASSERT_EQ(::fcntl(half, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_SHRINK), 0);
  for (const int fd : {ends[0], plain, changeable, half, ::open("/proc/self/mem", O_RDONLY)})
    EXPECT_NE(refusal(fd).find("it was not sent by tacit"), std::string::npos) << fd;
  EXPECT_NE(usage_error(folder, [&] { in_memory(folder.path("")); }), "(no error)");  // a folder
}

}  // namespace
}  // namespace tacit::broker
