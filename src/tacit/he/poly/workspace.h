// Secret memory that is used over and over: to map, lock and clear fresh pages for each polynomial takes
// longer than to encrypt it. Whoever encrypts much keeps one and passes it along; one thread at a time.
#pragma once

#include <vector>

#include "tacit/base/secret_bytes.h"

namespace tacit::he {

class Workspace {
 public:
  Workspace() = default;
  Workspace(const Workspace&) = delete;
  Workspace& operator=(const Workspace&) = delete;

  /// What is taken while a scope lives is zeroed and given back when it goes. Scopes are nested.
  class Scope {
   public:
    explicit Scope(Workspace& workspace)
        : workspace_(workspace), block_(workspace.block_), used_(workspace.used_) {}
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;
    ~Scope() { workspace_.give_back(block_, used_); }

   private:
    Workspace& workspace_;
    std::size_t block_, used_;
  };

  /// Memory for `count` numbers, aligned to cache lines, holding zeros.
  template <class T>
  std::span<T> take(std::size_t count) {
    static_assert(std::is_trivially_copyable_v<T>);
    return {reinterpret_cast<T*>(take_bytes(count * sizeof(T))), count};
  }

 private:
  std::byte* take_bytes(std::size_t size);
  void give_back(std::size_t block, std::size_t used) noexcept;

  std::vector<SecretBytes> blocks_;
  std::size_t block_ = 0, used_ = 0;  ///< the block that is taken from, and how much of it is taken
};

}  // namespace tacit::he
