// What tpm.cc and counter.cc share of the TSS: a context, objects and sessions that are flushed when they go,
// and errors in words. Internal to tpm/.
#pragma once

#include <tss2/tss2_esys.h>

#include <memory>
#include <string_view>

#include "tacit/base/error.h"
#include "tacit/tpm/tpm.h"
#include "tacit/tpm/wire.h"

namespace tacit::tpm {

struct EsysFree {
  void operator()(void* p) const { Esys_Free(p); }
};
/// What the TSS allocates.
template <class T>
using Given = std::unique_ptr<T, EsysFree>;

/// Where the TSS puts what it allocates, and this takes it.
template <class T>
class Take {
 public:
  explicit Take(Given<T>& to) : to_(to) {}
  ~Take() { to_.reset(raw_); }
  Take(const Take&) = delete;
  operator T**() { return &raw_; }

 private:
  Given<T>& to_;
  T* raw_ = nullptr;
};

/// The error without the number of the parameter, handle or session that it is about.
constexpr TSS2_RC kind_of(TSS2_RC rc) { return (rc & 0x80) != 0 ? rc & 0xbf : rc & 0x97f; }

/// Something that lies in the TPM until it is flushed.
class Object {
 public:
  Object() = default;
  Object(ESYS_CONTEXT* esys, ESYS_TR handle) : esys_(esys), handle_(handle) {}
  Object(Object&& other) noexcept : esys_(other.esys_), handle_(std::exchange(other.handle_, ESYS_TR_NONE)) {}
  Object& operator=(Object&& other) noexcept {
    std::swap(esys_, other.esys_);
    std::swap(handle_, other.handle_);
    return *this;
  }
  ~Object() {
    if (handle_ != ESYS_TR_NONE) Esys_FlushContext(esys_, handle_);
  }
  ESYS_TR get() const { return handle_; }

 private:
  ESYS_CONTEXT* esys_ = nullptr;
  ESYS_TR handle_ = ESYS_TR_NONE;
};

struct TpmState {
  explicit TpmState(const std::filesystem::path& path);
  ~TpmState();
  TpmState(const TpmState&) = delete;

  /// Throws what an error means, unless it is none; `what` it was that could not be done.
  void check(TSS2_RC rc, std::string_view what) const;
  /// Salted under the endorsement key, and encrypting the first parameters both ways.
  Object session(TPM2_SE type);
  /// A primary key from a template; its point goes to `point`, if there is one.
  Object primary(ESYS_TR hierarchy, ByteView area, Bytes* point);
  Object load(const TpmKey& key);

  std::filesystem::path at;
  Wire wire;
  ESYS_CONTEXT* esys = nullptr;
  Object endorsement;
  Bytes point;
};

/// 65 bytes of a point that the TPM gave; IoError if it is none.
Bytes point_of(const TPMS_ECC_POINT& point);
TPM2B_PUBLIC area_of(ByteView bytes);
/// A session of ESYS's that is none.
constexpr ESYS_TR kNobody = ESYS_TR_NONE;

}  // namespace tacit::tpm
