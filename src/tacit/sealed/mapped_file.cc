#include "tacit/sealed/mapped_file.h"

#include <sys/mman.h>

#include "tacit/base/error.h"

namespace tacit::sealed {

MappedFile::MappedFile(const OpenFile& file, std::uint64_t size) {
  ensure(file.unchangeable, "a file that another may cut short is not mapped");
  const auto length = static_cast<std::size_t>(size);
  void* const at = ::mmap(nullptr, length, PROT_READ, MAP_SHARED, file.file.get(), 0);
  if (at == MAP_FAILED) return;  // it is read instead
  // A process that locks all of its memory needs this part only while it runs, and may have little to lock.
  (void)::munlock(at, length);
  bytes_ = {static_cast<const std::byte*>(at), length};
}

MappedFile::~MappedFile() {
  if (!bytes_.empty()) ::munmap(const_cast<std::byte*>(bytes_.data()), bytes_.size());
}

}  // namespace tacit::sealed
