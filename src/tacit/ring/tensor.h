// RingTensor: a dense row-major tensor over Z_2^64. Plain data: what a word means (a share, a fixed-point
// number, 64 packed bits) is said by whoever holds it.
#pragma once

#include <cstdlib>
#include <new>

#include "tacit/base/bytes.h"
#include "tacit/base/shape.h"

namespace tacit {

/// Cache-line aligned and uninitialised memory; large blocks ask for huge pages.
template <class T>
struct TensorAllocator {
  using value_type = T;
  TensorAllocator() = default;
  template <class U>
  TensorAllocator(const TensorAllocator<U>&) {}
  T* allocate(std::size_t n) { return static_cast<T*>(allocate_bytes(n * sizeof(T))); }
  void deallocate(T* p, std::size_t) { std::free(p); }
  template <class U>
  void construct(U* p) { ::new (static_cast<void*>(p)) U; }
  template <class U, class... Args>
  void construct(U* p, Args&&... args) { ::new (static_cast<void*>(p)) U(std::forward<Args>(args)...); }
  bool operator==(const TensorAllocator&) const { return true; }

 private:
  static void* allocate_bytes(std::size_t size);
};

void* allocate_tensor_bytes(std::size_t size);
template <class T>
void* TensorAllocator<T>::allocate_bytes(std::size_t size) { return allocate_tensor_bytes(size); }

using Words = std::vector<Word, TensorAllocator<Word>>;

struct RingTensor {
  Shape shape;
  Words words;

  RingTensor() = default;
  /// Uninitialised.
  explicit RingTensor(Shape s) : shape(std::move(s)), words(elements(shape)) {}
  RingTensor(Shape s, Words w) : shape(std::move(s)), words(std::move(w)) {}
  static RingTensor zeros(Shape s) {
    RingTensor t(std::move(s));
    std::fill(t.words.begin(), t.words.end(), 0);
    return t;
  }

  std::size_t size() const { return words.size(); }
  Word* data() { return words.data(); }
  const Word* data() const { return words.data(); }
};

}  // namespace tacit
