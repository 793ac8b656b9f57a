// What a step of a run computes with: kernels, threads, and memory for what it needs in between.
#pragma once

#include <atomic>

#include "tacit/base/workers.h"
#include "tacit/runtime/kernels/kernels.h"

namespace tacit::runtime {

struct Work {
  const FloatKernels& kernels;
  Workers& workers;
  float* common;  ///< of the step, as much as it asked for
  float* slots;   ///< the same a thread: `slot_size` numbers each
  std::size_t slot_size;
  unsigned slot_count;

  float* slot(std::size_t i) const { return slots + i * slot_size; }

  /// Calls body(task, a slot's memory) for all tasks, on several threads if together they are worth it: at
  /// about `cost` multiply-adds, or numbers that are touched, each.
  template <class Body>
  void each(std::size_t tasks, std::size_t cost, const Body& body) const {
    constexpr std::size_t kWorthIt = 1 << 18;
    if (slot_count < 2 || tasks < 2 || tasks * cost < kWorthIt) {
      for (std::size_t t = 0; t < tasks; ++t) body(t, slot(0));
      return;
    }
    std::atomic<std::size_t> next{0};
    workers.parallel_for(slot_count, 1, [&](std::size_t begin, std::size_t end) {
      for (std::size_t s = begin; s < end; ++s)
        for (std::size_t t = next.fetch_add(1); t < tasks; t = next.fetch_add(1)) body(t, slot(s));
    });
  }
};

}  // namespace tacit::runtime
