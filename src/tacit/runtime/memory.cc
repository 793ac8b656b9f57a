#include "tacit/runtime/memory.h"

#include <string.h>

#include <new>
#include <utility>

namespace tacit::runtime {

namespace {
constexpr std::align_val_t kLine{64};
}

float* OrdinaryMemory::take(std::size_t numbers) {
  if (numbers > ~std::size_t{0} / sizeof(float)) throw std::bad_alloc();
  return static_cast<float*>(::operator new(numbers * sizeof(float), kLine));
}
void OrdinaryMemory::give_back(float* at, std::size_t) noexcept { ::operator delete(at, kLine); }

float* LockedMemory::take(std::size_t numbers) {
  if (numbers > ~std::size_t{0} / sizeof(float)) throw std::bad_alloc();
  LockedBytes bytes(numbers * sizeof(float));  // whole pages
  auto* at = reinterpret_cast<float*>(bytes.bytes().data());
  const std::lock_guard lock(mutex_);
  taken_.emplace(at, std::move(bytes));
  return at;
}
void LockedMemory::give_back(float* at, std::size_t) noexcept {
  const std::lock_guard lock(mutex_);
  taken_.erase(at);
}

KeptMemory::~KeptMemory() {
  for (const auto& [numbers, at] : all_) from_.give_back(at, numbers);
}
float* KeptMemory::take(std::size_t numbers) {
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = all_.find(numbers); found != all_.end()) {
      float* const at = found->second;
      kept_ -= numbers;
      all_.erase(found);
      return at;
    }
  }
  return from_.take(numbers);
}
void KeptMemory::give_back(float* at, std::size_t numbers) noexcept {
  try {
    const std::lock_guard lock(mutex_);
    if (numbers <= most_ - kept_) {
      all_.emplace(numbers, at);
      kept_ += numbers;
      return;
    }
  } catch (const std::bad_alloc&) {}  // nowhere to note it
  from_.give_back(at, numbers);
}

Buffer::Buffer(Memory& memory, std::size_t numbers) {
  if (numbers == 0) return;
  data_ = memory.take(numbers);
  memory_ = &memory;
  size_ = numbers;
}
Buffer::Buffer(Buffer&& other) noexcept
    : memory_(std::exchange(other.memory_, nullptr)),
      data_(std::exchange(other.data_, nullptr)),
      size_(std::exchange(other.size_, 0)) {}
Buffer& Buffer::operator=(Buffer&& other) noexcept {
  std::swap(memory_, other.memory_);
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}
Buffer::~Buffer() {
  if (data_ == nullptr) return;
  zero();
  memory_->give_back(data_, size_);
}
void Buffer::zero() {
  if (data_ != nullptr) ::explicit_bzero(data_, size_ * sizeof(float));
}

}  // namespace tacit::runtime
