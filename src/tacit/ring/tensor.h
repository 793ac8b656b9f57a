// RingTensor: a dense row-major tensor over Z_2^64. Plain data: what a word means (a share, a fixed-point
// number, 64 packed bits) is said by whoever holds it.
#pragma once

#include <atomic>
#include <utility>

#include "tacit/base/bytes.h"
#include "tacit/base/shape.h"

namespace tacit {

/// An array of words whose copies share memory until one of them is written to. New arrays are uninitialised,
/// and aligned to cache lines; large ones ask for huge pages. Take data() once, before a loop or before
/// threads start: every call that could write looks whether the memory is shared.
class Words {
 public:
  Words() = default;
  explicit Words(std::size_t n);
  Words(std::size_t n, Word value);
  Words(const Words& other) : block_(other.block_), size_(other.size_) { retain(); }
  Words(Words&& other) noexcept
      : block_(std::exchange(other.block_, nullptr)), size_(std::exchange(other.size_, 0)) {}
  Words& operator=(Words other) noexcept {
    std::swap(block_, other.block_);
    std::swap(size_, other.size_);
    return *this;
  }
  ~Words() { release(); }

  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  const Word* data() const { return block_ == nullptr ? nullptr : block_->words(); }
  Word* data() {
    if (block_ != nullptr && block_->users.load(std::memory_order_acquire) != 1) detach();
    return block_ == nullptr ? nullptr : block_->words();
  }
  const Word* begin() const { return data(); }
  const Word* end() const { return data() + size_; }
  Word* begin() { return data(); }
  Word* end() { return data() + size_; }
  const Word& operator[](std::size_t i) const { return data()[i]; }
  Word& operator[](std::size_t i) { return data()[i]; }
  Word& back() { return data()[size_ - 1]; }
  bool operator==(const Words& other) const;

 private:
  struct alignas(64) Block {
    std::atomic<std::size_t> users{1};
    Word* words() { return reinterpret_cast<Word*>(this + 1); }
  };
  static Block* allocate(std::size_t n);
  void retain() {
    if (block_ != nullptr) block_->users.fetch_add(1, std::memory_order_relaxed);
  }
  void release();
  void detach();

  Block* block_ = nullptr;
  std::size_t size_ = 0;
};

struct RingTensor {
  Shape shape;
  Words words;

  RingTensor() = default;
  /// Uninitialised.
  explicit RingTensor(Shape s) : shape(std::move(s)), words(elements(shape)) {}
  RingTensor(Shape s, Words w) : shape(std::move(s)), words(std::move(w)) {}
  static RingTensor zeros(Shape s) {
    const std::size_t n = elements(s);
    return {std::move(s), Words(n, 0)};
  }

  std::size_t size() const { return words.size(); }
  Word* data() { return words.data(); }
  const Word* data() const { return words.data(); }
};

}  // namespace tacit
