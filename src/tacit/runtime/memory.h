// Where a model's numbers lie while it runs: whoever makes a model says, so that they can lie in locked
// memory alone. Every buffer is zeroed before it is given back.
#pragma once

#include <cstddef>
#include <map>
#include <mutex>

#include "tacit/base/locked_bytes.h"

namespace tacit::runtime {

/// Any threads may use one at a time. It must outlive what was taken of it.
class Memory {
 public:
  virtual ~Memory() = default;
  /// Of at least one number, beginning at a multiple of 64 bytes. std::bad_alloc, or what says why.
  virtual float* take(std::size_t numbers) = 0;
  virtual void give_back(float* at, std::size_t numbers) noexcept = 0;
};

/// The process's own.
class OrdinaryMemory final : public Memory {
 public:
  float* take(std::size_t numbers) override;
  void give_back(float* at, std::size_t numbers) noexcept override;
};

/// Locked, left out of core dumps, empty in children (locked_bytes.h).
class LockedMemory final : public Memory {
 public:
  /// IoError, with the command that helps, if so much cannot be locked.
  float* take(std::size_t numbers) override;
  void give_back(float* at, std::size_t numbers) noexcept override;

 private:
  std::mutex mutex_;
  std::map<const float*, LockedBytes> taken_;
};

/// Keeps what is given back, up to a number of numbers, for whoever takes as much next: where one size
/// follows another again and again, asking the system anew takes longer than what is done with it.
class KeptMemory final : public Memory {
 public:
  /// `from` must outlive it.
  KeptMemory(Memory& from, std::size_t most) : from_(from), most_(most) {}
  KeptMemory(const KeptMemory&) = delete;
  KeptMemory& operator=(const KeptMemory&) = delete;
  ~KeptMemory() override;
  float* take(std::size_t numbers) override;
  void give_back(float* at, std::size_t numbers) noexcept override;

 private:
  Memory& from_;
  std::size_t most_, kept_ = 0;
  std::mutex mutex_;
  std::multimap<std::size_t, float*> all_;  ///< by their sizes
};

/// Numbers that nobody else has. They begin as anything.
class Buffer {
 public:
  Buffer() = default;
  Buffer(Memory& memory, std::size_t numbers);
  Buffer(Buffer&& other) noexcept;
  Buffer& operator=(Buffer&& other) noexcept;
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;
  ~Buffer();

  float* data() { return data_; }
  const float* data() const { return data_; }
  std::size_t size() const { return size_; }
  void zero();

 private:
  Memory* memory_ = nullptr;
  float* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace tacit::runtime
