// How commands reach a TPM: the kernel's device of it (/dev/tpmrm0), or, in tests, the Unix socket of one in
// software. It is the TCTI that the TSS wants, over a file that carries one command and its answer at a time.
#pragma once

#include <tss2/tss2_tcti.h>

#include <filesystem>
#include <memory>

#include "tacit/base/file_descriptor.h"

namespace tacit::tpm {

class Wire {
 public:
  /// UsageError if there is no TPM at that path, or if this user may not use it.
  explicit Wire(const std::filesystem::path& at);
  ~Wire();
  /// Lives as long as this.
  TSS2_TCTI_CONTEXT* tcti();

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

}  // namespace tacit::tpm
